"""What pages ask about visits: what to repeat, how often somebody comes, what was done, in the order people see it."""

import uuid
from datetime import timedelta

import pytest

from archives.visits import queries
from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.bills.models import Payment
from archives.visits.bills.paid import Returnable, returnable
from archives.visits.desk import arrivals
from archives.visits.desk import questions as plan_questions
from archives.visits.entry.queries import usual_means, usual_staff
from archives.visits.identify import services as identify
from archives.visits.models import ARRIVED, EXPECTED, IN_CARE, VOIDED, Line, Visit
from customers.card.models import SafetyNote
from tests import builders
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record


@pytest.fixture
def boss(owner, actor):
    """The owner, who sees every branch."""
    return builders.actor_of(owner, actor.now)


@pytest.fixture
def friend(branch):
    return builders.make_customer(branch=branch)


@pytest.fixture
def eyes(db):
    return builders.make_item(name="眼部护理", price_fen=30_000)


@pytest.fixture
def elsewhere(stranger, actor):
    """An Actor at the other branch."""
    return builders.actor_of(stranger, actor.now)


def give_back(actor, bill, fen):
    sold = Line.objects.filter(visit__bill=bill).first()
    given = {"lines": [(sold, 100, fen)], "payments": [("cash", fen)], "reason": "x"}
    return services.refund(actor=actor, key=uuid.uuid4(), bill=bill, **given)


def wait(actor, customer, **fields):
    given = {"branch": actor.branch, "on": actor.today} | fields
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=customer, **given)


def test_what_speaks_against_an_item_is_said_of_these_customers_and_items_in_one_order(actor, customer, friend, facial, eyes):
    tags = [builders.make_tag(name) for name in ("甲", "乙")]
    for item in (facial, eyes):
        item.tags.set(reversed(tags))
    for who in (friend, customer):
        for tag in reversed(tags):
            SafetyNote.objects.create(customer=who, tag=tag, noted_on=actor.today)
    assert queries.safety_conflicts([customer.pk], [facial.pk], actor.today) == {(customer.pk, facial.pk): tags}


# --- What is repeated --------------------------------------------------------------------------------------------------------


def test_the_last_visit_that_can_be_repeated_is(actor, customer, friend, facial, eyes, beautician, manager):
    gone = builders.make_item(name="下架", is_active=False)
    left = builders.make_staff(branch=actor.branch, is_active=False)
    shares = ((manager, 3000), (left, 3000), (beautician, 4000))
    served = (line(eyes), line(gone), line(facial, shares=shares))
    record(actor, customer, line(eyes), on=days_before(actor, 2), paid=[("card", 30_000)])
    paid = [("cash", 1_000), ("alipay", sum(each.value_fen for each in served) - 1_000)]
    record(actor, customer, *served, on=days_before(actor, 1), paid=paid)
    record(actor, customer, line(gone))  # cannot be repeated
    record(actor, friend, line(eyes, unit_price_fen=900_000), paid=[("transfer", 900_000)])
    bill = record(actor, customer, line(eyes), on=days_before(actor, 3), paid=[("cash", 30_000)])
    give_back(actor, bill, 100)
    last = queries.repeat_last_visit(customer)
    assert [each["item"] for each in last.lines] == [eyes.pk, facial.pk]
    assert last.lines[1]["shares"] == [[manager.pk, 3000], [beautician.pk, 4000]]
    assert (last.visit.business_date, last.means) == (days_before(actor, 1), "alipay")
    assert queries.repeat_last_visit(builders.make_customer(branch=actor.branch)) is None


def test_a_free_visit_and_a_means_that_is_not_offered_repeat_no_means(actor, customer, friend, facial):
    record(actor, customer, line(facial, unit_price_fen=0), paid=[])
    record(actor, friend, line(facial))
    of_file = record(actor, friend, line(facial))
    Payment.objects.create(bill=of_file, position=9, means="unknown", amount_fen=99_999)
    assert [queries.repeat_last_visit(who).means for who in (customer, friend)] == ["", ""]
    assert [usual_means(who) for who in (customer, friend, None)] == ["", "", ""]


