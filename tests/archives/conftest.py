"""Rows come in an order only if the code asks for one."""

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _rows_come_backwards(request):
    """SQLite gives rows in the order of their ids even if nobody asks for it, so a lost order would go unnoticed: here it gives
    them the other way round.
    """
    if "db" not in request.fixturenames or connection.vendor != "sqlite":
        yield
        return
    request.getfixturevalue("db")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA reverse_unordered_selects = ON")
    yield
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA reverse_unordered_selects = OFF")
