"""What visits put on the card, within their query budgets, whatever the number of visits."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.visits.entries import GuestEntry
from archives.visits.models import VisitNote
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


def test_somebody_who_never_came(boss, customer):
    assert panels.collect("customer.facts", boss, [customer])[customer.pk][0].value == "not yet"


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
