"""The chart of the monthly report."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from salon import charts
from salon.money import format_money


def months(found):
    """Consumption of some months beside each other. `found`: [(Month, fen)]. None without any."""
    if not any(fen for _month, fen in found):
        return None
    told = [f"{date_format(month.first, 'YEAR_MONTH_FORMAT')} {_yuan(fen)}" for month, fen in found]
    return charts.bars(
        [date_format(month.first, "M") for month, _fen in found],
        [(_("Consumption by month"), "accent", [fen for _month, fen in found])],
        percent=_yuan,
        alt=_("; ").join(told),
    )


def _yuan(fen):
    return format_money(round(fen), symbol=False, places=0)
