"""Who is who in the tests: two branches, one person of each role, a stranger's branch, and customers of both."""

import os

import pytest
from django.db import connection, connections, transaction
from django.db.models import QuerySet
from django.test import TransactionTestCase

from salon import guards
from salon.shop.models import Branch
from tests import builders, copies, live, parts, run, shared, spawner


def pytest_configure(config):
    """What the workers share is made and cleared away by the process that starts them, or by the only one."""
    if not hasattr(config, "workerinput"):
        shared.begin()
        if config.getoption("numprocesses", None):
            spawner.share()


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        for name in shared.noted_databases():
            live.on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shared.end()


def pytest_collection_modifyitems(items):
    for item in items:
        if parts.is_on_both(item.path.relative_to(live.ROOT / "tests").as_posix()):
            item.add_marker("database")


@pytest.hookimpl(tryfirst=True)  # before a worker tells what it has collected
def pytest_collection_finish(session):
    by_scope = {}
    for item in session.items:
        by_scope.setdefault(item.nodeid.rpartition("::")[0], []).append(item)
    scopes = [(items[0].path.relative_to(live.ROOT / "tests").as_posix(), items) for items in by_scope.values()]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    session.items[:] = [item for _path, items in parts.arranged(scopes, workers) for item in items]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """In CI, a test that is skipped for a reason nobody has allowed fails the run (tests/run.py)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()  # the workers of a parallel run have no reporter
    reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in skipped}
    if unexpected := run.skipped_without_leave(reasons):
        reporter.write_line(f"\nSkipped, and not on the list of what may be: {sorted(unexpected)}", red=True)
        session.exitstatus = 1


@pytest.fixture(scope="session", autouse=True)
def _guards_sleep_while_flushing():
    """Transactional tests empty every table afterwards; the append-only guards are suspended for just that."""
    tear_down = TransactionTestCase._fixture_teardown

    def guarded(self):
        with guards.suspended():
            tear_down(self)

    TransactionTestCase._fixture_teardown = guarded
    yield
    TransactionTestCase._fixture_teardown = tear_down


@pytest.fixture(scope="session", autouse=True)
def _locks_are_taken_in_transactions():
    """A row is locked until a transaction ends, so there must be one, and not just the test's: only on PostgreSQL, and there only
    outside of tests, would Django say so.
    """
    lock = QuerySet.select_for_update

    def checked(rows, *args, **kwargs):
        blocks = connections[rows.db].atomic_blocks
        assert not all(block._from_testcase for block in blocks), "rows are locked without a transaction: @transaction.atomic"
        return lock(rows, *args, **kwargs)

    QuerySet.select_for_update = checked
    yield
    QuerySet.select_for_update = lock


@pytest.fixture(scope="session")
def _migrated_once():
    """The first worker of a run migrates; what the others make is a copy of that (tests/copies.py)."""
    with copies.of_the_first(connection) as keep:
        yield keep


@pytest.fixture(scope="session")
def django_db_setup(_migrated_once, django_db_setup, django_db_blocker):
    """Tests begin without the branch every installation begins with; tests/salon/shop/test_first_branch.py looks at that.

    And rows nobody asked an order for come backwards: SQLite would give them by their ids, and a lost order go unnoticed.
    """
    with django_db_blocker.unblock():
        _migrated_once()
        first = Branch.objects.filter(code=Branch.FIRST_CODE)
        first._raw_delete(first.db)
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture(params=["backwards", "forwards"])
def either_way(request, db):
    """Twice: with rows nobody asked an order for coming backwards, as in all tests, and forwards; for orders by "-pk"."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA reverse_unordered_selects = {'ON' if request.param == 'backwards' else 'OFF'}")
        yield
        cursor.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """For rows that a module's tests only read: made once, inside a transaction that is taken back after the last test.

    A test asks for `db` as well (or is marked django_db), so that what it writes itself is undone when it ends.
    """
    around = transaction.atomic()
    around._from_testcase = True  # as that of a test: what is asked for in it looks after its own transaction
    with django_db_blocker.unblock(), around:
        yield
        transaction.set_rollback(True)


@pytest.fixture
def branch(db):
    return builders.make_branch(code="JA", name="静安店")


@pytest.fixture
def other_branch(db):
    return builders.make_branch(code="XH", name="徐汇店")


@pytest.fixture
def receptionist(branch):
    return builders.make_staff(branch=branch, role="receptionist", name="林晓彤", username="reception")


@pytest.fixture
def beautician(branch):
    return builders.make_staff(branch=branch, role="beautician", name="陈美娟", username="beauty")


@pytest.fixture
def manager(branch):
    return builders.make_staff(branch=branch, role="manager", name="顾敏", username="manager")


@pytest.fixture
def owner(branch):
    return builders.make_staff(branch=branch, role="owner", name="沈老板", username="owner")


@pytest.fixture
def stranger(other_branch):
    """A receptionist of another branch."""
    return builders.make_staff(branch=other_branch, role="receptionist", name="外店前台", username="stranger")


@pytest.fixture
def desk(receptionist):
    """A test client logged in as the receptionist."""
    return builders.client_of(receptionist)


@pytest.fixture
def customer(branch):
    return builders.make_customer(branch=branch, name="张晓梅", phone="13812346621")


@pytest.fixture(scope="session")
def live_salon():
    """A real server process, on a database of its own, with one branch and a log-in per role (tests/live.py)."""
    with live.running() as salon:
        yield salon


@pytest.fixture(scope="session")
def chromium():
    """Path of Chromium; without one the test reports itself not run."""
    path = live.find_chromium()
    if not path:
        pytest.skip("not run: Chromium is not installed")
    return path
