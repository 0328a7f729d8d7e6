"""An import meets a full disk, wherever it writes: it says so, nothing of it is there, and the file can be brought again."""

import errno
import sqlite3
from pathlib import Path

import pytest
from django.db import OperationalError

from archives.visits.models import Visit
from customers.card.models import Customer
from customers.imports import folders, work
from customers.imports.importer import Importer
from customers.imports.models import ImportRun
from customers.imports.spool import Spool
from salon.operations import Operation
from tests import builders
from tests.customers.imports.test_pages import key_of, send

pytestmark = pytest.mark.django_db
ROWS = "单号,日期,卡号,姓名,手机,金额\nR1,2024-01-05,A1,张晓梅,13800138000,100\nR2,2024-01-06,A1,,,abc\n"
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")
QUOTA = OSError(errno.EDQUOT, "Disk quota exceeded")
DATABASE = OperationalError("database or disk is full")


@pytest.fixture
def client(manager):
    return builders.client_of(manager, raise_request_exception=False)


def failing(error):
    def fail(*_args, **_how):
        raise type(error)(*error.args)

    return fail


def _half_written(self, chunks):
    """The folder is made and some of the file is there when the disk is full."""
    self.folder.mkdir(parents=True)
    self.upload.write_bytes(b"half")
    raise QUOTA


BEGINNING = {
    "folder": (Path, "mkdir", failing(NO_ROOM)),
    "file": (folders.ImportFolder, "open", _half_written),
    "row": (ImportRun, "save_base", failing(DATABASE)),
    "operation": (Operation, "save", failing(DATABASE)),  # after the file was kept
}


@pytest.mark.parametrize("place", BEGINNING)
def test_a_file_that_finds_no_room_is_not_begun(client, folder, waiting, monkeypatch, place, django_capture_on_commit_callbacks):
    folder.mkdir()
    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        if place == "operation":
            desk_open = folders.ImportFolder.open

            def then_full(self, chunks):
                desk_open(self, chunks)
                patch.setattr(*BEGINNING[place])

            patch.setattr(folders.ImportFolder, "open", then_full)
        else:
            patch.setattr(*BEGINNING[place])
        response = send(client, ROWS)
    assert response.status_code == 503
    assert "The disk is full" in response.content.decode()
    assert not ImportRun.objects.exists()
    assert not Operation.objects.exists()
    assert list(folder.iterdir()) == []
    assert waiting == []
    with django_capture_on_commit_callbacks(execute=True):
        assert send(client, ROWS).status_code == 302
    assert len(waiting) == 1


def _spool_full(*_args):
    raise sqlite3.OperationalError("database or disk is full")


READING = {
    "its rows": (Spool, "add", _spool_full),
    "the refused rows": (folders.ImportFolder, "write_refused", failing(NO_ROOM)),
}
STORING = {
    "progress": (folders.ImportFolder, "note_progress", failing(QUOTA)),
    "the database": (Importer, "store", failing(DATABASE)),
    "the refused rows": (folders.ImportFolder, "write_refused", failing(NO_ROOM)),
}


@pytest.fixture
def bring(client, finish, django_capture_on_commit_callbacks):
    def bring():
        with django_capture_on_commit_callbacks(execute=True):
            assert send(client, ROWS, create_customers="on").status_code == 302
        finish()
        return ImportRun.objects.latest("pk")

    return bring


@pytest.mark.parametrize("place", READING)
def test_reading_that_finds_no_room_says_so_and_keeps_nothing(bring, kept, monkeypatch, place):
    with monkeypatch.context() as patch:
        patch.setattr(*READING[place])
        run = bring()
    assert (run.state, run.problem) == ("failed", "The disk is full.")
    assert set(kept(run)) <= {"work.lock"}
    assert bring().state == "ready"


@pytest.mark.parametrize("place", STORING)
def test_storing_that_finds_no_room_stores_nothing_and_says_so(
    client, bring, finish, kept, monkeypatch, place, django_capture_on_commit_callbacks
):
    """Also when it is the last thing written, the table of refused rows: else it is stored and said to have failed."""
    run = bring()
    monkeypatch.setattr(work, "EVERY", 0)
    with monkeypatch.context() as patch:
        patch.setattr(*STORING[place])
        with django_capture_on_commit_callbacks(execute=True):
            client.post(f"{run.get_absolute_url()}store/", {"operation": key_of(client.get(run.get_absolute_url()))})
        finish()
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "The disk is full.")
    assert not Customer.objects.exists()
    assert not Visit.objects.exists()
    assert set(kept(run)) - {"work.lock"} == {"refused.csv"}  # of its reading
    assert "abc" in folders.ImportFolder(run.pk).refused.read_text(encoding="utf-8-sig")
    assert client.get(run.get_absolute_url()).status_code == 200


def test_a_table_of_refused_rows_is_whole_or_as_it_was(folder, tmp_path, monkeypatch):
    """The disk is full after some rows: the half table is not taken for the whole one, and goes with the file."""
    place = folders.ImportFolder(1)
    place.folder.mkdir(parents=True)
    place.refused.write_text("as it was", encoding="utf-8")

    class Rows:
        def count(self, _table):
            return 2

        def fact(self, *_args):
            return []

        def refused_raw(self):
            yield 1, "reason", []
            raise NO_ROOM

    with pytest.raises(OSError, match="No space"):
        place.write_refused(Rows())
    assert place.refused.read_text(encoding="utf-8") == "as it was"
    place.forget_rows()
    assert [path.name for path in place.folder.iterdir()] == ["refused.csv"]
