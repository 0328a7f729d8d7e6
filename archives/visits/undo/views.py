"""The page after saving: what was stored, undo for a moment, and the ways on."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from archives.visits.bills import services
from archives.visits.models import EXPECTED, Bill, Visit
from archives.visits.panels import usual_interval
from archives.visits.queries import last_day_ahead, rhythms, with_everything
from archives.visits.undo import services as undo
from customers.log.services import log_view
from salon import access, operations
from salon.errors import Barred


def _get_bill(request, pk):
    visit = access.get(request.actor, Visit.objects.all(), pk=pk, bill__isnull=False)
    return visit, access.get(request.actor, Bill.objects.select_related("payer", "replaces"), pk=visit.bill_id)


@require_safe
def saved(request, pk):
    """What a bill just stored says, for all its customers. One that stands no more is shown on its visit's page."""
    actor = request.actor
    visit, bill = _get_bill(request, pk)
    if bill.voided_at:
        return redirect(visit)
    visits = list(with_everything(bill.visits.order_by("pk")))
    for each in visits:
        if each.customer:
            log_view(actor=actor, customer=each.customer, address=request.META.get("REMOTE_ADDR"))
    why_not = undo.why_not(actor, bill)
    context = {
        "visit": visit,
        "bill": bill,
        "visits": visits,
        "payments": bill.payments.as_corrected(),
        "next_visits": _next_visits(actor, visits),
        "operation_key": "" if why_not else operations.new_key(request.user, "undo"),
        "seconds": 0 if why_not else undo.seconds_left(actor, bill.recorded_at),
        "former": undo.former_bill(bill),
        "may_void": services.may_void(actor, bill),
        "may_correct": services.may_correct(actor, bill),
    }
    return render(request, "archives/visits/saved.html", context)


def _next_visits(actor, visits):
    """For each customer served: {visit, usual: in words, on: the day to propose or None, expected: the visit that stands}."""
    customers = [visit.customer_id for visit in visits]
    known = rhythms(customers, actor.today)
    coming = Visit.objects.filter(branch=actor.branch, customer__in=customers, status=EXPECTED, day__gt=actor.today)
    expected = {visit.customer_id: visit for visit in coming.order_by("-day", "-pk")}  # the first of them stays
    return [
        {
            "visit": visit,
            "usual": usual_interval(known.get(visit.customer_id)),
            "on": _day_to_propose(known.get(visit.customer_id), actor.today),
            "expected": expected.get(visit.customer_id),
        }
        for visit in visits
        if visit.customer_id
    ]


def _day_to_propose(rhythm, today):
    """The usual interval after the last paid visit day, not before tomorrow; None where nothing is usual yet, or where it is
    later than somebody can be expected.
    """
    if rhythm is None or rhythm.usual_days is None:
        return None
    day = max(rhythm.last + timedelta(days=rhythm.usual_days), today + timedelta(days=1))
    return day if day <= last_day_ahead(today) else None


@require_POST
def undo_bill(request, pk):
    """Undo the bill; then it is entered again. What cannot be undone is said on the page that shows it."""
    visit, bill = _get_bill(request, pk)
    key = operations.read_key(request.POST.get(operations.FIELD), request.user, "undo")
    try:
        url = undo.undo_bill(actor=request.actor, key=key, bill=bill)
    except Barred as reason:
        messages.warning(request, str(reason))
        return redirect("visits:saved", visit.pk)
    return redirect(url)
