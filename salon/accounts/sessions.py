"""Sessions in the database, as Django keeps them; a database that does not answer is told from a session that is gone."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError


class SessionStore(db.SessionStore):
    """To Django every failure to save is an UpdateError, and so a bad request. One of the database stays what it is: 503."""

    def save(self, must_create=False):
        try:
            super().save(must_create)
        except UpdateError as lost:
            if isinstance(lost.__context__, (OperationalError, InterfaceError)):
                raise lost.__context__ from None
            raise
