"""Money of a bill that stands: refunding, and correcting by which means it was paid."""

from collections import Counter

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from archives.visits.bills import means, services
from archives.visits.bills.entries import EntryError
from archives.visits.bills.refund_forms import Refund
from archives.visits.forms import MeansForm
from archives.visits.models import Line
from archives.visits.views import form_page, get_bill
from salon import operations
from salon.errors import Barred
from salon.money import SYMBOLS


@require_http_methods(["GET", "HEAD", "POST"])
def visit_refund(request, pk):
    """Choose what is refunded; look it over; refund. The first two store nothing: `confirmed` is the total looked at."""
    visit, bill = get_bill(request, pk)
    sent = request.POST if request.method == "POST" else None
    confirmed = sent and sent.get("confirmed")
    if confirmed:
        key = operations.read_key(sent.get(operations.FIELD), request.user, "refund")
        operations.look_up(key=key, user=request.user, action="refund", data=operations.posted(request))
    refund = Refund(bill, _refundable(bill), sent)
    context = {"visit": visit, "bill": bill, "refund": refund, "form": refund.form}
    context["symbol"] = SYMBOLS.get(settings.CURRENCY, settings.CURRENCY)
    is_valid = refund.is_valid()
    if is_valid and confirmed == str(refund.total):
        try:
            back = _store(request, key, bill, refund)
        except EntryError as problem:
            refund.form.add_error(None, problem)
        else:
            messages.success(request, _("The refund is stored as receipt %(receipt)s.") % {"receipt": back.receipt_no})
            return redirect(back.visits.first())
    elif is_valid and "change" not in sent:
        return render(request, "archives/visits/refund_summary.html", context | {"operation_key": sent.get(operations.FIELD)})
    is_error = sent is not None and (not is_valid or bool(confirmed))
    return form_page(request, "archives/visits/refund.html", context, "refund", is_error=is_error)


def _store(request, key, bill, refund):
    return services.refund(
        actor=request.actor,
        key=key,
        bill=bill,
        lines=refund.entries,
        payments=refund.payments,
        reason=refund.form.cleaned_data["reason"],
        posted=operations.posted(request),
    )


def _refundable(bill):
    lines = Line.objects.filter(visit__bill=bill, value_fen__gte=0, refund_of=None)
    return lines.select_related("allowance", "visit__customer").order_by("visit", "position")


@require_http_methods(["GET", "HEAD", "POST"])
def visit_means(request, pk):
    """Correct by which means a bill was paid."""
    visit, bill = get_bill(request, pk)
    paid = list(bill.payments.as_corrected())
    start = Counter(seen=means.seen(bill))
    for each in paid:
        start[f"pay-{each.means}"] += each.amount_fen
    form = MeansForm(request.POST if request.method == "POST" else None, initial=start)
    if form.is_valid():
        key = operations.read_key(request.POST.get(operations.FIELD), request.user, "means")
        try:
            means.correct_means(
                actor=request.actor,
                key=key,
                bill=bill,
                payments=form.payments(),
                reason=form.cleaned_data["reason"],
                seen_last=form.cleaned_data["seen"],
            )
        except EntryError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("The means of payment are corrected."))
            return redirect(visit)
    elif request.method != "POST" and (reason := means.why_not(request.actor, bill)):
        raise Barred(reason)
    context = {"visit": visit, "bill": bill, "form": form, "paid": paid}
    return form_page(request, "archives/visits/means.html", context, "means", is_error=bool(form.errors))
