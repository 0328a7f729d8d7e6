"""Refunding at the desk: ticks and quantities, the amount follows; a summary; by the means the money came in by."""

import contextlib
import re
import threading
import uuid

import pytest
from django.db import connections

from archives.visits.bills import services
from archives.visits.bills.entries import EntryError, GuestEntry
from archives.visits.bills.models import Payment
from archives.visits.bills.paid import returnable
from archives.visits.models import Bill, Line, Visit
from salon.errors import Conflict
from tests import builders
from tests.archives.visits.recording import line, record
from tests.marks import several_writers


@pytest.fixture
def mask(db):
    return builders.make_item(name="面膜", price_fen=10_000)


@pytest.fixture
def bill(actor, customer, facial, mask):
    """A treatment of 380 and three masks for 100 together, paid by 400 WeChat and 80 cash."""
    lines = (line(facial), line(mask, quantity_milli=3000, discount_fen=20_000, discount_reason="offer"))
    return record(actor, customer, guests=[GuestEntry(customer, lines)], paid=[("wechat", 40_000), ("cash", 8_000)])


@pytest.fixture
def page(desk, bill):
    return Page(desk, bill)


class Page:
    """The page of a refund as somebody fills it in: `lines` is {"take": ..., "quantity": ...} of the treatment or the masks."""

    def __init__(self, client, bill):
        self.client, self.bill = client, bill
        self.url = f"/visits/{bill.visits.first().pk}/refund/"
        self.facial, self.masks = Line.objects.filter(visit__bill=bill).order_by("position")
        answer = client.get(self.url)
        assert answer.status_code == 200
        self.key = answer.context["operation_key"]

    def send(self, *, facial=None, masks=None, **data):
        sent = {"operation": self.key, "reason": "过敏"} | data
        for sold, fields in ((self.facial, facial), (self.masks, masks)):
            sent |= {f"line-{sold.pk}-{name}": value for name, value in (fields or {}).items()}
        return self.client.post(self.url, sent)

    def refused(self, **data):
        answer = self.send(**data)
        assert answer.status_code == 422
        assert Bill.objects.count() == 1
        assert answer.context["operation_key"] == self.key
        return answer.content.decode()


def entries_of(answer):
    assert answer.status_code == 200, answer.context["form"].errors
    return [(sold.item_name, milli, fen) for sold, milli, fen in answer.context["refund"].entries]


def test_a_tick_takes_all_that_is_left_and_a_quantity_its_part(page):
    assert entries_of(page.send(facial={"take": "on"})) == [("水光补水", 1000, 38_000)]
    assert entries_of(page.send(masks={"quantity": "1"})) == [("面膜", 1000, 3_333)]
    assert entries_of(page.send(masks={"take": "on", "quantity": "2"})) == [("面膜", 2000, 6_667)]
    assert Bill.objects.count() == 1  # a summary stores nothing


def test_three_times_one_of_three_is_the_whole(page):
    for fen in (3_333, 3_334, 3_333):
        key = page.key = page.client.get(page.url).context["operation_key"]
        assert page.send(masks={"quantity": "1"}, confirmed=str(fen), operation=key).status_code == 302
    allowance = page.masks.allowance
    allowance.refresh_from_db()
    assert (allowance.refunded_fen, allowance.refunded_milli) == (10_000, 3_000)
    assert "面膜" not in page.client.get(page.url).content.decode()


def test_the_summary_says_what_by_which_means_and_the_total_on_the_button(page):
    answer = page.send(facial={"take": "on"}, masks={"take": "on"})
    text = answer.content.decode()
    assert answer.templates[0].name == "archives/visits/refund_summary.html"
    assert answer.context["refund"].payments == [("wechat", 40_000), ("cash", 8_000)]
    for part in ("张晓梅", "水光补水", "面膜", "过敏", 'name="confirmed" value="48000">Refund ¥\xa0480.00<', "400.00", "80.00"):
        assert part in text
    again = page.send(facial={"take": "on"}, change="1")
    assert (again.status_code, again.templates[0].name) == (200, "archives/visits/refund.html")
    assert "checked" in again.content.decode()


def test_the_summary_carries_along_all_that_was_entered(page):
    by_means = {"pay-cash": "60", "pay-wechat": "40"}
    text = page.send(facial={"amount": "100", "closed": "open"}, **by_means).content.decode()
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    assert page.client.post(page.url, carried | {"confirmed": "10000"}).status_code == 302
    back = Bill.objects.get(refunds=page.bill)
    assert sorted((p.means, p.amount_fen) for p in back.payments.all()) == [("cash", -6_000), ("wechat", -4_000)]
    assert (Line.objects.get(refund_of=page.facial).quantity_milli) == -263


