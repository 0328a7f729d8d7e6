"""Writing money: recording a bill with its visits, voiding it, refunding. Each is one transaction and one operation key."""

from django.db import transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from archives.visits.bills import entries, rows
from archives.visits.bills.models import Payment
from archives.visits.bills.paid import returnable
from archives.visits.models import (
    CORRECTED,
    UNFINISHED,
    VOIDED,
    Bill,
    Line,
    LineRemark,
    RefundAllowance,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)
from archives.visits.queries import safety_conflicts
from customers.card import projections
from customers.privacy.services import let_in
from salon import access, operations
from salon.dates import business_date
from salon.errors import Barred, Conflict
from salon.shop.queries import next_number

FIRST_GUEST = object()
BACKDATE_DAYS = {access.RECEPTIONIST: 3, access.MANAGER: 366, access.OWNER: 3660}


def branch_day(actor, branch):
    """The business date at a branch now."""
    return business_date(actor.now, cutoff_hour=branch.cutoff_hour, time_zone=branch.time_zone)


@transaction.atomic
def record_bill(
    *, actor, key, branch, guests, payments, payer=FIRST_GUEST, channel="shop", on=None, replaces=None, identified=None
):
    """Store a finished bill: one visit per guest, with lines, shares, payments, notes. Returns the Bill, with `first_visit`.

    `key`: UUID from operations.read_key(text, user, "visit"). `payer`: a Customer, one of the guests or not; None if
    unknown. `on`: business date, default today; in the past only as far as BACKDATE_DAYS. `replaces`: a Bill that is voided
    by this one, or was undone by the same person; `identified`: how many of its visits had been given to a customer when the
    form was made, None if nobody asks. Raises EntryError (a ValidationError, the first problem;
    `entries.problems` lists all), SafetyStop, Conflict, AlreadyDone, KeyConflict.
    """
    today = branch_day(actor, branch)
    on = on or today
    payer = guests[0].customer if payer is FIRST_GUEST else payer
    _refuse_bad_day(actor, on, today)
    for problem in entries.problems(guests, payments):
        raise problem
    data = entries.as_data(guests, payments, branch=branch.pk, payer=payer and payer.pk, on=on, replaces=replaces and replaces.pk)
    operation = operations.claim(key=key, user=actor.user, action="visit", data=data)
    _stop_for_safety(guests, on)
    if replaces:
        if replaces.branch_id != branch.pk:
            raise ValueError("a bill stays at its branch")
        _make_way(actor, replaces, identified)
    payable = sum(line.value_fen for guest in guests for line in guest.lines)
    bill = make_bill(actor, branch, on, payable, payer, replaces=replaces)
    visits = _make_visits(actor, bill, guests, channel)
    _make_lines(actor, visits, guests)
    _make_payments(bill, payments)
    _make_notes(actor, visits, guests)
    if on == today and not replaces:
        let_in(actor=access.at(actor, branch), customers=[guest.customer for guest in guests if guest.customer])
    projections.note_visit(customer_ids=[visit.customer_id for visit in visits], on=on)
    operation.url = reverse("visits:saved", args=[visits[0].pk])
    operation.save(update_fields=["url"])
    bill.first_visit = visits[0]
    return bill


def _refuse_bad_day(actor, on, today):
    if on > today:
        raise entries.EntryError(_("A visit cannot be done on a day to come."), "on")
    if (today - on).days > BACKDATE_DAYS.get(actor.role, 0):
        raise entries.EntryError(_("This day is too long ago to be entered by you. Ask your manager."), "on")


def _stop_for_safety(guests, on):
    pairs = [(guest.customer, line.item) for guest in guests if guest.customer for line in guest.lines]
    conflicts = safety_conflicts([customer.pk for customer, _item in pairs], [item.pk for _customer, item in pairs], on)
    stops = [
        (g, n, tag)
        for g, guest in enumerate(guests)
        if guest.customer
        for n, line in enumerate(guest.lines)
        for tag in conflicts.get((guest.customer.pk, line.item.pk), ())
        if not line.overrides.get(tag.pk, "").strip()
    ]
    if stops:
        raise entries.SafetyStop(stops)


def make_bill(actor, branch, on, payable, payer, *, replaces=None, refunds=None):
    """Store the Bill alone, under the branch's next receipt number."""
    columns = rows.bill(
        branch_id=branch.pk,
        receipt_no=f"{branch.code}-R{next_number(branch, 'receipt'):07d}",
        on=on,
        payer_id=payer and payer.pk,
        payable_fen=payable,
        recorded_by_id=actor.user.pk,
        recorded_at=actor.now,
        replaces_id=replaces and replaces.pk,
        refunds_id=refunds and refunds.pk,
    )
    return Bill.objects.create(**columns)