def test_how_she_paid_the_last_time_is_by_what_she_paid_most(actor, customer, friend, facial):
    record(actor, customer, line(facial), paid=[("card", 38_000)], on=days_before(actor, 1))
    voided = record(actor, customer, line(facial), paid=[("transfer", 38_000)])
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided, reason="x")
    assert usual_means(customer) == "card"
    record(actor, customer, line(facial), paid=[("cash", 8_000), ("alipay", 30_000)], on=days_before(actor, 0))
    record(actor, friend, line(facial), paid=[("transfer", 38_000)])
    assert usual_means(customer) == "alipay"
    give_back(actor, record(actor, customer, line(facial), paid=[("cash", 38_000)], on=days_before(actor, 2)), 100)
    assert usual_means(customer) == "alipay"
    assert usual_means(friend) == "transfer"


def test_who_served_her_is_of_the_last_visit_that_counts(actor, customer, friend, facial, beautician, manager, receptionist):
    def served(*shares, **fields):
        return record(actor, fields.pop("by", customer), line(facial, shares=shares), **fields)

    served((manager, 3_000), (beautician, 7_000), on=days_before(actor, 1))
    served((receptionist, 10_000), on=days_before(actor, 2))
    served((receptionist, 10_000), by=friend)
    voided = served((receptionist, 10_000))
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided, reason="x")
    older = served((receptionist, 10_000), on=days_before(actor, 3), paid=[("cash", 38_000)])
    give_back(actor, older, 100)
    assert usual_staff(customer.pk) == {facial.pk: [[beautician.pk, "70"], [manager.pk, "30"]]}


# --- How often she comes -----------------------------------------------------------------------------------------------------


def test_a_rhythm_is_of_paid_days_within_two_years(boss, customer, friend, facial):
    for days in (730, 729, 29, 4):
        record(boss, customer, line(facial), on=days_before(boss, days))
    record(boss, customer, line(facial, unit_price_fen=0), on=days_before(boss, 5), paid=[])
    record(boss, friend, line(facial), on=days_before(boss, 9))
    last = days_before(boss, 4)
    assert queries.rhythms([customer.pk], last) == {customer.pk: queries.Rhythm(last, 4, round(726 / 3))}
    assert queries.rhythms([customer.pk], boss.today) == {customer.pk: queries.Rhythm(last, 3, round(725 / 2))}
    day_before = last - timedelta(days=1)
    assert queries.rhythms([customer.pk], day_before)[customer.pk].last == days_before(boss, 29)
    assert queries.rhythms([friend.pk], boss.today)[friend.pk].usual_days is None


def test_the_newest_note_for_the_next_visit_is_found_for_these_customers(actor, customer, friend, facial):
    def noted(who, days, **notes):
        guest = GuestEntry(who, (line(facial),), **notes)
        return record(actor, who, guests=[guest], paid=[("cash", 38_000)], on=days_before(actor, days)).visits.get()

    old, new = noted(customer, 2, next_note="旧"), noted(customer, 1, next_note="新", desk_note="别的")
    noted(friend, 0, next_note="她的")
    voided = noted(customer, 0, next_note="记错了")
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided.bill, reason="x")
    assert queries.latest_next_notes([customer.pk]) == {customer.pk: "新"}
    assert queries.latest_next_notes([customer.pk], before=new) == {customer.pk: "旧"}
    assert queries.latest_next_notes([customer.pk], before=old) == {}


# --- What was done -----------------------------------------------------------------------------------------------------------


def test_what_was_done_and_who_did_it_in_the_order_of_the_lines(
    actor, customer, friend, facial, eyes, beautician, manager, either_way
):
    third = builders.make_staff(branch=actor.branch, name="王琳")
    visit = wait(actor, customer, items=[facial])
    notes = {"next_note": "一", "desk_note": "二"}
    lines = (line(eyes, shares=((manager, 4_000), (beautician, 6_000))), line(facial, shares=((third, 5_000), (manager, 5_000))))
    guest = GuestEntry(customer, lines, visit=visit, **notes)
    record(actor, customer, guests=[guest], paid=[("cash", 68_000)])
    record(actor, friend, guests=[GuestEntry(friend, (line(facial),), "x")], paid=[("cash", 38_000)])
    Visit.objects.filter(pk=visit.pk).update(assigned=builders.make_staff(branch=actor.branch))  # who did not do it
    planned = wait(actor, customer, items=[facial, eyes], assigned=beautician)
    wait(actor, friend, items=[facial])
    done, coming = queries.with_details(Visit.objects.filter(pk__in=[visit.pk, planned.pk])).order_by("pk")
    work = queries.work_of([done, coming])
    assert (work[done.pk].items, list(work[done.pk].staff.values())) == (["眼部护理", "水光补水"], ["陈美娟", "顾敏", "王琳"])
    assert work[done.pk].notes == [note.text for note in done.notes.all()] == ["一", "二"]
    assert (queries.item_names(done), queries.staff_names(done)) == (work[done.pk].items, list(work[done.pk].staff.values()))
    assert (work[coming.pk].items, work[coming.pk].staff) == (["水光补水", "眼部护理"], {beautician.pk: "陈美娟"})
    assert (queries.item_names(coming), queries.staff_names(coming)) == (["水光补水", "眼部护理"], ["陈美娟"])
    assert queries.staff_names(wait(actor, friend)) == []


