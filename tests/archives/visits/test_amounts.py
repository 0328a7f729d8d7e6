"""Amounts no salon has: an unusual one is asked about, an impossible one refused, in the page and by the database."""

import pytest
from django.db import DatabaseError, transaction

from archives.visits.bills import entries
from archives.visits.bills.models import Payment
from archives.visits.models import Bill, Line
from salon.money import MAX_BILL_FEN, MAX_LINE_FEN
from tests import builders
from tests.archives.visits.entering import only_bill, sent
from tests.archives.visits.recording import line, record

URL = "/visits/new/"
ASKED = "Is it right?"


@pytest.fixture
def facial(db):
    return builders.make_item(name="面部护理", price_fen=38_000)


@pytest.mark.parametrize(("fields", "fen"), [({"price": "3800.01"}, 380_001), ({"quantity": "11"}, 418_000)])
def test_more_than_ten_times_the_price_is_asked_about(desk, receptionist, customer, facial, fields, fen):
    data = sent(receptionist, [customer], [{"item": facial} | fields])
    response = desk.post(URL, data)
    assert response.status_code == 422
    page = response.content.decode()
    assert ASKED in page
    assert f'name="lines-0-sure" value="{fen}"' in page
    assert not Bill.objects.exists()
    assert desk.post(URL, data | {"lines-0-sure": "380000"}).status_code == 422, "of another amount it is asked anew"
    assert desk.post(URL, data | {"lines-0-sure": str(fen)}).status_code == 302
    assert only_bill().payable_fen == fen


def test_the_answer_stays_while_something_else_is_wrong(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial, "price": "5000"}], rest="") | {"lines-0-sure": "500000"}
    page = desk.post(URL, data).content.decode()
    assert 'name="lines-0-sure" value="500000" checked' in page
    assert ASKED not in page


@pytest.mark.parametrize("fields", [{"price": "3800"}, {"quantity": "10"}])
def test_ten_times_the_price_is_not_asked_about(desk, receptionist, customer, facial, fields):
    assert desk.post(URL, sent(receptionist, [customer], [{"item": facial} | fields])).status_code == 302


def test_an_item_without_a_price_is_never_asked_about(desk, receptionist, customer):
    item = builders.make_item(price_fen=0)
    assert desk.post(URL, sent(receptionist, [customer], [{"item": item, "price": "9999"}])).status_code == 302


def test_a_line_has_a_bound(desk, receptionist, customer):
    item = builders.make_item(price_fen=0)
    most = {"item": item, "price": str(MAX_LINE_FEN // 100)}
    page = desk.post(URL, sent(receptionist, [customer], [most | {"price": f"{MAX_LINE_FEN // 100}.01"}])).content.decode()
    assert "A line comes to ¥\xa01,000,000 at most." in page
    assert "A line comes to" in desk.post(URL, sent(receptionist, [customer], [most | {"quantity": "1.001"}])).content.decode()
    assert desk.post(URL, sent(receptionist, [customer], [most])).status_code == 302


def test_a_bill_has_a_bound(facial):
    whole = line(facial, unit_price_fen=MAX_LINE_FEN)
    guest = entries.GuestEntry(None, (whole,) * 11)
    found = entries.problems([guest], [("cash", 11 * MAX_LINE_FEN)])
    assert [problem.message for problem in found] == ["A bill comes to ¥\xa010,000,000 at most."]
    assert not entries.problems([entries.GuestEntry(None, (whole,) * 10)], [("cash", MAX_BILL_FEN)])


@pytest.mark.parametrize("typed", ["9" * 30, "-" + "9" * 30, "9" * 5000, "NaN", "1e400"])
def test_a_shown_total_of_any_length_is_refused_in_words(desk, receptionist, customer, facial, typed):
    assert desk.post(URL, sent(receptionist, [customer], [{"item": facial}], shown_total=typed)).status_code == 422


BEYOND = {
    "line value": (Line, {"value_fen": MAX_LINE_FEN + 1}),
    "line given back": (Line, {"value_fen": -MAX_LINE_FEN - 1}),
    "line to pay": (Line, {"payable_fen": MAX_LINE_FEN + 1}),
    "bill": (Bill, {"payable_fen": MAX_BILL_FEN + 1, "paid_fen": MAX_BILL_FEN + 1}),
    "bill given back": (Bill, {"payable_fen": -MAX_BILL_FEN - 1, "paid_fen": -MAX_BILL_FEN - 1}),
    "payment": (Payment, {"amount_fen": MAX_BILL_FEN + 1}),
    "payment given back": (Payment, {"amount_fen": -MAX_BILL_FEN - 1}),
}


@pytest.mark.parametrize("case", BEYOND)
def test_the_database_refuses_it_too(receptionist, customer, facial, case):
    model, amounts = BEYOND[case]
    bill = record(builders.actor_of(receptionist), customer, line(facial))
    row = {Bill: bill, Line: Line.objects.get(), Payment: Payment.objects.get()}[model]
    row.pk = None
    for name, fen in amounts.items():
        setattr(row, name, fen)
    if hasattr(row, "position"):
        row.position = 2
    with pytest.raises(DatabaseError, match="no salon has"), transaction.atomic():
        row.save(force_insert=True)
