"""Runs and the spans they leave: which tier a customer had, from which run to which, and by what figures.

A run adds and closes spans in short chunks while everybody reads the old ones; then one statement marks it finished, and
from that moment it is the current run. Snapshot, history and migration between tiers are all questions to the spans.
"""

from django.db import models
from django.db.models import F, Q, Subquery
from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer
from segmentation.scoring import abc, rfm

STARTED, FINISHED, FAILED = "started", "finished", "failed"
SEGMENT_NAMES = {
    rfm.CHAMPION: _("Champion"),
    rfm.LOYAL: _("Loyal"),
    rfm.POTENTIAL_LOYAL: _("Potential loyal"),
    rfm.NEW: _("New"),
    rfm.PROMISING: _("Promising"),
    rfm.NEED_ATTENTION: _("Need attention"),
    rfm.ABOUT_TO_SLEEP: _("About to sleep"),
    rfm.AT_RISK: _("At risk"),
    rfm.CANNOT_LOSE: _("Cannot lose"),
    rfm.HIBERNATING: _("Hibernating"),
    rfm.LOST: _("Lost"),
    rfm.LAPSED: _("Lapsed"),
}
TIERS = [(letter, letter) for letter in abc.CLASSES]


class TierRunQuerySet(models.QuerySet):
    def finished(self):
        return self.filter(status=FINISHED)

    def published(self):
        """Finished runs that became the current one; studies never do."""
        return self.finished().filter(is_study=False)

    def current(self):
        """The run whose tiers everybody reads, or None before the first."""
        return self.published().order_by("-pk").first()


class TierRun(models.Model):
    """One computation of all tiers as of a day: what it was asked, the bounds it found, and what came out in sum.

    `start_on` is the day before the period (None: all time): days with start_on < day <= as_of count. `bounds` holds the
    least value of each score and class, by which every tier of the run is explained:

        {"r": [ISO day or null × 4], "f": [visit days × 4], "m": [fen × 4], "abc": [fen of A, fen of B]}
    """

    STATUSES = [(STARTED, _("Running")), (FINISHED, _("Finished")), (FAILED, _("Failed"))]

    as_of = models.DateField(_("as of"))
    months = models.PositiveSmallIntegerField(_("months"), null=True)
    start_on = models.DateField(null=True)
    is_study = models.BooleanField(_("study"), default=False)
    status = models.CharField(_("state"), max_length=8, choices=STATUSES, default=STARTED)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    bounds = models.JSONField(default=dict)
    ladder = models.JSONField(default=list)  # steps of the distribution of consumption (ladder.py)
    universe = models.PositiveIntegerField(_("customers"), default=0)
    scored = models.PositiveIntegerField(_("customers with a paid visit day in the period"), default=0)
    total_fen = models.BigIntegerField(_("sum of all positive consumption"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    error = models.TextField(blank=True)

    objects = TierRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.CheckConstraint(
                condition=Q(status=STARTED, finished_at=None) | ~Q(status=STARTED) & Q(finished_at__isnull=False),
                name="run_finished_at",
            ),
            models.CheckConstraint(
                condition=Q(months=None, start_on=None) | Q(months__gte=1, start_on__lt=F("as_of")), name="run_period"
            ),
            models.CheckConstraint(condition=Q(scored__lte=F("universe")), name="run_scores_its_universe"),
        ]

    def __str__(self):
        return f"{self.pk} {self.as_of}"

    def figures(self):
        """What this run says of everybody: the spans in force in a published one, the rows of a study."""
        return StudyTier.objects.filter(run=self) if self.is_study else TierSpan.objects.at(self)


class Figures(models.Model):
    """What a run says of one customer. Recency, rank and cumulative share follow from it on read (ladder.py)."""

    first_paid_on = models.DateField(_("first paid visit"))
    last_paid_on = models.DateField(_("last paid visit"))
    visit_days = models.PositiveIntegerField(_("paid visit days"))
    consumption_fen = models.BigIntegerField(_("consumption"))
    r = models.PositiveSmallIntegerField("R")
    f = models.PositiveSmallIntegerField("F")
    m = models.PositiveSmallIntegerField("M")
    segment = models.CharField(_("segment"), max_length=15, choices=list(SEGMENT_NAMES.items()))
    abc = models.CharField("ABC", max_length=1, choices=TIERS)
    tier = models.CharField(_("tier"), max_length=1, choices=TIERS)
    tier_since = models.DateField(_("tier since"))
    previous_tier = models.CharField(_("tier before"), max_length=1, choices=TIERS, blank=True)

    class Meta:
        abstract = True


FIGURES = (
    *("first_paid_on", "last_paid_on", "visit_days", "consumption_fen", "r", "f", "m", "segment", "abc", "tier"),
    *("tier_since", "previous_tier"),
)
_SCORED = Q(r__range=(1, 5), f__range=(1, 5), m__range=(1, 5)) & ~Q(segment=rfm.LAPSED) & Q(visit_days__gte=1)
_LAPSED = Q(r=0, f=0, m=0, segment=rfm.LAPSED, abc=abc.C, visit_days=0)


class TierSpanQuerySet(models.QuerySet):
    def at(self, run):
        """The spans in force in a published run: the tiers as that run left them."""
        return self._at(run.pk)

    def current(self):
        """The spans everybody reads, without asking for the run first; none before the first run."""
        return self._at(Subquery(TierRun.objects.published().order_by("-pk").values("pk")[:1]))

    def _at(self, number):
        # An expression, so that SQLite begins with customers or amounts and not with all runs up to this one.
        return self.alias(begun_in=F("from_run_id") + 0).filter(Q(to_run=None) | Q(to_run__gt=number), begun_in__lte=number)


class TierSpan(Figures):
    """A customer's figures and tier from one run (inclusive) to another (exclusive; None: until further notice)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tier_spans", db_index=False)
    from_run = models.ForeignKey(TierRun, models.PROTECT, related_name="opened", db_index=False)
    to_run = models.ForeignKey(TierRun, models.PROTECT, null=True, related_name="closed", db_index=False)

    objects = TierSpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        indexes = [
            models.Index(fields=["consumption_fen", "customer"], name="span_consumption"),
            models.Index(fields=["from_run"], name="span_from_run"),
            models.Index(fields=["to_run"], name="span_to_run", condition=Q(to_run__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["customer", "from_run"], name="span_once_per_run"),
            models.UniqueConstraint(fields=["customer"], condition=Q(to_run=None), name="span_one_open"),
            models.CheckConstraint(condition=Q(to_run=None) | Q(to_run__gt=F("from_run")), name="span_ends_after_it_begins"),
            models.CheckConstraint(condition=_SCORED | _LAPSED, name="span_scored_or_lapsed"),
            models.CheckConstraint(condition=Q(first_paid_on__lte=F("last_paid_on")), name="span_first_before_last"),
        ]

    def __str__(self):
        return f"{self.customer_id}: {self.tier}"


class StudyTier(Figures):
    """A customer's figures in a study: a run for another day or period, beside the history and outside of it."""

    run = models.ForeignKey(TierRun, models.CASCADE, related_name="rows", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="study_tiers")

    class Meta:
        verbose_name = _("tier in a study")
        verbose_name_plural = _("tiers in studies")
        indexes = [models.Index(fields=["run", "consumption_fen", "customer"], name="study_consumption")]
        constraints = [
            models.UniqueConstraint(fields=["run", "customer"], name="study_once_per_run"),
            models.CheckConstraint(condition=_SCORED | _LAPSED, name="study_scored_or_lapsed"),
        ]

    def __str__(self):
        return f"{self.run_id}: {self.customer_id} {self.tier}"
