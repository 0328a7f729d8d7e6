"""The chart of the monthly report."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from salon import charts
from salon.money import format_money
from segmentation.reports import words


def months(found):
    """Consumption of some months beside each other. `found`: [(Month, fen)]. None without any."""
    if not any(fen for _month, fen in found):
        return None
    told = [f"{words.month_name(month)} {_yuan(fen)}" for month, fen in found]
    title = _("Consumption by month")
    return charts.Bars(
        key="months",
        title=title,
        description=_("; ").join(told),
        categories=[_label(month) for month, _fen in found],
        series=[charts.Series(title, "accent", [fen for _month, fen in found])],
        format_value=_yuan,
    )


def _label(month):
    """Nov; of a month that is not over, which days of it."""
    name = date_format(month.first, "M")
    return name if month.is_whole else _("%(month)s 1–%(day)s") % {"month": name, "day": month.last.day}


def _yuan(fen):
    return format_money(round(fen), symbol=False, places=0)
