"""The numbers PostgreSQL gives new rows. Rows stored with numbers of their own leave them behind: the next new row is refused.

SQLite looks at the greatest number there is by itself.
"""

from dataclasses import dataclass

from django.db import connection, transaction

_OWNED = """
    SELECT quote_ident(t.relname), quote_ident(a.attname), quote_ident(s.relname)
    FROM pg_class s
    JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class t ON t.oid = d.refobjid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') AND s.relnamespace = current_schema()::regnamespace
    ORDER BY t.relname, a.attname
"""


@dataclass(frozen=True)
class Behind:
    """A table whose next number is taken already; names are quoted where PostgreSQL wants it."""

    table: str
    column: str
    sequence: str
    next: int
    greatest: int


def behind():
    """[Behind] of every table of the database, in the order of their names; none on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_OWNED)
        found = [Behind(*names, *_numbers(cursor, *names)) for names in cursor.fetchall()]
    return [each for each in found if each.next <= each.greatest]


def _numbers(cursor, table, column, sequence):
    """(the next number of a sequence, the greatest there is in the table, 0 in an empty one)."""
    cursor.execute(
        f"SELECT last_value + is_called::int, coalesce((SELECT max({column}) FROM {table}), 0) FROM {sequence}"  # noqa: S608
    )
    return cursor.fetchone()


@transaction.atomic
def catch_up():
    """Let every sequence that is behind go on from the greatest number there is; returns them as they were."""
    mended = behind()
    with connection.cursor() as cursor:
        for each in mended:
            cursor.execute(f"LOCK TABLE {each.table} IN SHARE ROW EXCLUSIVE MODE")  # nobody adds a row meanwhile
            _next, greatest = _numbers(cursor, each.table, each.column, each.sequence)
            cursor.execute("SELECT setval(%s, %s)", [each.sequence, greatest])
    return mended
