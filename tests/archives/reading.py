"""How much is read: a filter that only spares the database work changes no page, but the number of rows."""

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


def rows_of(query):
    """The rows of a statement that was captured, asked for again."""
    with connection.cursor() as cursor:
        cursor.execute(query["sql"])
        return cursor.fetchall()


def selects(queries):
    return [query for query in queries if query["sql"].lstrip("( ").startswith("SELECT")]


@contextmanager
def counted():
    """[how many rows were read] of what is done inside, once it is done."""
    counts = []
    with CaptureQueriesContext(connection) as queries:
        yield counts
    counts.append(sum(len(rows_of(query)) for query in selects(queries)))
