"""Voiding, correcting and refunding: nothing that moved money is deleted, nothing is given back twice."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.visits.bills import services
from archives.visits.bills.entries import EntryError, GuestEntry
from archives.visits.models import Line, RefundAllowance, Visit
from salon.errors import Conflict
from salon.operations import KeyConflict
from tests import builders
from tests.archives.reading import rows_of, selects
from tests.archives.visits.recording import line, record


def void(actor, bill, reason="记错了"):
    return services.void_bill(actor=actor, key=uuid.uuid4(), bill=bill, reason=reason)


def refund(actor, bill, lines, paid, reason="不满意"):
    return services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=lines, payments=paid, reason=reason)


def test_a_voided_bill_counts_no_more_but_stays(actor, customer, facial):
    earlier = record(actor, customer, line(facial), on=actor.today - timedelta(days=2))
    bill = record(actor, customer, line(facial))
    void(actor, bill)
    bill.refresh_from_db()
    visit = bill.visits.get()
    assert (visit.status, visit.net_fen, bill.void_reason, bill.voided_by) == ("voided", 38_000, "记错了", actor.user)
    customer.refresh_from_db()
    assert customer.last_visit_on == earlier.business_date
    earlier.refresh_from_db()
    assert (earlier.voided_at, earlier.visits.get().status) == (None, "done")
    with pytest.raises(Conflict):
        void(actor, bill)


def test_voiding_the_only_visit_leaves_no_last_visit(actor, customer, facial):
    void(actor, record(actor, customer, line(facial)))
    customer.refresh_from_db()
    assert customer.last_visit_on is None


def test_voiding_asks_when_its_own_customers_came_last_and_a_refund_was_no_visit(actor, manager, customer, branch, facial):
    boss, day = builders.actor_of(manager, actor.now), actor.today - timedelta(days=9)
    paid_back = record(boss, customer, line(facial), on=day)
    refund(boss, paid_back, [(Line.objects.get(), 1000, 38_000)], [("wechat", 38_000)])
    record(actor, builders.make_customer(branch=branch), line(facial))
    wrong = record(actor, customer, line(facial))
    with CaptureQueriesContext(connection) as asked:
        void(actor, wrong)
    assert [len(rows_of(each)) for each in selects(asked) if "MAX(" in each["sql"]] == [1]
    customer.refresh_from_db()
    assert customer.last_visit_on == day


def test_voiding_nobodys_visit_touches_no_card(actor, facial):
    bill = record(actor, None, line(facial))
    with CaptureQueriesContext(connection) as asked:
        void(actor, bill)
    assert not [each for each in asked if each["sql"].startswith('UPDATE "customers_customer"')]


def test_a_correction_voids_and_replaces_in_one_step(actor, customer, facial):
    wrong = record(actor, customer, line(facial))
    right = record(actor, customer, line(facial, discount_fen=3_800, discount_reason="offer"), replaces=wrong)
    wrong.refresh_from_db()
    assert wrong.voided_at
    assert right.replaces == wrong
    assert [v.net_fen for v in Visit.objects.done()] == [34_200]


def test_a_receptionist_voids_only_her_own_bill_of_today(actor, customer, facial, manager, branch):
    colleague = builders.actor_of(builders.make_staff(branch=branch, role="receptionist"))
    old = record(actor, customer, line(facial), on=actor.today - timedelta(days=1))
    new = record(actor, customer, line(facial))
    for person, bill in [(actor, old), (colleague, new)]:
        with pytest.raises(Conflict):
            void(person, bill)
    assert void(builders.actor_of(manager), old)
    assert [services.may_correct(person, new) for person in (actor, colleague)] == [True, False]
    assert not services.may_void(replace(actor, role="beautician"), new)  # no receptionist any more
    assert void(actor, new)


def test_a_refund_is_a_bill_of_today_with_negative_lines(actor, customer, facial, beautician, receptionist):
    bill = record(actor, customer, line(facial, quantity_milli=2000, shares=((beautician, 3333), (receptionist, 6667))))
    sold = Line.objects.get()
    back = refund(actor, bill, [(sold, 1000, 38_000)], [("wechat", 38_000)])
    visit = back.visits.get()
    assert (back.payable_fen, back.paid_fen, back.refunds, visit.net_fen, visit.has_positive_line) == (
        -38_000,
        -38_000,
        bill,
        -38_000,
        False,
    )
    taken = visit.lines.get()
    assert (taken.quantity_milli, taken.value_fen, taken.refund_of) == (-1000, -38_000, sold)
    assert taken.quantity_milli * taken.unit_price_fen // 1000 - taken.discount_fen == taken.value_fen
    assert sum(share.value_fen for share in taken.shares.all()) == -38_000
    assert [p.amount_fen for p in back.payments.all()] == [-38_000]
    assert sum(Visit.objects.done().values_list("net_fen", flat=True)) == 38_000


def test_who_shared_the_work_shares_the_refund_to_the_fen(actor, customer, facial, beautician, receptionist):
    shares = ((receptionist, 5000), (beautician, 5000))
    bill = record(actor, customer, line(facial, unit_price_fen=10_001, shares=shares))
    back = refund(actor, bill, [(Line.objects.get(), 1000, 10_001)], [("wechat", 10_001)])
    values = dict(back.visits.get().lines.get().shares.values_list("staff", "value_fen"))
    assert values == {receptionist.pk: -5001, beautician.pk: -5000}


def test_a_refund_voided_gives_back_what_it_took_and_no_other(actor, customer, facial):
    bill = record(actor, customer, line(facial), line(facial))
    first, second = Line.objects.order_by("pk")
    back, _other = (refund(actor, bill, [(sold, 400, 5_000)], [("wechat", 5_000)]) for sold in (first, second))
    void(actor, back)
    left = RefundAllowance.objects.order_by("pk").values_list("refunded_fen", "refunded_milli")
    assert list(left) == [(0, 0), (5_000, 400)]


def test_what_a_refund_cannot_be_and_its_key(actor, customer, facial):
    bill, key = record(actor, customer, line(facial)), uuid.uuid4()
    given = {"actor": actor, "key": key, "bill": bill, "reason": "x"}
    sold = Line.objects.get()
    back = services.refund(lines=[(sold, 100, 100)], payments=[("wechat", 100)], **given)
    with pytest.raises(KeyConflict):
        services.refund(lines=[(sold, 100, 200)], payments=[("wechat", 200)], **given)
    with pytest.raises(EntryError, match="above 0"):
        refund(actor, bill, [(sold, 100, -1), (sold, 100, 101)], [("wechat", 100)])
    with pytest.raises(Conflict, match="is a refund itself"):
        refund(actor, back, [(back.visits.get().lines.get(), 100, 100)], [("wechat", 100)])
    free = record(actor, customer, line(facial, unit_price_fen=0), paid=[])
    void(actor, free)
    with pytest.raises(Conflict, match="it was voided"):
        refund(actor, free, [(Line.objects.get(visit__bill=free), 1000, 0)], [])


def test_no_more_is_given_back_than_was_paid(actor, customer, facial):
    bill = record(actor, customer, line(facial))
    sold = Line.objects.get()
    refund(actor, bill, [(sold, 500, 30_000)], [("wechat", 30_000)])
    with pytest.raises(Conflict):
        refund(actor, bill, [(sold, 500, 8_001)], [("wechat", 8_001)])
    with pytest.raises(Conflict):
        refund(actor, bill, [(sold, 501, 1)], [("wechat", 1)])
    refund(actor, bill, [(sold, 500, 8_000)], [("wechat", 8_000)])
    assert RefundAllowance.objects.get().refunded_fen == 38_000


def test_a_refused_refund_stores_nothing(actor, customer, facial):
    bill = record(actor, customer, line(facial))
    sold = Line.objects.get()
    for lines, paid in [([], []), ([(sold, 0, 1)], [("wechat", 1)]), ([(sold, 1000, 38_000)], [("wechat", 37_000)])]:
        with pytest.raises(EntryError):
            refund(actor, bill, lines, paid)
    assert Visit.objects.count() == 1


def test_a_bill_with_a_refund_is_voided_only_after_the_refund(actor, customer, facial):
    bill = record(actor, customer, line(facial))
    back = refund(actor, bill, [(Line.objects.get(), 1000, 38_000)], [("wechat", 38_000)])
    with pytest.raises(Conflict):
        void(actor, bill)
    void(actor, back)
    assert RefundAllowance.objects.get(line__visit__bill=bill).refunded_fen == 0
    void(actor, bill)
    assert not Visit.objects.done().exists()


def test_a_refund_is_no_visit_of_the_customer(actor, customer, facial, manager):
    boss = builders.actor_of(manager)
    day = actor.today - timedelta(days=10)
    bill = record(boss, customer, line(facial), on=day)
    refund(boss, bill, [(Line.objects.get(), 1000, 38_000)], [("wechat", 38_000)])
    customer.refresh_from_db()
    assert customer.last_visit_on == day


def test_a_group_bill_gives_back_to_each_guest(actor, customer, branch, facial):
    friend = builders.make_customer(branch=branch)
    bill = record(actor, customer, guests=[GuestEntry(c, (line(facial),)) for c in (customer, friend)], paid=[("wechat", 76_000)])
    lines = [(sold, 1000, 38_000) for sold in Line.objects.select_related("visit").order_by("pk")]
    back = refund(actor, bill, lines, [("wechat", 76_000)])
    assert dict(back.visits.values_list("customer", "net_fen")) == {customer.pk: -38_000, friend.pk: -38_000}
