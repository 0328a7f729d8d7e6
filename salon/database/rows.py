"""Storing many rows quickly: chunks of tuples, by COPY on PostgreSQL and executemany on SQLite.

Millions of model instances would take longer to make than to store. Values are given as both databases take them as text:
days and moments as ISO text (moments in UTC), everything else as int, str, bool or None.
"""

from collections import deque
from itertools import count
from operator import itemgetter

from django.db import connection
from django.db.models import NOT_PROVIDED, Max

POOL = 500  # ids asked for at once where others may write meanwhile


def first_free_id(model):
    return (model.objects.aggregate(last=Max("pk"))["last"] or 0) + 1


class Table:
    """The rows of one model that wait to be stored, and the next free id.

    `columns` are attribute names; columns that are not named get their field's default in every row. Raises TypeError for a
    column without default that is not named, so that a new field of a model is not forgotten here.
    """

    def __init__(self, model, columns):
        self.model, self.rows, names = model, [], columns.split()
        self._names, self._in_order = frozenset(names), itemgetter(*names)
        fields = {field.attname: field for field in model._meta.concrete_fields}
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

    def put(self, **values):
        """Add a row by the names of its columns; an `id` that is not given is the next one. Raises TypeError unless the names are
        exactly those of the table.
        """
        if "id" in self._names and "id" not in values:
            values["id"] = self.new_id()
        if values.keys() != self._names:
            raise TypeError(f"{self.model.__name__}: {sorted(values.keys() ^ self._names)} is too much or missing")
        self.add(self._in_order(values))

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


class SharedTable(Table):
    """A Table of a database others write to meanwhile: its ids are the database's own.

    On SQLite a transaction that writes is alone, so ids go on from the last one; on PostgreSQL they come from the sequence.
    """

    def begin(self):
        """Start a transaction's ids anew."""
        if connection.vendor == "sqlite":
            self.new_id = count(self._first_free()).__next__
        else:
            self._pool = deque()

    def _first_free(self):
        """One more than any id ever given: ids of deleted rows are not given again."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [self.model._meta.db_table])
            used = cursor.fetchone()
        return max(first_free_id(self.model), (used[0] if used else 0) + 1)

    def new_id(self):
        if not self._pool:
            table = self.model._meta.db_table
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [f'"{table}"', POOL]
                )
                self._pool.extend(value for (value,) in cursor)
        return self._pool.popleft()


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

    def __init__(self, *, of=Table, **tables):
        """`tables`: name=(model, columns). `of`: Table, or SharedTable where others write meanwhile."""
        self._all = [of(model, columns) for model, columns in tables.values()]
        for name, table in zip(tables, self._all):
            setattr(self, name, table)

    @property
    def models(self):
        return [table.model for table in self._all]

    def store(self):
        """Write everything that waits."""
        for table in self._all:
            table.store()

    def begin(self):
        """For SharedTable: call it at the beginning of each transaction."""
        for table in self._all:
            table.begin()
