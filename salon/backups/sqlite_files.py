"""SQLite's half of backups: a consistent copy while people work, its checks, and putting a copy in the place of the database.

Never a copy of the file: under load such a copy opens and lacks rows.
"""

import gzip
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from django.utils.translation import gettext as _

from salon.backups.folders import link_or_copy
from salon.backups.manifest import Refused
from salon.storage.files import sync_folder

PAGES, PAUSE = 512, 0.002  # 2 MB, then the disk belongs to others for a moment
CHUNK = 1 << 20
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"


def connect(path, **options):
    return sqlite3.connect(path, isolation_level=None, timeout=20, **options)


def copy(live, target):
    """Copy the database at `live` to a new file, as it is at this moment; nobody waits for it.

    The read transaction pins the moment: without it the backup would begin again with every commit of somebody else and
    never end at a busy desk.
    """
    with closing(connect(live)) as source, closing(connect(target)) as sink:
        os.chmod(target, 0o600)
        sink.execute("PRAGMA synchronous = OFF")  # a copy that a power cut halves is thrown away anyway
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(sink, pages=PAGES, progress=lambda *_: time.sleep(PAUSE))
        source.execute("COMMIT")
        sink.execute("PRAGMA journal_mode = DELETE")  # one file, complete without a log beside it


def check(path):
    """{table: number of rows} of a database nobody uses. Raises Refused if SQLite finds it damaged."""
    try:
        with closing(connect(path)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            if row := connection.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.DatabaseError(_("a row of %(table)s refers to one of %(other)s that is not there") % _names(row))
            names = [name for (name,) in connection.execute(TABLES)]
            return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise Refused(_("The database is damaged: %s.") % error) from None


def _names(row):
    return {"table": row[0], "other": row[2]}


def named_files(path, columns):
    """The paths, below the media folder, that the database names in these columns (those it has)."""
    named = set()
    with closing(connect(path)) as connection:
        for column in columns:
            if connection.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (column.table, column.name)).fetchone():
                rows = connection.execute(f'SELECT "{column.name}" FROM "{column.table}" WHERE "{column.name}" <> \'\'')  # noqa: S608
                named.update(column.path_below(value) for (value,) in rows)
    return named


def give_data_directory(path, number):
    """Note the data directory's id in a database that knows of such ids."""
    with closing(connect(path)) as connection:
        if connection.execute("SELECT 1 FROM pragma_table_info('salon_datadirectory')").fetchone():
            connection.execute("UPDATE salon_datadirectory SET number = ?", (number,))


def migrations(path):
    """{app: [names]} of the migrations applied."""
    found = {}
    with closing(connect(path)) as connection:
        for app, name in connection.execute("SELECT app, name FROM django_migrations ORDER BY app, name"):
            found.setdefault(app, []).append(name)
    return found


def pack(source, target):
    with open(source, "rb") as file, gzip.open(target, "xb", compresslevel=4) as packed:
        shutil.copyfileobj(file, packed, CHUNK)
    os.chmod(target, 0o600)


def unpack(source, target, size):
    """Raises Refused if it is not exactly `size` bytes long."""
    left = size
    with gzip.open(source, "rb") as packed, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            while data := packed.read(CHUNK):
                left -= len(data)
                if left < 0:
                    break
                file.write(data)
        except (OSError, EOFError, ValueError):
            left = -1
        file.flush()
        os.fsync(file.fileno())
    if left:
        raise Refused(_("The database in the backup does not unpack to what its manifest says."))


def end_log(live):
    """Take the write-ahead log of `live` into its file and remove it. Raises Refused while another program has it open.

    A log left beside another database would be played into that. Leaving WAL needs the file for oneself alone, so this is
    also the check that nobody uses it.
    """
    if not live.exists():
        return
    with closing(connect(live)) as connection:
        connection.execute("PRAGMA busy_timeout = 3000")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError:
            mode = "locked"
        except sqlite3.DatabaseError:
            return  # damaged, and set aside with its log already
    if mode != "delete":
        raise Refused(_("The database %s is open in another program; close that first.") % live)


def is_sound(live):
    """True if the file is a database that SQLite can read; False if it is damaged."""
    try:
        with closing(connect(f"{live.as_uri()}?mode=ro", uri=True)) as connection:  # what is damaged is not written to
            return connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.OperationalError:
        return True  # locked or not readable just now: `end_log` says so
    except sqlite3.DatabaseError:
        return False


def set_aside(live, folder):
    """Keep a damaged database with its log in `folder`. The log goes from beside it, or it would be played into the next one;
    the file itself stays until the next one takes its place.
    """
    for suffix in ("-wal", "-shm", "-journal"):
        file = Path(f"{live}{suffix}")
        if file.exists():
            os.replace(file, folder / file.name)
    link_or_copy(live, folder / live.name)


def swap_in(new, live):
    """Put `new` in the place of `live`, in one step: whoever is killed here leaves the one or the other."""
    os.replace(new, live)
    sync_folder(live.parent)
