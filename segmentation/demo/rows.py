"""Storing many rows quickly: chunks of tuples, by COPY on PostgreSQL and executemany on SQLite.

Millions of model instances would take longer to make than to store. Values are given as both databases take them as text:
days and moments as ISO text (moments in UTC), everything else as int, str, bool or None.
"""

from datetime import UTC, datetime

from django.core.management.color import no_style
from django.db import connection
from django.db.models import NOT_PROVIDED, Max

CHUNK = 2_000  # visits, or cards, stored at once


def create(model, *, on=None, **fields):
    """Create one object under the next free id, so that ids are the same on both databases. `on`: the day its history begins."""
    made = model(pk=first_free_id(model), **fields)
    if on:
        made._history_date = beginning(on)
    made.save(force_insert=True)
    return made


def beginning(day):
    """The moment of a day at which a history begins."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def first_free_id(model):
    return (model.objects.aggregate(last=Max("pk"))["last"] or 0) + 1


class Table:
    """The rows of one model that wait to be stored, and the next free id.

    `columns` are attribute names; columns that are not named get their field's default in every row. Raises TypeError for a
    column without default that is not named, so that a new field of a model is not forgotten here.
    """

    def __init__(self, model, columns):
        self.model, self.rows = model, []
        fields = {field.attname: field for field in model._meta.concrete_fields}
        names = columns.split()
        rest = [field for name, field in fields.items() if name not in names]
        self._constants = tuple(_default(field) for field in rest)
        stored = [fields[name] for name in names] + rest
        self._columns = [field.column for field in stored]
        self._marks = ", ".join("NULLIF(%s, '')" if field.null else "%s" for field in stored)
        self._has_nulls = any(field.null for field in stored)
        self.next_id = first_free_id(model)
        self.add = self.rows.append

    def new_id(self):
        """The id of the next row."""
        taken = self.next_id
        self.next_id = taken + 1
        return taken

    def store(self):
        """Write the waiting rows and forget them."""
        if not self.rows:
            return
        rows = [row + self._constants for row in self.rows] if self._constants else self.rows
        quoted = connection.ops.quote_name
        target = f"{quoted(self.model._meta.db_table)} ({', '.join(map(quoted, self._columns))})"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                _copy(cursor, target, rows)
            else:
                # The driver takes 2 µs for each None and 1 µs for a whole row of text: nothing travels as empty text.
                rows = [["" if value is None else value for value in row] for row in rows] if self._has_nulls else rows
                cursor.executemany(f"INSERT INTO {target} VALUES ({self._marks})", rows)  # noqa: S608 - names from the models
        self.rows.clear()


def _copy(cursor, target, rows):
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _default(field):
    may_stay_empty = field.null or field.blank and field.empty_strings_allowed
    if field.default is NOT_PROVIDED and not may_stay_empty:
        raise TypeError(f"{field} has no default: seed_demo must fill it")
    return field.get_db_prep_save(field.get_default(), connection)


class Tables:
    """Several tables that fill together, in the order their rows refer to each other."""

    def __init__(self, **tables):
        """`tables`: name=(model, columns)."""
        self._all = [Table(model, columns) for model, columns in tables.values()]
        for name, table in zip(tables, self._all):
            setattr(self, name, table)

    @property
    def models(self):
        return [table.model for table in self._all]

    def store(self):
        """Write everything that waits."""
        for table in self._all:
            table.store()

    def continue_ids(self):
        """Let the database count on from the ids given here (SQLite does so by itself)."""
        statements = connection.ops.sequence_reset_sql(no_style(), self.models)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
