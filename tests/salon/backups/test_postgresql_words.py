"""What the tools of PostgreSQL say, in a line that somebody can read."""

import io

import pytest

from salon.backups import postgresql


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "pg_restore: connecting\npg_restore: error: no table\n\npg_restore: warning: x\n",
            "pg_restore: error: no table",
        ),
        ("psql:1: ERROR:  too late\nHINT:  never\n", "psql:1: ERROR:  too late"),
        ("\nnothing of note \n", "nothing of note"),
        ("", ""),
    ],
)
def test_the_line_with_the_error_is_shown(said, line):
    assert postgresql._last_line(io.BytesIO(said.encode())) == line
