"""A walk-in's visit given to a customer later: once, without moving money, with its refunds; and what reads visits follows."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from archives.visits import checks
from archives.visits.bills import services
from archives.visits.bills.entries import EntryError, GuestEntry
from archives.visits.entry.queries import usual_means
from archives.visits.identify import services as identify
from archives.visits.identify.models import IdentifiedVisit
from archives.visits.models import ARRIVED, Bill, Line, Visit
from archives.visits.undo import services as undo
from customers.card.models import SafetyNote
from customers.log.models import AccessEntry
from salon import operations
from salon.errors import Barred, Conflict
from segmentation.runs.models import TierSpan
from segmentation.runs.recompute import recompute
from tests import builders
from tests.archives.visits.entering import sent
from tests.archives.visits.recording import line, record


@pytest.fixture
def bill(actor, facial):
    return record(actor, None, line(facial))


@pytest.fixture
def visit(bill):
    return bill.visits.get()


def give(actor, visit, customer, key=None):
    return identify.identify_visit(actor=actor, key=key or uuid.uuid4(), visit=visit, customer=customer)


def refund_of(actor, bill):
    sold = Line.objects.get(visit__bill=bill)
    paid = [("wechat", 10_000)]
    return services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=[(sold, 300, 10_000)], payments=paid, reason="不满意")


def owners():
    return list(Visit.objects.order_by("pk").values_list("customer__name", "status"))


def amounts():
    return [*Bill.objects.order_by("pk").values_list("payable_fen", "paid_fen"), *Line.objects.values_list("value_fen")]


def test_it_is_hers_with_its_refunds_and_no_money_moves(actor, customer, bill, visit):
    back = refund_of(actor, bill)
    before = amounts()
    given = give(actor, visit, customer)
    assert (given.customer, given.net_fen, given.receipt_no) == (customer, 38_000, bill.receipt_no)
    assert owners() == [("张晓梅", "done")] * 2
    assert amounts() == before
    assert {each.payer for each in Bill.objects.all()} == {customer}
    rows = IdentifiedVisit.objects.values_list("visit", "recorded_by", "recorded_at")
    assert set(rows) == {(pk, actor.user.pk, actor.now) for pk in (visit.pk, back.visits.get().pk)}
    customer.refresh_from_db()
    assert customer.last_visit_on == visit.business_date
    assert usual_means(customer) == "wechat"
    assert [str(words) for words, broken in checks.broken() if broken.exists()] == []


def test_what_comes_after_is_hers(actor, manager, customer, bill, visit):
    """Refunding, undoing, voiding and correcting go on as with any visit of hers."""
    give(actor, visit, customer)
    back = refund_of(actor, Bill.objects.get(pk=bill.pk))
    assert (back.visits.get().customer, back.payer) == (customer, customer)
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=back, reason="记错了")
    undo.undo_bill(actor=actor, key=uuid.uuid4(), bill=Bill.objects.get(pk=bill.pk))
    customer.refresh_from_db()
    assert (owners(), customer.last_visit_on) == ([("张晓梅", "voided")] * 2, None)


def test_a_refund_chosen_before_is_hers_too(actor, customer, bill, visit):
    """The form was read while the visit was nobody's; it is given to her before the refund is stored."""
    sold = Line.objects.select_related("visit__customer").get()
    give(actor, visit, customer)
    paid = [("wechat", 10_000)]
    back = services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=[(sold, 300, 10_000)], payments=paid, reason="x")
    assert (back.visits.get().customer, back.payer) == (customer, customer)


