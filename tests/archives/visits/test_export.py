"""The visit list as a workbook: the rows of the page, amounts as figures, days as days."""

import pytest

from archives.visits import export
from archives.visits.models import Visit
from archives.visits.queries import item_names, staff_names, with_names
from customers.log.models import AccessEntry
from salon.lists import some_at_a_time
from tests import builders, replicas, workbooks
from tests.archives.visits.recording import line, record
from tests.builders import client_of

URL = "/visits/export/"


@pytest.fixture
def boss(manager):
    return client_of(manager)


def records(client, query=""):
    return workbooks.records(workbooks.opened(client.get(URL + query)).worksheets[0])


def test_exactly_the_filtered_list(boss, actor, customer, facial, beautician):
    bill = record(actor, customer, line(facial))
    visit = bill.visits.get()
    (row,) = records(boss)
    assert (row["Receipt"], row["Customer"], row["Amount"]) == (visit.receipt_no, customer.name, visit.net_fen / 100)
    assert row["Day"].date() == visit.day
    assert row["Items"] == facial.name
    assert records(boss, "?status=voided") == []
    page = boss.get("/visits/?customer=没有").context["listing"].rows
    assert records(boss, "?customer=没有") == page == []
    assert AccessEntry.objects.filter(action="export", field="visits").count() == 3


def test_the_desk_takes_no_list_away(desk):
    assert desk.get(URL).status_code == 403


def test_an_invalid_filter_exports_nothing(boss, db):
    assert boss.get(URL + "?status=nonsense")["Location"] == "/visits/?status=nonsense"


def test_rows_cost_names_and_no_objects(boss, actor, customer, facial, django_assert_num_queries, monkeypatch):
    """Lines, staff and notes of a thousand visits are a query each; 4,200 took ten seconds while each line was an object."""
    monkeypatch.setattr("salon.lists.AT_A_TIME", 5)
    for _n in range(9):
        record(actor, customer, line(facial))
    found = Visit.objects.order_by("pk")
    with django_assert_num_queries(1 + 2 * 3):
        made = list(export.rows(actor, some_at_a_time(with_names(found))))
    assert len(made) == 9
    assert {row[4] for row in made} == {facial.name}


def test_it_says_the_same_as_the_page(boss, actor, customer, facial, beautician):
    record(actor, customer, line(facial, shares=((beautician, 10_000),)), line(facial))
    for row, visit in zip(records(boss), boss.get("/visits/").context["listing"].rows, strict=True):
        assert row["Items"] == " · ".join(item_names(visit))
        assert (row["Beautician"] or "") == " · ".join(staff_names(visit))
        assert row["State"] == visit.get_status_display()


def test_it_is_read_from_a_copy_of_the_database(manager, monkeypatch):
    replicas.lag(monkeypatch)
    assert replicas.was_read(workbooks.opened(builders.client_of(manager).get(URL)))
