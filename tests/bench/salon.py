"""The salons that are measured: made by `seed_demo` once, kept in a folder, and opened again by the next run.

A salon is known by database, number of customers, and a digest of the code that fills it: when that changes, it is made anew.
Newer migrations are no reason to: `serve` brings a salon up to date. Measuring writes into it (views of cards, some thousand
visits of the day it is measured on) and computes its tiers anew, which changes nothing that is measured.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests import postgres
from tests.live import ROOT, Salon

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}
YEARS = 2
MADE_BY = ("segmentation/demo/*.py", "archives/visits/bills/rows.py", "salon/text.py")


@dataclass(frozen=True)
class Place:
    """Where the salons of one database are: the folder, on PostgreSQL the server's URL, and what to call the engine."""

    database: str
    folder: Path
    server: str = ""
    version: str = ""

    @property
    def name(self):
        return DATABASES[self.database]


def folder():
    """The folder of the salons: in SALON_DATA_DIR if that is set, else beside the other temporary files."""
    given = os.environ.get("SALON_DATA_DIR")
    path = Path(given) / "bench" if given else Path(tempfile.gettempdir()) / f"salon-bench-{getattr(os, 'getuid', int)()}"
    path.mkdir(parents=True, exist_ok=True)
    if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
        raise RuntimeError(f"{path} belongs to somebody else")
    path.chmod(0o711)  # run by root, a PostgreSQL server inside belongs to somebody else
    return path


@contextlib.contextmanager
def place(database):
    """The Place of the salons on one database. Raises postgres.NoServer, with the reason, if there is no PostgreSQL."""
    if database == SQLITE:
        from salon.database import sqlite

        sqlite.use_bundled_library()
        yield Place(database, folder(), version=".".join(map(str, sqlite.library_version())))
        return
    with postgres.running(durable=True, keep=folder() / "server") as server:
        yield Place(database, folder(), server.url, server.version)


def digest():
    """What a salon that is made now would be made by."""
    made_by = sorted(path for pattern in MADE_BY for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:10]


@contextlib.contextmanager
def opened(where, customers, say=print):
    """A salon of that size, not started; made first if there is none. Its server is stopped afterwards."""
    name = f"{where.database}_{customers}_{digest()}"
    salon = _salon(where, name)
    if not salon.data_dir.exists():
        _drop_old(where, f"{where.database}_{customers}_")
        say(f"Making a salon of {customers:,} customers on {where.name} (kept in {where.folder}) …")
        _make(where, name, customers)
    try:
        yield salon
    finally:
        salon.kill()


def _salon(where, name):
    url = urlsplit(where.server)._replace(path=f"/{name}").geturl() if where.server else ""
    return Salon(where.folder / name, url)


def place_of(salon):
    """Where a salon is, to make another beside it."""
    return Place(POSTGRESQL if salon.database_url else SQLITE, salon.data_dir.parent, salon.database_url)


def make_empty(where, name):
    """A salon of that name with nothing in it but what migrations make."""
    salon = _salon(where, name)
    drop(where, salon)
    salon.data_dir.mkdir()
    _on_server(where, f'CREATE DATABASE "{name}" TEMPLATE template0')
    _manage(salon, "migrate", "--verbosity", "0")
    return salon


def drop(where, salon):
    """Remove a salon: its folder, and its database on a server."""
    shutil.rmtree(salon.data_dir, ignore_errors=True)
    _on_server(where, f'DROP DATABASE IF EXISTS "{salon.data_dir.name}" WITH (FORCE)')


def _manage(salon, *command):
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=salon.variables(), check=True)


def _make(where, name, customers):
    """Under another name first: a salon that was left half made is not taken for one."""
    unfinished = make_empty(where, f"making_{name}")
    _manage(unfinished, "seed_demo", "--customers", str(customers), "--years", str(YEARS))
    if where.server:
        _on_server(where, f'ALTER DATABASE "making_{name}" RENAME TO "{name}"')
        with _salon(where, name).connect() as connection:
            connection.execute("VACUUM ANALYZE")  # which its server would get around to by itself, at any moment
    unfinished.data_dir.rename(where.folder / name)


def _drop_old(where, beginning):
    """Drop what is left of earlier salons of this size, finished or not."""
    for prefix in (beginning, f"making_{beginning}"):
        for path in where.folder.glob(f"{prefix}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if where.server:
            import psycopg

            with psycopg.connect(where.server, autocommit=True) as connection:
                found = connection.execute("SELECT datname FROM pg_database").fetchall()
            for database in (name for (name,) in found if name.startswith(prefix)):  # LIKE would take _ for any character
                _on_server(where, f'DROP DATABASE "{database}" WITH (FORCE)')


def _on_server(where, statement):
    if where.server:
        import psycopg

        with psycopg.connect(where.server, autocommit=True) as connection:
            connection.execute(statement)