def test_who_is_moved_while_a_board_is_read_stands_where_she_is_by_now(actor, customer, friend, facial, monkeypatch):
    """Found over real sockets on PostgreSQL: a visit was undone between two queries, and the desk broke."""
    undone = record(actor, None, line(facial))
    fourth = builders.make_customer(branch=actor.branch)
    cared_for, stays, in_care = (wait(actor, who) for who in (friend, customer, fourth))
    for state in (ARRIVED, IN_CARE):
        arrivals.move_visit(actor=actor, visit=in_care, to=state)

    def meanwhile(visits):
        undone.visits.update(status=VOIDED, voided_at=actor.now)
        Visit.objects.filter(pk=cared_for.pk).update(status=IN_CARE, arrived_at=actor.now, care_started_at=actor.now)
        return with_details(visits)

    with_details = queries.with_details
    monkeypatch.setattr(queries, "with_details", meanwhile)
    board = queries.day_board(actor, actor.today)
    assert {state: found for state, found in board.items() if found[1]} == {
        EXPECTED: ([stays], 1),
        IN_CARE: ([in_care, cared_for], 2),
    }


def test_the_overrides_of_a_line_stand_in_the_order_they_were_given(actor, customer, facial):
    tags = [builders.make_tag(name) for name in ("甲", "乙")]
    facial.tags.set(tags)
    for tag in tags:
        SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today)
    record(actor, customer, line(facial, overrides={tag.pk: "试过" for tag in tags}))
    (visit,) = queries.with_everything(Visit.objects.all())
    assert [each.tag for sold in visit.lines.all() for each in sold.overrides.all()] == tags


# --- What can go back --------------------------------------------------------------------------------------------------------


def test_what_can_go_back_is_of_this_bill_and_by_what_is_left(actor, customer, facial):
    record(actor, customer, line(facial))
    bill = record(actor, customer, line(facial), paid=[("cash", 8_000), ("wechat", 30_000)])
    give_back(actor, bill, 8_000)
    assert returnable(bill) == Returnable({"wechat": 30_000}, 0)
    one, two = Returnable({"cash": 100}), Returnable({"cash": 50, "card": 100})
    assert [one.proposed(fen) for fen in (0, 100, 150)] == [[], [("cash", 100)], [("cash", 150)]]
    assert [two.proposed(fen) for fen in (150, 151)] == [[("card", 100), ("cash", 50)], None]
    assert Returnable({"cash": 100}, 5).ways == ["cash", "wechat", "alipay", "card", "transfer"]
    assert (one.ways, two.ways) == (["cash"], ["card", "cash"])


# --- What is asked before somebody is expected -------------------------------------------------------------------------------


def questions(actor, customer, **plan):
    given = {"day": actor.today, "at": None, "items": [], "assigned": None} | plan
    return dict(plan_questions.of_plan(actor, customer=customer, **given))


def test_what_she_had_already_is_of_this_branch_day_and_item_and_counts(actor, boss, elsewhere, customer, friend, facial, eyes):
    had = record(actor, customer, line(eyes), line(facial))
    last = record(actor, customer, line(facial)).visits.get().lines.get()
    record(actor, friend, line(facial))
    record(elsewhere, customer, line(facial))
    record(actor, customer, line(facial), on=days_before(actor, 1))
    voided = record(actor, customer, line(facial))
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=voided, reason="x")
    sold = Line.objects.get(visit__bill=had, item=facial)
    paid = {"lines": [(sold, 100, 100)], "payments": [("wechat", 100)], "reason": "x"}
    services.refund(actor=actor, key=uuid.uuid4(), bill=had, **paid)
    asked = plan_questions.had_already(actor, [customer.pk], [facial.pk], actor.today)
    assert asked == {(customer.pk, facial.pk): last}
    but = plan_questions.had_already(actor, [customer.pk], [facial.pk], actor.today, but_of=last.visit.bill)
    assert but == {(customer.pk, facial.pk): sold}


