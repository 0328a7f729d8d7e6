"""An index both databases can sort by."""

from django.db import models
from django.db.backends.ddl_references import Statement
from django.db.models import F


class LatestFirstIndex(models.Index):
    """Index on (columns ..., date descending with nulls last, id descending), for lists that show the latest first.

    Columns it `covers` come after those: a query that asks for no others need not look into the table. PostgreSQL needs
    NULLS LAST spelled out to use the index; SQLite sorts nulls last when descending and refuses the words.
    """

    def __init__(self, *columns, latest, name, covers=(), condition=None):
        self.columns, self.latest, self.covers = columns, latest, tuple(covers)
        last, covered = F(latest).desc(nulls_last=True), [F(c) for c in self.covers]
        super().__init__(*(F(c) for c in columns), last, F("id").desc(), *covered, name=name, condition=condition)

    def deconstruct(self):
        optional = {"covers": self.covers, "condition": self.condition}
        arguments = {"latest": self.latest, "name": self.name} | {k: v for k, v in optional.items() if v}
        return f"{type(self).__module__}.{type(self).__qualname__}", self.columns, arguments

    def create_sql(self, model, schema_editor, using="", **kwargs):
        statement = super().create_sql(model, schema_editor, using, **kwargs)
        return _WithoutNullsLast(statement) if schema_editor.connection.vendor == "sqlite" else statement


class _WithoutNullsLast(Statement):
    """The same statement, still following renames of its table (SQLite remakes tables), in SQLite's words."""

    def __init__(self, statement):
        super().__init__(statement.template, **statement.parts)

    def __str__(self):
        return super().__str__().replace(" NULLS LAST", "")
