"""Reports and exports read from a copy of the database that follows it, where there is one (DATABASE_REPLICA_URL).

What they write, such as the entry in the access log, goes to the database itself, and so does all that is read elsewhere: a desk
must see at once what it has saved.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, connections

NAME = "replica"
TOLD_AFTER = timedelta(seconds=5)  # a copy that is less behind is called current
_reading = ContextVar("reading_from_replica", default=False)
_as_of = ContextVar("replica_is_as_of", default=None)


def has_copy():
    return NAME in settings.DATABASES


@dataclass(frozen=True)
class Standing:
    """How far the copy has come: as the database was at `as_of`, `behind` by so much; None where it is as the database is,
    or is no standby and cannot be asked.
    """

    answers: bool = True
    as_of: datetime | None = None
    behind: timedelta | None = None

    @property
    def is_usable(self):
        """False if the database itself is to be read."""
        return self.answers and (self.behind is None or self.behind <= timedelta(seconds=settings.REPLICA_LAG_SECONDS))


@contextmanager
def reading():
    """Read from the copy in this block, or in a view or command of which this is the decorator.

    Where the copy is too far behind (SALON_REPLICA_LAG_SECONDS) or does not answer, the database itself is read.
    """
    copy = standing() if has_copy() else Standing(answers=False)
    shown = copy.as_of if copy.is_usable and copy.behind and copy.behind > TOLD_AFTER else None
    before, shown_before = _reading.set(copy.is_usable), _as_of.set(shown)
    try:
        yield
    finally:
        _reading.reset(before)
        _as_of.reset(shown_before)


def as_of():
    """The moment from which what is read now comes, if the copy is behind; None if it is as good as current."""
    return _as_of.get()


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


def standing():
    """The Standing of the copy; as good as current where there is none."""
    if not has_copy():
        return Standing()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_current_wal_lsn(), clock_timestamp()")
            written, now = cursor.fetchone()
    try:
        with connections[NAME].cursor() as cursor:
            if connection.vendor != "postgresql":
                cursor.execute("SELECT 1")
                return Standing()
            cursor.execute(
                "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %s::pg_lsn, pg_last_xact_replay_timestamp()", [written]
            )
            return _standing(now, *cursor.fetchone())
    except DatabaseError:
        return Standing(answers=False)


def _standing(now, is_standby, has_all, as_of):
    """Of what the copy says. A standby that has not followed since its start knows of no moment: it is not read."""
    if not is_standby or has_all:
        return Standing()
    return Standing(as_of=as_of, behind=max(now - as_of, timedelta(0)) if as_of else timedelta.max)
