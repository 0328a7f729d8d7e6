"""What the measures do in a process that has the salon's database open (`Salon.call`).

The process that calls does not set Django up, hence the imports inside functions, here and in the measures.
"""

import time
from contextlib import contextmanager


def actor_named(username):
    """The Actor that a request of this user would have."""
    from django.utils import timezone

    from salon import access
    from salon.accounts.backend import role_of
    from salon.accounts.models import User

    user = User.objects.get(username=username)
    return access.Actor(
        user=user, role=role_of(user), now=timezone.now(), staff=user.staff, branch=user.staff.branch, has_finance=True
    )


def client_named(username):
    """A test client of this user, who has opened a page before."""
    from django.test import Client

    from salon.accounts.models import User

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=username), backend="salon.accounts.backend.StaffBackend")
    client.get("/account/")  # stores the session's stamps, as the first page of a day does
    return client


def queries_of(username, paths, htmx=False):
    """How many statements each of these pages takes, transactions and savepoints included."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_named(username)
    headers = {"HX-Request": "true"} if htmx else {}
    counts = []
    for path in paths:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")
        counts.append(len(captured))
    return counts


@contextmanager
def bare_cursor():
    """A cursor of the database driver itself, without Django; and the mark it wants for a parameter."""
    from django.db import connection

    connection.ensure_connection()
    cursor = connection.connection.cursor()
    try:
        yield cursor, "?" if connection.vendor == "sqlite" else "%s"
    finally:
        cursor.close()


def bare_ms(cursor, statement, params):
    """Milliseconds of one statement and of fetching what it finds."""
    began = time.perf_counter()
    cursor.execute(statement, params)
    cursor.fetchall()
    return (time.perf_counter() - began) * 1000
