"""The charts of tiers: what salon/charts.py draws, in words of this room."""

from functools import partial

from django.utils.translation import gettext as _

from salon import charts
from salon.templatetags.salon import percent
from segmentation.runs.concentration import MOST

whole = partial(percent, places=0)


def pareto(shown, few):
    """The curve of an Overview and its Concentration: how few bring how much, with tiers as grounds. None without consumption."""
    if not few.total_fen:
        return None
    until, classes = 0.0, []
    for tier, group in shown.tiers.items():
        until += group.head_share
        classes.append((tier, min(until, 1.0)))
    words = {"heads": percent(few.point[0]), "most": whole(MOST / 100)}
    return charts.Pareto(
        key="few",
        title=_("How much of the consumption how few bring"),
        curve=few.curve,
        classes=classes,
        point=few.point,
        point_label=_("%(heads)s bring %(most)s") % words,
        format_value=whole,
        x_title=_("Customers, those who spend most first"),
        description=_(
            "Curve of consumption over customers, those who spend most first: %(heads)s of the customers bring %(most)s."
        )
        % words,
    )


def shares(shown):
    """Of each tier its share of the customers beside its share of the consumption. None without customers."""
    if not shown.all.heads:
        return None
    told = [
        _("%(tier)s: %(heads)s of the customers, %(spent)s of the consumption")
        % {"tier": tier, "heads": percent(group.head_share), "spent": percent(group.spent_share)}
        for tier, group in shown.tiers.items()
    ]
    groups = shown.tiers.values()
    return charts.Bars(
        key="shares",
        title=_("Share of each tier"),
        description=_("; ").join(told),
        categories=list(shown.tiers),
        series=[
            charts.Series(_("of customers"), "field", [group.head_share for group in groups]),
            charts.Series(_("of consumption"), "accent", [group.spent_share for group in groups]),
        ],
        format_value=percent,
    )
