"""The single checks before `serve` starts; test_serve.py has them all together in a real process."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection

from salon.accounts.models import User
from salon.database import sqlite
from salon.serving import boot
from tests import builders, live
from tests.marks import postgresql_only, sqlite_only

MOUNTS = """\
overlay / overlay rw 0 0
server:/salon /srv nfs4 rw,vers=4.2 0 0
/dev/sda1 /srv/local ext4 rw 0 0
//box/share /mnt/shop\\040share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/salon.sqlite3", "overlay"),
        ("/srv/salon/salon.sqlite3", "nfs4"),
        ("/srv/local/salon.sqlite3", "ext4"),
        ("/srv/localhost/salon.sqlite3", "nfs4"),  # a name that only begins like a mount point
        ("/mnt/shop share/salon.sqlite3", "cifs"),
    ],
)
def test_file_system_of_the_nearest_mount_point(path, kind):
    assert boot.file_system_of(Path(path), MOUNTS) == kind
    assert boot.file_system_of(Path(path), "\n".join(sorted(MOUNTS.splitlines(), reverse=True))) == kind


def test_of_what_is_mounted_over_another_the_later_counts():
    assert boot.file_system_of(Path("/srv/x"), f"{MOUNTS}/dev/sdb1 /srv xfs rw 0 0\n") == "xfs"


@sqlite_only
def test_refuses_a_network_file_system(monkeypatch, tmp_path):
    monkeypatch.setattr(boot, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setitem(connection.settings_dict, "NAME", "/srv/salon/salon.sqlite3")
    boot.MOUNTS.write_text(MOUNTS)
    with pytest.raises(boot.Refused, match="network file system \\(nfs4\\)"):
        boot.check_local_disk()
    boot.MOUNTS.write_text(MOUNTS.replace("nfs4", "ext4"))
    boot.check_local_disk()
    boot.MOUNTS.unlink()  # not Linux
    boot.check_local_disk()


def test_guards_that_are_not_those_declared_are_put_right_at_start(db, monkeypatch):
    assert not boot.needs_migrate()
    for name, found in (("missing", ["guard_x"]), ("undeclared", {"guard_x": "x"})):
        with monkeypatch.context() as changed:
            changed.setattr(boot.guards, name, lambda found=found: found)
            assert boot.needs_migrate()


@pytest.mark.parametrize(
    ("error", "words"),
    [("unsupported startup parameter: options", "pooler before the database"), ("refused", "does not answer: refused")],
)
def test_a_pooler_that_refuses_settings_is_told_from_a_database_that_is_away(monkeypatch, error, words):
    def faults():
        raise DatabaseError(error)

    monkeypatch.setattr(boot, "connection", SimpleNamespace(vendor="postgresql"))
    monkeypatch.setattr(boot.sessions, "faults", faults)
    with pytest.raises(boot.Refused, match=words):
        boot.check_sessions()


def test_a_database_with_a_log_in_or_a_branch_that_was_begun_is_not_empty(db):
    assert boot.is_empty()
    User.objects.create(username="first")
    assert not boot.is_empty()
    User.objects.all().delete()
    builders.make_branch(code="JA", name="静安店")
    assert not boot.is_empty()


@sqlite_only
@pytest.mark.django_db
def test_refuses_settings_that_did_not_apply(monkeypatch):
    """The test database lies in memory, which has no write-ahead log: exactly what must be noticed."""
    with pytest.raises(boot.Refused, match="journal_mode=memory"):
        boot.check_database()
    monkeypatch.setitem(boot.SQLITE_SETTINGS, "journal_mode", "memory")
    boot.check_database()


@sqlite_only
def test_a_database_file_runs_with_the_settings_that_keep_data_safe():
    with live.installed(template=live.prepared()) as salon:
        found = salon.call("tests.live_acts:sqlite_settings")
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "secure_delete": 1}


@sqlite_only
def test_warns_of_a_sqlite_library_that_can_damage_the_file(monkeypatch):
    monkeypatch.setattr(sqlite, "library_version", lambda: (3, 45, 1))
    assert ["SQLite 3.45.1" in warning for warning in boot.warnings()] == [True]
    monkeypatch.setattr(sqlite, "library_version", lambda: (3, 51, 3))
    assert list(boot.warnings()) == []


@postgresql_only
@pytest.mark.django_db
def test_warns_exactly_of_the_postgresql_settings_that_lose_data():
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
        cursor.execute("SHOW full_page_writes")
        full_page_writes = cursor.fetchone()[0]
    warned = " ".join(boot.warnings())
    assert "synchronous_commit=off" in warned
    assert ("fsync=off" in warned, "full_page_writes=off" in warned) == (fsync == "off", full_page_writes == "off")


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [((3, 40, 1), True), ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False)],
)
def test_which_sqlite_versions_have_the_wal_reset_bug(version, has_bug):
    assert sqlite.has_wal_reset_bug(version) is has_bug


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
    + [("192.168.1.5", False), ("salon.example", False)],
)
def test_what_only_this_computer_reaches(host, loopback):
    assert boot.is_loopback(host) is loopback
