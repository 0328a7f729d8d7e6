"""Files that must outlast a loss of power, and disks that take no more of them."""

import errno
import os
import tempfile

from django.conf import settings

NO_ROOM = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name))
SQLITE_IOERR, SQLITE_FULL, DISK_FULL = 10, 13, "53100"  # SQLite's codes, PostgreSQL's state
PROBE = 1 << 16  # bytes


def sync_folder(folder):
    """Make new names in a folder durable; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_full(error):
    """True if a disk or a quota without room is behind an exception, whether a file, SQLite or PostgreSQL met it."""
    while error is not None:
        if _says_full(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _says_full(error):
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == SQLITE_IOERR:  # a quota, or a log that could not grow: SQLite does not say which fault it was
        return not _has_room()
    return code == SQLITE_FULL or getattr(error, "sqlstate", "") == DISK_FULL or "database or disk is full" in str(error)


def _has_room():
    """Whether the disk of the data takes a little; tried, because the room a disk shows says nothing of quotas."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR, buffering=0) as file:
            file.write(bytes(PROBE))
    except OSError as error:
        return error.errno not in NO_ROOM
    return True
