"""PostgreSQL's client programs: which of those on the computer are used, and what they say, in a line somebody can read."""

import io
import shutil
from types import SimpleNamespace

import pytest

from salon.backups import postgresql
from salon.backups.manifest import Refused


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "pg_restore: connecting\npg_restore: error: no table\n\npg_restore: warning: x\n",
            "pg_restore: error: no table",
        ),
        ("psql:1: NOTICE:  wait\npsql:2: ERROR:  too late\nHINT:  never\n", "psql:2: ERROR:  too late"),
        ("\nnothing of note \n", "nothing of note"),
        ("", ""),
    ],
)
def test_the_line_with_the_error_is_shown(said, line):
    assert postgresql._last_line(io.BytesIO(said.encode())) == line


def test_programs_are_of_a_folder_that_has_all_of_them_and_run(tmp_path):
    for name in ("pg_dump", "pg_restore", "psql"):
        assert postgresql._version_in(tmp_path) is None
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18'\n")
        (tmp_path / name).chmod(0o755)
    assert postgresql._version_in(tmp_path) == (15, 18)
    (tmp_path / "pg_dump").write_text("#!/nowhere\n")
    assert postgresql._version_in(tmp_path) is None


def test_without_pg_dump_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(postgresql, "connection", SimpleNamespace(pg_version=150_018))
    monkeypatch.setattr(postgresql, "_candidates", lambda: iter(()))
    with pytest.raises(Refused, match="install PostgreSQL's client programs"):
        postgresql.programs()
    monkeypatch.setattr(postgresql, "_candidates", lambda: iter(["one", "two"]))
    monkeypatch.setattr(postgresql, "_version_in", {"one": (14, 6), "two": None}.get)
    with pytest.raises(Refused, match="pg_dump is version 14, older than the server"):
        postgresql.programs()
    monkeypatch.setattr(postgresql, "_version_in", {"one": (15, 1), "two": (16, 0)}.get)
    assert postgresql.programs().folder == "two"
    monkeypatch.setattr(postgresql, "_version_in", {"one": (15, 1), "two": (14, 6)}.get)
    assert postgresql.programs().folder == "one", "as new as the server is new enough"


def test_a_dump_is_read_by_the_programs_that_are_at_hand(tmp_path, monkeypatch):
    """No others are looked for: a backup is checked by what has made it."""
    monkeypatch.setattr(postgresql, "programs", lambda: pytest.fail("looked for programs"))
    postgresql.check(tmp_path, {"pg_restore": shutil.which("true")})
    with pytest.raises(Refused, match="cannot be read"):
        postgresql.check(tmp_path, {"pg_restore": shutil.which("false")})
