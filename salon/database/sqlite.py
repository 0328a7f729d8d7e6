"""Which SQLite library the product runs on.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections reset the log at once (sqlite.org/wal.html#walresetbug;
mended in 3.51.3, 3.50.7 and 3.44.6). Python ships whatever the system has, so the `pysqlite3` package, which carries a mended
library, takes the name `sqlite3` before Django imports it. Where no such wheel exists (Windows, macOS) the standard
library's module stays, and `serve` and `healthz` say so if it is affected.
"""

import sys

MENDED_BACKPORTS = ((3, 50, 7), (3, 44, 6))
MENDED_FROM = (3, 51, 3)


def use_bundled_library():
    """Let `import sqlite3` mean pysqlite3. Call it before anything imports Django's database layer."""
    try:
        import pysqlite3
    except ImportError:
        return
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2


def library_version():
    """The version of the SQLite library in use, as a tuple such as (3, 53, 4)."""
    import sqlite3

    return sqlite3.sqlite_version_info


def has_wal_reset_bug(version):
    """True if this SQLite version can corrupt a WAL database (see the module docstring)."""
    if version >= MENDED_FROM:
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in MENDED_BACKPORTS)