def _make_visits(actor, bill, guests, channel):
    """The done visit of each guest, in order: the customer's open visit finished, or a new one."""
    visits, new = [], []
    for guest in guests:
        values = [line.value_fen for line in guest.lines]
        if guest.visit:
            _finish(guest.visit, guest.customer, bill, values)
            visits.append(guest.visit)
        else:
            columns = rows.visit(vars(bill), values, channel=channel, arrived_at=actor.now)
            new.append(Visit(bill=bill, customer=guest.customer, **columns))
            visits.append(new[-1])
    Visit.objects.bulk_create(new)
    return visits


def _finish(visit, customer, bill, values):
    unfinished = Visit.objects.filter(pk=visit.pk, branch=bill.branch_id, status__in=UNFINISHED)
    hers = Q(customer=customer) | Q(customer=None)  # nobody's visit may turn out to be a customer's
    if not unfinished.filter(hers).update(customer=customer, bill=bill, **rows.finished(vars(bill), values)):
        raise Conflict(_("This visit has been finished or cancelled meanwhile. Nothing was stored."))
    visit.refresh_from_db()


def _make_lines(actor, visits, guests):
    pairs = [
        (_line_of(visit, position, entry), entry)
        for visit, guest in zip(visits, guests)
        for position, entry in enumerate(guest.lines, start=1)
    ]
    Line.objects.bulk_create([line for line, _entry in pairs])
    LineRemark.objects.bulk_create([LineRemark(line=line, text=entry.remark) for line, entry in pairs if entry.remark])
    _make_shares([(line, [(staff.pk, bp) for staff, bp in entry.shares]) for line, entry in pairs])
    RefundAllowance.objects.bulk_create([RefundAllowance(line=line, **rows.allowance(vars(line))) for line, _entry in pairs])
    SafetyOverride.objects.bulk_create(
        [
            SafetyOverride(line=line, tag_id=tag_id, reason=reason.strip(), by=actor.user, at=actor.now)
            for line, entry in pairs
            for tag_id, reason in entry.overrides.items()
            if reason.strip()
        ]
    )


def _line_of(visit, position, entry):
    columns = rows.line(
        entry.item,
        quantity_milli=entry.quantity_milli,
        unit_price_fen=entry.unit_price_fen,
        value_fen=entry.value_fen,
        cost_fen=entry.item.cost_fen,
        minutes=entry.minutes,
        discount_reason=entry.discount_reason,
    )
    return Line(visit=visit, position=position, **columns)


def _make_shares(shared):
    """Store the shares of lines: [(Line, [(staff id, basis points), ...]), ...]."""
    StaffShare.objects.bulk_create(
        [StaffShare(line=line, **share) for line, people in shared for share in rows.shares(line.value_fen, people)]
    )


def _make_payments(bill, payments):
    Payment.objects.bulk_create([Payment(bill=bill, **payment) for payment in rows.payments(payments)])


def _make_notes(actor, visits, guests):
    VisitNote.objects.bulk_create(
        [
            VisitNote(visit=visit, kind=kind, text=text, by=actor.user, at=actor.now)
            for visit, guest in zip(visits, guests)
            for kind, text in ((VisitNote.NEXT, guest.next_note), (VisitNote.DESK, guest.desk_note))
            if text
        ]
    )


# --- Taking back -----------------------------------------------------------------------------------------------------


def may_void(actor, bill):
    """Managers void any bill of their branch; a receptionist her own of the same business day."""
    if actor.role in access.MANAGERS:
        return True
    own = actor.role == access.RECEPTIONIST and bill.recorded_by_id == actor.user.pk
    return own and bill.business_date == actor.today


def may_correct(actor, bill):
    """Who may void a bill may record it anew; a refund is voided only."""
    return not bill.refunds_id and may_void(actor, bill)


@transaction.atomic
def void_bill(*, actor, key, bill, reason):
    """Take a bill back as if it had never been: its visits count no more, its rows stay. Raises Conflict, AlreadyDone."""
    visit = bill.visits.first()
    url = reverse("visits:detail", args=[visit.pk])
    operations.claim(key=key, user=actor.user, action="void", data={"bill": bill.pk, "reason": reason}, url=url)
    _void(actor, bill, reason)
    return bill


def _make_way(actor, bill, identified):
    """Void the bill that a new one replaces. One that was undone is voided already: it may be stored again, once."""
    if not bill.visits.filter(undone__isnull=False).exists():
        _void(actor, bill, CORRECTED)
        if identified not in (None, bill.visits.filter(identified__isnull=False).count()):
            raise Conflict(_("This visit was given to a customer meanwhile. Choose her; or save again if it was not hers."))
        return
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    again = Bill.objects.filter(replaces=bill).first()
    if again:
        raise Conflict(_("What was undone has been stored again already, as receipt %(receipt)s.") % {"receipt": again})
    if bill.voided_by_id != actor.user.pk:
        raise Conflict(_("Only who undid a bill can store it again in its place."))


def _void(actor, bill, reason):
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.voided_at:
        raise Conflict(_("This bill has been voided already."))
    if not may_void(actor, bill):
        raise Barred(_("Only a manager can void this bill now."))
    if bill.refunded_by.filter(voided_at=None).exists():
        raise Barred(_("Something of this bill was refunded. Void the refund first."))
    mark_voided(actor, bill, reason)
    if bill.refunds_id:
        _return_allowances(bill)
    refresh_last_visits(bill)


