"""The visit list as a workbook: the rows of the page, amounts as figures, days as days."""

import pytest

from customers.log.models import AccessEntry
from tests import workbooks
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