def test_once_and_to_one(actor, customer, branch, visit):
    other = builders.make_customer(branch=branch, name="李小红")
    key = uuid.uuid4()
    give(actor, visit, customer, key)
    with pytest.raises(operations.AlreadyDone):
        give(actor, visit, customer, key)
    with pytest.raises(operations.KeyConflict):
        give(actor, visit, other, key)
    for who in (other, customer):
        with pytest.raises(Barred, match="customer's already"):
            give(actor, visit, who)
    assert owners() == [("张晓梅", "done")]
    for statement in ("UPDATE archives_visit SET customer_id = NULL", "DELETE FROM archives_identifiedvisit"):
        with pytest.raises(DatabaseError, match="guard"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_belongs_to_others_stays_theirs(actor, customer, branch, facial, bill, visit):
    """Other walk-ins and their refunds, a guest of the same bill who was refunded, and a refund that was voided."""
    friend = builders.make_customer(branch=branch, name="李小红")
    others = record(actor, None, line(facial))
    refund_of(actor, others)
    voided = refund_of(actor, bill)
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided, reason="记错了")
    with transaction.atomic(), CaptureQueriesContext(connection) as locking:
        assert identify._locked_bills(visit) == [bill.pk, voided.pk]
    assert 'ORDER BY "archives_bill"."id"' in locking[-1]["sql"]  # two desks lock in one order, or wait for each other
    give(actor, visit, customer)
    assert Bill.objects.filter(payer=None).count() == Visit.objects.filter(bill__voided_at=None, customer=None).count() == 2
    guests = [GuestEntry(friend, (line(facial),)), GuestEntry(None, (line(facial),))]
    together = record(actor, friend, guests=guests, paid=[("wechat", 76_000)])
    sold = Line.objects.get(visit__bill=together, visit__customer=friend)
    paid = {"lines": [(sold, 300, 10_000)], "payments": [("wechat", 10_000)], "reason": "不满意"}
    back = services.refund(actor=actor, key=uuid.uuid4(), bill=together, **paid)
    give(actor, together.visits.get(customer=None), customer)
    assert back.visits.get().customer == friend


def test_a_bill_of_several_keeps_its_others(actor, customer, branch, facial, visit):
    friend = builders.make_customer(branch=branch, name="李小红")
    guests = [GuestEntry(customer, (line(facial),)), GuestEntry(None, (line(facial),))]
    bill = record(actor, customer, guests=guests, paid=[("wechat", 76_000)])
    nobodys = bill.visits.get(customer=None)
    with pytest.raises(EntryError, match=f"张晓梅 stands on receipt {bill.receipt_no} already"):
        give(actor, nobodys, customer)
    assert not IdentifiedVisit.objects.exists()
    give(actor, nobodys, friend)
    bill.refresh_from_db()
    assert bill.payer == customer
    assert [each.customer for each in bill.visits.order_by("pk")] == [customer, friend]


def test_not_what_was_voided_refunded_or_is_too_long_ago(actor, manager, owner, customer, facial, bill, visit):
    back = refund_of(actor, bill)
    boss, keeper = builders.actor_of(manager, actor.now), builders.actor_of(owner, actor.now)
    long_ago = record(boss, None, line(facial), on=actor.today - timedelta(days=4)).visits.get()
    ages_ago = record(keeper, None, line(facial), on=actor.today - timedelta(days=367)).visits.get()
    cases = [(actor, back.visits.get(), "This is a refund"), (actor, long_ago, "too long ago"), (boss, ages_ago, "too long ago")]
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=back, reason="记错了")
    cases[0] = (actor, back.visits.get(), "was voided")
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=bill, reason="记错了")
    cases.append((keeper, bill.visits.get(), "was voided"))
    again = record(actor, None, line(facial))
    cases.append((actor, refund_of(actor, again).visits.get(), "This is a refund"))
    in_time = record(actor, None, line(facial), on=actor.today - timedelta(days=3)).visits.get()
    assert give(actor, in_time, customer).customer == customer
    for who, which, words in cases:
        with pytest.raises(Barred, match=words):
            give(who, which, customer)
    assert give(boss, long_ago, customer).customer == give(keeper, ages_ago, customer).customer == customer


def test_an_open_visit_of_nobody_is_hers_from_now_on(actor, customer, facial):
    waiting = Visit.objects.create(
        branch=actor.branch, status=ARRIVED, day=actor.today, arrived_at=actor.now, recorded_at=actor.now, recorded_by=actor.user
    )
    assert give(actor, waiting, customer).status == ARRIVED
    guest = GuestEntry(customer, (line(facial),), visit=waiting)
    record(actor, customer, guests=[guest], paid=[("wechat", 38_000)])
    assert owners() == [("张晓梅", "done")]
    gone = Visit.objects.create(
        branch=actor.branch, status="cancelled", day=actor.today, recorded_at=actor.now, recorded_by=actor.user
    )
    with pytest.raises(Barred, match="Nobody was here"):
        give(actor, gone, customer)


