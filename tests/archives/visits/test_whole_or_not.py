"""What stores something stores all of it or nothing; and an operation key remembers figures and words, no objects."""

import json
import uuid
from contextlib import contextmanager
from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.db import OperationalError, connection, transaction

from archives.visits.bills import means, services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.identify import services as identify
from archives.visits.models import Line
from archives.visits.undo import services as undo
from customers.card.models import Customer
from salon import operations
from tests import builders
from tests.archives.visits.recording import line, record


class Desk:
    """What stands at the desk before something is stored, and who stores it."""

    def __init__(self, actor, customer, facial, beautician):
        self.actor, self.customer, self.facial, self.beautician = actor, customer, facial, beautician
        self.friend = builders.make_customer(branch=actor.branch)
        self.expected = arrivals.expect_visit(on=actor.today, **self.plan(customer))
        self.bill = record(actor, self.friend, line(facial))
        self.nobodys = record(actor, None, line(facial)).visits.get()
        gone = arrivals.expect_visit(on=actor.today, **self.plan(self.friend))
        self.gone = arrivals.move_visit(actor=actor, visit=gone, to="cancelled")
        self.token = undo.move_token(actor, self.gone)

    def keyed(self, **fields):
        return {"actor": self.actor, "key": uuid.uuid4()} | fields

    def plan(self, customer, **fields):
        plan = {"branch": self.actor.branch, "customer": customer, "items": [self.facial], "assigned": self.beautician}
        return self.keyed(**plan, **fields)

    def record(self):
        guest = GuestEntry(self.customer, (line(self.facial, shares=((self.beautician, 10_000),)),), "x", visit=self.expected)
        paid = [("cash", 38_000)]
        return record(self.actor, self.customer, guests=[guest], paid=paid, payer=self.friend, replaces=self.bill)

    def refund(self):
        sold = Line.objects.get(visit__bill=self.bill)
        given = {"lines": [(sold, 500, 100)], "payments": [("wechat", 100)], "reason": "x"}
        return services.refund(**self.keyed(bill=self.bill, **given))

    def correct_means(self):
        given = {"payments": [("cash", 38_000)], "reason": "x", "seen_last": 0}
        return means.correct_means(**self.keyed(bill=self.bill, **given))


ACTS = {
    "expect": lambda desk: arrivals.expect_visit(on=desk.actor.today + timedelta(days=1), at=time(10), **desk.plan(desk.friend)),
    "check in": lambda desk: arrivals.check_in(**desk.plan(builders.make_customer(branch=desk.actor.branch))),
    "check in who is expected": lambda desk: arrivals.check_in(**desk.plan(desk.customer)),
    "change": lambda desk: arrivals.change_expected(
        actor=desk.actor, visit=desk.expected, on=desk.actor.today, items=[desk.facial]
    ),
    "move": lambda desk: arrivals.move_visit(actor=desk.actor, visit=desk.expected, to="arrived"),
    "note": lambda desk: arrivals.add_note(**desk.keyed(visit=desk.expected, kind="desk", text="x")),
    "record": Desk.record,
    "void": lambda desk: services.void_bill(**desk.keyed(bill=desk.bill, reason="x")),
    "refund": Desk.refund,
    "means": Desk.correct_means,
    "identify": lambda desk: identify.identify_visit(**desk.keyed(visit=desk.nobodys, customer=desk.customer)),
    "undo": lambda desk: undo.undo_bill(**desk.keyed(bill=desk.bill)),
    "undo a move": lambda desk: undo.undo_move(actor=desk.actor, visit=desk.gone, token=desk.token),
}


def stored():
    models = [*apps.get_app_config("archives").get_models(), operations.Operation, Customer]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


@contextmanager
def failing_at(last=None):
    """Counts statements, and lets one fail as if the database were gone."""
    count = [0]

    def wrapped(execute, sql, params, many, context):
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            count[0] += 1
            if count[0] == last:
                raise OperationalError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapped):
        yield count


@pytest.mark.parametrize("name", ACTS)
def test_what_fails_at_its_last_statement_leaves_nothing_behind(actor, customer, facial, beautician, name):
    desk = Desk(actor, customer, facial, beautician)
    before = stored()
    with transaction.atomic():
        with failing_at() as statements:
            ACTS[name](desk)
        assert stored() != before
        transaction.set_rollback(True)
    for each in (desk.expected, desk.gone):
        each.refresh_from_db()
    others = Customer.objects.count()
    with failing_at(statements[0]), pytest.raises(OperationalError):
        ACTS[name](desk)
    made = stored()
    made[Customer] = made[Customer][:others]  # whom an act makes first, outside of it
    assert made == before


def plain(value):
    if isinstance(value, date | time):
        return str(value)
    raise TypeError(f"{value!r} is no figure and no word")


@pytest.mark.parametrize("name", ACTS)
def test_a_key_remembers_figures_and_words(actor, customer, facial, beautician, name, monkeypatch):
    desk, claim = Desk(actor, customer, facial, beautician), operations.claim
    monkeypatch.setattr(operations, "claim", lambda **given: json.dumps(given["data"], default=plain) and claim(**given))
    ACTS[name](desk)
