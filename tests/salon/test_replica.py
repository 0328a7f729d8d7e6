"""A copy of the database: reports and exports read there; all else, and every write, is of the database itself."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests import live

SHOP = "tests.live_acts:shop"
IN_COPY = "副本里的客人"


def add_customer():
    from salon.shop.models import Branch
    from tests import builders

    builders.make_customer(name=IN_COPY, branch=Branch.objects.get(code="JA"))


def warnings():
    from salon import health

    return health.warnings()


@pytest.fixture
def copy():
    """A copy that knows of somebody whom the database does not know: so one sees what was read where."""
    with live.installed(template=live.prepared(SHOP)) as copy:
        copy.call("tests.salon.test_replica:add_customer")
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
    assert "replica_does_not_answer" not in salon.call("tests.salon.test_replica:warnings")
    nowhere = "postgres://nobody@127.0.0.1:1/none" if salon.database_url else f"sqlite:///{tmp_path}/none/salon.sqlite3"
    salon.environment["DATABASE_REPLICA_URL"] = nowhere
    assert "replica_does_not_answer" in salon.call("tests.salon.test_replica:warnings")


def test_a_copy_of_another_kind_is_refused(salon):
    salon.environment["DATABASE_REPLICA_URL"] = "sqlite:///x" if salon.database_url else "postgres://nobody@127.0.0.1:1/none"
    assert "must name a database of the same kind" in salon.manage("check").stderr
