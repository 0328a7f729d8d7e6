"""What visits put on the card, within their query budgets, whatever the number of visits."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.visits import panels as visit_panels
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.desk import queries as desk_queries
from archives.visits.models import Bill, Visit, VisitNote
from salon import panels
from tests import builders
from tests.archives.visits.recording import line, record
from tests.marks import sqlite_only


@pytest.fixture
def boss(manager):
    return builders.actor_of(manager)


def come(boss, customer, facial, days, **fields):
    guest = GuestEntry(customer, (line(facial),), **fields)
    return record(boss, customer, guests=[guest], paid=[("cash", 38_000)], on=boss.today - timedelta(days=days))


def test_facts_and_hints_say_when_she_came_and_how_often(boss, customer, facial):
    for days in (106, 76, 46):
        come(boss, customer, facial, days, next_note="眼部精华" if days == 46 else "")
    customer.refresh_from_db()
    (fact,) = panels.collect("customer.facts", boss, [customer])[customer.pk]
    assert (fact.value, fact.note, fact.tone) == ("46 days ago", "usually every 30 days", "warn")
    hints = panels.collect("customer.hints", boss, [customer])[customer.pk]
    assert [hint.text for hint in hints] == ["last visit 46 days ago (usually every 30 days)", "眼部精华"]


def test_who_is_late_by_half_is_overdue_and_who_is_not_is_not(boss, customer, facial):
    for days in (105, 75, 45):
        come(boss, customer, facial, days)
    customer.refresh_from_db()
    (fact,) = panels.collect("customer.facts", boss, [customer])[customer.pk]
    assert (fact.value, fact.note, fact.tone) == ("45 days ago", "usually every 30 days", "")


@pytest.mark.parametrize("price", [0, 38_000])
def test_who_came_once_has_no_usual_interval(boss, customer, facial, price):
    record(boss, customer, line(facial, unit_price_fen=price), paid=[("cash", price)] if price else [])
    customer.refresh_from_db()
    (fact,) = panels.collect("customer.facts", boss, [customer])[customer.pk]
    assert (fact.note, fact.tone) == ("", "")


def test_somebody_who_never_came(boss, customer):
    assert panels.collect("customer.facts", boss, [customer])[customer.pk][0].value == "not yet"
    assert [hint.text for hint in panels.collect("customer.hints", boss, [customer])[customer.pk]] == ["has not been here yet"]


def test_a_visit_is_offered_to_who_may_record_one(boss, beautician, customer):
    assert visit_panels.actions(builders.actor_of(beautician), [customer]) == {}
    assert visit_panels.actions(boss, [customer])[customer.pk].url == f"/visits/new/?customer={customer.pk}"


def test_receipts_are_looked_for_by_words_that_can_be_a_number(boss, customer, facial, django_assert_num_queries):
    of_file = {"branch": boss.branch, "payable_fen": 0, "paid_fen": 0, "recorded_at": boss.now}
    numbers = [(boss.today, "A" * 59 + "1"), (boss.today, "R9"), (boss.today - timedelta(days=1), "R9")]
    for on, number in numbers:
        bill = Bill.objects.create(business_date=on, receipt_no=number, **of_file)
        visit = {"bill": bill, "business_date": on, "day": on, "status": "done", "recorded_at": boss.now}
        Visit.objects.create(branch=boss.branch, receipt_no=number, **visit)
    assert [action.label.partition(" ")[0] for action in visit_panels.receipts(boss, numbers[0][1])] == [numbers[0][1]]
    newest = Visit.objects.order_by("-pk")[:2]
    assert [action.url for action in visit_panels.receipts(boss, "R9")] == [each.get_absolute_url() for each in newest]
    with django_assert_num_queries(0):
        assert [visit_panels.receipts(boss, words) for words in ("张晓梅", "1" * 61)] == [[], []]


@sqlite_only  # which knows nothing of what stands in a table; with an index for the number alone it read the branch's bills
def test_a_receipt_is_found_by_its_number_not_among_the_bills_of_the_branch(boss):
    with CaptureQueriesContext(connection) as asked:
        visit_panels.receipts(boss, "13812345678")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert "INDEX bill_receipt (receipt_no=? AND branch_id=?)" in plan


@sqlite_only
def test_the_takings_of_a_day_are_summed_from_that_days_visits(boss):
    with CaptureQueriesContext(connection) as asked:
        desk_queries.figures(boss, boss.today)
    (summed,) = [query["sql"] for query in asked if 'SUM("archives_visit"."net_fen")' in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {summed}")
        assert "visit_branch_day (branch_id=? AND day=?)" in cursor.fetchone()[3]


def test_the_timeline_says_what_each_visit_was_newest_first(boss, customer, facial):
    guest = GuestEntry(customer, (line(facial), line(facial)), "力度轻")
    record(boss, customer, guests=[guest], paid=[("cash", 76_000)], on=boss.today - timedelta(days=3))
    come(boss, customer, facial, 1)
    come(boss, customer, facial, 2)
    expect = {"actor": boss, "branch": boss.branch, "customer": customer}
    arrivals.expect_visit(key=uuid.uuid4(), on=boss.today, **expect)
    events = [each for each in panels.timeline(boss, [customer])[customer.pk][0] if each.kind == "visit"]
    assert [(boss.today - event.on).days for event in events] == [0, 1, 2, 3]
    assert [(event.title, event.chip) for event in events] == [
        ("Visit", "Expected"), ("水光补水", ""), ("水光补水", ""), ("水光补水 + 水光补水", ""),
    ]  # fmt: skip
    few = visit_panels.timeline(boss, [customer], limit=2)[customer.pk]
    assert {event.serial for event in few} == {event.serial for event in events[:2]}
    assert [(event.note, event.body) for event in (events[0], events[-1])] == [("", ""), ("¥\xa0760.00", "力度轻")]


def test_the_note_of_a_voided_visit_is_not_shown(boss, customer, facial):
    come(boss, customer, facial, 3, next_note="作废")
    VisitNote.objects.get().visit.bill.visits.update(status="voided", voided_at=boss.now)
    hints = panels.collect("customer.hints", boss, [customer])[customer.pk]
    assert "作废" not in [hint.text for hint in hints]


def test_the_timeline_pages_through_all_visits_without_gap_or_repeat(boss, customer, facial):
    for days in [0, 0, 1, 5, 5, 9, 20]:
        come(boss, customer, facial, days)
    seen, before = [], None
    while True:
        events, before = panels.timeline(boss, [customer], before=before, limit=3)[customer.pk]
        seen += [event.serial for event in events if event.kind == "visit"]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 7


@sqlite_only  # it plans without statistics; PostgreSQL has them
def test_the_timeline_looks_at_the_customers_visits_only(boss, customer):
    """Not at all of the branch in the order of their days: a second at 100,000 customers."""
    with CaptureQueriesContext(connection) as queries:
        panels.timeline(boss, [customer])
    (sql,) = [query["sql"] for query in queries if "ROW_NUMBER" in query["sql"]]
    with connection.cursor() as cursor:
        plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
    (step,) = [line for line in plan if " archives_visit " in line]
    assert "(customer_id=?)" in step


def test_the_timeline_shows_amounts_only_to_those_who_may_see_them(boss, customer, facial, beautician, branch, stranger):
    record(boss, customer, line(facial, shares=((beautician, 10_000),)))
    shown = {
        who: [event.note for event in panels.timeline(actor, [customer])[customer.pk][0] if event.kind == "visit"]
        for who, actor in {
            "boss": boss,
            "beautician": builders.actor_of(beautician),
            "stranger": builders.actor_of(stranger),
        }.items()
    }
    assert shown == {"boss": ["陈美娟 · ¥\xa0380.00"], "beautician": ["陈美娟"], "stranger": []}
