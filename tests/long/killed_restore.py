"""`restore` that kills itself (SIGKILL) at the point KILL_AT names: see POINTS in test_restore_drill.py."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from salon.database import sqlite  # noqa: E402

sqlite.use_bundled_library()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

import django  # noqa: E402

django.setup()

from django.core.management import execute_from_command_line  # noqa: E402

from salon.backups import container, postgresql, restoring, sqlite_files  # noqa: E402

WHERE, _, WHEN = os.environ["KILL_AT"].partition(" ")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def around(module, name, *, before=False):
    """Die before or after a function."""
    usual = getattr(module, name)

    def instead(*args, **kwargs):
        if before:
            die()
        usual(*args, **kwargs)
        die()

    setattr(module, name, instead)


def at_second_call(owner, name):
    """Die when a function is called for the second time."""
    usual, calls = getattr(owner, name), []

    def instead(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            die()
        return usual(*args, **kwargs)

    setattr(owner, name, instead)


if WHERE == "extract":
    around(container.Backup, "extract")
elif WHERE in ("check_database", "keep_present"):
    around(restoring, {"check_database": "_check_database"}.get(WHERE, WHERE))
elif WHERE == "add_media" and WHEN == "half":
    add = restoring._add_media

    def half_way(ready):
        at_second_call(os, "replace")
        add(ready)

    restoring._add_media = half_way
elif WHERE == "add_media":
    around(restoring, "_add_media", before=WHEN == "before")
elif WHERE == "database":
    around(postgresql, "restore", before=WHEN == "before")
    around(sqlite_files, "swap_in", before=WHEN == "before")
elif WHERE == "remove_media":
    remove = restoring._remove_media

    def half_removed(names):
        at_second_call(Path, "unlink")
        remove(names)

    restoring._remove_media = half_removed
else:
    raise SystemExit(f"unknown point {os.environ['KILL_AT']}")

execute_from_command_line(sys.argv)
