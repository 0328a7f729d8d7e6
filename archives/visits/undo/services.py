"""Undo: what was stored a moment ago by a slip of the hand is taken back, and what it came from is there again.

Money is never changed or deleted, so undoing a bill is three things in one transaction: the bill is voided and stays in the
books; a customer who was expected or waiting is so again, as a new open visit with the old one's plan and times; and where the
bill was a correction, the content it replaced is recorded anew. A no-show or a cancelled visit holds no money: its state is set
back.
"""

from datetime import timedelta
from math import ceil
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from archives.visits.bills import services
from archives.visits.bills.models import Payment
from archives.visits.models import (
    ARRIVED,
    CANCELLED,
    DONE,
    EXPECTED,
    IN_CARE,
    NO_SHOW,
    UNDONE,
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
from archives.visits.undo.models import UndoneVisit
from customers.card import projections
from salon import operations
from salon.dates import business_date
from salon.errors import Barred, Conflict

WINDOW = timedelta(seconds=15)  # of the server's clock, from the moment it was stored


def is_undone(bill):
    return UndoneVisit.objects.filter(visit__bill=bill).exists()


def former_bill(bill):
    """The bill that `bill` corrected, or None: then nothing was stored before it (what was undone before does not count)."""
    return bill.replaces if bill.replaces_id and not is_undone(bill.replaces) else None


def _is_of_an_undo(bill):
    """True for what was recorded anew because its correction was undone."""
    return bool(bill.replaces_id and is_undone(bill.replaces) and former_bill(bill.replaces))


def why_not(actor, bill):
    """Why this person cannot undo this bill now, as a sentence; "" if it can be done. Up to six queries."""
    if bill.recorded_by_id != actor.user.pk:
        return _("Only who stored a bill can undo it.")
    if bill.voided_at:
        return _("This bill has been undone already.") if is_undone(bill) else _("This bill has been voided or corrected since.")
    if bill.refunds_id:
        return _("A refund is not undone; it can be voided.")
    if bill.refunded_by.filter(voided_at=None).exists():
        return _("Something of this bill was refunded since. Void the refund first.")
    if former_bill(bill) and bill.visits.filter(identified__isnull=False).exists():
        return _("This visit was given to a customer since. Correct the bill instead.")
    if _is_of_an_undo(bill):
        return _("This bill was stored by an undo, which is not undone itself.")
    if actor.now - bill.recorded_at > WINDOW:
        return _("A bill can be undone for %(n)d seconds. Correct it or void it instead.") % {"n": WINDOW.seconds}
    return ""


def may_enter_again(actor, bill):
    """True for who undid this bill, until something else stands in its place."""
    return bill.voided_by_id == actor.user.pk and is_undone(bill) and not Bill.objects.filter(replaces=bill).exists()


def seconds_left(actor, since):
    """Whole seconds in which what was stored at `since` can still be undone."""
    return max(ceil((since + WINDOW - actor.now).total_seconds()), 0)


@transaction.atomic
def undo_bill(*, actor, key, bill):
    """Undo a bill just stored. `key`: UUID of action "undo". Returns the address at which it is entered again.

    Raises Barred with the reason (`why_not`), AlreadyDone, KeyConflict.
    """
    visits = list(bill.visits.order_by("pk"))
    url = f"{reverse('visits:create')}?undone={visits[0].pk}"
    operations.claim(key=key, user=actor.user, action="undo", data={"bill": bill.pk}, url=url)
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if reason := why_not(actor, bill):
        raise Barred(reason)
    services.mark_voided(actor, bill, UNDONE)
    UndoneVisit.objects.bulk_create([UndoneVisit(visit=visit, reopened=_reopen(actor, visit)) for visit in visits])
    services.refresh_last_visits(bill)
    if former := former_bill(bill):
        _record_anew(actor, former, replaces=bill)
    return url


def _state_before(visit):
    """What a finished visit was while it was open; None if it was recorded at once: then it arrived when it was done."""
    if visit.expected_on is None and visit.arrived_at == visit.done_at:
        return None
    if visit.care_started_at:
        return IN_CARE
    return ARRIVED if visit.arrived_at else EXPECTED


def _reopen(actor, visit):
    """The open visit that a finished one was before, with its plan and the notes it had; None if it was recorded at once."""
    state = _state_before(visit)
    if state is None:
        return None
    branch = visit.branch
    came_on = visit.arrived_at and business_date(visit.arrived_at, cutoff_hour=branch.cutoff_hour, time_zone=branch.time_zone)
    kept = ("channel", "expected_on", "expected_time", "assigned_id", "arrived_at", "care_started_at")
    again = Visit.objects.create(
        branch=branch,
        customer_id=visit.customer_id,
        status=state,
        day=visit.expected_on if state == EXPECTED else came_on,
        recorded_at=actor.now,
        recorded_by=actor.user,
        **{name: getattr(visit, name) for name in kept},
    )
    PlannedItem.objects.filter(visit=visit).update(visit=again)
    VisitNote.objects.filter(visit=visit, at__lt=visit.done_at).update(visit=again)
    return again


# --- A correction undone ---------------------------------------------------------------------------------------------


def _record_anew(actor, former, *, replaces):
    """Store the content of a corrected bill again, as it stood then: prices, names, costs, shares, payments, notes."""
    bill = services.make_bill(actor, former.branch, former.business_date, former.payable_fen, former.payer, replaces=replaces)
    stored = {"bill": bill, "receipt_no": bill.receipt_no, "recorded_at": actor.now, "recorded_by": actor.user}
    stands = {"status": DONE, "voided_at": None}
    visits = _copies(Visit, former.visits, **stored, **stands)
    lines = _copies(Line, Line.objects.filter(visit__bill=former), visit=visits)
    of_lines = {"line__visit__bill": former}
    for model, changes in (
        (LineRemark, {}),
        (StaffShare, {}),
        (SafetyOverride, {}),
        (RefundAllowance, {"refunded_fen": 0, "refunded_milli": 0}),
    ):
        _copies(model, model.objects.filter(**of_lines), line=lines, **changes)
    _copies(VisitNote, VisitNote.objects.filter(visit__bill=former), visit=visits)
    _copies(Payment, former.payments.as_corrected(), bill=bill, correction=None)
    customers = [visit.customer_id for visit in visits.values()]
    projections.note_visit(customer_ids=customers, on=bill.business_date)


def _copies(model, rows, **changes):
    """Store copies of rows; {old pk: copy}. A change may be {old pk: new parent}, for the parent each row has."""
    made = {row.pk: _copy(row, changes) for row in rows.order_by("pk")}
    model.objects.bulk_create(made.values())
    return made


def _copy(row, changes):
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    for name, value in changes.items():
        fields.pop(f"{name}_id", None)
        fields[name] = value[getattr(row, f"{name}_id")] if isinstance(value, dict) else value
    return type(row)(**fields)


# --- No-show and cancelled -------------------------------------------------------------------------------------------


def _salt(actor):
    return f"undo-move:{actor.user.pk}"


def move_token(actor, visit):
    """What undoes the step that made a visit a no-show or cancelled, for this person, for a moment; "" for other states."""
    if visit.status not in (NO_SHOW, CANCELLED):
        return ""
    before = ARRIVED if visit.arrived_at else EXPECTED
    return signing.dumps([visit.pk, before, visit.status, actor.now.timestamp()], salt=_salt(actor))


def undoable_move(actor, token):
    """What a page offers to undo: {visit, token, seconds}, or None if that is over, or the visit has moved on."""
    move = _read_move(actor, token)
    if not move or not move.seconds_left:
        return None
    visit = Visit.objects.visible_to(actor).select_related("customer").filter(pk=move.visit_pk, status=move.now).first()
    return visit and {"visit": visit, "token": token, "seconds": move.seconds_left}


class Move(NamedTuple):
    """What a move_token says: the visit, its status before and now, and the seconds left to undo it, 0 when they are over."""

    visit_pk: int
    before: str
    now: str
    seconds_left: int


def _read_move(actor, token):
    """The Move of a move_token of this person, or None."""
    try:
        pk, before, now, at = signing.loads(token, salt=_salt(actor))
    except signing.BadSignature:
        return None
    return Move(pk, before, now, max(ceil(at + WINDOW.total_seconds() - actor.now.timestamp()), 0))


@transaction.atomic
def undo_move(*, actor, visit, token):
    """Set a no-show or cancelled visit back to what it was, times and all; sent twice, once. Raises Barred, Conflict."""
    move = _read_move(actor, token)
    if move is None or move.visit_pk != visit.pk or not move.seconds_left:
        raise Barred(_("A step can be undone for %(n)d seconds. Use the menu of the visit instead.") % {"n": WINDOW.seconds})
    # Of this very step: had she not arrived before it, or had, a token of an earlier one would say otherwise.
    step = Visit.objects.filter(pk=visit.pk, status=move.now, arrived_at__isnull=move.before == EXPECTED)
    if not step.update(status=move.before):
        visit.refresh_from_db()
        if visit.status != move.before:
            raise Conflict(_("Somebody moved this visit meanwhile. Look at it again."))
    visit.refresh_from_db()
    return visit
