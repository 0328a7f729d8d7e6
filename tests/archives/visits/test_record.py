"""Recording a bill: what is stored, what is refused, and that nothing is ever half stored."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from archives.visits.bills.entries import EntryError, GuestEntry, SafetyStop, as_data
from archives.visits.bills.models import Payment
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Line, LineRemark, RefundAllowance, SafetyOverride, StaffShare, Visit, VisitNote
from customers.card.models import SafetyNote
from salon.errors import Conflict
from salon.operations import AlreadyDone, KeyConflict, Operation
from tests import builders
from tests.archives.visits.recording import line, record


def test_a_bill_stores_visit_lines_shares_payments_and_notes(actor, customer, facial, beautician, receptionist):
    shares = ((beautician, 6000), (receptionist, 4000))
    serum = builders.make_item(name="眼部精华", kind="product", price_fen=41_000, minutes=0)
    guest = GuestEntry(
        customer,
        (
            line(facial, shares=shares, discount_fen=3_001, discount_reason="regular", remark="老顾客"),
            line(serum, quantity_milli=1500),
        ),
        next_note="力度轻",
        desk_note="迟到十分钟",
    )
    bill = record(actor, customer, guests=[guest], paid=[("cash", 50_000), ("wechat", 46_499)])
    visit = bill.visits.get()
    assert (visit.status, visit.customer, visit.net_fen, visit.has_positive_line) == ("done", customer, 96_499, True)
    assert visit.business_date == visit.day == actor.today
    assert visit.receipt_no == bill.receipt_no == "JA-R0000001"
    first, second = visit.lines.all()
    assert (first.value_fen, first.discount_fen, first.remark.text, first.cost_fen) == (34_999, 3_001, "老顾客", 6_000)
    assert (second.quantity_milli, second.value_fen, second.item_name) == (1500, 61_500, "眼部精华")
    assert [(s.staff, s.value_fen) for s in first.shares.order_by("pk")] == [(beautician, 20_999), (receptionist, 14_000)]
    assert [(p.means, p.amount_fen) for p in bill.payments.all()] == [("cash", 50_000), ("wechat", 46_499)]
    assert [(n.kind, n.text) for n in visit.notes.all()] == [("next", "力度轻"), ("desk", "迟到十分钟")]
    customer.refresh_from_db()
    assert customer.last_visit_on == actor.today


def test_one_bill_for_several_customers_keeps_consumption_with_each(actor, customer, branch, facial):
    friend = builders.make_customer(branch=branch, name="李婷")
    guests = [GuestEntry(customer, (line(facial),)), GuestEntry(friend, (line(facial), line(facial)))]
    bill = record(actor, customer, guests=guests, payer=friend, paid=[("card", 114_000)])
    assert bill.payer == friend
    assert dict(bill.visits.values_list("customer", "net_fen")) == {customer.pk: 38_000, friend.pk: 76_000}


def test_a_line_may_be_given_away_whole(actor, customer, facial):
    given = line(facial, discount_fen=38_000, discount_reason="offer")
    assert record(actor, customer, given, paid=[]).payable_fen == 0


def test_an_unknown_walk_in_has_a_visit_without_customer(actor, facial):
    assert record(actor, None, line(facial)).visits.get().customer is None


def test_a_free_visit_is_a_visit_but_no_paid_day(actor, customer, facial):
    bill = record(actor, customer, line(facial, unit_price_fen=0), paid=[])
    assert bill.visits.get().has_positive_line is False


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"quantity_milli": 0}, "guests-0-lines-0"),
        ({"quantity_milli": 1_000_001}, "guests-0-lines-0"),
        ({"unit_price_fen": -1}, "guests-0-lines-0"),
        ({"discount_fen": 38_001, "discount_reason": "offer"}, "guests-0-lines-0"),
        ({"discount_fen": 100}, "guests-0-lines-0"),
        ({"discount_fen": -1, "discount_reason": "offer"}, "guests-0-lines-0"),
        ({"discount_fen": 100, "discount_reason": "nonsense"}, "guests-0-lines-0"),
        ({"minutes": 1441}, "guests-0-lines-0"),
    ],
)
def test_a_bad_line_is_refused_where_it_is_and_nothing_is_stored(actor, customer, facial, change, where):
    with pytest.raises(EntryError) as refused:
        record(actor, customer, line(facial, **change))
    assert refused.value.where == where
    assert not Bill.objects.exists()
    assert not Operation.objects.exists()


def test_shares_must_be_whole(actor, customer, facial, beautician, receptionist):
    for shares in [((beautician, 9_999),), ((beautician, 5000), (beautician, 5000)), ((beautician, 10_000), (receptionist, 0))]:
        with pytest.raises(EntryError):
            record(actor, customer, line(facial, shares=shares))


@pytest.mark.parametrize(
    "paid", [[], [("cash", 37_999)], [("cash", 38_001)], [("cash", 38_001), ("wechat", -1)], [("stored", 38_000)]]
)
def test_payments_must_come_to_the_bill(actor, customer, facial, paid):
    with pytest.raises(EntryError) as refused:
        record(actor, customer, line(facial), paid=paid)
    assert refused.value.where.startswith("payments")
    assert not Visit.objects.exists()


def test_the_same_form_twice_is_one_visit_and_other_data_under_its_key_a_conflict(actor, customer, facial):
    key = uuid.uuid4()
    bill = record(actor, customer, line(facial), key=key)
    with pytest.raises(AlreadyDone) as again:
        record(actor, customer, line(facial), key=key)
    assert again.value.url == f"/visits/{bill.visits.get().pk}/saved/"
    with pytest.raises(KeyConflict):
        record(actor, customer, line(facial), line(facial), key=key)
    assert Bill.objects.count() == 1


def test_an_allergy_stops_the_line_until_somebody_says_why(actor, customer, facial):
    tag = builders.make_tag("果酸")
    facial.tags.add(tag)
    SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today)
    with pytest.raises(SafetyStop) as stopped:
        record(actor, customer, line(facial))
    assert stopped.value.stops == [(0, 0, tag)]
    assert not Visit.objects.exists()
    bill = record(actor, customer, line(facial, overrides={tag.pk: "已做皮试"}))
    override = bill.visits.get().lines.get().overrides.get()
    assert (override.tag, override.reason, override.by) == (tag, "已做皮试", actor.user)


def test_words_that_are_not_there_are_not_stored(actor, customer, facial):
    tag = builders.make_tag("果酸")
    record(actor, customer, line(facial, overrides={tag.pk: " "}))
    assert [LineRemark.objects.count(), SafetyOverride.objects.count(), VisitNote.objects.count()] == [0, 0, 0]


def test_only_the_open_visit_that_is_named_is_finished_and_at_its_branch(actor, customer, facial, stranger):
    def expect(staff):
        plan = {"actor": staff, "branch": staff.branch, "customer": customer, "on": actor.today}
        return arrivals.expect_visit(key=uuid.uuid4(), **plan)

    visit, other, foreign = expect(actor), expect(actor), expect(builders.actor_of(stranger, actor.now))
    record(actor, customer, guests=[GuestEntry(customer, (line(facial),), visit=visit)], paid=[("cash", 38_000)])
    assert [Visit.objects.get(pk=each.pk).status for each in (visit, other, foreign)] == ["done", "expected", "expected"]
    with pytest.raises(Conflict):
        record(actor, customer, guests=[GuestEntry(customer, (line(facial),), visit=foreign)], paid=[("cash", 38_000)])


def test_a_correction_knows_how_many_visits_had_been_given_to_customers(actor, customer, facial):
    for identified, old in ((0, record(actor, customer, line(facial))), (None, record(actor, customer, line(facial)))):
        assert record(actor, customer, line(facial), replaces=old, identified=identified).replaces == old
    with pytest.raises(Conflict, match="given to a customer"):
        record(actor, customer, line(facial), replaces=record(actor, customer, line(facial)), identified=1)


def test_what_a_key_remembers_tells_entries_apart(actor, customer, facial, beautician):
    """The same entry always gives the same data, whatever the order of its overrides; another customer or visit, other data."""
    one, two = builders.make_tag("甲"), builders.make_tag("乙")
    expected = Visit(pk=7)

    def data(guest, tags=(one, two)):
        sold = line(facial, overrides={tag.pk: "x" for tag in tags})
        return as_data([GuestEntry(guest, (sold,), visit=expected)], [("cash", 1)])

    assert data(customer) == data(customer, (two, one))
    guest = data(customer)["guests"][0]
    assert (guest["customer"], guest["visit"]) == (customer.pk, 7)
    assert as_data([GuestEntry(None)], [])["guests"][0]["customer"] is None


def test_a_retired_allergy_stops_nothing(actor, customer, facial):
    tag = builders.make_tag("果酸")
    facial.tags.add(tag)
    SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today, ended_on=actor.today)
    assert record(actor, customer, line(facial))


def test_a_visit_cannot_be_done_tomorrow_nor_too_long_ago(actor, customer, facial, manager):
    with pytest.raises(EntryError):
        record(actor, customer, line(facial), on=actor.today + timedelta(days=1))
    with pytest.raises(EntryError):
        record(actor, customer, line(facial), on=actor.today - timedelta(days=4))
    long_ago = actor.today - timedelta(days=40)
    assert record(builders.actor_of(manager), customer, line(facial), on=long_ago).business_date == long_ago


def test_late_at_night_counts_for_the_day_before_where_the_branch_says_so(receptionist, customer, facial):
    branch = receptionist.branch
    branch.cutoff_hour = 4
    branch.save()
    one_in_the_morning = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    actor = builders.actor_of(receptionist, now=one_in_the_morning)
    assert record(actor, customer, line(facial)).business_date.isoformat() == "2026-03-01"


def test_saving_five_lines_takes_few_queries(actor, customer, facial, beautician, django_assert_max_num_queries):
    tag = builders.make_tag("果酸")
    SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today)
    lines = [line(facial, shares=((beautician, 10_000),), remark="x") for _ in range(5)]
    with django_assert_max_num_queries(22):
        record(actor, customer, *lines)


# --- what the database holds, whatever the code does -----------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda: Line.objects.update(value_fen=1),
        lambda: Line.objects.all().delete(),
        lambda: StaffShare.objects.update(value_fen=1),
        lambda: Payment.objects.update(amount_fen=1),
        lambda: Payment.objects.all().delete(),
        lambda: Visit.objects.update(net_fen=1),
        lambda: Visit.objects.update(business_date="2020-01-01", day="2020-01-01"),
        lambda: Visit.objects.update(status="arrived", bill=None, business_date=None),
        lambda: Bill.objects.update(payable_fen=1, paid_fen=1),
        lambda: connection.cursor().execute("DELETE FROM archives_bill"),
        lambda: connection.cursor().execute("DELETE FROM archives_visit"),
        lambda: RefundAllowance.objects.update(refunded_fen=38_001),
    ],
)
def test_the_database_refuses_to_change_finished_money(actor, customer, facial, beautician, change):
    record(actor, customer, line(facial, shares=((beautician, 10_000),)))
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_the_visit_columns_equal_the_lines(actor, customer, facial):
    record(actor, customer, line(facial), line(facial, discount_fen=100, discount_reason="offer"))
    for visit in Visit.objects.all():
        assert visit.net_fen == sum(entry.value_fen for entry in visit.lines.all())
        assert visit.has_positive_line == any(entry.value_fen > 0 for entry in visit.lines.all())


def test_notes_are_kept_apart_from_money_and_can_be_erased(actor, customer, facial):
    bill = record(
        actor, customer, guests=[GuestEntry(customer, (line(facial, remark="私事"),), next_note="私事")], paid=[("cash", 38_000)]
    )
    VisitNote.objects.filter(visit__bill=bill).delete()
    Line.objects.get().remark.delete()
    assert bill.visits.get().net_fen == 38_000
