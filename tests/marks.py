"""Marks of several subjects' tests: what need not run on both databases, and what cannot."""

import pytest
from django.db import connection

once = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same whatever the database; run on SQLite")
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="about the files of SQLite")
postgresql_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's programs")
