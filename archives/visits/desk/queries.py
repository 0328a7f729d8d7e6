"""What the front desk shows of a day: each visit with what one must know and what is still missing, and the day's figures."""

from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from archives.visits.bills.models import Payment
from archives.visits.models import (
    ARRIVED,
    CANCELLED,
    DONE,
    EXPECTED,
    IN_CARE,
    NO_SHOW,
    UNFINISHED,
    Line,
    StaffShare,
    Visit,
    VisitNote,
)
from archives.visits.queries import BOARD_TIME, day_board, latest_next_notes, of_the_day, staff_names
from customers.card.models import Customer, Phone
from customers.card.search.queries import safety_of
from salon import access, panels
from salon.shop.models import Item

HERE = (ARRIVED, IN_CARE, DONE)
GROUPS = [  # name, states, heading
    ("waiting", (ARRIVED,), gettext_lazy("Waiting")),
    ("in_care", (IN_CARE,), gettext_lazy("In care")),
    ("expected", (EXPECTED,), gettext_lazy("Expected")),
    ("off", (NO_SHOW, CANCELLED), gettext_lazy("No-show or cancelled")),
    ("done", (DONE,), gettext_lazy("Done")),
]
TIME_LABELS = {  # what the time of a row means
    "arrived_at": pgettext_lazy("time", "arrived"),
    "care_started_at": pgettext_lazy("time", "in care since"),
    "expected_time": pgettext_lazy("time", "expected"),
    "done_at": pgettext_lazy("time", "done"),
}


@dataclass(frozen=True)
class Row:
    """One visit on the board. `missing`: what somebody should still write or ask, in words; `note`: last time's."""

    visit: Visit
    safety: list = field(default_factory=list)
    note: str = ""
    badge: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    is_first: bool = False
    waiting: int | None = None
    missing: list = field(default_factory=list)
    may_open: bool = True  # whether this person may open the card: not of a guest who is only expected

    @property
    def when(self):
        """The one time that is shown, None if nobody knows it."""
        return getattr(self.visit, BOARD_TIME[self.visit.status])

    @property
    def when_label(self):
        """What `when` means."""
        return TIME_LABELS[BOARD_TIME[self.visit.status]]


@dataclass(frozen=True)
class Group:
    """The visits of a day in one state (or two): `rows` are the first of `total`."""

    name: str
    heading: str
    rows: list
    total: int

    @property
    def left_out(self):
        return self.total - len(self.rows)


def board(actor, day, *, with_hints=False):
    """The Groups of a day that are not empty, as the front desk shows them. A constant number of queries."""
    found = day_board(actor, day)
    visits = [visit for some, _total in found.values() for visit in some]
    customers = list({visit.customer_id: visit.customer for visit in visits if visit.customer}.values())
    known = _known(actor, customers, day, with_hints=with_hints)
    groups = [
        Group(
            name,
            heading,
            [_row(actor, visit, known) for state in states for visit in found[state][0]],
            sum(found[state][1] for state in states),
        )
        for name, states, heading in GROUPS
    ]
    return [group for group in groups if group.total]


def _known(actor, customers, day, *, with_hints):
    """What is asked once for all customers of a board."""
    pks = [customer.pk for customer in customers]
    came_before = _came_before(day).filter(customer__in=pks)
    return {
        "safety": safety_of(pks, day),
        "notes": latest_next_notes(pks),
        "badge": panels.collect("customer.badge", actor, customers),
        "hints": panels.collect("customer.hints", actor, customers) if with_hints else {},
        "reachable": set(Phone.objects.filter(customer__in=pks).values_list("customer_id", flat=True)),
        "came_before": set(came_before.values_list("customer_id", flat=True).distinct()),
        "closed": _closed(actor, customers),
    }


def _closed(actor, customers):
    """Ids of those whose cards the actor may not open: guests who are only expected, and whom another beautician serves."""
    if actor.role != access.BEAUTICIAN and all(customer.branch_id == actor.branch.pk for customer in customers):
        return set()
    pks = {customer.pk for customer in customers}
    return pks - set(Customer.objects.visible_to(actor).filter(pk__in=pks).values_list("pk", flat=True))


