"""What a live salon holds, seen from outside: to compare before and after."""

import hashlib
from contextlib import closing

SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
POSTGRESQL = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
PICTURES = {"portraits/a.webp": b"RIFF one", "portraits/b.webp": b"RIFF two", "2026/front.webp": b""}


def tables(salon):
    """{table: (number of rows, SHA-256 of all rows in order)}; without the data directory's id, which a restore gives anew."""
    found = {}
    with closing(salon.connect()) as connection:
        names = connection.execute(POSTGRESQL if salon.database_url else SQLITE).fetchall()
        for (name,) in names:
            columns = "id" if name == "salon_datadirectory" else "*"
            rows = sorted(map(repr, connection.execute(f'SELECT {columns} FROM "{name}"').fetchall()))
            found[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def objects(salon):
    """Indexes, triggers and the like, so that a restore cannot leave out any. On PostgreSQL, which words a condition a little
    differently each time it reads one, by name.
    """
    if not salon.database_url:
        return sorted(salon.sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {
        what: sorted(salon.sql(statement))
        for what, statement in {
            "indexes": "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'",
            "triggers": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
            "constraints": "SELECT conrelid::regclass::text, conname, contype, convalidated FROM pg_constraint",
            "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            "columns": "SELECT table_name, column_name, data_type, column_default, is_nullable, is_identity, collation_name"
            " FROM information_schema.columns WHERE table_schema = 'public'",
        }.items()
    }


def media(salon):
    """{path below the media folder: SHA-256}."""
    root = salon.data_dir / "media"
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def everything(salon):
    return {"tables": tables(salon), "objects": objects(salon), "media": media(salon)}


def add_pictures(salon, pictures=None):
    for name, data in (PICTURES if pictures is None else pictures).items():
        path = salon.data_dir / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def wipe(salon):
    """Lose everything: the data directory but for the backups' own copies elsewhere, and the database."""
    import shutil

    shutil.rmtree(salon.data_dir)
    if salon.database_url:
        salon.sql("DROP SCHEMA public CASCADE")
        salon.sql("CREATE SCHEMA public")


def backup(salon, path, **environment):
    """Have the command make a backup at `path`."""
    done = salon.manage("backup", "--output", path, **environment)
    assert done.returncode == 0, done.stderr
    return path
