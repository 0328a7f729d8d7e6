"""The database goes away in the middle of a request, at any statement: the answer is the clear 503, never a fault of ours."""

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.builders import client_of, make_item
from tests.marks import once

ERRORS = (OperationalError("server closed the connection unexpectedly"), InterfaceError("connection already closed"))
CALM = "try again"


class Gone:
    """From the statement after so many on, the database is not there; or for that statement only."""

    def __init__(self, after, error, for_good):
        self.left, self.error, self.for_good = after, error, for_good

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        is_gone = self.left < 0 if self.for_good else self.left == -1
        if is_gone and not sql.startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):  # those are the test's own transaction
            raise self.error
        return execute(sql, params, many, context)


def asked(client, path, data):
    return client.get(path) if data is None else client.post(path, data)


@pytest.fixture
def pages(customer):
    item = make_item()
    return {
        "front desk": ("/", None),
        "customers": ("/customers/", None),
        "card": (customer.get_absolute_url(), None),
        "visit entry": (f"/visits/new/?customer={customer.pk}", None),
        "saved visit": ("/visits/new/", {"guests-0-customer": customer.pk, "lines-0-item": item.pk, "on": "2026-11-21"}),
        "log-in": ("/login/", {"username": "reception", "password": "wrong"}),
        "log-out": ("/logout/", {}),
        "password": ("/account/password/", {"old": "wrong", "password": "violet umbrella", "again": "violet umbrella"}),
        "language": ("/language/", {"language": "en"}),
        "no such page": ("/nowhere/", None),
    }


PAGES = [
    "front desk",
    "customers",
    "card",
    "visit entry",
    "saved visit",
    "log-in",
    "log-out",
    "password",
    "language",
    "no such page",
]


def walk(user, path, data, for_good):
    """The database goes away at each statement of a request, in turn; `for_good(n)`: not only for the nth."""

    def answer(after, error, for_good=True):
        client = client_of(user, raise_request_exception=False)
        with transaction.atomic():
            with connection.execute_wrapper(Gone(after, error, for_good)):
                response = asked(client, path, data)
            transaction.set_rollback(True)
        return response

    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        asked(client_of(user), path, data)
        transaction.set_rollback(True)
    for after in range(len(queries)):
        response = answer(after, ERRORS[after % 2], for_good(after))
        assert response.status_code in (200, 302, 404, 422, 503), (after, response.status_code, response.exc_info)
        if response.status_code == 503:
            assert CALM in response.content.decode()
    assert answer(0, ERRORS[0]).status_code == 503


@pytest.mark.parametrize("name", PAGES)
def test_it_goes_away_at_any_statement(receptionist, pages, name):
    """For good at one, for a moment at the next; the other way round in the long suite."""
    walk(receptionist, *pages[name], for_good=lambda after: after % 4 < 2)  # both errors in both ways


@pytest.mark.long
@once  # it is the test that raises what a database would
@pytest.mark.parametrize("name", PAGES)
def test_it_goes_away_at_any_statement_the_other_way(receptionist, pages, name):
    walk(receptionist, *pages[name], for_good=lambda after: after % 4 >= 2)