def _came_before(day):
    return Visit.objects.done().filter(business_date__lt=day)


def _row(actor, visit, known):
    pk = visit.customer_id
    return Row(
        visit=visit,
        safety=known["safety"].get(pk, []),
        note=known["notes"].get(pk, "") if visit.status in UNFINISHED else "",
        badge=known["badge"].get(pk, []),
        hints=known["hints"].get(pk, []),
        is_first=pk is not None and pk not in known["came_before"],
        waiting=_waiting(actor, visit),
        missing=list(_missing(visit, reachable=pk is None or pk in known["reachable"])),
        may_open=pk not in known["closed"],
    )


def _waiting(actor, visit):
    """Whole minutes since somebody who waits arrived."""
    if visit.status != ARRIVED or visit.arrived_at is None:
        return None
    return max(int((actor.now - visit.arrived_at).total_seconds() // 60), 0)


def _missing(visit, *, reachable):
    if visit.status in UNFINISHED and not visit.assigned_id:
        yield _("nobody assigned")
    if visit.status == DONE:
        if visit.customer_id and not any(note.kind == VisitNote.NEXT for note in visit.notes.all()):
            yield _("no note for next time")
        if any(line.kind == Item.SERVICE for line in visit.lines.all()) and not staff_names(visit):
            yield _("nobody named who served")
    if not reachable:
        yield _("no phone on the card")


def _is_unwritten():
    """The condition that a done visit has something missing, as _missing has it."""
    of_visit = {"visit": OuterRef("pk")}
    noted = Exists(VisitNote.objects.filter(kind=VisitNote.NEXT, **of_visit))
    reachable = Exists(Phone.objects.filter(customer=OuterRef("customer")))
    served = Exists(Line.objects.filter(kind=Item.SERVICE, **of_visit))
    named = Exists(StaffShare.objects.filter(line__visit=OuterRef("pk")))
    return Q(customer__isnull=False) & (~Q(noted) | ~Q(reachable)) | Q(assigned=None) & Q(served) & ~Q(named)


@dataclass(frozen=True)
class Figures:
    """The day in figures; `consumption_fen` counts refunds of the day too, `unwritten` visits done with something missing."""

    consumption_fen: int
    visits: int
    new_customers: int
    unwritten: int


def figures(actor, day):
    """The Figures of a day, of all its visits, however many the board shows. Two queries."""
    counted = Visit.objects.visible_to(actor).done().filter(branch=actor.branch, day=day)  # its business date, and indexed
    is_first = Q(customer__isnull=False) & ~Q(Exists(_came_before(day).filter(customer=OuterRef("customer"))))
    here = of_the_day(actor, day).filter(status__in=HERE)
    found = here.aggregate(
        visits=Count("pk"),
        new_customers=Count("customer", filter=is_first, distinct=True),
        unwritten=Count("pk", filter=Q(status=DONE) & _is_unwritten()),
    )
    return Figures(consumption_fen=counted.aggregate(sum=Sum("net_fen"))["sum"] or 0, **found)


@dataclass(frozen=True)
class Takings:
    """Money taken on a day less what was given back: `by_means` [(means in words, fen)], only those with any."""

    is_own: bool
    total_fen: int
    by_means: list


def takings(actor, day):
    """The Takings of the branch for managers and the owner, a receptionist's own; None for who sees no amounts. One query."""
    if access.visibility(actor, "amount") != access.FULL:
        return None
    taken = Payment.objects.as_corrected()
    payments = taken.filter(bill__branch=actor.branch, bill__business_date=day, bill__voided_at=None)
    is_own = actor.role not in access.MANAGERS
    if is_own:
        payments = payments.filter(bill__recorded_by=actor.user)
    sums = dict(payments.values_list("means").annotate(sum=Sum("amount_fen")))
    by_means = [(label, sums[means]) for means, label in Payment.MEANS if means in sums]
    return Takings(is_own, sum(sums.values()), by_means)