def mark_voided(actor, bill, reason):
    """From now on a locked bill and its visits count no more; who calls has looked whether that may be."""
    Bill.objects.filter(pk=bill.pk).update(voided_at=actor.now, voided_by=actor.user, void_reason=reason)
    Visit.objects.filter(bill=bill).update(status=VOIDED, voided_at=actor.now)


def _return_allowances(refund_bill):
    for line in Line.objects.filter(visit__bill=refund_bill):
        RefundAllowance.objects.filter(pk=line.refund_of_id).update(
            refunded_fen=F("refunded_fen") + line.value_fen, refunded_milli=F("refunded_milli") + line.quantity_milli
        )


def refresh_last_visits(bill):
    """The last visit of a bill's customers, read again from what stands."""
    customers = list(bill.visits.exclude(customer=None).values_list("customer_id", flat=True))
    came = Visit.objects.done().filter(customer__in=customers, bill__refunds=None)
    days = dict(came.values_list("customer").annotate(last=Max("business_date")))
    projections.set_last_visit(days={customer_id: days.get(customer_id) for customer_id in customers})


@transaction.atomic
def refund(*, actor, key, bill, lines, payments, reason, posted=None):
    """Give money back for lines of a bill: a bill of its own, today, with negative lines and payments. Returns it.

    `lines`: [(Line, quantity in thousandths, fen), ...], both above 0; the database refuses more than was bought or paid.
    `payments`: [(means, fen), ...] above 0, the sum of the lines, by each means at most what came in by it less what went
    back (paid.returnable): the bill is locked, so two desks cannot exceed it together. `posted`: what the form sent, as the
    data of the key, for a page that must know a replay before it judges what is left.
    Raises EntryError, Conflict, AlreadyDone, KeyConflict.
    """
    total = _refund_total(lines, payments)
    given = [[line.pk, milli, fen] for line, milli, fen in lines], [list(payment) for payment in payments], reason
    operation = operations.claim(key=key, user=actor.user, action="refund", data=posted or {"bill": bill.pk, "given": given})
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.voided_at or bill.refunds_id:
        raise Conflict(_("Nothing can be refunded for this bill: it was voided, or is a refund itself."))
    _take_allowances(lines)
    if problem := returnable(bill).problem(payments):
        raise problem
    back = make_bill(actor, bill.branch, branch_day(actor, bill.branch), -total, bill.payer, refunds=bill)
    visits = _make_refund_visits(actor, back, lines)
    _make_refund_lines(visits, lines)
    _make_payments(back, [(means, -fen) for means, fen in payments])
    first = next(iter(visits.values()))
    VisitNote.objects.create(visit=first, kind=VisitNote.DESK, text=reason, by=actor.user, at=actor.now)
    operation.url = reverse("visits:detail", args=[first.pk])
    operation.save(update_fields=["url"])
    return back


def _refund_total(lines, payments):
    if not lines:
        raise entries.EntryError(_("Choose what is refunded."), "lines")
    for n, (_line, milli, fen) in enumerate(lines):
        if milli <= 0 or fen < 0:
            raise entries.EntryError(_("Quantity and amount must be above 0."), f"lines-{n}")
    total = sum(fen for _line, _milli, fen in lines)
    for problem in entries.payment_problems(payments, total):
        raise problem
    return total


def _take_allowances(lines):
    for line, milli, fen in lines:
        enough = RefundAllowance.objects.filter(
            pk=line.pk, refunded_fen__lte=F("value_fen") - fen, refunded_milli__lte=F("quantity_milli") - milli
        )
        if not enough.update(refunded_fen=F("refunded_fen") + fen, refunded_milli=F("refunded_milli") + milli):
            raise Conflict(_("More than what is left of “%(item)s” cannot be refunded.") % {"item": line.item_name})


def _make_refund_visits(actor, back, lines):
    """One visit per customer who gets something back: {original visit id: visit}."""
    # Read under the lock of the bill: a walk-in's visit may have become a customer's since the form was made.
    originals = Visit.objects.in_bulk({line.visit_id for line, _milli, _fen in lines})
    visits = {}
    for pk, original in originals.items():
        values = [-fen for line, _milli, fen in lines if line.visit_id == pk]
        visits[pk] = Visit(bill=back, customer_id=original.customer_id, **rows.visit(vars(back), values))
    Visit.objects.bulk_create(visits.values())
    return visits


def _make_refund_lines(visits, lines):
    made = [
        Line(visit=visits[line.visit_id], position=n, **rows.refund_line(vars(line), quantity_milli=milli, fen=fen))
        for n, (line, milli, fen) in enumerate(lines, start=1)
    ]
    Line.objects.bulk_create(made)
    people = {line.pk: list(line.shares.order_by("pk").values_list("staff", "share_bp")) for line, _milli, _fen in lines}
    _make_shares([(line, people[line.refund_of_id]) for line in made])
