"""Template tags of this floor: names of segments, periods of runs, grounds of the grid."""

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode

from segmentation.runs.explain import period_words
from segmentation.runs.models import SEGMENT_NAMES

register = template.Library()
HEATS = 5  # grounds of static/css/tiers.css from pale to strong


@register.filter
def segment_name(name):
    """A segment in words."""
    return SEGMENT_NAMES[name]


@register.filter
def period(run):
    """The period of a run in words."""
    return period_words(run)


@register.filter
def signed(count):
    """+12, −3, ±0."""
    sign = "+" if count > 0 else "−" if count < 0 else "±"
    return f"{sign}{number_format(abs(count), force_grouping=True)}"


@register.simple_tag
def heat(heads, most):
    """How strong the ground of a cell is: 0 for nobody, else 1 to HEATS in proportion to the fullest cell."""
    return -(-HEATS * heads // most) if most else 0


@register.simple_tag(takes_context=True)
def to_list(context, query=None, **filters):
    """The address of the list with a filter (as arguments or a dict), of the run and branch this page is about."""
    return f"{reverse('tiers:list')}?{urlencode({**(query or {}), **filters, **context['scope']})}".rstrip("?")
