"""The till of one branch: rows of bills, visits, lines, shares, payments, as archives/visits/bills/services.py would store them.

A finished visit has here what `record_bill`, `refund` and `void_bill` give it there; tests compare the rules over a whole
seeded database.
"""

from collections import defaultdict
from typing import NamedTuple

from archives.visits.bills import rows
from archives.visits.bills.models import Payment
from archives.visits.models import VOIDED, VisitNote
from salon.money import extended_price, prorated
from segmentation.demo import words
from segmentation.demo.chance import Weighted, one_of

TABLES = rows.TABLES
MEANS = Weighted({Payment.WECHAT: 54, Payment.ALIPAY: 24, Payment.CASH: 9, Payment.CARD: 11, Payment.TRANSFER: 2})
SPLIT_PAYMENT = 0.05
NOTE_BY_DESK = 0.3


class Entry(NamedTuple):
    """One line as it is rung up. `shares`: ((staff id, basis points), ...). `refund_on`: the ordinal of the day it goes back."""

    offer: object
    milli: int
    unit_fen: int
    cost_fen: int
    discount_fen: int
    reason: str
    shares: tuple
    remark: str = ""
    against: tuple = ()  # ids of tags a safety note of the customer names
    refund_on: int = 0

    @property
    def value_fen(self):
        return extended_price(self.unit_fen, self.milli) - self.discount_fen


class Guest(NamedTuple):
    """One customer of a bill (`person` None: somebody unknown), her lines, notes and times (minutes of the day)."""

    person: object
    entries: list
    worker: object
    arrived: int
    started: int
    booked: bool = False
    channel: str = "shop"
    next_note: str = ""
    desk_note: str = ""


class Slip(NamedTuple):
    """What is to be given back on a later day: a part of a line, stored as the row `line`."""

    bill_id: int
    customer_id: int | None
    payer_id: int | None
    line: dict
    shares: tuple
    milli: int
    fen: int
    means: str


