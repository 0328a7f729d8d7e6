"""Append-only tables and the triggers that hold them so.

A guard names its own table only: SQLite drops a table's triggers when Django remakes it, and a trigger that named another
table would break that table's migration. So guards are created again after every migrate (`post_migrate`), migrations
around them need no care, and `missing()` and `undeclared()` tell a test and `healthz` whether exactly the declared guards
are in place.
"""

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections


@dataclass(frozen=True)
class Guard:
    """Refuse an operation on a table: `event` is INSERT, UPDATE, DELETE or UPDATE OF columns; `when` is an SQL condition on OLD
    and NEW.

    On INSERT it holds from now on: what is stored already stays, whatever it is, and no table is made anew for it.
    """

    table: str
    event: str
    when: str = ""
    message: str = "rows of this table are never changed"

    @property
    def name(self):
        digest = hashlib.sha256(f"{self.event}|{self.when}".encode()).hexdigest()[:10]
        return f"guard_{self.table}_{digest}"[:61]

    @property
    def on_truncate(self):
        """True if it also refuses TRUNCATE, which PostgreSQL has: whoever may delete nothing may not empty the table."""
        return self.event == "DELETE" and not self.when

    @property
    def name_on_truncate(self):
        return f"{self.name}_t"


_guards = []


def append_only(table):
    """Refuse UPDATE and DELETE (and TRUNCATE on PostgreSQL) on a table."""
    _guards.append(Guard(table, "UPDATE"))
    _guards.append(Guard(table, "DELETE"))


def refuse(table, event, when, message):
    """Refuse one event on a table where `when` holds. The condition may use OLD and NEW of this row only."""
    _guards.append(Guard(table, event, when, message))


def registered():
    """All guards, in the order they were declared."""
    return list(_guards)


def _sqlite_statements(guard):
    when = f"WHEN {guard.when} " if guard.when else ""
    yield f'DROP TRIGGER IF EXISTS "{guard.name}"'
    yield (
        f'CREATE TRIGGER "{guard.name}" BEFORE {guard.event} ON "{guard.table}" {when}'
        f"BEGIN SELECT RAISE(ABORT, 'guard {guard.table}: {guard.message}'); END"
    )


def _postgresql_statements(guard):
    refusal = f"RAISE EXCEPTION 'guard {guard.table}: {guard.message}' USING ERRCODE = 'integrity_constraint_violation'"
    yield f'CREATE OR REPLACE FUNCTION "{guard.name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refusal}; END $$'
    yield f'DROP TRIGGER IF EXISTS "{guard.name}" ON "{guard.table}"'
    when = f"WHEN ({guard.when}) " if guard.when else ""
    yield (
        f'CREATE TRIGGER "{guard.name}" BEFORE {guard.event} ON "{guard.table}" '
        f'FOR EACH ROW {when}EXECUTE FUNCTION "{guard.name}"()'
    )
    if guard.on_truncate:
        yield f'DROP TRIGGER IF EXISTS "{guard.name_on_truncate}" ON "{guard.table}"'
        yield (
            f'CREATE TRIGGER "{guard.name_on_truncate}" BEFORE TRUNCATE ON "{guard.table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{guard.name}"()'
        )


def install(using="default"):
    """Create every guard whose table exists, and drop those that are declared no more; safe to repeat."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    statements = _sqlite_statements if connection.vendor == "sqlite" else _postgresql_statements
    with connection.cursor() as cursor:
        for name, table in undeclared(using).items():
            cursor.execute(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if connection.vendor == "postgresql" else ""))
        for guard in _guards:
            if guard.table in tables:
                for statement in statements(guard):
                    cursor.execute(statement)


def installed(using="default"):
    """The guard triggers the database has: name → table."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard\\_%' ESCAPE '\\'"
            )
        else:
            cursor.execute(
                "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
                "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
                "WHERE nspname = current_schema() AND tgname LIKE 'guard\\_%' AND tgenabled <> 'D'"
            )
        return dict(cursor.fetchall())


def _declared(vendor):
    names = {guard.name for guard in _guards}
    return names | {guard.name_on_truncate for guard in _guards if vendor == "postgresql" and guard.on_truncate}


def missing(using="default"):
    """Names of declared guards the database lacks: empty when all is well."""
    return sorted(_declared(connections[using].vendor) - set(installed(using)))


def undeclared(using="default"):
    """Guards the database has though the code declares them no more (they hold a rule that has changed): name → table."""
    declared = _declared(connections[using].vendor)
    return {name: table for name, table in installed(using).items() if name not in declared}


@contextmanager
def suspended(using="default"):
    """Drop the guards, for test databases that are flushed between tests. Nothing in the product calls this."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for guard in _guards:
            if connection.vendor == "sqlite":
                cursor.execute(f'DROP TRIGGER IF EXISTS "{guard.name}"')
            else:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{guard.name}" ON "{guard.table}"')
                cursor.execute(f'DROP TRIGGER IF EXISTS "{guard.name_on_truncate}" ON "{guard.table}"')
    try:
        yield
    finally:
        install(using)
