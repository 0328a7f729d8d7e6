"""Sessions on PostgreSQL: a pooler that swaps them or drops settings is found, and none serves without the restore's lock."""

from contextlib import closing, contextmanager

import pytest
from django.db import OperationalError, connection

from salon.database import locks, sessions
from salon.serving import boot
from tests.marks import postgresql_only

LOCK = "test serving"


class Pool:
    """A pooler of backends 1, 2, …: each transaction gets the one that became free last, or first (round robin)."""

    def __init__(self, *, size=5, round_robin=False, per_session=False):
        self.free, self.round_robin, self.per_session = list(range(1, size + 1)), round_robin, per_session

    def take(self):
        return self.free.pop(0 if self.round_robin else -1)


class Client:
    """As much of a connection as is asked."""

    def __init__(self, pool):
        self.pool, self.pid, self.in_transaction = pool, None, False

    @contextmanager
    def cursor(self):
        yield self

    def execute(self, statement):
        assert statement == "SELECT pg_backend_pid()"
        self.pid = self.pid or self.pool.take()
        self.answer = [(self.pid,)]
        if not self.in_transaction:
            self.give_back()

    def fetchall(self):
        return self.answer

    def give_back(self):
        if self.pid and not self.pool.per_session:
            self.pool.free.append(self.pid)
            self.pid = None

    def set_autocommit(self, is_on):
        self.in_transaction = not is_on

    def rollback(self):
        self.give_back()


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("round_robin", [False, True])
def test_a_pooler_that_swaps_sessions_is_found(size, round_robin):
    pool = Pool(size=size, round_robin=round_robin)
    assert sessions.changes_sessions(Client(pool), Client(pool))


def test_a_pooler_that_keeps_sessions_is_let_be():
    pool = Pool(per_session=True)
    assert not sessions.changes_sessions(Client(pool), Client(pool))


@postgresql_only
@pytest.mark.django_db(transaction=True)
class TestOnPostgreSQL:
    def test_the_server_itself_is_found_well(self):
        boot.check_sessions()

    def test_a_pooler_is_refused_in_one_sentence(self, monkeypatch):
        monkeypatch.setattr(sessions, "changes_sessions", lambda one, other: True)
        with pytest.raises(boot.Refused, match="pool_mode = session"):
            boot.check_sessions()

    @pytest.mark.parametrize(
        ("options", "wrong"),
        [
            ("", "lock_timeout, idle_in_transaction_session_timeout"),
            ("-c lock_timeout=10000", "idle_in_transaction_session_timeout"),
            ("-c lock_timeout=20min -c idle_in_transaction_session_timeout=60000", "lock_timeout"),
        ],
    )
    def test_timeouts_that_were_dropped_are_named_with_what_to_set(self, monkeypatch, options, wrong):
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", options)
        with pytest.raises(boot.Refused, match=f"does not keep {wrong}, ") as why:
            boot.check_sessions()
        assert f"ALTER ROLE CURRENT_USER SET {wrong.partition(',')[0]} = " in str(why.value)
        assert "\n" not in str(why.value)

    def test_timeouts_of_the_role_do(self, monkeypatch):
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "")
        names = [name for name in sessions.TIMEOUTS if name != "statement_timeout"]
        with connection.cursor() as cursor:
            try:
                for name in names:
                    cursor.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{sessions.TIMEOUTS[name]}s'")
                boot.check_sessions()
            finally:
                for name in names:
                    cursor.execute(f"ALTER ROLE CURRENT_USER RESET {name}")

    def test_each_session_takes_lock_and_timeout_before_its_first_statement(self, other_session):
        ours = sessions.Sessions(lock=LOCK, on_restore=pytest.fail)
        with connection.execute_wrapper(ours.prepare):
            assert ask("SHOW statement_timeout") == "2min"
            assert not is_free(other_session)
            first = ask("SELECT pg_backend_pid()")
            other_session.execute("SELECT pg_terminate_backend(%s)", [first])
            with pytest.raises(OperationalError):
                ask("SELECT 1")
            connection.close()  # as Django does at the end of a request
            assert ask("SELECT pg_backend_pid()") != first
            assert not is_free(other_session)
            assert ask("SHOW statement_timeout") == "2min"
        connection.close()

    def test_the_lock_stays_though_a_transaction_was_undone(self, other_session):
        from django.db import transaction

        ours = sessions.Sessions(lock=LOCK, on_restore=pytest.fail)
        connection.close()
        with connection.execute_wrapper(ours.prepare):
            with transaction.atomic():
                ask("SELECT 1")
                transaction.set_rollback(True)
            assert ask("SHOW statement_timeout") == "2min"
            assert not is_free(other_session)
        connection.close()

    def test_no_session_serves_while_a_backup_is_restored(self, other_session):
        stopped = []
        ours = sessions.Sessions(lock=LOCK, on_restore=lambda: stopped.append(1))
        number = locks.number_of(LOCK)
        other_session.execute("SELECT pg_advisory_lock(%s)", [number])
        served = ours.serving(lambda environ, start_response: ask("SELECT count(*) FROM salon_user"))
        for _ in range(2):
            with pytest.raises(sessions.BeingRestored):
                served({}, None)
        assert stopped == [1]  # once: asked twice, the server ends without an answer to anybody
        other_session.execute("SELECT pg_advisory_unlock(%s)", [number])

    def test_a_session_is_kept_while_nobody_asks(self, other_session, monkeypatch):
        monkeypatch.setattr(sessions, "KEEP_SECONDS", 0.2)
        with sessions.Sessions(lock=LOCK, on_restore=pytest.fail).kept():
            assert within(5, lambda: not is_free(other_session))
            lost = (
                "SELECT count(pg_terminate_backend(pid)) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND mode = 'ShareLock'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # others are served here, too
            )
            assert other_session.execute(lost).fetchone() == (1,)
            assert within(5, lambda: not is_free(other_session))
        assert within(5, lambda: is_free(other_session))


@pytest.fixture
def other_session():
    """A session of somebody else, such as a restore."""
    own = connection.copy()
    with closing(own):
        own.ensure_connection()
        yield own.connection


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def is_free(session):
    """True if a restore could begin. Looked at, not tried: a lock taken for a moment is a restore to who asks just then."""
    (held,) = session.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND (classid::bigint << 32 | objid::bigint) = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [locks.number_of(LOCK)],
    ).fetchone()
    return held == 0


def within(seconds, condition):
    import time

    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
