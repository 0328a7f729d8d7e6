"""How a bill was paid, corrected the same day: the sum stays, the first record stays, every figure takes what holds."""

import uuid
from datetime import timedelta

import pytest

from archives.visits import checks
from archives.visits.bills import means, services
from archives.visits.bills.entries import EntryError, GuestEntry
from archives.visits.bills.models import MeansCorrection, Payment
from archives.visits.bills.paid import returnable
from archives.visits.entry.queries import prefill_correction, usual_means
from archives.visits.models import Bill, Line
from archives.visits.queries import repeat_last_visit
from archives.visits.undo import services as undo
from salon.errors import Barred, Conflict
from segmentation.reports import breakdown, sales
from tests import builders
from tests.archives.visits.recording import line, record


@pytest.fixture
def bill(actor, customer, facial):
    return record(actor, customer, line(facial))


def correct(actor, bill, *payments, reason="点错了", seen=None, key=None):
    return means.correct_means(
        actor=actor,
        key=key or uuid.uuid4(),
        bill=bill,
        payments=list(payments),
        reason=reason,
        seen_last=means.seen(bill) if seen is None else seen,
    )


def paid(bill):
    return [(each.means, each.amount_fen) for each in bill.payments.as_corrected()]


def test_what_holds_is_the_last_correction_and_the_first_record_stays(actor, desk, customer, facial, bill):
    other = record(actor, customer, line(facial))
    first = correct(actor, bill, ("cash", 38_000))
    assert (paid(bill), paid(other)) == ([("cash", 38_000)], [("wechat", 38_000)])
    last = correct(actor, bill, ("wechat", 30_000), ("card", 8_000), reason="分两次付")
    assert paid(bill) == [("wechat", 30_000), ("card", 8_000)]
    assert bill.payments.count() == 4
    assert list(desk.get(f"/visits/{bill.visits.get().pk}/").context["corrections"]) == [first, last]
    assert (last.recorded_by, last.recorded_at, last.remark.text) == (actor.user, actor.now, "分两次付")
    bill.refresh_from_db()
    assert (bill.paid_fen, bill.voided_at) == (38_000, None)
    assert [str(words) for words, rows in checks.broken() if rows.exists()] == []


def test_every_reader_takes_what_holds(actor, customer, bill, desk):
    correct(actor, bill, ("cash", 30_000), ("card", 8_000))
    assert returnable(bill).by_means == {"cash": 30_000, "card": 8_000}
    assert usual_means(customer) == repeat_last_visit(customer).means == "cash"
    head = prefill_correction(bill).head
    assert {key: value for key, value in head.items() if key.startswith(("pay-", "rest"))} == {"pay-cash": 30_000, "rest": "card"}
    of_month = breakdown.by_means(sales.Month.of(actor.today))
    assert [(row.means, row.payments, row.net_fen) for row in of_month] == [("cash", 1, 30_000), ("card", 1, 8_000)]
    for asked, found in (("wechat", 0), ("cash", 1), ("card", 1)):
        assert len(desk.get(f"/visits/?means={asked}").context["listing"].rows) == found
    visit = bill.visits.get()
    for url in (f"/visits/{visit.pk}/", f"/visits/{visit.pk}/saved/"):
        assert [p.means for p in desk.get(url).context["payments"]] == ["cash", "card"]


def test_a_correction_undone_stores_the_means_that_held(actor, customer, facial, bill):
    correct(actor, bill, ("cash", 38_000))
    slip = record(actor, customer, line(facial), replaces=bill)
    undo.undo_bill(actor=actor, key=uuid.uuid4(), bill=slip)
    assert paid(Bill.objects.get(voided_at=None)) == [("cash", 38_000)]


@pytest.mark.parametrize(
    ("payments", "words"),
    [
        ([("cash", 37_999)], "is to be paid"),
        ([], "is to be paid"),
        ([("cash", 48_000), ("card", -10_000)], "above 0"),
        ([("stored", 38_000)], "Choose a means"),
        ([("wechat", 38_000)], "paid already"),
    ],
)
def test_the_sum_stays_and_something_changes(actor, bill, payments, words):
    with pytest.raises(EntryError, match=words):
        correct(actor, bill, *payments)
    assert not MeansCorrection.objects.exists()


def test_not_another_day_and_not_by_anybody(actor, customer, facial, manager, branch, bill):
    colleague = builders.actor_of(builders.make_staff(branch=branch, role="receptionist"), actor.now)
    old = record(actor, customer, line(facial), on=actor.today - timedelta(days=1))
    for who, which, words in (
        (colleague, bill, "Only a manager"),
        (actor, old, "on the day of the bill only"),
        (builders.actor_of(manager, actor.now), old, "on the day of the bill only"),
        (builders.actor_of(manager, actor.now + timedelta(days=1)), bill, "on the day of the bill only"),
    ):
        with pytest.raises(Barred, match=words):
            correct(who, which, ("cash", 38_000))
    assert correct(builders.actor_of(manager, actor.now), bill, ("cash", 38_000))


