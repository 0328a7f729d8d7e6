"""Figures of reports as text."""

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _

from salon.templatetags.salon import percent

register = template.Library()


@register.filter
def growth(part):
    """By which part of 1 something grew or fell: ▲ 3.9%, with its sense for those who do not see the arrow; empty for None."""
    if part is None:
        return ""
    sign, sense, tone = ("▲", _("up by"), "good") if part > 0 else ("▼", _("down by"), "bad") if part < 0 else ("", "", "same")
    shown = percent(abs(part))
    if not sign:
        return shown
    return format_html(
        '<span class="growth-{}"><span aria-hidden="true">{}</span> <span class="visually-hidden">{}</span>{}</span>',
        *(tone, sign, sense, shown),
    )
