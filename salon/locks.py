"""One at a time, over all processes: a lock that the death of its holder releases."""

import hashlib
from contextlib import contextmanager

from django.conf import settings
from django.core.files import locks
from django.db import connection


@contextmanager
def held(name):
    """Try to hold the lock `name` while a block runs; yields at once, True if it is held, False if somebody else holds it.

    On PostgreSQL an advisory lock of this session, so it holds between machines; on SQLite a lock on a file beside the
    database. Both are the system's own and go with the process, however it ends.
    """
    with _advisory(name) if connection.vendor == "postgresql" else _of_file(name) as is_held:
        yield is_held


@contextmanager
def _of_file(name):
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / f"{name}.lock").open("a") as file:
        is_held = locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)
        try:
            yield is_held
        finally:
            if is_held:
                locks.unlock(file)


@contextmanager
def _advisory(name):
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        (is_held,) = cursor.fetchone()
    try:
        yield is_held
    finally:
        if is_held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
