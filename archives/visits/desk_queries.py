"""What the front desk shows of a day: each visit with what one must know and what is still missing, and the day's figures."""

from dataclasses import dataclass, field

from django.db.models import Sum
from django.utils.translation import gettext as _

from archives.visits.models import ARRIVED, DONE, EXPECTED, IN_CARE, Visit, VisitNote
from archives.visits.queries import day_board, staff_names
from customers.card.models import Phone, SafetyNote
from salon import panels
from salon.shop.models import Item

HERE = (ARRIVED, IN_CARE, DONE)


@dataclass(frozen=True)
class Row:
    """One visit on the board. `missing`: what somebody should still write or ask, in words."""

    visit: Visit
    safety: list = field(default_factory=list)
    badge: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    is_first: bool = False
    waiting: int | None = None
    missing: list = field(default_factory=list)

    @property
    def is_here(self):
        return self.visit.status in HERE


def board(actor, day, *, with_hints=False):
    """The Rows of a day. A constant number of queries."""
    visits = day_board(actor, day)
    customers = list({visit.customer_id: visit.customer for visit in visits if visit.customer}.values())
    known = _known(actor, customers, day, with_hints=with_hints)
    return [_row(actor, visit, known) for visit in visits]


def _known(actor, customers, day, *, with_hints):
    """What is asked once for all customers of a board."""
    pks = [customer.pk for customer in customers]
    safety = {}
    for note in SafetyNote.objects.in_force(day).filter(customer__in=pks).select_related("tag").order_by("kind", "pk"):
        safety.setdefault(note.customer_id, []).append(note.tag.name)
    came = Visit.objects.done().filter(customer__in=pks, business_date__lt=day)
    return {
        "safety": safety,
        "badge": panels.collect("customer.badge", actor, customers),
        "hints": panels.collect("customer.hints", actor, customers) if with_hints else {},
        "reachable": set(Phone.objects.filter(customer__in=pks).values_list("customer_id", flat=True)),
        "came_before": set(came.order_by().values_list("customer_id", flat=True).distinct()),
    }


def _row(actor, visit, known):
    pk = visit.customer_id
    return Row(
        visit=visit,
        safety=known["safety"].get(pk, []),
        badge=known["badge"].get(pk, []),
        hints=known["hints"].get(pk, []),
        is_first=pk is not None and pk not in known["came_before"],
        waiting=_waiting(actor, visit),
        missing=list(_missing(visit, reachable=pk is None or pk in known["reachable"])),
    )


def _waiting(actor, visit):
    """Whole minutes since somebody who waits arrived."""
    if visit.status != ARRIVED or visit.arrived_at is None:
        return None
    return max(int((actor.now - visit.arrived_at).total_seconds() // 60), 0)


def _missing(visit, *, reachable):
    if visit.status in (EXPECTED, ARRIVED, IN_CARE) and not visit.assigned_id:
        yield _("nobody assigned")
    if visit.status == DONE:
        if visit.customer_id and not any(note.kind == VisitNote.NEXT for note in visit.notes.all()):
            yield _("no note for next time")
        if any(line.kind == Item.SERVICE for line in visit.lines.all()) and not staff_names(visit):
            yield _("nobody named who served")
    if not reachable:
        yield _("no phone on the card")


@dataclass(frozen=True)
class Figures:
    """The day in figures; `consumption_fen` counts refunds of the day too."""

    consumption_fen: int
    visits: int
    new_customers: int


def figures(actor, day, rows):
    """The Figures of a day whose board is `rows`. One query."""
    counted = Visit.objects.visible_to(actor).done().filter(branch=actor.branch, business_date=day)
    here = [row for row in rows if row.is_here]
    return Figures(
        consumption_fen=counted.aggregate(sum=Sum("net_fen"))["sum"] or 0,
        visits=len(here),
        new_customers=len({row.visit.customer_id for row in here if row.is_first}),
    )
