"""What was entered for a visit, before it is stored, and the rules it must meet. Nothing here writes."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from archives.visits.bills.models import Payment
from archives.visits.models import WHOLE_SHARE, Line
from salon.money import MAX_BILL_FEN, MAX_LINE_FEN, extended_price, format_money

MAX_QUANTITY_MILLI = 1_000_000
UNUSUAL = 10  # so many times the price of the catalogue is more often a slip than an amount


@dataclass(frozen=True)
class LineEntry:
    """One line as it was entered. `shares`: ((StaffMember, basis points), ...), which sum to 10,000, or empty.

    `overrides`: {tag id: reason} for each safety note of the customer that speaks against the item.
    """

    item: object
    quantity_milli: int = 1000
    unit_price_fen: int = 0
    discount_fen: int = 0
    discount_reason: str = ""
    remark: str = ""
    minutes: int = 0
    shares: tuple = ()
    overrides: dict = field(default_factory=dict)

    @property
    def gross_fen(self):
        """The price before the discount."""
        return extended_price(self.unit_price_fen, self.quantity_milli)

    @property
    def value_fen(self):
        return self.gross_fen - self.discount_fen

    @property
    def is_unusual(self):
        """True for an amount that somebody should look at twice: over ten times the item's price, where it has one."""
        return 0 < self.item.price_fen * UNUSUAL < self.value_fen


@dataclass(frozen=True)
class GuestEntry:
    """One customer of a bill (None: somebody unknown) with her lines and notes; `visit` is her open visit, if there is one."""

    customer: object | None
    lines: tuple = ()
    next_note: str = ""
    desk_note: str = ""
    visit: object | None = None


class SafetyStop(Exception):
    """Lines that a safety note speaks against and nobody has overridden: [(guest index, line index, Tag), ...]."""

    def __init__(self, stops):
        self.stops = stops
        super().__init__(", ".join(str(tag) for _guest, _line, tag in stops))


class EntryError(ValidationError):
    """What is wrong with an entry. `where` is "", "guests-0", "guests-0-lines-2" or "payments-1"."""

    def __init__(self, message, where=""):
        super().__init__(message, code="invalid")
        self.where = where


def problems(guests, payments):
    """Everything wrong with an entry, as a list of EntryError; empty when it may be stored."""
    found = []
    if not guests:
        found.append(EntryError(_("Choose a customer, or a walk-in.")))
    known = [guest.customer.pk for guest in guests if guest.customer]
    if len(known) != len(set(known)):
        found.append(EntryError(_("A customer can stand on a bill only once.")))
    if len(guests) - len(known) > 1:
        found.append(EntryError(_("A bill has one walk-in at most: the lines of all of them stand with that one.")))
    for g, guest in enumerate(guests):
        if not guest.lines:
            found.append(EntryError(_("Add at least one item."), f"guests-{g}"))
        for n, line in enumerate(guest.lines):
            found += [EntryError(message, f"guests-{g}-lines-{n}") for message in _line_problems(line)]
    return found + payment_problems(payments, sum(line.value_fen for guest in guests for line in guest.lines))


def _line_problems(line):
    if not 0 < line.quantity_milli <= MAX_QUANTITY_MILLI:
        yield _("The quantity must be above 0 and at most 1,000.")
    if line.unit_price_fen < 0 or max(line.unit_price_fen, line.gross_fen) > MAX_LINE_FEN:
        yield _("A line comes to %(most)s at most.") % {"most": format_money(MAX_LINE_FEN, places=0)}
    if line.discount_fen < 0 or line.discount_fen > line.gross_fen:
        yield _("The discount cannot be more than the price.")
    if line.discount_fen and line.discount_reason not in dict(Line.DISCOUNT_REASONS):
        yield _("Say why there is a discount.")
    people = [staff.pk for staff, _share in line.shares]
    if len(people) != len(set(people)):
        yield _("A person can stand on a line only once.")
    if line.shares and (sum(bp for _staff, bp in line.shares) != WHOLE_SHARE or any(bp <= 0 for _staff, bp in line.shares)):
        yield _("The shares of a line must sum to 100%.")
    if not 0 <= line.minutes <= 1440:
        yield _("Minutes must be between 0 and 1,440.")


def payment_problems(payments, payable_fen):
    """What is wrong with payments that must come to `payable_fen`, as a list of EntryError."""
    found = []
    for n, (means, fen) in enumerate(payments):
        if means not in Payment.OFFERED:
            found.append(EntryError(_("Choose a means of payment."), f"payments-{n}"))
        if fen <= 0:
            found.append(EntryError(_("The amount must be above 0."), f"payments-{n}"))
    if payable_fen > MAX_BILL_FEN:
        found.append(EntryError(_("A bill comes to %(most)s at most.") % {"most": format_money(MAX_BILL_FEN, places=0)}))
    paid = sum(fen for _means, fen in payments)
    if paid != payable_fen:
        text = _("The payments come to %(paid)s, but %(payable)s is to be paid.")
        found.append(EntryError(text % {"paid": format_money(paid), "payable": format_money(payable_fen)}, "payments"))
    return found


def as_data(guests, payments, **more):
    """An entry as plain lists and numbers, for the fingerprint of its operation key."""
    return {
        "guests": [
            {
                "customer": guest.customer and guest.customer.pk,
                "visit": guest.visit and guest.visit.pk,
                "notes": [guest.next_note, guest.desk_note],
                "lines": [
                    [
                        line.item.pk,
                        line.quantity_milli,
                        line.unit_price_fen,
                        line.discount_fen,
                        line.discount_reason,
                        line.remark,
                        line.minutes,
                        [[staff.pk, bp] for staff, bp in line.shares],
                        sorted(line.overrides.items()),
                    ]
                    for line in guest.lines
                ],
            }
            for guest in guests
        ],
        "payments": [list(payment) for payment in payments],
        **more,
    }
