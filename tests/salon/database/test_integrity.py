"""A damaged database file: found before it is served, named by its table, and said on every page once it is known."""

import io
import sqlite3
import threading
from contextlib import closing
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connections
from django.test import RequestFactory

from salon import address, errors
from salon.access import Actor
from salon.database import integrity
from salon.management.commands import serve
from salon.serving import boot, health
from salon.serving.server import listen
from tests import live
from tests.marks import sqlite_only

pytestmark = sqlite_only
TABLE = "customers_customer"


@pytest.fixture
def undamaged():
    """What one test finds out is no news for the next."""
    yield
    integrity._found_while_serving.clear()


@pytest.fixture
def file(tmp_path):
    """A little database of three tables and an index."""
    path = tmp_path / "salon.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        for name in ("salon_shop", TABLE, "archives_visit"):
            database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT)")
            database.executemany(f"INSERT INTO {name} (name) VALUES (?)", [("某某" * 20,)] * 500)  # noqa: S608
        database.execute(f"CREATE INDEX by_name ON {TABLE} (name)")
        database.commit()
    return path


@pytest.fixture
def opened(file, monkeypatch, django_db_blocker):
    """The product's connection, on that file."""
    connection = connections.create_connection("default")
    connection.settings_dict = {**connection.settings_dict, "NAME": str(file)}
    monkeypatch.setattr(integrity, "connection", connection)
    with django_db_blocker.unblock():
        yield connection
        connection.close()


def spoil(file, name, bytes_in=0):
    """Write nonsense over the first page of a table or an index; of no name: over the list of tables."""
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [name]).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with open(file, "r+b") as raw:
        raw.seek((found[0] - 1) * size + bytes_in if found else 100)
        raw.write(b"\xff" * 200)


def test_a_whole_file_is_whole(opened):
    assert list(integrity.sentences()) == []


@pytest.mark.parametrize("name", [TABLE, "by_name"])
def test_damage_is_named_by_its_table(file, opened, name):
    spoil(file, name)
    (sentence,) = integrity.sentences()
    assert sentence.startswith(f"The table {TABLE} is damaged (")
    assert sentence.endswith("Restore the last backup.")


def test_damage_of_the_list_of_tables(file, opened):
    spoil(file, "")
    (sentence,) = integrity.sentences()
    assert sentence.startswith("The database file is damaged (")


def test_what_is_no_database_is_said(file, opened):
    file.write_bytes(b"this is no database, whatever it is called " * 200)
    assert list(integrity.sentences()) == ["The database file is damaged (file is not a database). Restore the last backup."]


def test_a_small_file_is_looked_through_before_serving(file, opened, monkeypatch):
    boot.check_not_damaged()
    opened.close()
    spoil(file, TABLE)
    with pytest.raises(boot.Refused, match=f"The table {TABLE} is damaged"):
        boot.check_not_damaged()
    monkeypatch.setattr(integrity, "SMALL", 1)
    boot.check_not_damaged()


@pytest.mark.django_db
def test_a_large_file_is_looked_through_beside_the_requests(file, opened, monkeypatch, undamaged, client, desk, settings):
    monkeypatch.setattr(integrity, "SMALL", 1)
    told = []
    integrity._look(told.append)
    assert (told, integrity.is_damaged()) == ([], False)
    assert "The database is damaged" not in desk.get("/").content.decode()
    spoil(file, TABLE)
    integrity._look(told.append)
    assert told == [sentence for sentence in told if TABLE in sentence] != []
    assert "database_damaged" in health.findings()
    response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (503, {"status": "not ok"})
    assert "The database is damaged" in desk.get("/").content.decode()


@pytest.mark.django_db
def test_serve_begins_that_look_and_says_what_it_finds(file, opened, monkeypatch, undamaged, client, desk, settings, tmp_path):
    settings.DATA_DIR, said = tmp_path, io.StringIO()
    monkeypatch.setattr(address, "_listening", "")
    monkeypatch.setattr(integrity, "SMALL", 1)
    monkeypatch.setattr(serve, "Server", lambda *_how, **_more: SimpleNamespace(run=lambda ready: (ready(), _have_looked())))
    opened.inc_thread_sharing()
    spoil(file, TABLE)
    with closing(listen("127.0.0.1", 0)) as sock:
        serve.Command(stdout=io.StringIO(), stderr=said).serve(sock, "127.0.0.1")
    assert f"The table {TABLE} is damaged" in said.getvalue()
    assert client.get("/healthz/").status_code == 503
    assert "The database is damaged" in desk.get("/").content.decode()


def _have_looked():
    """Wait for the thread that looks, if there is one."""
    for thread in threading.enumerate():
        if thread.name == "integrity":
            thread.join(10)


@pytest.mark.django_db
def test_a_request_that_meets_the_damage_gets_a_clear_503(undamaged):
    request = RequestFactory().get("/")
    request.actor, request.resolver_match = Actor(user=None, role=None, now=None), None
    response = errors.page_for(request, DatabaseError("database disk image is malformed"))
    assert response.status_code == 503
    assert "The database is damaged" in response.content.decode()
    assert integrity.is_damaged()


def test_check_data_and_serve_say_it_in_a_sentence():
    """The commands themselves, on a salon whose customers are damaged."""
    with live.installed(template=live.prepared()) as salon:
        assert salon.manage("check_data").returncode == 0
        spoil(salon.data_dir / "salon.sqlite3", TABLE)
        checked, served = salon.manage("check_data"), salon.manage("serve", "--port", "0")
    for done, code in ((checked, 1), (served, 1)):
        assert done.returncode == code
        assert f"The table {TABLE} is damaged" in done.stderr
        assert "Traceback" not in done.stderr
