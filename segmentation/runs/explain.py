"""A tier in words and figures: what it rests on, what keeps it, and what would change it.

"What would change it" holds the run's bounds fixed: others move too, so it says so.
"""

from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salon.dates import months_before
from salon.money import format_money
from salon.templatetags.salon import percent
from segmentation.runs.models import SEGMENT_NAMES
from segmentation.scoring import abc, rfm

PROVISIONAL_MONTHS = 6  # after the first paid visit


@dataclass(frozen=True)
class Explanation:
    """`text`: the figures; `scores`: R, F, M and segment; `keeps`: sentences on what keeps the tier or would change it."""

    text: str
    scores: str
    keeps: list


def explain(run, figures, standing):
    """The Explanation of a customer's `figures` (a TierSpan or StudyTier) in a run, with her Standing there."""
    return Explanation(_text(run, figures, standing), scores(figures), [*_keeps(run, figures)])


def period_words(run):
    """The run's period as a phrase: "12 months"."""
    if run.months is None:
        return _("all time")
    return ngettext("%(n)d month", "%(n)d months", run.months) % {"n": run.months}


def _text(run, figures, standing):
    values = {
        "tier": figures.tier,
        "amount": format_money(figures.consumption_fen, symbol=False),
        "period": period_words(run),
        "rank": number_format(standing.rank, force_grouping=True),
        "count": number_format(standing.count, force_grouping=True),
        "share": percent(standing.share),
    }
    text = _("%(tier)s: %(amount)s in %(period)s, rank %(rank)s of %(count)s, cumulative share %(share)s") % values
    a_from, b_from = run.bounds["abc"]
    begins = [(letter, fen) for letter, fen in ((abc.A, a_from), (abc.B, b_from)) if fen is not None]
    told = [_("%(tier)s begins at %(amount)s") % {"tier": t, "amount": format_money(fen, symbol=False)} for t, fen in begins]
    return _("; ").join([text, *told])


def scores(figures):
    """ "R 5 · F 3 · M 4 · Champion", or the segment alone for who has no scores."""
    if figures.segment == rfm.LAPSED:
        return str(SEGMENT_NAMES[rfm.LAPSED])
    return f"R {figures.r} · F {figures.f} · M {figures.m} · {SEGMENT_NAMES[figures.segment]}"


def _keeps(run, figures):
    a_from, b_from = run.bounds["abc"]
    own, above = {abc.A: (a_from, None), abc.B: (b_from, a_from), abc.C: (None, b_from)}[figures.tier]
    if own is not None:
        spare = figures.consumption_fen - own
        told = _("Still %(tier)s with %(spare)s less.") if spare else _("This is the amount at which %(tier)s begins.")
        yield told % {"tier": figures.tier, "spare": format_money(spare)}
    if above is not None:
        better = abc.CLASSES[abc.CLASSES.index(figures.tier) - 1]
        missing = format_money(above - figures.consumption_fen)
        yield _("With %(missing)s more it would be %(tier)s.") % {"missing": missing, "tier": better}
    if own is not None or above is not None:
        yield _("This holds while everybody else stays as they are.")


def is_provisional(first_paid_on, as_of):
    """True until six months after the first paid visit; it changes no score, class, rank or universe."""
    return first_paid_on > months_before(as_of, PROVISIONAL_MONTHS)


def since(figures):
    """How long she has the tier, and the one before: "A since 3 May 2026, before B"."""
    day = date_format(figures.tier_since, "DATE_FORMAT")
    if figures.previous_tier:
        return _("%(tier)s since %(day)s, before %(previous)s") % {
            "tier": figures.tier,
            "day": day,
            "previous": figures.previous_tier,
        }
    return _("%(tier)s since %(day)s") % {"tier": figures.tier, "day": day}
