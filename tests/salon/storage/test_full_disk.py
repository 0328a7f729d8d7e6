"""No room: whoever met it, a file, SQLite or PostgreSQL, the person reads one page, and a page that only reads is not taken.

Nothing is half there after a fault at any place something is written: tests/customers/card/test_portraits.py and
tests/customers/imports/test_full_disk.py. The real thing: tests/long/test_full_disk.py.
"""

import errno
import sqlite3
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import DatabaseError, OperationalError, connection, transaction
from waitress.adjustments import Adjustments

from salon.middleware import SEEN
from salon.serving import bodies, connections
from salon.storage import files
from tests import builders, photos
from tests.marks import once, postgresql_only

FULL = [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EDQUOT, "Disk quota exceeded")]


def _of_sqlite():
    """What SQLite itself raises when a database may not grow."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError) as error:
            database.execute("INSERT INTO t VALUES (randomblob(90000))")
    return error.value


def _behind(cause, error):
    try:
        try:
            raise cause
        except type(cause):
            raise error  # noqa: B904 - as Django's sessions do
    except type(error) as raised:
        return raised


@once
def test_a_full_disk_is_known_by_its_code_not_by_a_word():
    full = [*FULL, _of_sqlite(), OperationalError("database or disk is full"), _behind(_of_sqlite(), UpdateError())]
    assert all(map(files.is_full, full))
    others = [OSError(errno.EACCES, "full"), OSError("full"), OperationalError("database is locked"), ValueError("full"), None]
    assert not any(map(files.is_full, [*others, OperationalError('relation "fullname" does not exist')]))


@once
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_what_sqlite_cannot_name_is_full_if_the_disk_takes_nothing(monkeypatch, settings, tmp_path, number):
    """A quota, or the shared memory of its log: SQLite says "disk I/O error" and no more."""
    settings.DATA_DIR = tmp_path
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR if hasattr(sqlite3, "SQLITE_IOERR") else 10
    error.sqlite_errorcode |= 19 << 8  # SHMSIZE
    assert not files.is_full(error)

    def no_room(**_how):
        raise OSError(number, "no room")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", no_room)
    assert files.is_full(error)


@postgresql_only
def test_postgresql_says_it_by_a_state(db):
    with pytest.raises(OperationalError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = '53100'; END $$")
    assert files.is_full(error.value)


# --- Uploads, which are kept in files before any view sees them ----------------------------------------------------------


@pytest.mark.parametrize("error", FULL, ids=["disk", "quota"])
@pytest.mark.parametrize("place", ["new_file", "receive_data_chunk", "file_complete"])
@pytest.mark.parametrize("address", ["/customers/new/", "/customers/imports/new/customers/"])
def test_an_upload_that_finds_no_room_on_its_way_in_is_a_page(manager, monkeypatch, address, place, error):
    """Django keeps it in a file while it reads the form, which it does to check the form's token."""
    client = builders.client_of(manager, raise_request_exception=False, enforce_csrf_checks=True)
    client.get(address)

    def full(*_args, **_how):
        raise error

    monkeypatch.setattr(TemporaryFileUploadHandler, place, full)
    sent = {"name": "甲", "photo": photos.upload(bytes(2 << 20)), "file": photos.upload(bytes(2 << 20))}
    response = client.post(address, sent)
    assert_says_so(response)
    assert 'class="side"' in response.content.decode()  # who is logged in keeps the frame


def assert_says_so(response):
    page = response.content.decode()
    assert response.status_code == 503
    assert "The disk is full" in page
    assert "Nothing was stored" in page
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("who", ["desk", "client"])
def test_what_the_server_itself_could_not_keep_is_the_same_page(who, request, db):
    assert_says_so(request.getfixturevalue(who).post("/customers/new/", **{connections.REFUSED: bodies.NO_ROOM}))


class _Full:
    """A buffer on a full disk."""

    def __init__(self, number):
        self.number = number

    def append(self, data):
        raise OSError(self.number, "no room")

    def close(self):
        raise OSError(self.number, "no room")


def _request(headers, number=errno.ENOSPC):
    request = bodies.Request(Adjustments())
    request.received(f"POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
    request.body_rcv.buf = _Full(number)
    return request


@once
def test_the_server_reads_what_it_cannot_keep_to_its_end():
    """A browser reads no answer before it has sent everything."""
    request = _request("Content-Length: 20")
    assert request.received(b"0123456789") == 10
    assert not request.completed
    assert request.received(b"0123456789GET /") == 10
    assert request.completed
    assert isinstance(request.error, bodies.NoRoom)
    assert request.get_body_stream().read() == b""
    task = connections.Channel.error_task_class(SimpleNamespace(), request)
    assert (type(task), request.error.code) == (connections.Refusal, bodies.NO_ROOM)


@once
def test_a_body_without_a_length_is_given_up_at_once():
    request = _request("Transfer-Encoding: chunked")
    assert request.received(b"5\r\n01234\r\n") == 10
    assert request.completed
    assert isinstance(request.error, bodies.NoRoom)


@once
def test_another_fault_of_the_disk_is_not_taken_for_a_full_one():
    with pytest.raises(OSError, match="no room"):
        _request("Content-Length: 20", errno.EIO).received(b"0123456789")


# --- Pages that only read ------------------------------------------------------------------------------------------------


@pytest.fixture
def no_sessions(monkeypatch):
    """Sessions cannot be stored, as Django reports it: the error of the database stands behind one of its own."""

    def break_with(cause):
        def save(self, *_args, **_how):
            raise _behind(cause, UpdateError())

        monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", save)

    return break_with


def _aged(client):
    """A client whose last request was two minutes ago, so that the next one wants to be noted."""
    session = client.session
    session[SEEN] = session["since"] = int(time.time()) - 120
    session.save()
    return client


@pytest.mark.parametrize("words", ["database or disk is full", "database is locked"])
def test_a_page_that_is_only_read_needs_no_room(desk, no_sessions, words):
    client = _aged(desk)
    no_sessions(OperationalError(words))
    for address in ("/", "/customers/", "/customers/search/?q=张", "/visits/"):
        assert client.get(address).status_code == 200, address


def test_when_somebody_was_last_there_is_noted_when_there_is_room(desk):
    client = _aged(desk)
    client.get("/")
    assert client.session[SEEN] > time.time() - 60


def test_a_session_that_was_ended_elsewhere_is_still_told(receptionist, no_sessions):
    client = _aged(builders.client_of(receptionist, raise_request_exception=False))
    no_sessions(DatabaseError("Forced update did not affect any rows."))
    assert client.get("/").status_code == 400


def test_a_session_that_has_to_be_stored_and_cannot_be_is_a_page(receptionist, no_sessions, monkeypatch):
    """What a log-in or a second factor leaves in it must not be lost in silence."""
    client = _aged(builders.client_of(receptionist, raise_request_exception=False))
    no_sessions(OperationalError("database or disk is full"))
    monkeypatch.setattr("salon.middleware._store_stamps", lambda session: None)
    assert_says_so(client.get("/"))


def test_a_page_that_finds_no_room_for_a_file_says_so(receptionist, monkeypatch):
    def full(*_args, **_how):
        raise FULL[0]

    monkeypatch.setattr("customers.card.lists.views.listing", full)
    assert_says_so(builders.client_of(receptionist, raise_request_exception=False).get("/customers/"))
