"""Reports and exports read from a copy of the database that follows it, where there is one (DATABASE_REPLICA_URL).

What they write, such as the entry in the access log, goes to the database itself, and so does all that is read elsewhere: a desk
must see at once what it has saved.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import DatabaseError, connections

NAME = "replica"
_reading = ContextVar("reading_from_replica", default=False)


@contextmanager
def reading():
    """Read from the copy in this block, or in a view or command of which this is the decorator."""
    before = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(before)


class Router:
    """Installed where there is a copy."""

    def db_for_read(self, model, **hints):
        return NAME if _reading.get() else None

    def db_for_write(self, model, **hints):
        return "default"  # rows of the copy, too, are written to the database itself

    def allow_relation(self, one, other, **hints):
        return True  # they are rows of one database, read in two places

    def allow_migrate(self, db, app_label, **hints):
        return False if db == NAME else None


def answers():
    """False if there is a copy and it does not answer."""
    if NAME not in settings.DATABASES:
        return True
    try:
        with connections[NAME].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
