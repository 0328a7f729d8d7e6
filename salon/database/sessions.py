"""The database sessions of a server on PostgreSQL: what they must be, and what each begins with.

A session that was lost (the database was started anew, another one took over) has lost its locks and settings with it, and
Django opens the next one without a word. So the lock by which a restore knows of the server is not one session's, taken at the
start: every session that serves takes it before its first statement.
"""

import threading
from contextlib import closing, contextmanager, suppress

from django.db import DatabaseError, OperationalError, connection, connections
from django.utils.translation import gettext as _

from salon.database import locks, replica

# Seconds. The first two are in settings.POSTGRESQL_OPTIONS for every program; a statement's is for requests only, as a
# backup or the tiers of a large salon may take longer.
TIMEOUTS = {"lock_timeout": 10, "idle_in_transaction_session_timeout": 60, "statement_timeout": 120}
KEEP_SECONDS = 2
ROUNDS = 4  # of looking for a pooler that changes sessions


class BeingRestored(OperationalError):
    """A backup is being restored into this database, so nobody may use it."""


class Sessions:
    """Prepares the sessions of one server; `on_restore` is called when a restore is found at work."""

    def __init__(self, *, lock, on_restore):
        self.lock, self.on_restore = locks.number_of(lock), on_restore
        self._prepared, self._is_over = threading.local(), False
        self._stopped = threading.Event()

    def serving(self, application):
        """The WSGI application, its sessions prepared."""

        def prepared(environ, start_response):
            with connection.execute_wrapper(self.prepare):
                return application(environ, start_response)

        return prepared

    def prepare(self, execute, sql, params, many, context):
        """Before each statement: see to it that this session holds the lock and has the timeout of requests.

        Raises BeingRestored.
        """
        ours = context["connection"]
        session = ours.connection
        if getattr(self._prepared, "session", None) is not session:
            with ours.wrap_database_errors:
                (is_held, _timeout) = session.execute(
                    "SELECT pg_try_advisory_lock_shared(%s), set_config('statement_timeout', %s, false)",
                    [self.lock, f"{TIMEOUTS['statement_timeout']}s"],
                ).fetchone()
            if not is_held:
                ours.close()
                self._tell()
                raise BeingRestored(_("A backup is being restored into this salon; start again when that has ended."))
            if not ours.in_atomic_block:  # what is set in a transaction may be undone with it
                self._prepared.session = session
        return execute(sql, params, many, context)

    def _tell(self):
        if not self._is_over:
            self._is_over = True
            self.on_restore()

    @contextmanager
    def kept(self):
        """Keep one prepared session open while a block runs, in a thread of its own: the lock is held while nobody asks."""
        thread = threading.Thread(target=self._keep, daemon=True, name="keeps a session")
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join(timeout=KEEP_SECONDS)

    def _keep(self):
        with connection.execute_wrapper(self.prepare):
            while not self._stopped.is_set():
                try:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1")
                except DatabaseError:
                    connection.close()  # the next round opens another
                self._stopped.wait(KEEP_SECONDS)
        connection.close()


# --- Before the start ------------------------------------------------------------------------------------------------


def faults():
    """What is wrong with the sessions this process gets, as sentences. Raises DatabaseError if there are none to be had."""
    refusal = _(
        "The database is reached through a pooler that gives each transaction another session; give this database "
        "pool_mode = session there, or let %s name the server itself."
    )
    if replica.has_copy():
        with suppress(DatabaseError), _own(replica.NAME) as one, _own(replica.NAME) as other:  # it may be away; healthz says so
            if changes_sessions(one, other):
                yield refusal % "DATABASE_REPLICA_URL"
    with _own("default") as one, _own("default") as other:
        if changes_sessions(one, other):
            yield refusal % "DATABASE_URL"
            return
        wrong = [name for name, seconds in _in_force(one).items() if not 0 < seconds <= TIMEOUTS[name]]
    if wrong:
        commands = "; ".join(f"ALTER ROLE CURRENT_USER SET {name} = '{TIMEOUTS[name]}s'" for name in wrong)
        refusal = _(
            "The database does not keep %(names)s, by which a request that hangs is ended (a pooler may drop them); "
            "leave them out of DATABASE_URL, or set them in the database and let the pooler connect anew: %(commands)s."
        )
        yield refusal % {"names": ", ".join(wrong), "commands": commands}


@contextmanager
def _own(alias):
    """A new session, ended afterwards."""
    own = connections[alias].copy()
    with closing(own):
        yield own


def _ask(session, statement):
    with session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _in_force(session):
    """{name: seconds} of the timeouts every program has. (A server's own, for statements, is set in each session.)"""
    names = [name for name in TIMEOUTS if name != "statement_timeout"]
    wanted = ", ".join(f"'{name}'" for name in names)
    found = dict(_ask(session, f"SELECT name, setting::bigint FROM pg_settings WHERE name IN ({wanted})"))  # noqa: S608
    return {name: found[name] / 1000 for name in names}


def changes_sessions(one, other):
    """True if two connections do not stay with a session each.

    A pooler that hands out sessions for a transaction gives the one that has just become free to whoever asks next: so the
    second asks, and holds, while the first is between two transactions.
    """
    pid = "SELECT pg_backend_pid()"
    (first,) = _ask(one, pid)
    for _round in range(ROUNDS):
        other.set_autocommit(False)
        try:
            (held,) = _ask(other, pid)
            if held == first or _ask(one, pid) != [first]:
                return True
        finally:
            other.rollback()
            other.set_autocommit(True)
    return False
