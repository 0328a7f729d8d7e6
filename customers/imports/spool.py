"""The checked rows of one file, on disk: so that memory stays small however long it is, and rows can be sorted.

A little database of its own beside the real one, for one process at a time, thrown away afterwards.
"""

import json
import sqlite3
from contextlib import closing

KEPT = "row NOT IN (SELECT row FROM refused)"
# What is said of rows, by table: the column, and which of it is shown. A row that is not taken needs no warning.
SAID = {
    "refused": ("reason", "TRUE"),
    "skipped": ("reason", "reason <> ''"),
    "warning": ("text", f"{KEPT} AND row NOT IN (SELECT row FROM skipped)"),  # noqa: S608
}
BY_KEY = f"SELECT key, row, data FROM line INDEXED BY line_key WHERE key IS NOT NULL AND {KEPT} ORDER BY key, row"  # noqa: S608
FIRST_ROWS = (
    f"SELECT key, row, data FROM line WHERE key IS NOT NULL AND {KEPT} AND NOT EXISTS "  # noqa: S608
    "(SELECT 1 FROM line earlier WHERE earlier.key = line.key AND earlier.row < line.row "
    "AND earlier.row NOT IN (SELECT row FROM refused)) ORDER BY row"
)
ROWS_NAMED = 6  # of a group of equal reasons
SCHEMA = """
CREATE TABLE IF NOT EXISTS line (row INTEGER PRIMARY KEY, key TEXT, data TEXT, raw TEXT);
CREATE INDEX IF NOT EXISTS line_key ON line (key, row);
CREATE TABLE IF NOT EXISTS refused (row INTEGER PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS skipped (row INTEGER PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS warning (row INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS name (kind TEXT, key TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Spool:
    """An open spool file; close it. A new file gets its tables, and one of an earlier version those it lacks."""

    def __init__(self, path):
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;")
        self._db.executescript(SCHEMA)

    def close(self):
        self._db.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    # --- rows

    def add(self, lines):
        """Keep rows: (row, key, data, raw) each. Rows of one key belong together; the order of keys is that of storing."""
        packed = ((row, key, json.dumps(data), json.dumps(raw) if raw else "") for row, key, data, raw in lines)
        self._many("INSERT INTO line VALUES (?, ?, ?, ?)", packed)

    def groups(self, *, as_in_file=False):
        """(key, [(row, data), ...]) of all rows that were not refused, rows as in the file.

        In the order of keys, or with `as_in_file` in the order of the first rows. Both read by an index: the SQLite library
        in use sorts in memory, whatever it is told.
        """
        return self._by_first_row() if as_in_file else self._by_key()

    def _by_key(self):
        current, group = None, []
        for key, row, data in self._rows(BY_KEY):
            if key != current and group:
                yield current, group
                group = []
            current = key
            group.append((row, json.loads(data)))
        if group:
            yield current, group

    def _by_first_row(self):
        for key, row, data in self._rows(FIRST_ROWS):
            others = self._rows(f"SELECT row, data FROM line WHERE key = ? AND row > ? AND {KEPT} ORDER BY row", [key, row])  # noqa: S608
            yield key, [(row, json.loads(data)), *((each, json.loads(more)) for each, more in others)]

    # --- what was said about them

    def refuse(self, reasons):
        """Refuse rows: (row, reason) each; the first reason of a row stays."""
        self._many("INSERT OR IGNORE INTO refused VALUES (?, ?)", reasons)

    def refuse_companions(self, reason):
        """Refuse the other rows of each key that has a refused row; `reason(row)` names that row."""
        self._db.create_function("reason", 1, reason)
        self._db.execute(
            "INSERT OR IGNORE INTO refused SELECT line.row, reason(bad.row) FROM line JOIN ("
            "SELECT key, MIN(line.row) AS row FROM line JOIN refused USING (row) WHERE key IS NOT NULL GROUP BY key) bad "
            "ON bad.key = line.key"
        )

    def skip(self, reasons):
        """Keep which rows are left out as they say nothing new: (row, reason) each, "" for what is stored already."""
        self._many("INSERT OR IGNORE INTO skipped VALUES (?, ?)", reasons)

    def warn(self, warnings):
        """Keep warnings: (row, text) each."""
        self._many("INSERT INTO warning VALUES (?, ?)", warnings)

    def refused(self, limit=-1):
        """(row, reason) in the order of rows."""
        return self._rows("SELECT row, reason FROM refused ORDER BY row LIMIT ?", [limit])

    def refused_raw(self):
        """(row, reason, cells as they stood in the file) in the order of rows."""
        cursor = self._rows("SELECT row, reason, raw FROM refused LEFT JOIN line USING (row) ORDER BY row")
        for row, reason, raw in cursor:
            yield row, reason, json.loads(raw or "[]")

    def said(self, table, limit=-1):
        """(row, text) in the order of rows: "skipped", why rows are left out, or "warning", of rows that are taken."""
        column, shown = SAID[table]
        return self._rows(f"SELECT row, {column} FROM {table} WHERE {shown} ORDER BY row LIMIT ?", [limit])  # noqa: S608

    def grouped(self, table, limit):
        """[(text, how many rows, the first of them)] of the refused or skipped rows or the warnings, equal texts together."""
        column, shown = SAID[table]
        sql = f"SELECT {column}, COUNT(*), MIN(row) AS first FROM {table} WHERE {shown} GROUP BY 1 ORDER BY first LIMIT ?"  # noqa: S608
        few = f"SELECT row FROM {table} WHERE {shown} AND {column} = ? ORDER BY row LIMIT ?"  # noqa: S608
        groups = list(self._rows(sql, [limit]))
        return [(text, count, [row for (row,) in self._rows(few, [text, ROWS_NAMED])]) for text, count, _first in groups]

    def first_rows(self, limit):
        """(row, cells, is refused) of the first rows of the file."""
        sql = "SELECT row, raw, row IN (SELECT row FROM refused) FROM line ORDER BY row LIMIT ?"
        return [(row, json.loads(raw or "[]"), bool(bad)) for row, raw, bad in self._rows(sql, [limit])]

    def count(self, table):
        """How many of what is shown of a table of SAID."""
        return self._db.execute(f"SELECT COUNT(*) FROM {table} WHERE {SAID[table][1]}").fetchone()[0]  # noqa: S608

    # --- names and facts

    def note_names(self, names):
        """Remember (kind, key) pairs once each, to count what would be made."""
        self._many("INSERT OR IGNORE INTO name VALUES (?, ?)", names)

    def names(self, kind):
        return [key for (key,) in self._rows("SELECT key FROM name WHERE kind = ?", [kind])]

    def set_fact(self, name, value):
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", [name, json.dumps(value)])

    def fact(self, name, default=None):
        found = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        return json.loads(found[0]) if found else default

    # --- the driver

    def _many(self, sql, rows):
        self._db.execute("BEGIN")
        self._db.executemany(sql, rows)
        self._db.execute("COMMIT")

    def _rows(self, sql, params=()):
        with closing(self._db.cursor()) as cursor:
            yield from cursor.execute(sql, params)
