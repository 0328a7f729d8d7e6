"""What the page of visit entry shows of a customer, and what it starts with: empty, planned, repeated, or a bill to correct."""

from dataclasses import dataclass, field

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from archives.visits.bills.models import Payment
from archives.visits.entry.parsing import OTHER_PAYER, WHOLE
from archives.visits.models import DONE, UNFINISHED, Bill, Line, PlannedItem, SafetyOverride, StaffShare, Visit, VisitNote
from archives.visits.queries import repeat_last_visit
from customers.card.search.queries import safety_of
from salon import access, panels
from salon.money import to_yuan
from salon.templatetags.salon import quantity

STANDING_REASONS = {"member", "regular", "staff"}  # discounts that are repeated; others were for that day
REMEMBERED_SHARES = 300


@dataclass(frozen=True)
class GuestCard:
    """What the page knows of one guest. `data` goes to the browser as JSON; for a walk-in, `customer` is None."""

    customer: object | None = None
    safety: list = field(default_factory=list)
    badge: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    repeat: object | None = None
    data: dict = field(default_factory=dict)


def guest_card(actor, customer, visit=None):
    """The GuestCard of a customer, or of a walk-in (None), whose open visit may be `visit`. A constant number of queries."""
    of_visit = {
        "assigned": visit.assigned_id if visit else None,
        "planned": planned_lines(visit),
        "nobodys": visit.pk if visit and visit.customer_id is None else None,
    }
    if customer is None:
        return GuestCard(data={"tags": {}, "staff": {}, "repeat": None} | of_visit)
    safety = safety_of([customer.pk], actor.today)[customer.pk]
    repeat = repeat_last_visit(customer)
    return GuestCard(
        customer=customer,
        safety=safety,
        badge=panels.collect("customer.badge", actor, [customer])[customer.pk],
        hints=[*panels.collect("customer.hints", actor, [customer])[customer.pk], *_other_visit(actor, customer, visit)],
        repeat=repeat,
        data={
            "tags": {note.tag_id: note.tag.name for note in safety},
            "staff": usual_staff(customer.pk),
            "repeat": [line_initial(line) for line in repeat.lines] if repeat else None,
        }
        | of_visit,
    )


def _other_visit(actor, customer, visit):
    """Where nobody's open visit is finished as hers: that her own of today stays open beside it."""
    if visit and visit.customer_id is None and (own := open_visits_of(actor, [customer]).get(customer.pk)):
        yield panels.Hint(_("Another visit of today stays open: %(state)s.") % {"state": own.get_status_display()}, "warn")


def usual_staff(customer_id):
    """{item id: [[staff id, percentage]]}: who served this customer with each item the last time. One query."""
    shares = (
        StaffShare.objects.filter(line__visit__customer=customer_id, line__visit__status=DONE, line__refund_of=None)
        .order_by("-line__visit__business_date", "-line_id", "-share_bp", "pk")
        .values_list("line__item_id", "line_id", "staff_id", "share_bp")[:REMEMBERED_SHARES]
    )
    newest, usual = {}, {}
    for item_id, line_id, staff_id, share_bp in shares:
        if newest.setdefault(item_id, line_id) == line_id:
            usual.setdefault(item_id, []).append([staff_id, percent(share_bp)])
    return usual


def percent(share_bp):
    """A share as it is typed; "" for the whole, which needs no figure."""
    return "" if share_bp == WHOLE else f"{share_bp / 100:g}"


def line_initial(line):
    """A line of queries.Repeat as the form's initial data, and as the browser adds it."""
    keeps = line["discount_reason"] in STANDING_REASONS
    return {
        "guest": 0,
        "item": line["item"],
        "quantity": quantity(line["quantity_milli"]),
        "price": str(to_yuan(line["unit_price_fen"])),
        "discount": plain(line["discount_fen"]) if keeps else "",
        "reason": line["discount_reason"] if keeps else "",
        "minutes": line["minutes"],
        "people": [(pk, percent(bp)) for pk, bp in line["shares"]],
    }


def plain(fen):
    """An amount as somebody would type it: 30 or 30.50; "" for nothing."""
    return "" if not fen else str(to_yuan(fen)).removesuffix(".00")


@dataclass(frozen=True)
class Prefill:
    """What the form starts with: initial data of the head, the guests and the lines."""

    head: dict
    guests: list
    lines: list
    customers: list
    visits: list = field(default_factory=list)
    replaces: object | None = None
    other_payer: object | None = None


def prefill(actor, *, customers, visit=None, repeat=False):
    """For customers who are here (None: a walk-in). An open visit of today is finished, with what was planned.

    `visit`: the open visit of the first of them; nobody's, if it is hers from now on.
    """
    open_visits = open_visits_of(actor, customers)
    guests, lines = [], []
    for n, customer in enumerate(customers):
        known = visit if visit and n == 0 else open_visits.get(customer and customer.pk)
        guests.append({"customer": customer and customer.pk, "visit": known and known.pk})
        lines += [line | {"guest": n} for line in planned_lines(known)]
    if repeat and customers[0] and not lines and (last := repeat_last_visit(customers[0])):
        lines = [line_initial(line) for line in last.lines]
    channel = visit.channel if visit else "shop"
    means = usual_means(customers[0])
    head = {"on": actor.today, "channel": channel, "rest": means}
    return Prefill(head, guests, lines, customers, [*open_visits.values(), *([visit] if visit else [])])