def test_the_board_asks_whose_an_open_visit_is(desk, beautician, actor, customer, facial):
    fields = {"arrived_at": actor.now, "recorded_at": actor.now, "recorded_by": actor.user, "assigned": beautician}
    waiting = [
        Visit.objects.create(branch=actor.branch, status=ARRIVED, day=actor.today, customer=who, **fields)
        for who in (None, customer)
    ]
    links = [f'href="{url_of(visit)}"' for visit in waiting]
    page, shown = desk.get("/").content.decode(), desk.get(waiting[0].get_absolute_url()).content.decode()
    assert [link in page for link in links] == [True, False]
    assert links[0] in shown
    assert links[0] not in builders.client_of(beautician).get("/").content.decode()
    assert "is finished as this customer" in desk.get(url_of(waiting[0]), {"customer": customer.pk}).content.decode()


def test_a_correction_made_before_does_not_take_it_from_her(desk, receptionist, actor, customer, facial, bill, visit):
    """Two tabs: one corrects the walk-in's bill, the other gives it to her. The first is told, and may save again."""
    page = desk.get(f"/visits/new/?replaces={visit.pk}").context["form"]
    give(actor, visit, customer)
    form = sent(receptionist, [None], [{"item": facial}], replaces=bill.pk, identified=page.head["identified"].value())
    answer = desk.post("/visits/new/", form)
    assert answer.status_code == 409
    assert "given to a customer meanwhile" in answer.content.decode()
    assert (Bill.objects.count(), owners()) == (1, [("张晓梅", "done")])
    form["identified"], form["operation"] = answer.context["form"].head["identified"].value(), answer.context["operation_key"]
    assert desk.post("/visits/new/", form).status_code == 302
    assert owners() == [("张晓梅", "voided"), (None, "done")]


def test_tiers_count_it_the_next_night(actor, customer, facial):
    visit = record(actor, None, line(facial), on=actor.today - timedelta(days=2)).visits.get()
    recompute(as_of=actor.today - timedelta(days=1))
    assert not TierSpan.objects.filter(customer=customer).exists()
    give(actor, visit, customer)
    recompute(as_of=actor.today)
    assert TierSpan.objects.get(customer=customer).consumption_fen == 38_000


# --- The page ------------------------------------------------------------------------------------------------------------


def url_of(visit):
    return f"/visits/{visit.pk}/customer/"


def test_find_look_confirm(desk, actor, customer, visit, django_assert_num_queries):
    url, shown = url_of(visit), f"/visits/{visit.pk}/"
    assert f'href="{url}"' in desk.get(shown).content.decode()
    assert 'id="pick-box"' in desk.get(url).content.decode()
    assert desk.get(url, {"who": "13812346621"}).url == f"{url}?customer={customer.pk}"  # without JavaScript
    assert desk.get(url, {"who": "138"}).status_code == 422
    page = desk.get(url, {"customer": customer.pk})
    assert "张晓梅" in page.content.decode()
    form = {"operation": page.context["operation_key"], "customer": customer.pk}
    for _n in range(2):  # sent twice, stored once
        assert desk.post(url, form).url == shown
    text = desk.get(shown).content.decode()
    assert "given to this customer" in text
    assert f'href="{url}"' not in text
    assert IdentifiedVisit.objects.count() == 1
    assert AccessEntry.objects.filter(action="view", customer_id=customer.pk).exists()
    for path in ("/visits/", f"/customers/{customer.pk}/timeline/"):
        assert visit.get_absolute_url() in desk.get(path).content.decode()
    assert "张晓梅" in desk.get("/visits/").content.decode()
    assert desk.get(url).status_code == 409


