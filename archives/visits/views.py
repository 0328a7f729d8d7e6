"""Visits that stand: the list, one visit, voiding. Refunds and means of payment: bills/views.py."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives.visits import export
from archives.visits.bills import means, services
from archives.visits.desk import arrivals
from archives.visits.filters import VisitFilter
from archives.visits.forms import NoteForm, ReasonForm
from archives.visits.identify import services as identify
from archives.visits.models import Bill, Visit
from archives.visits.queries import with_details, with_everything, with_names
from archives.visits.undo import services as undo
from customers.exports.registry import Kind
from customers.exports.services import answer
from customers.log.services import log_view
from salon import access, exports, operations
from salon.database import replica
from salon.lists import Sort, listing

NEWEST = "newest"
SORTS = {
    NEWEST: Sort(gettext_lazy("Newest first"), ("-day", "-pk")),
    "oldest": Sort(gettext_lazy("Oldest first"), ("day", "pk")),
}


def _found(request, fetched=with_details):
    visits = fetched(Visit.objects.visible_to(request.actor))
    return listing(request, VisitFilter, visits, sorts=SORTS, default=NEWEST)


@require_safe
def visit_list(request):
    """The list. Asked for nothing it begins with today, as a filter that is seen and taken off like any other."""
    today = request.actor.today.isoformat()
    if not request.GET:
        request.GET = QueryDict(urlencode({"day_from": today, "day_to": today}))
    is_today = request.GET.get("day_from") == request.GET.get("day_to") == today
    context = {"listing": _found(request), "is_today": is_today, "reset": f"sort={NEWEST}"}
    return render(request, "archives/visits/list.html", context)


@require_safe
@replica.reading()
def visit_export(request):
    """The same list as a workbook, whole."""
    return answer(request, "visits:export")


def prepared(request):
    """The list as a file (customers/exports)."""
    found = _found(request, fetched=with_names)
    if found.errors:
        return None
    return exports.of_list(request, "visits", export.sheet(request.actor, found), found, [exports.as_corrected()])


EXPORT = Kind("visits:export", "visits:list", "visits", gettext_lazy("Visit list"), prepared)


def _get_visit(request, pk):
    return access.get(request.actor, with_everything(Visit.objects.all()), pk=pk)


@require_safe
def visit_detail(request, pk):
    visit = _get_visit(request, pk)
    context = _detail_context(request, visit, NoteForm())
    for each in context["visits"]:
        if each.customer:
            log_view(actor=request.actor, customer=each.customer, address=request.META.get("REMOTE_ADDR"))
    return render(request, "archives/visits/detail.html", context)


def _visits_of_bill(request, visit):
    """All visits of the bill as it was paid, for who sees its amounts; else, and where there is one only, this visit."""
    if not visit.bill_id or access.visibility(request.actor, "amount") != access.FULL:
        return [visit]
    visits = Visit.objects.visible_to(request.actor).filter(bill=visit.bill_id)
    return list(with_everything(visits.order_by("pk"))) if visits.exclude(pk=visit.pk).exists() else [visit]


def _detail_context(request, visit, note_form):
    bill = visit.bill
    identified = getattr(visit, "identified", None)
    return {
        "visit": visit,
        "bill": bill,
        "visits": _visits_of_bill(request, visit),
        "payments": bill.payments.as_corrected() if bill else [],
        "corrections": bill.means_corrections.select_related("recorded_by__staff", "remark") if bill else [],
        "may_correct_means": bool(bill and request.actor.may_write("visits:means") and not means.why_not(request.actor, bill)),
        "identified": identified,
        "not_tolerated": identify.not_tolerated(request.actor, visit, visit.customer) if identified else [],
        "may_identify": request.actor.may_write("visits:identify") and not identify.why_not(request.actor, visit),
        "refunds": bill.refunded_by.prefetch_related("visits").order_by("pk") if bill else [],
        "replaced_by": getattr(bill, "replaced_by", None),
        "may_void": bool(bill and not bill.voided_at and services.may_void(request.actor, bill)),
        "may_correct": bool(bill and not bill.voided_at and services.may_correct(request.actor, bill)),
        "may_refund": bool(bill and not bill.voided_at and not bill.refunds_id and request.actor.may_write("visits:refund")),
        "may_enter_again": bool(bill and undo.may_enter_again(request.actor, bill)),
        "undoable": undo.undoable_move(request.actor, request.GET.get("undo", "")),
        "note_form": note_form,
        "note_key": request.POST.get(operations.FIELD) or operations.new_key(request.user, "note"),
    }


def get_bill(request, pk):
    """The visit and its bill, 404 if there is none the actor may see."""
    visit = access.get(request.actor, Visit.objects.select_related("customer", "branch"), pk=pk, bill__isnull=False)
    return visit, access.get(request.actor, Bill.objects.all(), pk=visit.bill_id)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_void(request, pk):
    visit, bill = get_bill(request, pk)
    if not services.may_void(request.actor, bill):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        key = operations.read_key(request.POST.get(operations.FIELD), request.user, "void")
        services.void_bill(actor=request.actor, key=key, bill=bill, reason=form.cleaned_data["reason"])
        messages.success(request, _("Receipt %(receipt)s has been voided.") % {"receipt": bill.receipt_no})
        return redirect(visit)
    context = {"visit": visit, "bill": bill, "form": form, "visits": bill.visits.select_related("customer").order_by("pk")}
    return form_page(request, "archives/visits/void.html", context, "void", is_error=request.method == "POST")


def form_page(request, template, context, action, *, is_error):
    """A form page: 422 if something was sent that cannot be stored. The operation key survives errors."""
    key = request.POST.get(operations.FIELD) if request.method == "POST" else operations.new_key(request.user, action)
    return render(request, template, context | {"operation_key": key}, status=422 if is_error else 200)


@require_POST
def visit_note(request, pk):
    visit = _get_visit(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render(request, "archives/visits/detail.html", _detail_context(request, visit, form), status=422)
    key = operations.read_key(request.POST.get(operations.FIELD), request.user, "note")
    arrivals.add_note(actor=request.actor, visit=visit, key=key, **form.cleaned_data)
    messages.success(request, _("The note is stored."))
    return redirect(visit)
