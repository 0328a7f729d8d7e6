"""PostgreSQL's half of backups: pg_dump of one moment, and a restore that happens wholly or not at all.

The programs are PostgreSQL's own, the newest found. A restore is one transaction sent to psql: what is there is dropped, the
dump comes in, every table's rows are counted, and only then does COMMIT follow; a kill anywhere before it changes nothing.
"""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from django.utils.translation import gettext as _

from salon.backups.manifest import Refused

PROGRAMS = ("pg_dump", "pg_restore", "psql")
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/*postgresql*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
DATA_DIRECTORY = "salon_datadirectory"
CHUNK = 1 << 16
HEAD = 16 * 1024  # bytes of a script within which its settings stand
# Settings that a newer pg_restore writes and an older server does not know.
UNKNOWN_BEFORE = {17: b"SET transaction_timeout = 0;\n"}
SUFFIX = ".exe" if os.name == "nt" else ""


@dataclass(frozen=True, order=True)
class Programs:
    """pg_dump, pg_restore and psql of one version, in one folder."""

    version: tuple
    folder: Path

    def __getitem__(self, name):
        return str(self.folder / f"{name}{SUFFIX}")


def _candidates():
    """Folders that may hold the programs; those of one version before the PATH, whose pg_dump may be a script that chooses."""
    for place in PLACES:
        root = Path(place).anchor
        if Path(root).exists():
            yield from Path(root).glob(place.removeprefix(root))
    yield from (Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part)


def _version_in(folder):
    """The version of the programs in a folder, or None if one of the three is missing or does not run."""
    if not all(shutil.which(name, path=folder) for name in PROGRAMS):
        return None
    try:
        told = subprocess.run([folder / f"pg_dump{SUFFIX}", "--version"], capture_output=True, text=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)(?:\.(\d+))?", told.stdout)
    return (int(found[1]), int(found[2] or 0)) if found else None


def programs():
    """The newest Programs found, at least as new as the server. Raises Refused with what to install."""
    needed = connection.pg_version // 10_000
    found = [Programs(version, folder) for folder in dict.fromkeys(_candidates()) if (version := _version_in(folder))]
    newest = max(found, key=lambda each: each.version, default=None)
    if newest is None:
        refusal = _("pg_dump, pg_restore and psql were not found; install PostgreSQL's client programs, version %s or newer.")
        raise Refused(refusal % needed)
    if newest.version[0] < needed:
        refusal = _(
            "pg_dump is version %(found)s, older than the server (%(needed)s); install its client programs, version %(needed)s."
        )
        raise Refused(refusal % {"found": newest.version[0], "needed": needed})
    return newest


def _access():
    """(arguments, environment) by which the programs reach the database; the password is in the environment only."""
    name = connection.settings_dict["NAME"]
    (_psql, *arguments), environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    if name:  # it comes last, where pg_dump and psql do not agree on what follows
        arguments, environment = arguments[:-1], {**(environment or {}), "PGDATABASE": name}
    return arguments, os.environ | (environment or {})


@contextmanager
def _one_moment():
    """A cursor of a connection of its own that sees the database as it is now, whatever others store meanwhile."""
    own = connection.copy()
    with closing(own), own.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield cursor


def copy(target, columns):
    """Dump the database of this moment to a new file; ({table: number of rows}, paths named in `columns`) at the same moment."""
    tools = programs()
    arguments, environment = _access()
    with _one_moment() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        command = [
            tools["pg_dump"],
            *arguments,
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            "--no-password",
        ]
        command += [f"--snapshot={snapshot}", f"--file={target}"]
        with tempfile.TemporaryFile() as said:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)  # noqa: S603
            try:
                rows, named = _count(cursor), _named_files(cursor, columns)
                if process.wait():
                    raise Refused(_("pg_dump failed: %s") % _last_line(said))
            finally:
                _end(process)
    check(target, tools)
    return rows, named


def _end(process):
    if process.poll() is None:
        process.kill()
        process.wait()


def _count(cursor):
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    rows = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608
        (rows[name],) = cursor.fetchone()
    return rows


def _named_files(cursor, columns):
    """The paths, below the media folder, that the database names in these columns (those it has)."""
    there = (
        "SELECT FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s AND column_name = %s"
    )
    named = set()
    for column in columns:
        cursor.execute(there, [column.table, column.name])
        if cursor.fetchone() is not None:
            cursor.execute(f'SELECT "{column.name}" FROM "{column.table}" WHERE "{column.name}" <> \'\'')  # noqa: S608
            named.update(column.path_below(value) for (value,) in cursor)
    return named


def count():
    """{table: number of rows} as it is now."""
    with _one_moment() as cursor:
        return _count(cursor)


def _last_line(file):
    file.seek(0)
    lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "error:" in line]
    return (errors or lines or [""])[0].strip()


def check(dump, tools=None):
    """Have pg_restore read a dump to its end. Raises Refused if it cannot."""
    tools = tools or programs()
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([tools["pg_restore"], f"--file={os.devnull}", dump], stdin=subprocess.DEVNULL, stderr=said)  # noqa: S603
        if done.returncode:
            raise Refused(_("The dump in the backup cannot be read: %s") % _last_line(said))


def check_alone():
    """Refuse while somebody else is connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
    if others:
        refusal = _("The database is in use (%s other connections); stop the server and other programs that use it first.")
        raise Refused(refusal % others)


# --- Restoring --------------------------------------------------------------------------------------------------------

# What stands in the schema and belongs to nothing else: not to an extension, and no column's sequence, which its table takes
# along with indexes and triggers.
_THERE = """
SELECT format('DROP %s IF EXISTS %I.%I CASCADE;', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
    WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('e', 'i', 'a'))
UNION ALL
SELECT format('DROP ROUTINE IF EXISTS %I.%I(%s) CASCADE;', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = current_schema()
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
"""


def _script(rows, data_directory):
    """What comes before the dump in its transaction, and what after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
        cursor.execute(_THERE)
        drops = [statement for (statement,) in cursor.fetchall()]
    begin = [
        "\\set ON_ERROR_STOP on",
        "BEGIN;",
        "SET LOCAL client_min_messages = error;",
        "SET LOCAL lock_timeout = '10s';",
        *drops,
        "",
    ]
    count = (
        'IF (SELECT count(*) FROM "{schema}"."{table}") <> {rows} THEN '
        "RAISE EXCEPTION 'table {table} is not complete'; END IF;\n"
    )
    counts = "".join(count.format(schema=schema, table=table, rows=number) for table, number in rows.items())
    own = f'UPDATE "{schema}"."{DATA_DIRECTORY}" SET number = \'{data_directory}\';\n' if DATA_DIRECTORY in rows else ""  # noqa: S608
    end = f"\nDO $count$ BEGIN\n{counts}END $count$;\n{own}COMMIT;\n"
    return "\n".join(begin).encode(), end.encode()


def restore(dump, rows, data_directory):
    """Replace everything in the database by a dump that holds `rows`, or raise Refused and leave it as it was.

    The database is then of the data directory with that id.
    """
    tools = programs()
    before, after = _script(rows, data_directory)
    arguments, environment = _access()
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as said:
        write = [tools["pg_restore"], "--file=-", "--no-owner", "--no-privileges", "--no-comments", str(dump)]
        read = [tools["psql"], *arguments, "--no-psqlrc", "--quiet", "--no-password"]
        source = subprocess.Popen(write, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told)  # noqa: S603
        sink = subprocess.Popen(read, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)  # noqa: S603
        try:
            _pour(source, sink, before, after)
            failed = source.wait() or sink.wait()
        finally:
            _end(source)
            _end(sink)
        if failed:
            raise Refused(_("PostgreSQL did not take the backup: %s") % (_last_line(said) or _last_line(told)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _pour(source, sink, before, after):
    """Send the transaction to psql. COMMIT goes out only after all of the dump has: without it, psql's end changes nothing."""
    server = connection.pg_version // 10_000
    try:
        sink.stdin.write(before)
        head = source.stdout.read(HEAD)
        for version, line in UNKNOWN_BEFORE.items():
            if server < version:
                head = head.replace(line, b"")
        sink.stdin.write(head)
        shutil.copyfileobj(source.stdout, sink.stdin, CHUNK)
        if source.wait() == 0:
            sink.stdin.write(after)
        sink.stdin.close()
    except BrokenPipeError:  # psql has met an error and ended; its words follow
        source.stdout.close()
