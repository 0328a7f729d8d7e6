"""Template tags and filters every page may use: money, days, tiers of text, masked fields, form fields."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, to_locale

from salon import access
from salon.money import format_money, rounded
from salon.nightly import queries as nightly
from salon.shop.areas import areas_for

register = template.Library()


@register.simple_tag(takes_context=True)
def settings_areas(context):
    """The areas of the settings that the person may open (salon/shop/areas.py)."""
    return areas_for(context["request"].actor)


@register.filter
def language_tag(code):
    """A language as HTML writes it: zh-Hans for Django's zh-hans."""
    return to_locale(code).replace("_", "-")


@register.filter
def money(fen):
    """¥ 8,420.00; empty for None."""
    return "" if fen is None else format_money(fen)


@register.filter
def money_round(fen):
    """¥ 8,420: to the nearest yuan, for sums of many."""
    return format_money(fen, places=0)


@register.filter
def amount(fen):
    """8,420.00 without the currency sign, for columns; empty for None."""
    return "" if fen is None else format_money(fen, symbol=False)


@register.filter
def quantity(milli):
    """A quantity in thousandths without needless zeros: 1, 0.5, 1.25."""
    return f"{milli / 1000:g}"


@register.filter
def share(basis_points):
    """A share in basis points as 60% or 33.3%."""
    return f"{basis_points / 100:g}%"


@register.filter
def percent(part, places=1):
    """A part of 1 as 41.2%, in the language in force."""
    return f"{number_format(rounded(Decimal(part) * 100, places), decimal_pos=places)}%"


@register.filter
def heads(count):
    """A number of people or things: 1,617."""
    return number_format(count, force_grouping=True)


@register.filter
def days_ago(day, today):
    """ "today", "yesterday", "46 days ago"; empty for None."""
    if day is None:
        return ""
    days = (today - day).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 0:
        return ngettext("in %(n)d day", "in %(n)d days", -days) % {"n": -days}
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


@register.simple_tag(takes_context=True)
def phone(context, number):
    """A phone number as the person logged in may see it at first sight."""
    return access.mask_phone(number, access.visibility(context["actor"], "phone"))


@register.simple_tag(takes_context=True)
def sees(context, field):
    """How the person logged in sees a field group: hidden, tail, masked, month_day, on_reason, full."""
    return access.visibility(context["actor"], field)


@register.simple_tag(takes_context=True)
def may_read(context, page):
    """True if the person logged in may open a page."""
    return context["actor"].may_read(page)


@register.simple_tag(takes_context=True)
def may_write(context, page):
    """True if the person logged in may send a page's form."""
    return context["actor"].may_write(page)


@register.simple_tag
def tier_badge(letter, large=False):
    """The badge of tier A, B or C, told apart by letter and border as well as by colour."""
    if letter not in ("A", "B", "C"):
        return ""
    size = " tier-large" if large else ""
    return format_html('<span class="tier tier-{}{}" title="{}">{}</span>', letter.lower(), size, _("Tier %s") % letter, letter)


@register.inclusion_tag("includes/_night_notice.html", takes_context=True)
def night_notice(context):
    """For managers: what is wrong with backups and nightly runs, if anything. One query, so not on every page."""
    actor = context.get("actor")
    return {"nights": nightly.state(actor.now) if actor and actor.role in access.MANAGERS else None}