def test_another_visit_is_one_of_that_day_and_branch_and_says_since_when(actor, elsewhere, customer, facial):
    tomorrow = days_before(actor, -1)
    wait(actor, customer, on=tomorrow)
    wait(elsewhere, customer)
    assert questions(actor, customer) == {}
    first, second = wait(actor, customer, at="10:00"), wait(actor, customer)
    assert list(questions(actor, customer)) == [f"second-{second.pk}"]
    assert questions(actor, customer, is_here=True) == {}  # it is the one that is expected
    hour = actor.now.replace(hour=3, minute=33)
    Visit.objects.filter(pk=second.pk).update(recorded_at=hour)  # 11:33 at the branch
    assert "Expected, 11:33" in questions(actor, customer)[f"second-{second.pk}"]
    Visit.objects.filter(pk=second.pk).update(status="arrived", arrived_at=hour.replace(hour=4))
    for is_here in (True, False):
        assert "Arrived, 12:33" in questions(actor, customer, is_here=is_here)[f"second-{second.pk}"]
    Visit.objects.filter(pk=second.pk).update(expected_time="09:15")
    assert "Arrived, 09:15" in questions(actor, customer)[f"second-{second.pk}"]
    first.refresh_from_db()
    moved = questions(actor, customer, visit=first, day=tomorrow)
    assert [code.partition("-")[0] for code in moved] == ["second"]  # moved to another day, it is looked at anew
    assert questions(actor, customer, visit=first) == {}


def test_who_is_busy_is_said_in_the_order_of_the_day(actor, elsewhere, customer, facial, eyes, beautician):
    def busy(**fields):
        codes = questions(actor, customer, **{"at": first.expected_time, "assigned": beautician, "items": [care]} | fields)
        return [code.split("-")[1] for code in codes]

    care, essence = builders.make_item(minutes=240), builders.make_item(kind="product", minutes=240)
    late = wait(actor, builders.make_customer(branch=actor.branch), at="11:00", assigned=beautician, items=[facial])
    first = wait(actor, builders.make_customer(branch=actor.branch), at="10:00", assigned=beautician, items=[facial])
    wait(elsewhere, builders.make_customer(branch=elsewhere.branch), at="10:00", assigned=beautician)
    wait(actor, builders.make_customer(branch=actor.branch), at="10:00")
    first.refresh_from_db()
    assert busy() == [str(first.pk), str(late.pk)]
    assert busy(items=[essence]) == [str(first.pk)]
    assert busy(assigned=None) == busy(is_here=True) == []
    Visit.objects.filter(pk=late.pk).update(customer=None)
    late_words = questions(actor, customer, at=first.expected_time, assigned=beautician, items=[care])
    assert any("is to serve Walk-in at 11:00 already" in words for words in late_words.values())


def test_what_is_planned_is_named_in_the_order_it_was_chosen(actor, customer, facial, eyes):
    wait(actor, customer, items=[facial, eyes])
    (words,) = questions(actor, customer, items=[builders.make_item()], is_here=True).values()
    assert "expected for 水光补水 · 眼部护理." in words


# --- Whose a walk-in's visit may be ------------------------------------------------------------------------------------------


def test_beside_it_stand_her_other_visits_of_the_day_that_stand(either_way, boss, actor, elsewhere, customer, friend, facial):
    visit = record(actor, None, line(facial)).visits.get()
    done = record(actor, customer, line(facial)).visits.get()
    give_back(actor, record(actor, customer, line(facial), on=days_before(actor, 1), paid=[("cash", 38_000)]), 100)
    coming = wait(actor, customer)
    arrivals.move_visit(actor=actor, visit=wait(actor, customer), to="no_show")
    done_since = record(actor, customer, line(facial)).visits.get()
    record(elsewhere, customer, line(facial))
    record(actor, friend, line(facial))
    assert list(identify.visits_beside(boss, visit, customer)) == [done, coming, done_since]


def test_what_is_not_tolerated_is_of_this_visit_in_the_order_of_its_lines_or_its_plan(actor, customer, facial, eyes):
    acid = builders.make_tag("果酸")
    for item in (facial, eyes):
        item.tags.add(acid)
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    both = [("水光补水", "果酸"), ("眼部护理", "果酸")]
    one = record(actor, None, line(facial), line(eyes)).visits.get()
    other = record(actor, None, line(eyes)).visits.get()
    planned = wait(actor, customer, items=[facial, eyes])
    assert [identify.not_tolerated(actor, visit, customer) for visit in (one, other, planned)] == [both, both[1:], both]
