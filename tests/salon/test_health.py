"""healthz: what a monitor and a manager read there."""

import pytest
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from salon import guards, health
from tests import builders

pytestmark = pytest.mark.django_db
URL = "/healthz/"


def test_well(client):
    page = client.get(URL)
    assert (page.status_code, page.json()) == (200, {"status": "ok"})


def test_details_are_for_managers(client, desk, manager):
    assert desk.get(URL).json() == {"status": "ok"}
    body = builders.client_of(manager).get(URL).json()
    assert body["status"] == "ok"
    assert body["findings"] == []
    assert isinstance(body["warnings"], list)


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
