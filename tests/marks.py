"""Marks of several subjects' tests: what need not run on both databases, and what cannot."""

import pytest
from django.db import connection

SAME, SQLITE, POSTGRESQL = "the same whatever the database; run on SQLite", "about SQLite", "about PostgreSQL"
NO_SESSIONS = "not run: the processor is not shared by sessions here"
once = pytest.mark.skipif(connection.vendor != "sqlite", reason=SAME)
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason=SQLITE)
postgresql_only = pytest.mark.skipif(connection.vendor != "postgresql", reason=POSTGRESQL)
several_writers = postgresql_only  # SQLite has one at a time anyway
