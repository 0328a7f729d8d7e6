"""The file of a SQLite database, as it is put in place: its log is in it, and nobody has it open."""

from contextlib import closing

import pytest

from salon.backups import sqlite_files
from salon.backups.manifest import Refused
from tests.marks import once

pytestmark = once


@pytest.fixture
def live(tmp_path):
    """A database with a row that is in the log only, as after a kill."""
    path = tmp_path / "salon.sqlite3"
    with closing(sqlite_files.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE it (number)")
        connection.execute("INSERT INTO it VALUES (7)")
        connection.commit()
    return path


def test_the_log_ends_in_the_file(live):
    sqlite_files.end_log(live)
    assert [path.name for path in live.parent.iterdir()] == [live.name]
    with closing(sqlite_files.connect(live)) as connection:
        assert connection.execute("SELECT number FROM it").fetchall() == [(7,)]


def test_who_has_it_open_is_not_taken_by_surprise(live):
    with closing(sqlite_files.connect(live)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="open in another program"):
            sqlite_files.end_log(live)


def test_what_is_not_there_or_damaged_has_no_log_to_end(tmp_path):
    sqlite_files.end_log(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()
    (tmp_path / "damaged").write_bytes(b"no database" * 1000)
    sqlite_files.end_log(tmp_path / "damaged")
