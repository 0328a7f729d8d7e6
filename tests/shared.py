"""What the processes of one run of tests have in common: made by the first that asks for it, cleared away with the run.

    what = shared.made_once("salon", make)    # what `make()` returned, in this process or another; JSON

pytest's own process `begin`s, and `end`s when its workers have (tests/conftest.py); one that runs alone does both by itself.
"""

import atexit
import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

NAMED_BY = "SALON_TESTS_SHARED"  # the variable that tells the workers where


def folder():
    """The folder of this run."""
    if NAMED_BY not in os.environ:
        begin()
        atexit.register(end)
    return Path(os.environ[NAMED_BY])


def begin():
    os.environ[NAMED_BY] = tempfile.mkdtemp(prefix="salon-shared-")


def end():
    shutil.rmtree(os.environ.pop(NAMED_BY), ignore_errors=True)


@contextmanager
def alone(name):
    """Nobody else of the run is in here by this name; where files cannot be locked (Windows) nothing is shared anyway."""
    with open(folder() / f"{name}.lock", "w") as file:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(name, make):
    """What `make()` returned to the first process of the run that asked for `name`, through JSON. Others wait for it."""
    note = folder() / f"{name}.json"
    with alone(name):
        if not note.exists():
            made = json.dumps(make())
            note.write_text(made)
        return json.loads(note.read_text())


def note_database(name):
    """Have a database on the server go with the run (tests/conftest.py)."""
    with open(folder() / "databases", "a") as file:
        file.write(f"{name}\n")


def noted_databases():
    file = folder() / "databases"
    return file.read_text().split() if file.exists() else []
