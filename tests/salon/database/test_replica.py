"""A copy of the database: reports and exports read there; all else, and every write, is of the database itself."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from salon import exports
from salon.database import replica
from salon.database.replica import NAME, Standing
from salon.serving import health
from tests import builders, live

SHOP = "tests.live_acts:shop"
IN_COPY = "副本里的客人"


def add_customer():
    from salon.shop.models import Branch
    from tests import builders

    builders.make_customer(name=IN_COPY, branch=Branch.objects.get(code="JA"))


def warnings():
    from salon.serving import health

    return health.warnings()


@pytest.fixture
def copy():
    """A copy that knows of somebody whom the database does not know: so one sees what was read where."""
    with live.installed(template=live.prepared(SHOP)) as copy:
        copy.call("tests.salon.database.test_replica:add_customer")
        assert copy.manage("recompute_tiers").returncode == 0
        yield copy


@pytest.fixture
def salon(copy):
    """A salon that has it, not running."""
    url = copy.database_url or f"sqlite:///{copy.data_dir / 'salon.sqlite3'}"
    with live.installed(template=live.prepared(SHOP), environment={"DATABASE_REPLICA_URL": url}) as salon:
        yield salon


def names_exported(visitor):
    page = visitor.get("/customers/export/")
    assert page.status == 200, page.text
    rows = load_workbook(BytesIO(page.body), read_only=True).worksheets[0].iter_rows(values_only=True)
    return {cell for row in rows for cell in row}


def exports_logged(salon):
    return salon.sql("SELECT COUNT(*) FROM customers_accessentry WHERE field = 'customers'")[0][0]


def test_exports_read_the_copy_and_are_logged_in_the_database(salon, copy):
    owner = salon.start().visitor("owner")
    assert IN_COPY not in owner.get("/customers/").text
    assert "Nobody has a tier yet" not in owner.get("/tiers/").text  # the copy has had its run
    assert IN_COPY in names_exported(owner)
    assert (exports_logged(salon), exports_logged(copy)) == (1, 0)
    salon.kill()
    salon.environment.clear()
    assert IN_COPY not in names_exported(salon.start().visitor("owner"))  # the control


def test_commands_that_export_read_the_copy(salon, tmp_path):
    done = salon.manage("export_tiers", "--output", tmp_path / "tiers.xlsx")
    assert done.returncode == 0, done.stderr
    salon.environment.clear()
    assert "There is no finished run yet" in salon.manage("export_tiers", "--output", tmp_path / "tiers.xlsx").stderr


def test_a_copy_that_does_not_answer_is_told(salon, tmp_path):
    assert "replica_does_not_answer" not in salon.call("tests.salon.database.test_replica:warnings")
    nowhere = "postgres://nobody@127.0.0.1:1/none" if salon.database_url else f"sqlite:///{tmp_path}/none/salon.sqlite3"
    salon.environment["DATABASE_REPLICA_URL"] = nowhere
    assert "replica_does_not_answer" in salon.call("tests.salon.database.test_replica:warnings")


def test_a_copy_of_another_kind_is_refused(salon):
    salon.environment["DATABASE_REPLICA_URL"] = "sqlite:///x" if salon.database_url else "postgres://nobody@127.0.0.1:1/none"
    assert "must name a database of the same kind" in salon.manage("check").stderr


# --- A copy that is behind (a real standby: tests/long/test_database_away.py) -----------------------------------------

NOW = datetime(2026, 11, 26, 4, 5, 6, tzinfo=UTC)
BEHIND = Standing(as_of=NOW - timedelta(seconds=40), behind=timedelta(seconds=40))
FAR_BEHIND = Standing(as_of=NOW - timedelta(seconds=301), behind=timedelta(seconds=301))
HARDLY = Standing(as_of=NOW - timedelta(seconds=4), behind=timedelta(seconds=4))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((False, None, None), Standing()),  # no standby: it cannot be asked
        ((True, True, NOW - timedelta(hours=9)), Standing()),  # nobody has saved for nine hours
        ((True, False, NOW - timedelta(seconds=40)), BEHIND),
        ((True, False, NOW + timedelta(seconds=1)), Standing(as_of=NOW + timedelta(seconds=1), behind=timedelta(0))),
        ((True, False, None), Standing(behind=timedelta.max)),
    ],
)
def test_what_a_copy_says_of_itself(answer, expected):
    assert replica._standing(NOW, *answer) == expected


@pytest.fixture
def standing(monkeypatch):
    """A function that says how the copy stands."""
    monkeypatch.setattr(replica, "has_copy", lambda: True)
    return lambda found: monkeypatch.setattr(replica, "standing", lambda: found)


@pytest.mark.parametrize(
    ("found", "is_read", "is_told"),
    [
        (Standing(), True, False),
        (HARDLY, True, False),
        (BEHIND, True, True),
        (FAR_BEHIND, False, False),
        (Standing(behind=timedelta.max), False, False),
        (Standing(answers=False), False, False),
    ],
)
def test_what_is_read_and_what_is_told(standing, found, is_read, is_told):
    standing(found)
    with replica.reading():
        assert (replica.Router().db_for_read(None) == NAME) is is_read
        assert (replica.as_of() is not None) is is_told
        sheet = exports.facts_sheet([("Order", "newest")])
        assert (("Data as of", "2026-11-26 12:04:26") in list(sheet.rows)) is is_told
    assert replica.as_of() is None
    assert replica.Router().db_for_read(None) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("found", "told"),
    [(Standing(), []), (BEHIND, []), (FAR_BEHIND, ["replica_is_behind"]), (Standing(answers=False), ["replica_does_not_answer"])],
)
def test_a_monitor_hears_of_it(standing, found, told):
    standing(found)
    assert [code for code in health.warnings() if "replica" in code] == told


@pytest.mark.django_db
def test_a_page_says_from_when_it_is(owner, monkeypatch):
    client = builders.client_of(owner)
    assert "2026-11-26" not in client.get("/tiers/").content.decode()
    monkeypatch.setattr(replica, "as_of", lambda: BEHIND.as_of)
    assert "As of 2026-11-26 12:04:26: this is read from a copy" in client.get("/tiers/").content.decode()
