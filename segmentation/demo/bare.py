"""Filling large tables: their indexes and foreign keys are set aside and built once, when all rows are there.

Keeping twenty indexes up to date and asking for every parent row takes longer than everything else together. This happens in
one transaction on both databases, so nobody ever sees a table without them, and a break puts them back. The statements
that restore them are the database's own; a foreign key that does not hold is an error then.
"""

from contextlib import contextmanager

from django.db import OperationalError, connection, transaction


@contextmanager
def bare_tables(models):
    """A transaction in which the tables of these models have neither secondary indexes nor, on PostgreSQL, foreign keys.

    (SQLite cannot set foreign keys aside; it counts those that do not hold as rows come, and refuses to commit.)
    """
    set_aside = _postgresql if connection.vendor == "postgresql" else _sqlite
    with transaction.atomic():
        connection.check_constraints()  # nothing may be pending on a table that is altered
        with connection.cursor() as cursor:
            drops, restores = set_aside(cursor, [model._meta.db_table for model in models])
            _execute(cursor, drops)
        yield
        if connection.vendor == "postgresql":
            connection.check_constraints()
        with connection.cursor() as cursor:
            _execute(cursor, restores)


@contextmanager
def rollback_journal():
    """While much is written to a new SQLite database: no write-ahead log, in which every page of a long transaction is searched.

    Nothing changes where somebody else has the database open, in a transaction, or on PostgreSQL.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block or not _set_journal("DELETE"):
        yield
        return
    try:
        yield
    finally:
        _set_journal("WAL")


def _set_journal(mode):
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA journal_mode = {mode}")
            return cursor.fetchone()[0] == mode.lower()
    except OperationalError:  # somebody else reads it
        return False


def _execute(cursor, statements):
    for statement in statements:
        cursor.execute(statement)


def _sqlite(cursor, tables):
    marks = ", ".join(["%s"] * len(tables))
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "  # noqa: S608 - only marks
        f"AND tbl_name IN ({marks}) ORDER BY rootpage",
        tables,
    )
    indexes = cursor.fetchall()
    return [f'DROP INDEX "{name}"' for name, _sql in indexes], [sql.replace("%", "%%") for _name, sql in indexes]


def _postgresql(cursor, tables):
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = ANY (%s::regclass[]) ORDER BY oid",
        [tables],
    )
    keys = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid) ORDER BY indexrelid",
        [tables],
    )
    indexes = cursor.fetchall()
    drops = [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name, _definition in keys]
    drops += [f"DROP INDEX {name}" for name, _definition in indexes]
    restores = [definition for _name, definition in indexes]
    restores += [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for table, name, definition in keys]
    return drops, restores
