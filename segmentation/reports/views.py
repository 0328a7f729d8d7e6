"""Reports to take away."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers.log.services import log_export
from salon import replica, xlsx
from segmentation.reports import workbook
from segmentation.reports.sales import Month


@require_safe
@replica.reading()
def owner_workbook(request):
    """The owner's workbook of ?month=YYYY-MM, or of this month."""
    try:
        month = Month.parse(request.GET.get("month") or f"{request.actor.today:%Y-%m}")
    except ValueError:
        month = None
    if month is None or not month.has_begun(request.actor.today):
        messages.error(request, _("Choose a month, such as %(month)s.") % {"month": f"{request.actor.today:%Y-%m}"})
        return redirect("tiers:overview")
    log_export(actor=request.actor, what="workbook", address=request.META.get("REMOTE_ADDR"))
    return xlsx.response(f"salon-{month}.xlsx", workbook.sheets(month, request.actor))