def test_what_was_looked_at_is_stored_once(page):
    for _n in range(2):  # sent twice: Back and a second click
        answer = page.send(facial={"take": "on"}, confirmed="38000")
        assert answer.status_code == 302, answer.context["form"].errors
    back = Bill.objects.get(refunds=page.bill)
    assert answer.url == f"/visits/{back.visits.get().pk}/"
    assert [(p.means, p.amount_fen) for p in back.payments.all()] == [("wechat", -38_000)]
    assert back.receipt_no in page.client.get(f"/visits/{page.bill.visits.get().pk}/").content.decode()


def test_another_total_than_was_looked_at_is_shown_again(page):
    assert page.send(facial={"take": "on"}, confirmed="37999").templates[0].name == "archives/visits/refund_summary.html"
    assert Bill.objects.count() == 1


def test_a_lowered_amount_asks_whether_the_quantity_is_settled(page):
    assert "Say what becomes of the quantity" in page.refused(facial={"take": "on", "amount": "100"}, confirmed="10000")
    assert entries_of(page.send(facial={"amount": "100", "closed": "settled"})) == [("水光补水", 1000, 10_000)]
    assert entries_of(page.send(facial={"amount": "100", "closed": "open"})) == [("水光补水", 263, 10_000)]
    assert page.send(facial={"amount": "100", "closed": "open"}, confirmed="10000").status_code == 302
    page.key = page.client.get(page.url).context["operation_key"]
    assert entries_of(page.send(facial={"take": "on"})) == [("水光补水", 737, 28_000)]


def test_what_is_settled_is_over(page):
    assert page.send(facial={"amount": "100", "closed": "settled"}, confirmed="10000").status_code == 302
    again = page.client.get(page.url)
    assert [each.line for each in again.context["refund"].lines] == [page.masks]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"take": "on", "amount": "380.01"}, "more than what is left"),
        ({"take": "on", "quantity": "1.001"}, "more than what is left"),
        ({"quantity": "0.5", "amount": "200"}, "it is ¥\xa0190.00 at most"),
        ({"take": "on", "quantity": "0"}, "How many of it?"),
        ({"take": "on", "quantity": "-1"}, "greater than or equal to 0"),
        ({"take": "on", "quantity": "1e3"}, "more than what is left"),
        ({"take": "on", "quantity": "NaN"}, "Enter a number"),
        ({"take": "on", "amount": "abc"}, "Enter an amount of money"),
        ({"take": "on", "amount": "0", "closed": "open"}, "The amount must be above 0"),
        ({"take": "on", "amount": "1", "closed": "maybe"}, "maybe is not one of"),
        ({}, "Choose what is refunded"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(page, fields, words):
    assert words in page.refused(facial=fields, confirmed="38000")


def test_what_is_typed_as_it_stands_anyway_is_as_if_it_were_not(page):
    whole = [("水光补水", 1000, 38_000)]
    assert entries_of(page.send(facial={"take": "on", "amount": "380", "quantity": "1"})) == whole
    assert entries_of(page.send(facial={"take": "on", "closed": "open"})) == whole


def test_an_amount_for_less_than_the_smallest_quantity_is_refused(page):
    assert "The amount must be above 0" in page.refused(facial={"quantity": "0.001", "amount": "0.10", "closed": "open"})


def test_what_the_service_refuses_is_said_on_the_page(page, monkeypatch):
    def refuse(**given):
        raise EntryError("too late")

    monkeypatch.setattr(services, "refund", refuse)
    assert "too late" in page.refused(facial={"take": "on"}, confirmed="38000")


def test_only_what_was_sold_on_this_bill_can_go_back(page, desk, actor, customer, mask):
    other = record(actor, customer, line(mask, unit_price_fen=0), paid=[])
    given_back = {"position": 9, "quantity_milli": -1000, "unit_price_fen": 100, "value_fen": -100, "payable_fen": -100}
    Line.objects.create(visit=page.facial.visit, item=mask, kind="product", item_name="面膜", **given_back)  # out of a file
    assert [each.line for each in desk.get(page.url).context["refund"].lines] == [page.facial, page.masks]
    sold = Line.objects.get(visit__bill=other)
    back = services.refund(actor=actor, key=uuid.uuid4(), bill=other, lines=[(sold, 1000, 0)], payments=[], reason="x")
    assert desk.get(f"/visits/{back.visits.get().pk}/refund/").context["refund"].lines == []


def test_money_that_came_in_one_way_asks_for_no_means(desk, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    refund = desk.get(f"/visits/{bill.visits.get().pk}/refund/").context["refund"]
    assert (list(refund.form.fields), refund.form.pay_rows()) == (["reason"], [])


def test_a_free_quantity_goes_back_without_money(desk, actor, customer, mask):
    free = record(actor, customer, line(mask, unit_price_fen=0), paid=[])
    url, sold = f"/visits/{free.visits.get().pk}/refund/", Line.objects.get()
    key = desk.get(url).context["operation_key"]
    answer = desk.post(url, {"operation": key, "reason": "拿错了", f"line-{sold.pk}-take": "on", "confirmed": "0"})
    assert answer.status_code == 302
    assert not Payment.objects.exists()


# --- By the means it was paid with -----------------------------------------------------------------------------------------


def test_by_each_means_at_most_what_came_in_less_what_went_back(page, actor):
    everything = {"facial": {"take": "on"}, "masks": {"take": "on"}}
    by_cash = {"pay-wechat": "399.99", "pay-cash": "80.01"}
    assert "By Cash at most ¥\xa080.00" in page.refused(**everything, **by_cash, confirmed="48000")
    assert "come to ¥\xa080.00, but ¥\xa0480.00 is refunded" in page.refused(**everything, **{"pay-cash": "80"})
    assert page.send(masks={"take": "on"}, confirmed="10000", **{"pay-cash": "50", "pay-wechat": "50"}).status_code == 302
    assert returnable(page.bill).by_means == {"wechat": 35_000, "cash": 3_000}
    back = Bill.objects.get(refunds=page.bill)
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=back, reason="记错了")
    assert returnable(page.bill).by_means == {"wechat": 40_000, "cash": 8_000}


def test_the_service_refuses_too(actor, bill):
    sold = Line.objects.filter(visit__bill=bill).first()
    with pytest.raises(EntryError, match="By Alipay at most"):
        refund(actor, bill, sold, 100, "alipay")
    with pytest.raises(EntryError, match="By Cash at most"):
        refund(actor, bill, sold, 8_001, "cash")
    refund(actor, bill, sold, 8_000, "cash")


def refund(actor, bill, sold, fen, means):
    lines, payments = [(sold, 1, fen)], [(means, fen)]
    return services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=lines, payments=payments, reason="不满意")


