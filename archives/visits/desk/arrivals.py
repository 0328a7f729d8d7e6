"""Visits that are not done yet: expected, arrived, in care; or that came to nothing."""

from django.db import transaction
from django.utils.translation import gettext as _

from archives.visits.bills.entries import EntryError
from archives.visits.models import ARRIVED, CANCELLED, EXPECTED, IN_CARE, NO_SHOW, UNFINISHED, PlannedItem, Visit, VisitNote
from archives.visits.queries import last_day_ahead
from customers.privacy.services import let_in
from salon import access, operations
from salon.errors import Conflict

MOVES = {
    # from: where it may go
    EXPECTED: (ARRIVED, NO_SHOW, CANCELLED),
    ARRIVED: (IN_CARE, EXPECTED, CANCELLED),
    IN_CARE: (ARRIVED,),
    NO_SHOW: (EXPECTED, ARRIVED),
    CANCELLED: (EXPECTED, ARRIVED),
}


@transaction.atomic
def expect_visit(*, actor, key, branch, customer, on, at=None, items=(), assigned=None, channel="phone"):
    """A customer is expected on a day (and at a time). Returns the Visit. Raises EntryError, AlreadyDone, KeyConflict."""
    _refuse_bad_day(actor, on)
    data = [branch.pk, customer.pk, on, at, [item.pk for item in items], assigned and assigned.pk, channel]
    operation = operations.claim(key=key, user=actor.user, action="expect", data=data)
    visit = Visit.objects.create(
        branch=branch,
        customer=customer,
        status=EXPECTED,
        channel=channel,
        expected_on=on,
        expected_time=at,
        day=on,
        assigned=assigned,
        recorded_at=actor.now,
        recorded_by=actor.user,
    )
    _plan(visit, items)
    operation.url = visit.get_absolute_url()
    operation.save(update_fields=["url"])
    return visit


@transaction.atomic
def check_in(*, actor, key, branch, customer, items=(), assigned=None):
    """A customer has come without being expected, or is expected today: arrived. Returns the Visit.

    What is given takes the place of what the expected visit said; what is not given stays as it was planned.
    Raises AlreadyDone, KeyConflict.
    """
    data = [branch.pk, customer.pk, [item.pk for item in items], assigned and assigned.pk]
    operation = operations.claim(key=key, user=actor.user, action="check_in", data=data)
    visit = expected_visit(branch, customer, actor.today)
    if visit:
        visit = move_visit(actor=actor, visit=visit, to=ARRIVED)
        _replan(visit, items, assigned)
    else:
        visit = Visit.objects.create(
            branch=branch,
            customer=customer,
            status=ARRIVED,
            day=actor.today,
            arrived_at=actor.now,
            assigned=assigned,
            recorded_at=actor.now,
            recorded_by=actor.user,
        )
        _plan(visit, items)
        let_in(actor=access.at(actor, branch), customers=[customer])
    operation.url = visit.get_absolute_url()
    operation.save(update_fields=["url"])
    return visit


def expected_visit(branch, customer, day):
    """The expected visit that a check-in of this customer finds; None if nobody expects her that day."""
    return Visit.objects.filter(branch=branch, customer=customer, status=EXPECTED, day=day).first()


@transaction.atomic
def change_expected(*, actor, visit, on, at=None, items=(), assigned=None, channel="phone"):
    """Another day, time, person or other items for a visit that is not done. Raises EntryError, Conflict."""
    if on != visit.expected_on:
        _refuse_bad_day(actor, on)
    still = Visit.objects.filter(pk=visit.pk, status__in=UNFINISHED)
    fields = {"expected_on": on, "expected_time": at, "assigned": assigned, "channel": channel}
    if visit.status == EXPECTED:
        fields["day"] = on
    if not still.update(**fields):
        raise Conflict(_("This visit has been finished or cancelled meanwhile. Nothing was stored."))
    visit.planned.all().delete()
    _plan(visit, items)
    visit.refresh_from_db()
    return visit


@transaction.atomic
def move_visit(*, actor, visit, to):
    """Move a visit to another state, or one back. Raises Conflict if somebody moved it meanwhile or the way is barred."""
    if to not in MOVES.get(visit.status, ()):
        raise Conflict(_("This visit is “%(state)s” now and cannot be moved there.") % {"state": visit.get_status_display()})
    if to == EXPECTED and visit.expected_on is None:
        raise Conflict(_("The customer came without being expected; cancel the visit instead."))
    changes = {
        EXPECTED: {"arrived_at": None, "care_started_at": None, "day": visit.expected_on},
        ARRIVED: {"arrived_at": visit.arrived_at or actor.now, "care_started_at": None, "day": actor.today},
        IN_CARE: {"care_started_at": actor.now},
    }
    if not Visit.objects.filter(pk=visit.pk, status=visit.status).update(status=to, **changes.get(to, {})):
        raise Conflict(_("Somebody moved this visit meanwhile. Look at it again."))
    if to in (ARRIVED, IN_CARE) and visit.customer:
        let_in(actor=access.at(actor, visit.branch), customers=[visit.customer])
    visit.refresh_from_db()
    return visit


@transaction.atomic
def add_note(*, actor, visit, kind, text, key=None):
    """Add a note to a visit; notes are added, never changed. `key`: of the form, if one was sent.

    Raises AlreadyDone, KeyConflict.
    """
    if key:
        data = {"visit": visit.pk, "kind": kind, "text": text}
        operations.claim(key=key, user=actor.user, action="note", data=data, url=visit.get_absolute_url())
    return VisitNote.objects.create(visit=visit, kind=kind, text=text, by=actor.user, at=actor.now)


def _refuse_bad_day(actor, on):
    if on < actor.today:
        raise EntryError(_("This day has passed."), "on")
    if on > last_day_ahead(actor.today):
        raise EntryError(_("This day is more than a year ahead."), "on")


def _replan(visit, items, assigned):
    if assigned:
        visit.assigned = assigned
        visit.save(update_fields=["assigned"])
    if items:
        visit.planned.all().delete()
        _plan(visit, items)


def _plan(visit, items):
    PlannedItem.objects.bulk_create([PlannedItem(visit=visit, item=item) for item in items])
