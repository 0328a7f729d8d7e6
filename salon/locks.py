"""One at a time, over all processes: a lock that the death of its holder releases."""

import hashlib
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.files import locks
from django.db import DatabaseError, connection


@contextmanager
def held(name, *, shared=False):
    """Try to hold the lock `name` while a block runs; yields at once, True if it is held, False if somebody else holds it.

    A `shared` one is held by any number at once, and by nobody while somebody holds it alone.

    On PostgreSQL an advisory lock of this session, so it holds between machines; on SQLite a lock on a file beside the
    database. Both are the system's own and go with the process, however it ends.
    """
    with _advisory(name, shared) if connection.vendor == "postgresql" else _of_file(name, shared) as is_held:
        yield is_held


@contextmanager
def _of_file(name, shared):
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
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
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
