"""One at a time, over all processes: a lock that the death of its holder releases."""

import hashlib
import time
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.files import locks
from django.db import DatabaseError, connection

SERVING = "serving"  # held, shared, by every server process on this data


def number_of(name):
    """The number of a lock on PostgreSQL."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


@contextmanager
def held(name, *, shared=False):
    """Try to hold the lock `name` while a block runs; yields at once, True if it is held, False if somebody else holds it.

    A `shared` one is held by any number at once, and by nobody while somebody holds it alone.

    On PostgreSQL an advisory lock of this session, so it holds between machines; on SQLite a lock on a file beside the
    database. Both are the system's own and go with the process, however it ends.
    """
    with _advisory(name, shared) if connection.vendor == "postgresql" else of_file(name, shared) as is_held:
        yield is_held


@contextmanager
def held_in_turn(name, *, seconds, waiting, hold=held):
    """Hold the lock `name` while a block runs, after waiting for it up to `seconds`; yields whether it is held.

    `waiting` is called once if there is somebody to wait for.
    """
    until, has_told = time.monotonic() + seconds, False
    while True:
        with hold(name) as is_held:
            if is_held or time.monotonic() > until:
                yield is_held
                return
        if not has_told:
            waiting()
            has_told = True
        time.sleep(0.2)


@contextmanager
def of_file(name, shared=False):
    """The same as `held`, on a file of the data directory whatever the database: for what belongs to that directory."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / f"{name}.lock").open("a") as file:
        is_held = locks.lock(file, (locks.LOCK_SH if shared else locks.LOCK_EX) | locks.LOCK_NB)
        try:
            yield is_held
        finally:
            if is_held:
                locks.unlock(file)


@contextmanager
def _advisory(name, shared):
    number = number_of(name)
    kind = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock{kind}(%s)", [number])
        (is_held,) = cursor.fetchone()
    try:
        yield is_held
    finally:
        if is_held:
            with suppress(DatabaseError), connection.cursor() as cursor:  # a session that was lost has given it up
                cursor.execute(f"SELECT pg_advisory_unlock{kind}(%s)", [number])