def test_not_where_something_rests_on_it(actor, customer, facial, bill):
    sold = Line.objects.get()
    back = services.refund(
        actor=actor, key=uuid.uuid4(), bill=bill, lines=[(sold, 500, 100)], payments=[("wechat", 100)], reason="不满意"
    )
    for which, words in ((bill, "was refunded"), (back, "A refund is not corrected")):
        with pytest.raises(Barred, match=words):
            correct(actor, which, ("cash", abs(which.paid_fen)))
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=back, reason="记错了")
    assert correct(actor, bill, ("cash", 38_000))
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=bill, reason="记错了")
    with pytest.raises(Barred, match="voided already"):
        correct(actor, bill, ("card", 38_000))
    free = record(actor, customer, line(facial, unit_price_fen=0), paid=[])
    with pytest.raises(Barred, match="Nothing was paid"):
        correct(actor, free)


def test_the_same_in_another_order_changes_nothing(actor, customer, facial):
    bill = record(actor, customer, line(facial), paid=[("wechat", 30_000), ("cash", 8_000)])
    with pytest.raises(EntryError, match="paid already"):
        correct(actor, bill, ("wechat", 30_000), ("cash", 8_000))


def test_stored_value_is_not_moved(actor, customer, facial, bill):
    Payment.objects.create(bill=bill, position=9, means="stored", amount_fen=1)
    with pytest.raises(Barred, match="stored value"):
        correct(actor, bill, ("cash", 38_000))


def test_a_second_tab_is_told(actor, bill):
    correct(actor, bill, ("cash", 38_000), seen=0)
    with pytest.raises(Conflict, match="meanwhile"):
        correct(actor, bill, ("card", 38_000), seen=0)


def test_the_page(desk, actor, bill):
    visit = bill.visits.get()
    url = f"/visits/{visit.pk}/means/"
    assert url in desk.get(f"/visits/{visit.pk}/").content.decode()
    page = desk.get(url)
    key = page.context["operation_key"]
    assert 'value="380.00"' in page.content.decode()
    sent = {"operation": key, "seen": "0", "pay-cash": "380"}
    assert desk.post(url, sent).status_code == 422  # says why
    refused = desk.post(url, sent | {"pay-cash": "379", "reason": "点错了"})
    assert (refused.status_code, refused.context["operation_key"]) == (422, key)
    for _n in range(2):
        assert desk.post(url, sent | {"reason": "点错了"}).status_code == 302
    assert paid(bill) == [("cash", 38_000)]
    text = desk.get(f"/visits/{visit.pk}/").content.decode()
    assert "点错了" in text
    assert "Means corrected" in text
    assert Payment.objects.count() == 2


def test_the_page_of_what_cannot_be_corrected_says_why(desk, actor, customer, facial, beautician):
    old = record(actor, customer, line(facial), on=actor.today - timedelta(days=1))
    url = f"/visits/{old.visits.get().pk}/means/"
    page = desk.get(url)
    assert page.status_code == 409
    assert "on the day of the bill only" in page.content.decode()
    assert desk.post(url, {"reason": ""}).status_code == 422  # what was typed is looked at first
    assert url not in desk.get(f"/visits/{old.visits.get().pk}/").content.decode()
    assert builders.client_of(beautician).get(url).status_code in (403, 404)


# --- A bill of several reads as one; a receipt is found by its number ------------------------------------------------------


def test_a_bill_of_several_reads_as_one(desk, actor, customer, facial, branch, beautician):
    friend = builders.make_customer(branch=branch, name="李小红")
    mask = builders.make_item(name="面膜", price_fen=10_000)
    served = ((beautician, 10_000),)
    guests = [GuestEntry(customer, (line(facial, shares=served), line(mask))), GuestEntry(friend, (line(mask),))]
    bill = record(actor, customer, guests=guests, paid=[("wechat", 50_000), ("cash", 8_000)])
    for visit in bill.visits.all():
        page = desk.get(f"/visits/{visit.pk}/")
        visits, text = page.context["visits"], page.content.decode()
        assert [each.customer for each in visits] == [customer, friend]
        assert sum(each.net_fen for each in visits) == sum(p.amount_fen for p in page.context["payments"]) == 58_000
        assert text.index("水光补水") < text.index("480.00") < text.index("李小红", text.index("480.00")) < text.index("580.00")
        assert text.count("Subtotal") == 2
    client = builders.client_of(beautician)
    text = client.get(f"/visits/{bill.visits.first().pk}/").content.decode()
    assert "李小红" not in text
    assert "Subtotal" not in text


def test_a_receipt_is_found_by_its_number(desk, actor, bill, stranger, beautician):
    url = f'href="/visits/{bill.visits.get().pk}/"'
    short = f"R{int(bill.receipt_no[-7:])}"
    for words in (bill.receipt_no, bill.receipt_no.lower(), short, short.lower()):
        for headers in ({}, {"HX-Request": "true"}):
            assert url in desk.get("/customers/search/", {"q": words}, headers=headers).content.decode(), words
    for words in (bill.receipt_no[:-1], short[1:], f"{bill.receipt_no}0", "R" + "9" * 40, "Rx"):
        assert url not in desk.get("/customers/search/", {"q": words}).content.decode(), words
    for person in (stranger, beautician):
        text = builders.client_of(person).get("/customers/search/", {"q": bill.receipt_no}).content.decode()
        assert url not in text