class Till:
    """Rings up bill after bill of one branch, numbered as they come. `slips`: {ordinal: what goes back on that day}."""

    def __init__(self, tables, place, rng):
        self._tables, self._place, self._rng = tables, place, rng
        self._prefix = f"{place.code}-R"
        self.receipts = 0
        self.slips = defaultdict(list)

    def ring_up(self, day, minute, guests, *, replaces=None, void_reason="", void_minute=0):
        """Store a bill paid at a minute of a day; returns its id. With `void_reason` it was voided at `void_minute`."""
        bill_id, moment = self._tables.bills.new_id(), day.stamp(minute)
        receipt_no, means = self._next_receipt(), MEANS.draw(self._rng)
        payer_id, served = _id(guests[0].person), []
        for guest in guests:
            visit_id = self._tables.visits.new_id()
            lines = [self._line(visit_id, position, entry, moment) for position, entry in enumerate(guest.entries, start=1)]
            self._plan_refunds(guest, lines, bill_id=bill_id, payer_id=payer_id, means=means)
            self._notes(visit_id, guest, moment)
            served.append((visit_id, guest, [line["value_fen"] for line in lines]))
        bill = self._bill(day, moment, receipt_no, payer_id, sum(sum(values) for _visit, _guest, values in served))
        bill["replaces_id"] = replaces
        if void_reason:
            bill |= {"voided_at": day.stamp(void_minute), "voided_by_id": self._place.manager_user, "void_reason": void_reason}
        for visit_id, guest, values in served:
            self._visit(day, visit_id, bill_id, bill, guest, values)
        self._tables.bills.put(id=bill_id, **bill)
        self._pay(bill_id, bill["payable_fen"], means)
        return bill_id

    def _plan_refunds(self, guest, lines, *, bill_id, payer_id, means):
        for entry, line in zip(guest.entries, lines):
            if entry.refund_on:
                slip = Slip(bill_id, _id(guest.person), payer_id, line, entry.shares, *_given_back(entry), means)
                self.slips[entry.refund_on].append(slip)

    def _visit(self, day, visit_id, bill_id, bill, guest, values):
        columns = rows.visit(bill, values) | {
            "channel": guest.channel,
            "arrived_at": day.stamp(guest.arrived),
            "care_started_at": day.stamp(guest.started),
        }
        if guest.booked:
            columns |= {"expected_on": day.iso, "expected_time": quarter(guest.started), "assigned_id": guest.worker.id}
        if bill["voided_at"]:
            columns |= {"status": VOIDED, "voided_at": bill["voided_at"]}
        self._tables.visits.put(id=visit_id, bill_id=bill_id, customer_id=_id(guest.person), **columns)

    def _bill(self, day, moment, receipt_no, payer_id, payable_fen):
        return rows.bill(
            branch_id=self._place.id,
            receipt_no=receipt_no,
            on=day.iso,
            payer_id=payer_id,
            payable_fen=payable_fen,
            recorded_by_id=self._place.desk_user,
            recorded_at=moment,
        )

    def _next_receipt(self):
        self.receipts += 1
        return f"{self._prefix}{self.receipts:07d}"

    def _line(self, visit_id, position, entry, moment):
        """Store a line with all that hangs on it; returns its row."""
        tables = self._tables
        line = rows.line(
            entry.offer,
            quantity_milli=entry.milli,
            unit_price_fen=entry.unit_fen,
            value_fen=entry.value_fen,
            cost_fen=entry.cost_fen,
            minutes=entry.offer.minutes,
            discount_reason=entry.reason,
        ) | {"id": tables.lines.new_id()}
        tables.lines.put(visit_id=visit_id, position=position, **line)
        back_milli, back_fen = _given_back(entry) if entry.refund_on else (0, 0)
        tables.allowances.put(line_id=line["id"], **rows.allowance(line, refunded_milli=back_milli, refunded_fen=back_fen))
        self._share(line, entry.shares)
        if entry.remark:
            tables.remarks.add((line["id"], entry.remark))
        for tag_id in entry.against:
            reason = one_of(self._rng, words.OVERRIDE_REASONS)
            tables.overrides.add((tables.overrides.new_id(), line["id"], tag_id, reason, self._place.desk_user, moment))
        return line

    def _share(self, line, people):
        for share in rows.shares(line["value_fen"], people):
            self._tables.shares.put(line_id=line["id"], **share)

    def _pay(self, bill_id, payable, means):
        if payable == 0:
            return
        amounts = [(means, payable)]
        if payable >= 30_000 and self._rng.random() < SPLIT_PAYMENT:
            first = payable // 2 // 10_000 * 10_000
            other = Payment.CASH if means != Payment.CASH else Payment.WECHAT
            amounts = [(means, first), (other, payable - first)]
        self._store_payments(bill_id, amounts)

    def _store_payments(self, bill_id, amounts):
        for payment in rows.payments(amounts):
            self._tables.payments.put(bill_id=bill_id, **payment)

    def _notes(self, visit_id, guest, moment):
        table, desk = self._tables.notes, self._place.desk_user
        if guest.next_note:
            author = desk if self._rng.random() < NOTE_BY_DESK else guest.worker.user or desk
            table.add((table.new_id(), visit_id, VisitNote.NEXT, guest.next_note, author, moment))
        if guest.desk_note:
            table.add((table.new_id(), visit_id, VisitNote.DESK, guest.desk_note, desk, moment))

    # --- giving back, coming to nothing

    def give_back(self, day, minute, slip):
        """Store the refund bill of a slip: a negative line that names the one it takes back."""
        tables, place = self._tables, self._place
        bill_id, moment = tables.bills.new_id(), day.stamp(minute)
        visit_id, line_id = tables.visits.new_id(), tables.lines.new_id()
        bill = self._bill(day, moment, self._next_receipt(), slip.payer_id, -slip.fen) | {"refunds_id": slip.bill_id}
        tables.bills.put(id=bill_id, **bill)
        tables.visits.put(id=visit_id, bill_id=bill_id, customer_id=slip.customer_id, **rows.visit(bill, [-slip.fen]))
        line = rows.refund_line(slip.line, quantity_milli=slip.milli, fen=slip.fen) | {"id": line_id}
        tables.lines.put(visit_id=visit_id, position=1, **line)
        self._share(line, slip.shares)
        self._store_payments(bill_id, [(slip.means, -slip.fen)])
        reason = one_of(self._rng, words.REFUND_REASONS)
        tables.notes.add((tables.notes.new_id(), visit_id, VisitNote.DESK, reason, place.desk_user, moment))

    def expect(self, person, *, status, day, time, worker, items, recorded_at, arrived_at=None, started_at=None):
        """Store a visit that is not done: expected, arrived, in care, or come to nothing. `time` None: she came unexpected."""
        table = self._tables.visits
        visit_id = table.new_id()
        table.put(
            id=visit_id,
            customer_id=person.id,
            bill_id=None,
            **rows.open_visit(
                branch_id=self._place.id,
                status=status,
                channel="phone" if time else "shop",
                expected_on=day.iso if time else None,
                expected_time=time,
                assigned_id=worker.id,
                arrived_at=arrived_at,
                care_started_at=started_at,
                day=day.iso,
                recorded_at=recorded_at,
                recorded_by_id=self._place.desk_user,
            ),
        )
        planned = self._tables.planned
        for item in items:
            planned.add((planned.new_id(), visit_id, item.id))


def _given_back(entry):
    """(thousandths, fen) that go back of a line: one piece of several, else all."""
    if entry.milli > 1000:
        return 1000, prorated(entry.value_fen, 1000, entry.milli)
    return entry.milli, entry.value_fen


def _id(person):
    return person and person.id


def quarter(minute):
    """A time of the day to the quarter of an hour, as both databases take it."""
    minute = minute // 15 * 15
    return f"{minute // 60:02d}:{minute % 60:02d}:00"
