"""Undo of a bill just stored: nothing is deleted, what it came from is there again; only who stored it undoes it, at once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Line, PlannedItem, Visit, VisitNote
from archives.visits.undo import services as undo
from archives.visits.undo.models import UndoneVisit
from customers.card.models import SafetyNote
from salon.errors import Barred, Conflict
from salon.operations import AlreadyDone, KeyConflict
from tests import builders
from tests.archives.visits.recording import line, record
from tests.marks import several_writers


def undo_it(actor, bill, key=None, after=0):
    later = builders.actor_of(actor.staff, actor.now + timedelta(seconds=after))
    return undo.undo_bill(actor=later, key=key or uuid.uuid4(), bill=bill)


def void(actor, bill):
    return services.void_bill(actor=actor, key=uuid.uuid4(), bill=bill, reason="记错了")


def give_back(actor, bill):
    sold = Line.objects.filter(visit__bill=bill).first()
    lines, paid = [(sold, 1000, sold.value_fen)], [("wechat", sold.value_fen)]
    return services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=lines, payments=paid, reason="不满意")


def open_visit(actor, customer, facial, beautician, *moves):
    """A customer expected at ten with a plan, a person and a note, and moved on; later each time."""
    visit = arrivals.expect_visit(
        actor=builders.actor_of(actor.staff, actor.now - timedelta(minutes=90)),
        key=uuid.uuid4(),
        branch=actor.branch,
        customer=customer,
        on=actor.today,
        items=[facial],
        assigned=beautician,
        channel="web",
    )
    for n, to in enumerate(moves):
        visit = arrivals.move_visit(
            actor=builders.actor_of(actor.staff, actor.now - timedelta(minutes=60 - 20 * n)), visit=visit, to=to
        )
    arrivals.add_note(
        actor=builders.actor_of(actor.staff, actor.now - timedelta(minutes=5)), visit=visit, kind="desk", text="要靠窗"
    )
    return visit


def test_an_undone_bill_counts_no_more_and_stays_in_the_books(actor, customer, facial):
    earlier = record(actor, customer, line(facial), on=actor.today - timedelta(days=2))
    bill = record(actor, customer, line(facial))
    url = undo_it(actor, bill)
    bill.refresh_from_db()
    visit = bill.visits.get()
    assert url == f"/visits/new/?undone={visit.pk}"
    assert (bill.voided_by, bill.void_reason, visit.status, visit.net_fen) == (actor.user, "Undone", "voided", 38_000)
    assert UndoneVisit.objects.get().reopened is None
    assert [v.bill for v in Visit.objects.done()] == [earlier]
    customer.refresh_from_db()
    assert customer.last_visit_on == earlier.business_date
    earlier.refresh_from_db()
    assert earlier.voided_at is None


def test_what_was_undone_says_nothing_of_other_bills(actor, customer, facial, django_assert_num_queries):
    undone, voided, other = (record(actor, customer, line(facial)) for _n in range(3))
    undo_it(actor, undone)
    void(actor, voided)
    undone, voided = Bill.objects.get(pk=undone.pk), Bill.objects.get(pk=voided.pk)
    assert [undo.is_undone(bill) for bill in (undone, voided, other)] == [True, False, False]
    assert [undo.may_enter_again(actor, bill) for bill in (undone, voided, other)] == [True, False, False]
    with django_assert_num_queries(0):
        assert (undo.former_bill(other), undo._is_of_an_undo(other)) == (None, False)
    assert record(actor, customer, line(facial), replaces=other).replaces == other
    record(actor, customer, line(facial), replaces=undone)
    assert not undo.may_enter_again(actor, undone)  # something else stands in its place
    with django_assert_num_queries(2):
        assert undo.why_not(actor, Bill.objects.get(pk=undone.pk))


@pytest.mark.parametrize("moves", [(), ("arrived",), ("arrived", "in_care")])
def test_who_was_expected_or_waiting_is_so_again(actor, customer, facial, beautician, moves):
    visit = open_visit(actor, customer, facial, beautician, *moves)
    before = Visit.objects.filter(pk=visit.pk).values()[0]
    bill = record(
        actor, customer, guests=[GuestEntry(customer, (line(facial),), next_note="力度轻", visit=visit)], paid=[("cash", 38_000)]
    )
    arrivals.add_note(
        actor=builders.actor_of(actor.staff, actor.now + timedelta(seconds=2)), visit=visit, kind="next", text="后来写的"
    )
    undo_it(actor, bill, after=5)
    again = UndoneVisit.objects.get(visit=visit).reopened
    after = Visit.objects.filter(pk=again.pk).values()[0]
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"id", "recorded_at"}
    assert [planned.item for planned in again.planned.all()] == [facial]
    assert [note.text for note in again.notes.all()] == ["要靠窗"]
    assert [note.text for note in visit.notes.all()] == ["力度轻", "后来写的"]  # these fill the entry
    assert Visit.objects.get(pk=visit.pk).status == "voided"


def test_who_came_before_the_day_is_expected_on_that_day_again(actor, customer, facial):
    day = actor.today + timedelta(days=3)
    visit = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=day)
    guest = GuestEntry(customer, (line(facial),), visit=visit)
    undo_it(actor, record(actor, customer, guests=[guest], paid=[("cash", 38_000)]))
    again = Visit.objects.get(status="expected")
    assert (again.expected_on, again.day) == (day, day)


def test_who_was_expected_and_served_within_one_moment_waits_again(actor, customer, facial):
    visit = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today)
    visit = arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    guest = GuestEntry(customer, (line(facial),), visit=visit)
    undo_it(actor, record(actor, customer, guests=[guest], paid=[("cash", 38_000)]))
    assert UndoneVisit.objects.get().reopened.status == "arrived"


def test_who_came_after_midnight_waits_again_on_the_day_that_is_not_over_yet(actor, branch, customer, facial):
    branch.cutoff_hour = 4
    branch.save()
    night = builders.actor_of(actor.staff, actor.now.replace(hour=17, minute=30))  # half past one at the branch
    before = builders.actor_of(actor.staff, night.now - timedelta(minutes=10))
    visit = arrivals.check_in(actor=before, key=uuid.uuid4(), branch=branch, customer=customer)
    undo_it(night, record(night, customer, guests=[GuestEntry(customer, (line(facial),), visit=visit)], paid=[("cash", 38_000)]))
    assert UndoneVisit.objects.get().reopened.day == visit.day == night.today


def test_a_customer_who_came_unexpected_waits_again_and_one_entered_at_once_does_not(actor, customer, branch, facial):
    friend = builders.make_customer(branch=branch)
    before = builders.actor_of(actor.staff, actor.now - timedelta(minutes=10))
    visit = arrivals.check_in(actor=before, key=uuid.uuid4(), branch=branch, customer=customer)
    guests = [GuestEntry(customer, (line(facial),), visit=visit), GuestEntry(friend, (line(facial),))]
    assert undo_it(actor, record(actor, customer, guests=guests, paid=[("cash", 76_000)])) == f"/visits/new/?undone={visit.pk}"
    (waiting,) = Visit.objects.filter(status="arrived")
    assert (waiting.customer, waiting.arrived_at, waiting.day) == (customer, before.now, actor.today)


def test_an_undone_correction_records_the_former_content_anew(actor, customer, facial, beautician, receptionist):
    acid = builders.make_tag("果酸")
    peel = builders.make_item(name="果酸焕肤", price_fen=52_000, tags=[acid])
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    shares = ((beautician, 6_000), (receptionist, 4_000))
    open_visit(actor, builders.make_customer(branch=actor.branch), facial, beautician)  # with a note of its own
    lines = (
        line(facial, shares=shares, discount_fen=3_000, discount_reason="regular", remark="老顾客"),
        line(peel, overrides={acid.pk: "斑贴无反应"}),
    )
    guest = GuestEntry(customer, lines, next_note="力度轻")
    first = record(actor, customer, guests=[guest], paid=[("cash", 50_000), ("wechat", 37_000)])
    facial.name, facial.price_fen, facial.cost_fen = "新名字", 99_900, 1
    facial.save()
    second = record(actor, customer, line(facial), replaces=first)
    undo_it(actor, second)
    (stands,) = Bill.objects.filter(voided_at=None)
    assert (stands.replaces, second.replaces, stands.recorded_by) == (second, first, actor.user)
    assert stands.receipt_no not in (first.receipt_no, second.receipt_no)
    assert content_of(stands) == content_of(first)
    assert [v.bill for v in Visit.objects.done()] == [stands]
    customer.refresh_from_db()
    assert customer.last_visit_on == actor.today
    assert give_back(actor, stands)  # it is a bill like any other


def content_of(bill):
    def rows(queryset, *left_out):
        left_out = {"id", "bill_id", "visit_id", "line_id", "receipt_no", "recorded_at", "status", "voided_at", *left_out}
        return [{k: v for k, v in row.items() if k not in left_out} for row in queryset.order_by("pk").values()]

    visits = Visit.objects.filter(bill=bill)
    lines = Line.objects.filter(visit__bill=bill)
    related = [rows(getattr(Line, name).rel.related_model.objects.filter(line__in=lines)) for name in ("shares", "overrides")]
    texts = [each.remark.text for each in lines if hasattr(each, "remark")]
    allowances = [(each.allowance.value_fen, each.allowance.quantity_milli, each.allowance.refunded_fen) for each in lines]
    head = (bill.business_date, bill.payable_fen, bill.payer_id)
    notes = rows(VisitNote.objects.filter(visit__in=visits))
    return [head, rows(visits), rows(lines), related, texts, allowances, notes, rows(bill.payments)]


def test_a_correction_of_what_was_entered_after_an_undo_can_be_undone_too(actor, customer, facial):
    first = record(actor, customer, line(facial))
    undo_it(actor, first)
    second = record(actor, customer, line(facial), replaces=first)
    undo_it(actor, second)  # nothing stood before the first: nothing stands now
    assert not Bill.objects.filter(voided_at=None).exists()
    third = record(actor, customer, line(facial), replaces=second)
    fourth = record(actor, customer, line(facial, unit_price_fen=10_000), replaces=third)
    undo_it(actor, fourth)
    assert Bill.objects.get(voided_at=None).payable_fen == third.payable_fen


def test_a_correction_of_a_correction_is_undone_like_any(actor, customer, facial):
    first = record(actor, customer, line(facial))
    second = record(actor, customer, line(facial, unit_price_fen=10_000), replaces=first)
    undo_it(actor, record(actor, customer, line(facial, unit_price_fen=20_000), replaces=second))
    assert Bill.objects.get(voided_at=None).payable_fen == 10_000


def test_what_an_undo_stored_is_not_undone(actor, customer, facial):
    first = record(actor, customer, line(facial))
    second = record(actor, customer, line(facial), replaces=first)
    undo_it(actor, second)
    with pytest.raises(Barred, match="stored by an undo"):
        undo_it(actor, Bill.objects.get(voided_at=None))


# --- Refused, with the reason ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "is_done"), [(0, True), (15, True), (15.001, False), (3600, False)])
def test_fifteen_seconds(actor, customer, facial, seconds, is_done):
    bill = record(actor, customer, line(facial))
    if is_done:
        undo_it(actor, bill, after=seconds)
    else:
        with pytest.raises(Barred, match="for 15 seconds"):
            undo_it(actor, bill, after=seconds)
    assert Visit.objects.done().exists() is not is_done


def test_a_backdated_bill_too(actor, customer, facial):
    undo_it(actor, record(actor, customer, line(facial), on=actor.today - timedelta(days=1)))
    assert not Visit.objects.done().exists()


def test_nobody_else_undoes_it(actor, customer, facial, manager, owner):
    bill = record(actor, customer, line(facial))
    for other in (manager, owner):
        with pytest.raises(Barred, match="Only who stored"):
            undo.undo_bill(actor=builders.actor_of(other, actor.now), key=uuid.uuid4(), bill=bill)


def test_nothing_that_something_rests_on(actor, customer, facial):
    given_back = record(actor, customer, line(facial))
    back = give_back(actor, given_back)
    with pytest.raises(Barred, match="refunded since"):
        undo_it(actor, given_back)
    with pytest.raises(Barred, match="A refund is not undone"):
        undo_it(actor, back)
    corrected = record(actor, customer, line(facial))
    record(actor, customer, line(facial), replaces=corrected)
    voided = record(actor, customer, line(facial))
    void(actor, voided)
    for bill in (corrected, voided):
        with pytest.raises(Barred, match="voided or corrected since"):
            undo_it(actor, bill)
    void(actor, back)
    undo_it(actor, given_back)  # once the refund is void, nothing rests on it


def test_twice_is_once(actor, customer, facial):
    bill, key = record(actor, customer, line(facial)), uuid.uuid4()
    url = undo_it(actor, bill, key)
    with pytest.raises(AlreadyDone) as done:
        undo_it(actor, bill, key, after=60)  # a double click; with Back, a minute later
    assert done.value.url == url
    with pytest.raises(Barred, match="undone already"):
        undo_it(actor, bill)  # another tab
    with pytest.raises(KeyConflict):
        undo_it(actor, record(actor, customer, line(facial)), key)
    assert UndoneVisit.objects.count() == 1


@several_writers
@pytest.mark.django_db(transaction=True)
def test_undo_and_refund_at_once_one_of_them():
    actor = builders.actor_of(builders.make_staff(branch=builders.make_branch(), role="receptionist"))
    facial = builders.make_item(price_fen=38_000)
    for _n in range(5):
        bill = record(actor, builders.make_customer(branch=actor.branch), line(facial))
        acts = [undo_it, undo_it, give_back, void]
        barrier, done = threading.Barrier(len(acts)), []

        def run(act, bill=bill, barrier=barrier, done=done):
            barrier.wait()
            try:
                act(actor, bill)
                done.append(act)
            except Conflict:
                pass
            connections.close_all()

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 1
        assert bill.refunded_by.count() == (done == [give_back])


def test_what_is_undone_is_neither_voided_nor_given_back(actor, customer, facial):
    bill = record(actor, customer, line(facial))
    undo_it(actor, bill)
    for act in (void, give_back):
        with pytest.raises(Conflict):
            act(actor, bill)


def test_what_was_undone_is_stored_again_once_and_by_the_same_person(actor, customer, facial, manager):
    bill = record(actor, customer, line(facial))
    undo_it(actor, bill)
    with pytest.raises(Conflict, match="Only who undid"):
        record(builders.actor_of(manager), customer, line(facial), replaces=bill)
    again = record(actor, customer, line(facial), replaces=bill)
    assert again.replaces == bill
    with pytest.raises(Conflict, match=again.receipt_no):
        record(actor, customer, line(facial), replaces=bill)
    assert Visit.objects.done().count() == 1


def test_plans_are_not_lost_or_doubled(actor, customer, facial, beautician):
    visit = open_visit(actor, customer, facial, beautician)
    other = open_visit(actor, builders.make_customer(branch=actor.branch), facial, beautician)
    for _n in range(2):
        guest = GuestEntry(customer, (line(facial),), visit=visit)
        undo_it(actor, record(actor, customer, guests=[guest], paid=[("cash", 38_000)]))
        visit = Visit.objects.get(status="expected", customer=customer)
    assert PlannedItem.objects.count() == 2
    assert [each.planned.count() for each in (visit, other)] == [each.notes.count() for each in (visit, other)] == [1, 1]


def test_what_undoes_a_cancellation_is_of_that_step(actor, waiting):
    """Cancelled while waiting, taken back, expected again and cancelled: the older button would make her wait since never."""
    Visit.objects.filter(pk=waiting.pk).update(expected_on=actor.today)

    def step(to):
        return undo.move_token(actor, arrivals.move_visit(actor=actor, visit=Visit.objects.get(pk=waiting.pk), to=to))

    older = step("cancelled")
    undo.undo_move(actor=actor, visit=waiting, token=older)
    step("expected")
    newer = step("cancelled")
    with pytest.raises(Conflict, match="moved this visit meanwhile"):
        undo.undo_move(actor=actor, visit=waiting, token=older)
    assert undo.undo_move(actor=actor, visit=waiting, token=newer).status == "expected"
