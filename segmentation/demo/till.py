"""The till of one branch: rows of bills, visits, lines, shares, payments, as archives/visits/bills/services.py would store them.

A finished visit has here what `record_bill`, `refund` and `void_bill` give it there; tests compare the rules over a whole
seeded database.
"""

from collections import defaultdict
from typing import NamedTuple

from archives.visits.bills.models import Payment
from archives.visits.models import (
    DONE,
    VOIDED,
    WHOLE_SHARE,
    Bill,
    Line,
    LineRemark,
    PlannedItem,
    RefundAllowance,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)
from salon.money import spread
from segmentation.demo import words
from segmentation.demo.chance import Weighted, one_of

TABLES = {
    # in the order the rows refer to each other
    "bills": (
        Bill,
        "id branch_id receipt_no business_date payer_id payable_fen paid_fen recorded_by_id recorded_at "
        "voided_at voided_by_id void_reason replaces_id refunds_id",
    ),
    "visits": (
        Visit,
        "id branch_id customer_id status channel expected_on expected_time assigned_id arrived_at care_started_at done_at "
        "bill_id receipt_no business_date day net_fen has_positive_line recorded_at recorded_by_id voided_at",
    ),
    "lines": (
        Line,
        "id visit_id position item_id kind item_name quantity_milli unit_price_fen discount_fen discount_reason "
        "value_fen payable_fen cost_fen minutes refund_of_id",
    ),
    "remarks": (LineRemark, "line_id text"),
    "shares": (StaffShare, "id line_id staff_id share_bp value_fen"),
    "allowances": (RefundAllowance, "line_id value_fen quantity_milli refunded_fen refunded_milli"),
    "payments": (Payment, "id bill_id position means amount_fen"),
    "overrides": (SafetyOverride, "id line_id tag_id reason by_id at"),
    "notes": (VisitNote, "id visit_id kind text by_id at"),
    "planned": (PlannedItem, "id visit_id item_id"),
}
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
        return self.milli * self.unit_fen // 1000 - self.discount_fen


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
    """What is to be given back on a later day."""

    bill_id: int
    customer_id: int | None
    payer_id: int | None
    line_id: int
    entry: Entry
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
        tables, place, rng = self._tables, self._place, self._rng
        bill_id, receipt_no, moment = tables.bills.new_id(), self._next_receipt(), day.stamp(minute)
        voided_at = day.stamp(void_minute) if void_reason else None
        status = VOIDED if void_reason else DONE
        payer = guests[0].person
        payer_id = payer.id if payer else None
        means = MEANS.draw(rng)
        payable = 0
        for guest in guests:
            visit_id = tables.visits.new_id()
            customer_id = guest.person.id if guest.person else None
            net = positive = 0
            for position, entry in enumerate(guest.entries, start=1):
                line_id, value = self._line(visit_id, position, entry, moment)
                net += value
                positive += value > 0
                if entry.refund_on:
                    slip = Slip(bill_id, customer_id, payer_id, line_id, entry, *_given_back(entry), means)
                    self.slips[entry.refund_on].append(slip)
            payable += net
            tables.visits.add((
                visit_id, place.id, customer_id, status, guest.channel,
                day.iso if guest.booked else None, quarter(guest.started) if guest.booked else None,
                guest.worker.id if guest.booked else None,
                day.stamp(guest.arrived), day.stamp(guest.started), moment,
                bill_id, receipt_no, day.iso, day.iso, net, 1 if positive else 0, moment, place.desk_user, voided_at,
            ))  # fmt: skip
            if guest.next_note or guest.desk_note:
                self._notes(visit_id, guest, moment)
        voided_by = place.manager_user if void_reason else None
        tables.bills.add((
            bill_id, place.id, receipt_no, day.iso, payer_id, payable, payable, place.desk_user, moment,
            voided_at, voided_by, void_reason, replaces, None,
        ))  # fmt: skip
        self._pay(bill_id, payable, means)
        return bill_id

    def _next_receipt(self):
        self.receipts += 1
        return f"{self._prefix}{self.receipts:07d}"

    def _line(self, visit_id, position, entry, moment):
        """Store a line with all that hangs on it; returns (line id, value)."""
        tables, offer, milli = self._tables, entry.offer, entry.milli
        line_id = tables.lines.new_id()
        value = milli * entry.unit_fen // 1000 - entry.discount_fen
        cost = milli * entry.cost_fen // 1000
        tables.lines.add((
            line_id, visit_id, position, offer.id, offer.kind, offer.name, milli, entry.unit_fen, entry.discount_fen,
            entry.reason, value, value, cost, offer.minutes, None,
        ))  # fmt: skip
        back_milli, back_fen = _given_back(entry) if entry.refund_on else (0, 0)
        tables.allowances.add((line_id, value, milli, back_fen, back_milli))
        self._share(line_id, value, entry.shares)
        if entry.remark:
            tables.remarks.add((line_id, entry.remark))
        for tag_id in entry.against:
            reason = one_of(self._rng, words.OVERRIDE_REASONS)
            tables.overrides.add((tables.overrides.new_id(), line_id, tag_id, reason, self._place.desk_user, moment))
        return line_id, value

    def _share(self, line_id, value, shares):
        table = self._tables.shares
        if len(shares) == 1:
            table.add((table.new_id(), line_id, shares[0][0], WHOLE_SHARE, value))
            return
        for (staff_id, bp), part in zip(shares, spread(value, [bp for _staff, bp in shares])):
            table.add((table.new_id(), line_id, staff_id, bp, part))

    def _pay(self, bill_id, payable, means):
        table = self._tables.payments
        if payable == 0:
            return
        if payable >= 30_000 and self._rng.random() < SPLIT_PAYMENT:
            first = payable // 2 // 10_000 * 10_000
            other = Payment.CASH if means != Payment.CASH else Payment.WECHAT
            table.add((table.new_id(), bill_id, 1, means, first))
            table.add((table.new_id(), bill_id, 2, other, payable - first))
        else:
            table.add((table.new_id(), bill_id, 1, means, payable))

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
        tables, place, entry = self._tables, self._place, slip.entry
        bill_id, receipt_no, moment = tables.bills.new_id(), self._next_receipt(), day.stamp(minute)
        visit_id, line_id = tables.visits.new_id(), tables.lines.new_id()
        tables.bills.add((
            bill_id, place.id, receipt_no, day.iso, slip.payer_id, -slip.fen, -slip.fen, place.desk_user, moment,
            None, None, "", None, slip.bill_id,
        ))  # fmt: skip
        tables.visits.add((
            visit_id, place.id, slip.customer_id, DONE, "shop", None, None, None, None, None, moment,
            bill_id, receipt_no, day.iso, day.iso, -slip.fen, 0, moment, place.desk_user, None,
        ))  # fmt: skip
        discount = slip.fen - slip.milli * entry.unit_fen // 1000
        tables.lines.add((
            line_id, visit_id, 1, entry.offer.id, entry.offer.kind, entry.offer.name, -slip.milli, entry.unit_fen, discount,
            entry.reason, -slip.fen, -slip.fen, 0, 0, slip.line_id,
        ))  # fmt: skip
        self._share(line_id, -slip.fen, entry.shares)
        tables.payments.add((tables.payments.new_id(), bill_id, 1, slip.means, -slip.fen))
        reason = one_of(self._rng, words.REFUND_REASONS)
        tables.notes.add((tables.notes.new_id(), visit_id, VisitNote.DESK, reason, place.desk_user, moment))

    def expect(self, person, *, status, day, time, worker, items, recorded_at, arrived_at=None, started_at=None):
        """Store a visit that is not done: expected, arrived, in care, or come to nothing. `time` None: she came unexpected."""
        table = self._tables.visits
        visit_id, expected_on = table.new_id(), day.iso if time else None
        table.add((
            visit_id, self._place.id, person.id, status, "phone" if time else "shop", expected_on, time, worker.id,
            arrived_at, started_at, None,
            None, "", None, day.iso, 0, 0, recorded_at, self._place.desk_user, None,
        ))  # fmt: skip
        planned = self._tables.planned
        for item in items:
            planned.add((planned.new_id(), visit_id, item.id))


def _given_back(entry):
    """(thousandths, fen) that go back of a line: one piece of several, else all."""
    if entry.milli > 1000:
        return 1000, entry.value_fen * 1000 // entry.milli
    return entry.milli, entry.value_fen


def quarter(minute):
    """A time of the day to the quarter of an hour, as both databases take it."""
    minute = minute // 15 * 15
    return f"{minute // 60:02d}:{minute % 60:02d}:00"