def test_what_she_does_not_tolerate_is_said(desk, actor, customer, branch):
    acid = builders.make_tag("果酸")
    peel = builders.make_item(name="果酸焕肤", price_fen=10_000, tags=[acid])
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    visit = record(actor, None, line(peel)).visits.get()
    words = "Not tolerated: 果酸. “果酸焕肤” was part of this visit."
    assert words in desk.get(url_of(visit), {"customer": customer.pk}).content.decode()
    give(actor, visit, customer)
    assert words in desk.get(f"/visits/{visit.pk}/").content.decode()


def test_her_other_visit_that_day_is_shown_before(desk, actor, customer, facial, visit):
    other = record(actor, customer, line(facial)).visits.get()
    assert f'href="{other.get_absolute_url()}"' in desk.get(url_of(visit), {"customer": customer.pk}).content.decode()
    page = desk.get(url_of(visit), {"customer": customer.pk})
    answer = desk.post(url_of(visit), {"operation": page.context["operation_key"], "customer": customer.pk})
    assert answer.status_code == 302  # two bills of one day are two visits


def test_who_is_on_the_bill_already_is_refused_in_words(desk, actor, customer, facial):
    guests = [GuestEntry(customer, (line(facial),)), GuestEntry(None, (line(facial),))]
    nobodys = record(actor, customer, guests=guests, paid=[("wechat", 76_000)]).visits.get(customer=None)
    page = desk.get(url_of(nobodys), {"customer": customer.pk})
    answer = desk.post(url_of(nobodys), {"operation": page.context["operation_key"], "customer": customer.pk})
    assert (answer.status_code, answer.context["operation_key"]) == (422, page.context["operation_key"])
    assert "stands on receipt" in answer.content.decode()


HOSTILE = ["", "0", "-1", "x", "9" * 30, "1 OR 1=1", "９９９９", "\x00", "<b>", "987654321"]


def test_nobody_else_may(desk, stranger, beautician, actor, other_branch, customer, visit, receptionist):
    foreign = builders.make_customer(branch=other_branch, name="王外人")
    key = operations.new_key(receptionist.user, "identify")
    for value in [foreign.pk, *HOSTILE]:
        assert desk.post(url_of(visit), {"operation": key, "customer": value}).status_code == (404 if value else 422), value
        if value:
            assert desk.get(url_of(visit), {"customer": value}).status_code == 404, value
    for value in HOSTILE:
        assert desk.get(url_of(visit), {"who": value}).status_code in (200, 422), value
        assert desk.post(url_of(visit), {"operation": value, "customer": customer.pk}).status_code == 409, value
    for person, status in ((stranger, 404), (beautician, 403)):
        client, own = builders.client_of(person), operations.new_key(person.user, "identify")
        assert client.get(url_of(visit)).status_code == status
        assert client.post(url_of(visit), {"operation": own, "customer": customer.pk}).status_code == status
        assert client.post(url_of(visit), {"operation": key, "customer": customer.pk}).status_code == status
    other_key = operations.new_key(stranger.user, "identify")
    assert desk.post(url_of(visit), {"operation": other_key, "customer": customer.pk}).status_code == 409
    assert (owners(), IdentifiedVisit.objects.count()) == ([(None, "done")], 0)


def test_the_number_of_queries_stays(desk, actor, receptionist, customer, facial, bill, visit, django_assert_max_num_queries):
    for _n in range(3):
        refund_of(actor, bill)
    form = {"operation": operations.new_key(receptionist.user, "identify"), "customer": customer.pk}
    with django_assert_max_num_queries(32):
        assert desk.post(url_of(visit), form).status_code == 302


def test_a_stale_step_beside_it(actor, customer, visit, monkeypatch):
    """Between the look and the update somebody was faster: nothing is stored."""
    monkeypatch.setattr(identify, "why_not", lambda actor, visit: "")
    Visit.objects.filter(pk=visit.pk).update(customer=builders.make_customer(branch=actor.branch))
    about = {"branch": actor.branch, "day": actor.today, "recorded_at": actor.now}
    gone = Visit.objects.create(status="cancelled", **about)
    for each in (visit, gone):
        with pytest.raises(Conflict, match="meanwhile"):
            give(actor, each, customer)
    assert not IdentifiedVisit.objects.exists()
