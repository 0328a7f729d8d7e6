"""What visit entry starts with: whose open visit it finishes, what is planned, repeated, corrected or entered again."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.entry import queries as entry_queries
from archives.visits.entry import reentry
from archives.visits.models import Bill, Line, Visit
from archives.visits.undo import services as undo
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record

URL = "/visits/new/"


@pytest.fixture
def friend(branch):
    return builders.make_customer(branch=branch, name="李婷")


@pytest.fixture
def eyes(db):
    return builders.make_item(name="眼部护理", price_fen=30_000)


def wait(actor, customer, **fields):
    given = {"branch": actor.branch, "on": actor.today} | fields
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=customer, **given)


def nobodys(actor, *items):
    fields = {"day": actor.today, "arrived_at": actor.now, "recorded_at": actor.now}
    visit = Visit.objects.create(branch=actor.branch, status="arrived", **fields)
    for item in items:
        visit.planned.create(item=item)
    return visit


def people_of(visit):
    return [each["people"] for each in entry_queries.planned_lines(visit)]


def test_of_her_open_visits_today_the_one_that_has_gone_furthest_is_finished(actor, owner, stranger, customer, friend, facial):
    furthest = {}
    for who, states in ((customer, ("arrived", "expected")), (friend, ("expected", "arrived"))):
        for state in states:
            visit = wait(actor, who)
            if state == "arrived":
                furthest[who.pk] = arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    record(actor, customer, line(facial))
    boss, there = builders.actor_of(owner, actor.now), builders.actor_of(stranger, actor.now)
    foreign = wait(there, customer)
    arrivals.move_visit(actor=there, visit=foreign, to="arrived")
    assert entry_queries.open_visits_of(boss, [customer, None]) == {customer.pk: furthest[customer.pk]}
    assert entry_queries.open_visits_of(boss, [friend, customer]) == furthest
    assert entry_queries.open_visit(boss, customer, foreign.pk) == furthest[customer.pk]


def test_a_hint_and_whose_it_is_only_where_nobodys_visit_becomes_hers(actor, customer, facial):
    hers, waiting = wait(actor, customer, items=[facial]), nobodys(actor)
    card = entry_queries.guest_card(actor, customer, hers)
    assert (card.data["nobodys"], [hint for hint in card.hints if "stays open" in hint.text]) == (None, [])
    card = entry_queries.guest_card(actor, customer, waiting)
    assert (card.data["nobodys"], len([hint for hint in card.hints if "stays open" in hint.text])) == (waiting.pk, 1)


def test_who_is_to_serve_is_who_is_assigned_or_who_did_it_the_last_time(actor, customer, facial, eyes, beautician, manager,
                                                                        django_assert_num_queries):  # fmt: skip
    for who in (customer, None):
        record(actor, who, line(facial, shares=((manager, 10_000),)), on=days_before(actor, 1))
    wait(actor, builders.make_customer(branch=actor.branch), items=[eyes])
    usual, assigned = wait(actor, customer, items=[facial, eyes]), wait(actor, customer, items=[facial], assigned=beautician)
    assert people_of(usual) == [[[manager.pk, ""]], []]
    with django_assert_num_queries(1):
        assert people_of(assigned) == [[(beautician.pk, "")]]
    assert people_of(nobodys(actor, facial)) == [[]]  # another walk-in is no habit
    assert people_of(None) == []


def test_an_open_visit_is_the_first_customers_and_its_plan_goes_before_what_is_repeated(actor, customer, friend, facial, eyes):
    record(actor, None, line(facial), on=days_before(actor, 1))
    record(actor, friend, line(facial), on=days_before(actor, 1))
    waiting, hers = nobodys(actor, eyes), wait(actor, friend, items=[eyes])
    start = entry_queries.prefill(actor, customers=[customer, friend], visit=waiting, repeat=True)
    assert [guest["visit"] for guest in start.guests] == [waiting.pk, hers.pk]
    assert [(each["guest"], each["item"]) for each in start.lines] == [(0, eyes.pk), (1, eyes.pk)]
    assert [each["item"] for each in entry_queries.prefill(actor, customers=[friend], repeat=True).lines] == [eyes.pk]
    assert entry_queries.prefill(actor, customers=[None], repeat=True).lines == []
    assert entry_queries.prefill(actor, customers=[None]).visits == []


def test_a_page_says_what_it_is(desk, actor, customer, friend, facial):
    def shown(query):
        return desk.get(f"{URL}?{query}").context

    husband = record(actor, customer, line(facial), payer=friend).visits.get()
    plain, many = shown(f"customer={customer.pk}"), shown(f"customer={customer.pk}&customer={friend.pk}")
    replaces = shown(f"replaces={husband.pk}")
    assert [bool(page["many"]) for page in (plain, many, replaces)] == [False, True, True]
    assert [page["sent"] for page in (plain, many)] == [False, False]
    assert replaces["stands_again"] is None
    assert plain["repeat_url"] == f"?customer={customer.pk}&repeat=1"
    sums = desk.post(URL, {"guests-0-customer": customer.pk, "calculate": "1"})
    assert (sums.context["sent"], sums.context["repeat_url"], sums.context["form"].sums) == (
        True,
        f"?customer={customer.pk}&repeat=1",
        None,
    )
    with CaptureQueriesContext(connection) as asked:
        shown(f"customer={customer.pk}")
    assert not [each for each in asked if "archives_undonevisit" in each["sql"]]


def test_only_open_visits_and_standing_bills_are_entered(desk, actor, customer, facial):
    waiting, bill = nobodys(actor), record(actor, customer, line(facial))
    done = bill.visits.get()
    paid = {"lines": [(Line.objects.get(), 100, 100)], "payments": [("wechat", 100)], "reason": "x"}
    back = services.refund(actor=actor, key=uuid.uuid4(), bill=bill, **paid).visits.get()
    assert desk.get(f"{URL}?visit={waiting.pk}").status_code == 200
    assert desk.get(f"{URL}?visit={done.pk}")["Location"] == f"/visits/{done.pk}/"
    for query in ("visit=0", f"replaces={back.pk}", f"undone={done.pk}"):
        assert desk.get(f"{URL}?{query}").status_code == 404, query
    voided = record(actor, customer, line(facial))
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided, reason="x")
    assert desk.get(f"{URL}?undone={voided.visits.get().pk}").status_code == 404  # voided, not undone


def test_who_else_pays_and_further_customers_come_by_their_number(desk, customer):
    part = desk.get(f"{URL}guest/?payer={customer.pk}").content.decode()
    assert f'name="payer_card" value="{customer.pk}"' in part
    for number, shown in (("7", 7), ("999", 999), ("1000", 1), ("３", 1), ("²", 1), ("-1", 1), ("", 1)):
        assert desk.get(f"{URL}guest/", {"number": number}).context["guest"].prefix == f"guests-{shown}", number


# --- A bill to correct, or to enter again ------------------------------------------------------------------------------------


def test_a_correction_reads_its_own_bill_in_the_order_of_its_guests(actor, customer, friend, facial, eyes, beautician, manager):
    tags = [builders.make_tag(name) for name in ("甲", "乙")]
    first = line(facial, shares=((manager, 5_000), (beautician, 5_000)), overrides={tag.pk: tag.name for tag in tags})
    guests = [GuestEntry(customer, (first, line(eyes)), "一"), GuestEntry(friend, (line(facial),), "二")]
    paid = [("cash", 106_000)]
    bill = record(actor, None, guests=guests, paid=paid, payer=None)
    entry_queries.prefill_correction(bill)
    with counted() as alone:
        start = entry_queries.prefill_correction(bill)
    assert [(each["guest"], each["item"]) for each in start.lines] == [(0, facial.pk), (0, eyes.pk), (1, facial.pk)]
    assert start.lines[0]["people"] == [(manager.pk, "50"), (beautician.pk, "50")]
    assert (start.lines[0]["override"], start.lines[0]["override_tags"]) == ("甲", f"{tags[0].pk},{tags[1].pk}")
    assert [guest["next_note"] for guest in start.guests] == ["一", "二"]
    assert (start.head["payer"], start.head["payer_card"], start.other_payer) == (0, None, None)
    record(actor, friend, guests=[GuestEntry(friend, (line(eyes),), "她的")], paid=[("cash", 30_000)])
    with counted() as beside:
        entry_queries.prefill_correction(bill)
    assert beside == alone


def undone(actor, bill):
    undo.undo_bill(actor=actor, key=uuid.uuid4(), bill=bill)
    return Bill.objects.get(pk=bill.pk)


def test_each_guest_finishes_her_own_visit_again(actor, customer, friend, facial):
    visit, other = wait(actor, friend), wait(actor, customer)
    guests = [
        GuestEntry(customer, (line(facial),), visit=other),
        GuestEntry(None, (line(facial),)),
        GuestEntry(friend, (line(facial),), visit=visit),
    ]
    bill = undone(actor, record(actor, customer, guests=guests, paid=[("cash", 114_000)]))
    third = wait(actor, builders.make_customer(branch=actor.branch))
    guest = GuestEntry(third.customer, (line(facial),), visit=third)
    undone(actor, record(actor, third.customer, guests=[guest], paid=[("cash", 38_000)]))
    reopened = Visit.objects.filter(status="expected").exclude(customer=third.customer)
    again = {each.customer_id: each for each in reopened.order_by("pk")}
    start = reentry.prefill_undone(actor, bill)
    expected = {customer.pk: again[customer.pk].pk, None: None, friend.pk: again[friend.pk].pk}
    assert {guest["customer"]: guest["visit"] for guest in start.guests} == expected
    assert {each.pk for each in start.visits} == {each.pk for each in again.values()}
    thirds = Visit.objects.get(status="expected", customer=third.customer)
    for each in (thirds, *again.values()):
        guest = GuestEntry(each.customer, (line(facial),), visit=each)
        record(actor, each.customer, guests=[guest], paid=[("cash", 38_000)])
    assert reentry.stored_since(bill) is None
    start = reentry.prefill_undone(actor, bill)  # the others were billed meanwhile
    assert (start.customers, [line["guest"] for line in start.lines], start.head["payer"]) == ([None], [0], 0)


def test_an_undone_correction_that_was_entered_again_shows_that(actor, customer, facial):
    first = record(actor, customer, line(facial))
    slip = undone(actor, record(actor, customer, line(facial, unit_price_fen=30_000), replaces=first))
    assert reentry.stored_since(slip) is None
    stands = Bill.objects.get(voided_at=None)
    again = record(actor, customer, line(facial, unit_price_fen=30_000), replaces=stands)
    assert reentry.stored_since(slip) == again.visits.get()