def usual_means(customer):
    """How this customer paid the last time ("" if never, or by a means that is not offered)."""
    if customer is None:
        return ""
    paid = Payment.objects.as_corrected().filter(bill__payer=customer, bill__voided_at=None, amount_fen__gt=0)
    means = paid.order_by("-bill__business_date", "-bill_id", "-amount_fen", "pk").values_list("means", flat=True).first()
    return means if means in Payment.OFFERED else ""


def open_visits_of(actor, customers):
    """{customer id: her open visit of today at this branch}, the one that has gone furthest."""
    known = [customer.pk for customer in customers if customer]
    visits = Visit.objects.filter(branch=actor.branch, customer__in=known, status__in=UNFINISHED, day=actor.today)
    order = {status: n for n, status in enumerate(UNFINISHED)}
    return {visit.customer_id: visit for visit in sorted(visits, key=lambda v: (order[v.status], v.pk))}


def open_visit(actor, customer, asked):
    """The open visit that an entry for a customer finishes: the one asked for, if it is hers or nobody's, else hers of today."""
    if asked:
        open_ones = Visit.objects.visible_to(actor).filter(status__in=UNFINISHED, branch=actor.branch)
        if visit := open_ones.filter(Q(customer=customer) | Q(customer=None), pk=asked).first():
            return visit
    return open_visits_of(actor, [customer]).get(customer.pk) if customer else None


def planned_lines(visit):
    """The lines an open visit was planned for, as the form's initial data; none for no visit."""
    if visit is None:
        return []
    assigned = [(visit.assigned_id, "")] if visit.assigned_id else []
    usual = usual_staff(visit.customer_id) if visit.customer_id and not assigned else {}
    planned = PlannedItem.objects.filter(visit=visit).select_related("item").order_by("pk")
    return [
        {
            "item": each.item_id,
            "quantity": "1",
            "price": str(to_yuan(each.item.price_fen)),
            "minutes": each.item.minutes,
            "people": assigned or usual.get(each.item_id, []),
        }
        for each in planned
    ]


def prefill_correction(bill):
    """The form filled with what a bill says, to record it anew; the old one is voided when the new one is stored."""
    visits = list(bill.visits.select_related("customer").order_by("pk"))
    notes = VisitNote.objects.filter(visit__in=visits)
    parts = [
        Prefetch(name, model.objects.order_by("pk")) for name, model in (("shares", StaffShare), ("overrides", SafetyOverride))
    ]
    lines = Line.objects.filter(visit__in=visits).select_related("remark").prefetch_related(*parts)
    place = {visit.pk: n for n, visit in enumerate(visits)}
    nobody_else = 0 if bill.payer is None else OTHER_PAYER
    payer = next((n for n, visit in enumerate(visits) if visit.customer_id == bill.payer_id), nobody_else)
    payments = list(bill.payments.as_corrected())
    head = {"on": bill.business_date, "channel": visits[0].channel, "payer": payer, "replaces": bill.pk}
    head["identified"] = identified_of(bill)
    for payment in payments:
        head[f"pay-{payment.means}"] = head.get(f"pay-{payment.means}", 0) + payment.amount_fen
    if payments:  # the last of them takes what is left, as it did: the others were typed
        head["rest"] = payments[-1].means
        del head[f"pay-{payments[-1].means}"]
    guests = [{"customer": visit.customer_id} | _noted(visit, notes) for visit in visits]
    filled = [_correction_line(line, place[line.visit_id]) for line in lines.order_by("visit", "position")]
    other_payer = bill.payer if payer == OTHER_PAYER else None
    head["payer_card"] = other_payer and other_payer.pk
    return Prefill(head, guests, filled, [visit.customer for visit in visits], replaces=bill, other_payer=other_payer)


def identified_of(bill):
    """How many visits of a bill were recorded for nobody and have been given to a customer since."""
    return bill.visits.filter(identified__isnull=False).count()


def _noted(visit, notes):
    texts = {"next_note": [], "desk_note": []}
    for note in notes:
        if note.visit_id == visit.pk:
            texts[f"{note.kind}_note"].append(note.text)
    return {name: "\n".join(lines) for name, lines in texts.items()}


def _correction_line(line, guest):
    return {
        "guest": guest,
        "item": line.item_id,
        "quantity": quantity(line.quantity_milli),
        "price": str(to_yuan(line.unit_price_fen)),
        "discount": plain(line.discount_fen),
        "reason": line.discount_reason,
        "remark": line.remark.text if hasattr(line, "remark") else "",
        "minutes": line.minutes,
        "people": [(share.staff_id, percent(share.share_bp)) for share in line.shares.all()],
        "override": next((override.reason for override in line.overrides.all()), ""),
        "override_tags": ",".join(str(override.tag_id) for override in line.overrides.all()),
    }


def bill_to_correct(actor, visit_pk):
    """The standing bill of a visit, to be recorded anew: not voided, not a refund. Raises Http404."""
    return access.get(actor, Bill.objects.filter(voided_at=None, refunds=None), visits=visit_pk)
