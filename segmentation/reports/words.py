"""What grew and what fell, in sentences."""

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salon.money import format_money
from salon.templatetags.salon import percent

MOST_NAMED = 3  # items that grew or fell most


def month_name(month):
    """October 2026; of a month that is not over, up to which day."""
    name = date_format(month.first, "YEAR_MONTH_FORMAT")
    return name if month.is_whole else _("%(month)s, up to day %(day)s") % {"month": name, "day": month.last.day}


def column_name(month):
    """2026-10; of a month that is not over, up to which day: beside it stand whole ones."""
    return f"{month}" if month.is_whole else _("%(month)s, up to day %(day)s") % {"month": month, "day": month.last.day}


def growth(now, before):
    """By which part something grew or fell; None where there was nothing to grow from."""
    return (now - before) / before if before > 0 else None


def compared(now, before, month):
    """By how much a sum in fen is more or less than that of a month."""
    part, facts = growth(now, before), {"month": month_name(month)}
    if part is None:
        return _("nothing to compare with in %(month)s") % facts
    facts |= {"percent": percent(abs(part)), "difference": format_money(abs(now - before))}
    if now > before:
        return _("%(percent)s more than in %(month)s (%(difference)s)") % facts
    if now < before:
        return _("%(percent)s less than in %(month)s (%(difference)s)") % facts
    return _("as much as in %(month)s") % facts


def sentences(month, totals, items):
    """What an owner is told first. `totals` are those of the month, the month before and the year before; `items` [Moved]."""
    now, before, year = totals
    told = [
        _("Consumption %(amount)s: %(before)s; %(year)s.")
        % {
            "amount": format_money(now.net_fen),
            "before": compared(now.net_fen, before.net_fen, month.ahead(-1)),
            "year": compared(now.net_fen, year.net_fen, month.ahead(-12)),
        },
        _("%(visits)s of %(customers)s, %(new)s new, %(each)s for each visit. %(change)s")
        % {
            "visits": _counted(ngettext("%(n)s visit", "%(n)s visits", now.visits), now.visits),
            "customers": _counted(ngettext("%(n)s customer", "%(n)s customers", now.customers), now.customers),
            "new": number_format(now.new_customers, force_grouping=True),
            "each": format_money(now.per_visit_fen),
            "change": _visits_change(now.visits, before.visits, month.ahead(-1)),
        },
    ]
    grown = [each for each in items if each.fen > 0][:MOST_NAMED]
    fallen = [each for each in reversed(items) if each.fen < 0][:MOST_NAMED]
    if grown:
        told.append(_("Grew most: %(items)s.") % {"items": _named(grown)})
    if fallen:
        told.append(_("Fell most: %(items)s.") % {"items": _named(fallen)})
    return told


def _counted(words, number):
    return words % {"n": number_format(number, force_grouping=True)}


def _visits_change(now, before, month):
    part, facts = growth(now, before), {"month": month_name(month), "before": number_format(before, force_grouping=True)}
    if part is not None:
        facts["percent"] = percent(abs(part))
        if now > before:
            return _("Visits grew by %(percent)s from %(before)s in %(month)s.") % facts
        if now < before:
            return _("Visits fell by %(percent)s from %(before)s in %(month)s.") % facts
    return _("In %(month)s: %(before)s.") % facts


def _named(moved):
    return _(", ").join(f"{each.name} {'+' if each.fen > 0 else ''}{format_money(each.fen)}" for each in moved)
