"""The filter of the tier list; every figure of the overview leads here with the one that holds its customers."""

from datetime import timedelta

import django_filters as filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer
from customers.card.search import queries as cards
from salon.money import MAX_FEN, YuanField
from salon.shop.models import Branch
from segmentation.runs import concentration, ladder
from segmentation.runs.models import SEGMENT_NAMES, TIERS
from segmentation.runs.queries import DOWN, FM, MOVED, NEW, UP, of_branch, provisional_from, rows_of, run_before, with_before
from segmentation.scoring import rfm

MOST_DAYS, MOST_PEOPLE = 36_500, 100_000_000
SCORE_CHOICES = [(str(score), str(score)) for score in range(1, rfm.SCORES + 1)]
YES, NO = "yes", "no"


def _choice(choices, label, **how):
    return filters.ChoiceFilter(choices=choices, label=label, empty_label=_("All"), **how)


def _whole(label, least, most, **how):
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    return filters.NumberFilter(label=label, decimal_places=0, validators=limits, **how)


class YuanFilter(filters.Filter):
    """An amount in yuan, of a column in fen."""

    field_class = YuanField


def _yuan(lookup, label):
    return YuanFilter(field_name="consumption_fen", lookup_expr=lookup, label=label, min_fen=-MAX_FEN)


class TierFilter(filters.FilterSet):
    """Rows of one run, by tier, scores and figures. `run` and the branch looked at are given by the view."""

    q = filters.CharFilter(method="by_words", label=_("Name, phone or card number"), max_length=60)
    branch = filters.ModelChoiceFilter(
        queryset=Branch.objects.none(), method="by_branch", label=_("Home branch"), empty_label=_("All")
    )
    tier = _choice(TIERS, _("Tier"))
    segment = _choice(list(SEGMENT_NAMES.items()), _("Segment"))
    moved = _choice([(UP, _("Up")), (DOWN, _("Down")), (NEW, _("New"))], _("Since the run before"), method="by_move")
    was = _choice(TIERS, _("Tier in the run before, if another"), method="by_tier_before")
    r = _choice(SCORE_CHOICES, _("R, recency"))
    f = _choice(SCORE_CHOICES, _("F, frequency"))
    m = _choice(SCORE_CHOICES, _("M, money"))
    fm = _choice(SCORE_CHOICES, _("FM, the mean of both"), method="by_fm")
    provisional = _choice([(YES, _("Provisional")), (NO, _("Settled"))], _("Newcomers"), method="by_newness")
    top = _whole(_("Among the best … % of those looked at"), 1, 100, method="by_top")
    rank_from = _whole(_("Rank from"), 1, MOST_PEOPLE, method="by_first_rank")
    rank_to = _whole(_("Rank to"), 1, MOST_PEOPLE, method="by_last_rank")
    spent_from = _yuan("gte", _("Consumption from"))
    spent_to = _yuan("lte", _("Consumption to"))
    away_from = _whole(_("Last paid visit, days ago, from"), 0, MOST_DAYS, method="by_least_absence")
    away_to = _whole(_("Last paid visit, days ago, to"), 0, MOST_DAYS, method="by_most_absence")
    days_from = _whole(_("Visit days from"), 0, MOST_DAYS, field_name="visit_days", lookup_expr="gte")
    days_to = _whole(_("Visit days to"), 0, MOST_DAYS, field_name="visit_days", lookup_expr="lte")
    run = filters.NumberFilter(method="as_opened", label=_("Run"))  # which run is looked at: the view has opened it

    def __init__(self, *args, opened, branch, **kwargs):
        super().__init__(*args, **kwargs)
        self.opened, self.scope = opened, branch
        self.filters["branch"].queryset = Branch.objects.visible_to(self.request.actor)
        if not self.request.actor.is_owner:
            del self.filters["branch"]
        if run_before(opened) is None:
            del self.filters["moved"], self.filters["was"]

    def as_opened(self, rows, _name, _value):
        return rows

    def by_branch(self, rows, _name, branch):
        return of_branch(rows, branch)

    def by_words(self, rows, _name, words):
        """The same reading of words as the search box."""
        actor = self.request.actor
        ids = cards.ids_matching(actor, words)
        fitting = Customer.objects.filter(cards.fitting(actor, words)).values("pk") if ids is None else ids
        return rows.filter(customer__in=fitting)

    def by_fm(self, rows, _name, score):
        return rows.annotate(fm=FM).filter(fm=score)

    def _before(self, rows):
        return rows if "before" in rows.query.annotations else with_before(self.opened, rows)

    def by_move(self, rows, _name, kind):
        return self._before(rows).filter(MOVED[kind])

    def by_tier_before(self, rows, _name, tier):
        return self._before(rows).filter(before=tier).exclude(tier=tier)

    def by_newness(self, rows, _name, value):
        day = provisional_from(self.opened)
        return rows.filter(first_paid_on__gt=day) if value == YES else rows.filter(first_paid_on__lte=day)

    def by_top(self, rows, _name, percent):
        """Of the branch looked at, or of the company; equals are in or out together."""
        run, branch = self.opened, self.form.cleaned_data.get("branch") or self.scope
        if branch:
            least = concentration.least_of_top(rows_of(run, branch), int(percent))
        else:
            least = ladder.amount_at(run, concentration.first_of(int(percent), run.universe))
        return rows.none() if least is None else rows.filter(consumption_fen__gte=least)

    def by_last_rank(self, rows, _name, rank):
        least = ladder.amount_at(self.opened, int(rank))
        return rows if least is None else rows.filter(consumption_fen__gte=least)

    def by_first_rank(self, rows, _name, rank):
        if rank == 1:
            return rows
        better = ladder.amount_at(self.opened, int(rank) - 1)
        return rows.none() if better is None else rows.filter(consumption_fen__lt=better)

    def by_least_absence(self, rows, _name, days):
        return rows.filter(last_paid_on__lte=self.opened.as_of - timedelta(days=int(days)))

    def by_most_absence(self, rows, _name, days):
        return rows.filter(last_paid_on__gte=self.opened.as_of - timedelta(days=int(days)))
