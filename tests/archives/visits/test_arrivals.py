"""From expected to done, and back one step: only the ways that make sense, each taken once."""

import uuid
from datetime import time, timedelta

import pytest

from archives.visits.bills import services
from archives.visits.bills.entries import EntryError, GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Visit
from salon.errors import Conflict
from salon.operations import AlreadyDone
from tests import builders
from tests.archives.visits.recording import line


def expect(actor, customer, on=None, **fields):
    return arrivals.expect_visit(
        actor=actor, key=fields.pop("key", uuid.uuid4()), branch=actor.branch, customer=customer, on=on or actor.today, **fields
    )


def test_the_whole_way_from_expected_to_done(actor, customer, facial, beautician):
    visit = expect(actor, customer, at=time(10, 0), items=[facial], assigned=beautician)
    assert (visit.status, visit.day, [p.item for p in visit.planned.all()]) == ("expected", actor.today, [facial])
    visit = arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    assert visit.arrived_at == actor.now
    visit = arrivals.move_visit(actor=actor, visit=visit, to="in_care")
    bill = services.record_bill(
        actor=actor,
        key=uuid.uuid4(),
        branch=actor.branch,
        guests=[GuestEntry(customer, (line(facial),), visit=visit)],
        payments=[("cash", 38_000)],
    )
    assert bill.visits.get() == visit
    visit.refresh_from_db()
    assert (visit.status, visit.assigned, visit.care_started_at) == ("done", beautician, actor.now)
    assert Visit.objects.count() == 1


def test_a_finished_visit_is_not_finished_twice(actor, customer, facial):
    visit = expect(actor, customer)
    arrivals.move_visit(actor=actor, visit=visit, to="cancelled")
    with pytest.raises(Conflict):
        services.record_bill(
            actor=actor,
            key=uuid.uuid4(),
            branch=actor.branch,
            guests=[GuestEntry(customer, (line(facial),), visit=visit)],
            payments=[("cash", 38_000)],
        )
    visit.refresh_from_db()
    assert (visit.status, visit.bill) == ("cancelled", None)


def test_barred_ways_are_refused(actor, customer):
    visit = expect(actor, customer)
    for to in ("in_care", "done", "voided", "expected", "nonsense"):
        with pytest.raises(Conflict):
            arrivals.move_visit(actor=actor, visit=visit, to=to)


def test_two_people_move_one_visit_and_one_is_told(actor, customer):
    visit = expect(actor, customer)
    stale = Visit.objects.get(pk=visit.pk)
    arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    with pytest.raises(Conflict):
        arrivals.move_visit(actor=actor, visit=stale, to="no_show")


def test_a_mistaken_arrival_can_be_taken_back(actor, customer):
    visit = arrivals.move_visit(actor=actor, visit=expect(actor, customer), to="arrived")
    visit = arrivals.move_visit(actor=actor, visit=visit, to="expected")
    assert visit.arrived_at is None


def test_checking_in_finds_the_expected_visit_of_today(actor, customer, branch):
    visit = expect(actor, customer)
    assert arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=customer).pk == visit.pk
    other = builders.make_customer(branch=branch)
    walked_in = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=other)
    assert (walked_in.status, walked_in.expected_on) == ("arrived", None)
    with pytest.raises(Conflict, match="came without being expected"):
        arrivals.move_visit(actor=actor, visit=walked_in, to="expected")


def test_checking_in_leaves_what_is_expected_of_others_elsewhere_or_another_day(actor, customer, branch, other_branch):
    expect(actor, builders.make_customer(branch=branch))
    expect(actor, customer, on=actor.today + timedelta(days=1))
    arrivals.move_visit(actor=actor, visit=expect(actor, customer), to="no_show")
    elsewhere = {"branch": other_branch, "customer": customer, "on": actor.today}
    arrivals.expect_visit(actor=actor, key=uuid.uuid4(), **elsewhere)
    before = list(Visit.objects.order_by("pk").values())
    new = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=customer)
    assert list(Visit.objects.exclude(pk=new.pk).order_by("pk").values()) == before


def test_a_step_moves_one_visit_and_back_in_care_began_when_it_began(actor, customer, branch):
    later = builders.actor_of(actor.staff, actor.now + timedelta(minutes=9))
    other, visit = expect(actor, builders.make_customer(branch=branch)), expect(actor, customer)
    for who, to in ((actor, "arrived"), (later, "in_care"), (later, "arrived")):
        visit = arrivals.move_visit(actor=who, visit=visit, to=to)
    assert (visit.arrived_at, visit.care_started_at) == (actor.now, None)
    arrivals.change_expected(actor=actor, visit=visit, on=actor.today, at=time(9))
    other.refresh_from_db()
    assert (other.status, other.expected_time) == ("expected", None)


def test_expecting_twice_with_one_form_is_one_visit(actor, customer):
    key = uuid.uuid4()
    expect(actor, customer, key=key)
    with pytest.raises(AlreadyDone):
        expect(actor, customer, key=key)


def test_days_gone_or_far_ahead_are_refused(actor, customer):
    for on in (actor.today - timedelta(days=1), actor.today + timedelta(days=367)):
        with pytest.raises(EntryError):
            expect(actor, customer, on=on)
    assert expect(actor, customer, on=actor.today + timedelta(days=366))


def test_a_day_that_has_passed_may_stay_but_is_not_chosen(actor, customer):
    late = expect(builders.actor_of(actor.staff, actor.now - timedelta(days=2)), customer, on=actor.today - timedelta(days=1))
    assert arrivals.change_expected(actor=actor, visit=late, on=late.expected_on, at=time(9)).expected_time == time(9)
    with pytest.raises(EntryError, match="has passed"):
        arrivals.change_expected(actor=actor, visit=late, on=actor.today - timedelta(days=2))
    arrived = arrivals.move_visit(actor=actor, visit=expect(actor, customer), to="arrived")
    moved = arrivals.change_expected(actor=actor, visit=arrived, on=actor.today + timedelta(days=1))
    assert moved.day == actor.today  # she is here, whatever day she is expected


def test_an_expected_visit_can_be_changed_until_it_is_over(actor, customer, facial):
    visit = expect(actor, customer, items=[facial])
    tomorrow = actor.today + timedelta(days=1)
    visit = arrivals.change_expected(actor=actor, visit=visit, on=tomorrow, at=time(9, 30))
    assert (visit.day, visit.expected_time, visit.planned.count()) == (tomorrow, time(9, 30), 0)
    arrivals.move_visit(actor=actor, visit=visit, to="cancelled")
    with pytest.raises(Conflict):
        arrivals.change_expected(actor=actor, visit=visit, on=tomorrow)