def test_money_of_an_unknown_means_goes_back_by_any(page, bill):
    Payment.objects.create(bill=bill, position=3, means="unknown", amount_fen=500)
    money = returnable(bill)
    assert (money.by_means, money.by_any) == ({"wechat": 40_000, "cash": 8_000}, 500)
    assert money.ways == ["wechat", "cash", "alipay", "card", "transfer"]
    assert money.problem([("alipay", 500), ("cash", 8_000)]) is None
    assert money.problem([("alipay", 500), ("cash", 8_001)])
    assert money.proposed(48_001) is None


@several_writers
@pytest.mark.django_db(transaction=True)
def test_two_desks_at_once_never_refund_more_than_came_in_by_a_means():
    """Each takes another line, so that the lines have enough left: only the means stand between."""
    actor = builders.actor_of(builders.make_staff(branch=builders.make_branch(), role="receptionist"))
    item = builders.make_item(price_fen=10_000)
    for _n in range(5):
        paid = [("wechat", 10_000), ("cash", 30_000)]
        sold = record(actor, None, *(line(item) for _ in range(4)), paid=paid)
        lines, done = list(Line.objects.filter(visit__bill=sold)), []
        barrier = threading.Barrier(len(lines))

        def run(each, sold=sold, barrier=barrier, done=done):
            barrier.wait()
            with contextlib.suppress(Conflict, EntryError):
                done.append(refund(actor, sold, each, 10_000, "wechat"))
            connections.close_all()

        threads = [threading.Thread(target=run, args=(each,)) for each in lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 1
        assert returnable(sold).by_means == {"cash": 30_000}


def test_several_customers_stand_apart(desk, actor, customer, facial, branch):
    friend = builders.make_customer(branch=branch, name="李小红")
    guests = [GuestEntry(each, (line(facial), line(facial))) for each in (customer, friend)]
    together = record(actor, customer, guests=guests, paid=[("wechat", 152_000)])
    sold = Line.objects.filter(visit__customer=friend).first()
    url = f"/visits/{together.visits.first().pk}/refund/"
    answer = desk.get(url)
    assert answer.content.decode().count("refund-person") == 2
    key = answer.context["operation_key"]
    sent = {"operation": key, "reason": "过敏", f"line-{sold.pk}-take": "on", "confirmed": "38000"}
    assert desk.post(url, sent).status_code == 302
    assert [v.customer for v in Visit.objects.filter(bill__refunds=together)] == [friend]
