"""healthz: what a monitor and a manager read there."""

import time
from contextlib import closing

import pytest
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from salon import guards
from salon.serving import health
from salon.storage.models import DataDirectory
from tests import builders
from tests.marks import postgresql_only, sqlite_only

pytestmark = pytest.mark.django_db
URL = "/healthz/"


@pytest.fixture(autouse=True)
def probe(monkeypatch):
    """A probe that knows of no earlier outcome."""
    monkeypatch.setattr(health, "probe", health.WriteProbe())
    return health.probe


def test_well(client):
    page = client.get(URL)
    assert (page.status_code, page.json()) == (200, {"status": "ok"})


def test_details_are_for_managers(client, desk, manager):
    assert desk.get(URL).json() == {"status": "ok"}
    body = builders.client_of(manager).get(URL).json()
    assert body["status"] == "ok"
    assert body["findings"] == []
    assert isinstance(body["warnings"], list)


@pytest.mark.parametrize("finding", ["migrations_pending", "database_does_not_answer"])
def test_nothing_is_asked_of_tables_that_may_be_others_or_away(monkeypatch, finding):
    asked = []
    monkeypatch.setattr(health, "of_the_nights", lambda: (asked.append(1) or [], {}))
    assert set(health._details([finding])) == {"findings", "warnings"}
    assert asked == []
    assert set(health._details([])) == {"findings", "warnings", "last"}


def test_not_well_while_a_guard_is_missing(client, manager, monkeypatch):
    monkeypatch.setattr(guards, "missing", lambda: ["guard_x"])
    page = client.get(URL)
    assert (page.status_code, page.json()) == (503, {"status": "not ok"})
    assert builders.client_of(manager).get(URL).json()["findings"] == ["guards_differ"]


def test_not_well_while_an_old_guard_remains(manager, monkeypatch):
    monkeypatch.setattr(guards, "undeclared", lambda: {"guard_x": "x"})
    assert builders.client_of(manager).get(URL).json()["findings"] == ["guards_differ"]


def test_not_well_while_migrations_wait(manager):
    MigrationRecorder.Migration.objects.filter(app="axes").order_by("-pk").first().delete()
    page = builders.client_of(manager).get(URL)
    assert (page.status_code, page.json()["findings"]) == (503, ["migrations_pending"])


def test_not_well_while_the_database_is_away(client, monkeypatch):
    def away(*args):
        raise DatabaseError("gone")

    monkeypatch.setattr(MigrationExecutor, "migration_plan", away)
    page = client.get(URL)
    assert (page.status_code, page.json()) == (503, {"status": "not ok"})


def test_warns_of_a_sqlite_library_that_can_damage_the_file(monkeypatch):
    monkeypatch.setattr(health.connection, "vendor", "sqlite")
    monkeypatch.setattr(health.sqlite, "library_version", lambda: (3, 45, 1))
    assert health.warnings() == ["sqlite_library_has_wal_reset_bug"]
    monkeypatch.setattr(health.sqlite, "library_version", lambda: (3, 53, 4))
    assert health.warnings() == []


def test_only_reading(client):
    assert client.post(URL).status_code == 405


# --- Does it take writes? --------------------------------------------------------------------------------------------


def test_a_write_that_fails_is_told_and_looked_at_again(client, manager, monkeypatch, probe):
    def refuse(**values):
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(DataDirectory.objects, "update", refuse)
        page = client.get(URL)
        assert (page.status_code, page.json()) == (503, {"status": "not ok"})
        assert builders.client_of(manager).get(URL).json()["findings"] == ["database_takes_no_writes"]
    assert client.get(URL).status_code == 503, "the outcome stands for a while"
    monkeypatch.setattr(health, "PROBED_FOR", 0)
    assert client.get(URL).status_code == 200


def test_the_probe_leaves_nothing_behind(client, probe):
    DataDirectory.objects.create(number="x")
    assert client.get(URL).status_code == 200
    assert list(DataDirectory.objects.values_list("pk", "number")) == [(1, "x")]
    if connection.vendor == "sqlite":  # and the desk waits as long as ever
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 20_000


def test_who_asks_while_another_waits_is_answered_at_once(probe):
    probe._lock.acquire()
    assert probe.is_well()
    probe._is_well = False
    assert not probe.is_well()


@pytest.fixture
def file(db, tmp_path):
    """A database that others can open, too: a file with the table the probe writes to."""
    path, usual = tmp_path / "salon.sqlite3", connections["default"]
    connections["default"] = connections.create_connection("default")
    connections["default"].settings_dict = usual.settings_dict | {"NAME": str(path)}
    with connection.schema_editor() as editor:
        editor.create_model(DataDirectory)
    yield path
    connections["default"].close()
    connections["default"] = usual


@sqlite_only
def test_a_write_that_waits_for_another_is_given_up(probe, file, monkeypatch):
    monkeypatch.setattr(health, "WRITE_SECONDS", 0.3)
    monkeypatch.setattr(health, "PROBED_FOR", 0)
    with closing(connection.Database.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert not probe.is_well()
        assert time.monotonic() - began < 3
    assert probe.is_well()


@sqlite_only
def test_a_write_that_takes_longer_than_it_may_is_told_though_it_is_stored(client, monkeypatch):
    monkeypatch.setattr(health, "WRITE_SECONDS", 0)
    assert client.get(URL).status_code == 503


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_a_write_that_waits_is_given_up(probe, monkeypatch):
    monkeypatch.setattr(health, "WRITE_SECONDS", 0.5)
    monkeypatch.setattr(health, "PROBED_FOR", 0)
    DataDirectory.objects.create(number="x")
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM salon_datadirectory FOR UPDATE")
    began = time.monotonic()
    assert not probe.is_well()
    assert not probe.is_well(), "nobody waits while one waits"
    assert time.monotonic() - began < 2
    other.rollback()
    other.close()
    until = time.monotonic() + 10
    while not probe.is_well():  # the thread's write was stored late: the next one counts
        assert time.monotonic() < until
        time.sleep(0.1)
