"""Database and data directory belong together; first starts wait for each other; a backup has all files the database names."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import models

from salon.backups import taking
from salon.backups.manifest import Refused
from salon.database import locks
from salon.serving import assets
from salon.storage import data_directory, media, secret
from salon.storage.models import DataDirectory
from tests import live
from tests.marks import once
from tests.salon.backups import content

SHOP = "tests.live_acts:shop"


@pytest.fixture
def folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    return tmp_path


# --- The pair --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_pair_gets_an_id_and_keeps_it(folder):
    assert data_directory.fault() == ""
    data_directory.settle()
    number = (folder / data_directory.FILE).read_text().strip()
    assert DataDirectory.objects.get().number == number != ""
    assert (folder / data_directory.FILE).stat().st_mode & 0o077 == 0
    data_directory.settle()
    assert data_directory.fault() == ""
    assert data_directory.id_here() == number


@pytest.mark.django_db
def test_a_database_that_knows_of_none_yet_takes_the_one_it_is_served_from(folder):
    number = data_directory.make_id_here()
    data_directory.settle()
    assert data_directory.id_in_database() == number


@pytest.mark.django_db
@pytest.mark.parametrize("other", [None, "another", "\\xff"])
def test_another_directory_is_refused_with_the_way_out(folder, other):
    DataDirectory.objects.create(number="0123456789abcdef")
    if other:
        (folder / data_directory.FILE).write_bytes(other.encode("latin-1"))
    fault = data_directory.fault()
    assert "set SALON_DATA_DIR" in fault
    assert "0123456789abcdef" in fault
    assert "\n" not in fault
    (folder / data_directory.FILE).write_text("0123456789abcdef\n")  # the way out
    assert data_directory.fault() == ""


@pytest.mark.django_db
def test_no_backup_is_made_of_a_pair_that_does_not_fit(folder, monkeypatch):
    """Such as by cron without SALON_DATA_DIR: it would have no picture in it."""
    DataDirectory.objects.create(number="another")
    monkeypatch.setattr(taking, "live_file", lambda: folder)
    with pytest.raises(Refused, match="belongs to another data directory"):
        taking.check_present()


@pytest.mark.django_db
def test_a_database_of_before_such_ids_fits_everywhere(folder, monkeypatch):
    DataDirectory.objects.create(number="x")
    monkeypatch.setattr(DataDirectory._meta, "db_table", "not_there_yet")
    assert data_directory.fault() == ""


def told(done):
    """The one line of a refusal."""
    assert done.returncode == 1, done
    lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_pair_that_does_not_fit_is_neither_served_nor_backed_up(tmp_path):
    """What happens when cron, or a second server, has another SALON_DATA_DIR; and when a database file is copied alone."""
    with live.installed(template=live.prepared(SHOP)) as salon:
        other = tmp_path / "other"
        other.mkdir()
        there = {"SALON_DATA_DIR": str(other)}
        if not salon.database_url:
            shutil.copy(salon.data_dir / "salon.sqlite3", other)
        before = content.everything(salon)
        assert "belongs to another data directory" in told(salon.manage("serve", "--port", live.free_port(), **there))
        assert content.everything(salon) == before
        moved = tmp_path / "moved"
        salon.data_dir.rename(moved)  # as a whole
        done = salon.manage("backup", SALON_DATA_DIR=str(moved))
        assert done.returncode == 0, done.stderr


# --- Files the database names ----------------------------------------------------------------------------------------


def lose_a_picture(folder):
    """Two customers have pictures, and one of the files goes: what the commands say (run in a process of the salon's)."""
    from django.conf import settings

    from customers.card.models import Customer
    from salon.shop.models import Branch
    from tests import builders

    branch, gone = Branch.objects.first(), settings.MEDIA_ROOT / "portraits/gone.webp"
    for name in ("here.webp", "gone.webp"):
        customer = builders.make_customer(branch=branch)
        Customer.objects.filter(pk=customer.pk).update(portrait=name)
    said = {"whole": say("backup", output=Path(folder, "whole.tar"))}
    gone.unlink()
    said["gone"] = say("backup", output=Path(folder, "gone.tar"))
    said["all the same"] = say("backup", output=Path(folder, "lacks.tar"), without_lost_files=True)
    said["checked"] = say("check_data")
    said["restored"] = say("restore", Path(folder, "whole.tar"), yes=True)
    said["is back"] = gone.exists() and say("backup", output=Path(folder, "again.tar"))
    return said


def say(*command, **options):
    """What a command says, or the error it ends with."""
    out = io.StringIO()
    try:
        call_command(*command, **options, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return f"FAILED: {error}"
    return out.getvalue()


def test_a_backup_fails_when_media_are_gone(tmp_path):
    with live.installed(template=live.prepared(SHOP)) as salon:
        content.add_pictures(salon, {"portraits/here.webp": b"RIFF", "portraits/gone.webp": b"RIFF"})
        said = salon.call("tests.salon.storage.test_data_directory:lose_a_picture", folder=str(tmp_path))
    assert said["gone"].startswith("FAILED: No backup was made. Media files that the database names are missing from")
    assert ": 1, such as portraits/gone.webp;" in said["gone"]
    assert not (tmp_path / "gone.tar").exists()
    assert "1 media files; read back whole" in said["all the same"]
    with tarfile.open(tmp_path / "lacks.tar") as archive:
        assert {"media/portraits/here.webp"} == {name for name in archive.getnames() if "portraits" in name}
    assert "Files are gone from the data directory: photo of " in said["checked"]
    assert "Restored" in said["restored"], "what is there now can be kept though it lacks a file"
    assert "2 media files; read back whole" in said["whole"]
    assert "2 media files; read back whole" in said["is back"]


@pytest.mark.long
def test_a_restored_database_belongs_to_the_directory_it_came_into(tmp_path):
    with live.installed(template=live.prepared(SHOP)) as salon, live.installed() as other:
        path = content.backup(salon, tmp_path / "x.tar")
        assert other.manage("restore", path).returncode == 0
        ours, theirs = ((each.data_dir / data_directory.FILE).read_text().strip() for each in (salon, other))
        assert ours != theirs
        assert salon.sql("SELECT number FROM salon_datadirectory") == [(ours,)]
        assert other.sql("SELECT number FROM salon_datadirectory") == [(theirs,)]
        assert other.manage("backup").returncode == 0
        if other.database_url:  # two installations: the one's server on the other's database
            assert "belongs to another" in told(salon.manage("backup", DATABASE_URL=other.database_url))


def test_every_column_of_files_is_declared():
    from django.apps import apps

    files = {(f.model, f.name) for m in apps.get_models() for f in m._meta.get_fields() if isinstance(f, models.FileField)}
    declared = {(column.model, column.field) for column in media.columns()}
    assert files <= declared
    assert "customers_customer.portrait" in {f"{column.table}.{column.name}" for column in media.columns()}


# --- Two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_of_two_first_starts_one_waits_for_the_other():
    with live.installed() as one:
        other = live.Salon(one.data_dir, one.database_url)
        failed, over = [], threading.Event()

        def start(salon):
            try:
                salon.start()
            except Exception as error:  # told below
                failed.append(error)
            over.wait(300)  # a server ends with the thread that started it (tests.live.die_with_parent)

        one.port, other.port = live.free_port(), live.free_port()
        threads = [threading.Thread(target=start, args=[salon]) for salon in (one, other)]
        for thread in threads:
            thread.start()
        try:
            until = time.monotonic() + 240
            while one.log.count("is ready at") < 2 and not failed and time.monotonic() < until:  # they share a log
                time.sleep(0.1)
            assert failed == []
            for salon in (one, other):
                assert salon.visitor().get("/healthz/").status == 200
                assert "/static/css/app." in salon.visitor().get("/login/").text
            assert one.log.count("waiting for it") == 1
            assert one.log.count("Bringing the database up to date") == one.log.count("Preparing style sheets") == 1
            assert len(one.sql("SELECT * FROM salon_datadirectory")) == 1
        finally:
            other.kill()
            over.set()


@once
def test_static_files_are_made_beside_and_moved(settings, tmp_path, monkeypatch):
    settings.STATIC_ROOT, settings.DATA_DIR = tmp_path / "static", tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "salon.serving.assets.HashedStorage"}}
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "old.css").write_text("old")
    (tmp_path / ".static-killed").mkdir()
    seen = []
    collect = assets.call_command
    monkeypatch.setattr(
        assets, "call_command", lambda *a, **k: (collect(*a, **k), seen.append((settings.STATIC_ROOT / "old.css").exists()))
    )
    assets.collect()
    assert seen == [True], "the old ones stay until the new ones are whole"
    assert not (settings.STATIC_ROOT / "old.css").exists()
    name = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())["paths"]["css/app.css"]
    assert (settings.STATIC_ROOT / name).exists()
    assert not assets.needs_collect()
    assert [path.name for path in tmp_path.glob(".*")] == []
    assets.collect()
    assert seen == [True], "what another has made meanwhile is used"
    (settings.STATIC_ROOT / assets.STAMP).write_text("of other sources")
    assert assets.needs_collect()
    with locks.of_file(assets.LOCK):
        monkeypatch.setattr(assets, "WAIT_SECONDS", 0)
        assets.collect()
    assert seen == [True], "who does not get its turn makes none"


@once
def test_a_key_that_is_just_being_written_is_waited_for(tmp_path):
    path = tmp_path / "secret-key"
    path.touch()
    writer = threading.Timer(0.3, path.write_text, args=["k" * 50])
    writer.start()
    assert secret.read_or_make_secret(path) == "k" * 50
    path.write_text("")
    with pytest.raises(ImproperlyConfigured, match="too short"):
        secret.read_or_make_secret(path)


@once
def test_a_lock_is_waited_for_and_that_is_told_once(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    holder = (
        "import fcntl, sys, time\nfile = open(sys.argv[1], 'a')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\ntime.sleep(1)"
    )
    command = [sys.executable, "-c", holder, tmp_path / "x.lock"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        waited = []
        with locks.held_in_turn("x", seconds=0, waiting=lambda: waited.append(1), hold=locks.of_file) as is_held:
            assert not is_held
        with locks.held_in_turn("x", seconds=10, waiting=lambda: waited.append(1), hold=locks.of_file) as is_held:
            assert is_held
        assert waited == [1]
