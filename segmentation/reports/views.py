"""The owner's month: a page to read, and the workbook to take away."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from archives.visits.bills.models import Payment
from customers.exports.registry import Kind
from customers.exports.services import answer
from salon import exports
from salon.database import replica
from salon.lists import LONG
from segmentation.reports import breakdown, pictures, sales, words, workbook
from segmentation.reports.sales import Month
from segmentation.runs.models import TierRun

ITEMS = 15  # of a month's items, those that sold most


def asked_month(request):
    """The month of ?month=YYYY-MM, or this one; None for what is no month or has not begun."""
    today = request.actor.today
    try:
        month = Month.parse(request.GET.get("month") or f"{today:%Y-%m}")
    except ValueError:
        return None
    return month if month.has_begun(today) else None


@require_safe
@replica.reading()
def month(request):
    """A month beside the month before and the year before: what grew and fell, by staff, by means of payment, by day."""
    whole = asked_month(request)
    if whole is None:
        return _refused(request)
    today = request.actor.today
    shown, following = whole.so_far(today), whole.ahead(1)
    totals = [sales.totals(each) for each in (shown, shown.ahead(-1), shown.ahead(-12))]
    items = sales.by_item(shown)
    means = dict(Payment.MEANS)
    context = {
        "month": shown,
        "name": words.month_name(shown),
        "columns": [words.column_name(each) for each in (shown, shown.ahead(-1), shown.ahead(-12))],
        "this_month": f"{today:%Y-%m}",
        "before": shown.ahead(-1),
        "year": shown.ahead(-12),
        "following": following if following.has_begun(today) else None,
        "sentences": words.sentences(shown, totals, breakdown.moved(items, sales.by_item(shown.ahead(-1)))),
        "figures": _figures(totals),
        "picture": pictures.months(sales.by_month(shown, 6)),
        "branches": sales.by_branch(shown),
        "staff": [(row, words.growth(row.total_fen, row.before_fen)) for row in breakdown.by_staff(shown)],
        "means": [
            (means.get(row.means, row.means), row, words.growth(row.net_fen, row.before_fen)) for row in breakdown.by_means(shown)
        ],
        "days": breakdown.by_day(shown),
        "items": items[:ITEMS],
        "more_items": len(items) - ITEMS,
        "is_long": rows_of(shown) > LONG,
    }
    return render(request, "segmentation/reports/month.html", context)


def _refused(request):
    messages.error(request, _("Choose a month, such as %(month)s.") % {"month": f"{request.actor.today:%Y-%m}"})
    return redirect("reports:month")


def _figures(totals):
    """[(label, is money, now, the month before, growth, the year before, growth)]."""
    rows = [
        (_("Consumption"), "net_fen"),
        (_("Visits"), "visits"),
        (_("Customers"), "customers"),
        (_("New customers"), "new_customers"),
        (_("Consumption per visit"), "per_visit_fen"),
    ]
    for label, name in rows:
        now, before, year = (getattr(each, name) for each in totals)
        yield label, name.endswith("_fen"), now, before, words.growth(now, before), year, words.growth(now, year)


def rows_of(month):
    """About how many rows the workbook of a month has."""
    run = TierRun.objects.current()
    return sales.visits_of(month).count() + (run.universe if run else 0)


@require_safe
@replica.reading()
def owner_workbook(request):
    """The owner's workbook of ?month=YYYY-MM, or of this month."""
    return _refused(request) if asked_month(request) is None else answer(request, "reports:workbook")


def prepared(request):
    """The workbook as a file (customers/exports)."""
    asked = asked_month(request)
    if asked is None:
        return None
    rows = rows_of(asked)
    return exports.Prepared(f"salon-{asked}.xlsx", workbook.sheets(asked, request.actor), rows > LONG, lambda: rows)


EXPORT = Kind("reports:workbook", "reports:month", "workbook", gettext_lazy("Owner's workbook"), prepared)
