"""A run from beginning to end: everybody's figures, scores and tier as of a day."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from salon.database import locks
from salon.dates import Period, business_date
from salon.shop.models import Branch
from segmentation.runs import metrics, spans
from segmentation.runs.models import FAILED, FINISHED, STARTED, TierRun

MONTHS = 12
STUDIES_KEPT = 5
LOCK = "recompute"
log = logging.getLogger(__name__)


class Busy(Exception):
    """Another run is working."""


def last_ended_day(now):
    """The last business day that has ended at every branch."""
    branches = Branch.objects.filter(is_active=True)
    today = [business_date(now, cutoff_hour=branch.cutoff_hour, time_zone=branch.time_zone) for branch in branches]
    return min(today, default=business_date(now)) - timedelta(days=1)


def first_running_day(now):
    """The first business day that has not ended at every branch: what is later has not begun there."""
    return last_ended_day(now) + timedelta(days=1)


def recompute(*, as_of, months=MONTHS, dry_run=False):
    """Compute all tiers as of a day, over `months` up to it (None: all time). Returns the finished TierRun.

    It becomes the current run if it is the first, or uses the usual period and its day is not before the current one's; else
    it is a study. So is any of a day that has not begun yet: nobody's tier rests on it.
    `dry_run` stores nothing: the TierRun it returns has no id. Raises Busy while another run works.
    """
    with locks.held(LOCK) as is_held:
        if not is_held:
            raise Busy
        for dead in TierRun.objects.filter(status=STARTED):
            _give_up(dead, "its process ended")
        period = Period.all_time(as_of) if months is None else Period.months(as_of, months)
        run = TierRun(
            as_of=as_of, months=months, start_on=period.start, is_study=_is_study(as_of, months), started_at=timezone.now()
        )
        try:
            return _compute(run, dry_run)
        except BaseException as error:
            if run.pk:
                _give_up(run, repr(error))
            raise
        finally:
            metrics.drop()


def _is_study(as_of, months):
    current, today = TierRun.objects.current(), first_running_day(timezone.now())
    if as_of > today:
        return True
    # A current run of a later day than today was made while the clock was wrong; it gives way.
    return current is not None and (months != MONTHS or as_of < min(current.as_of, today))


def _compute(run, dry_run):
    metrics.collect_figures(run.as_of, run.start_on)
    bounds = metrics.find_bounds()
    run.bounds, run.total_fen = bounds.as_json(), bounds.abc.total
    run.universe, run.scored, run.ladder = bounds.universe, bounds.scored, bounds.ladder
    if not run.is_study or dry_run:
        run.changed = metrics.collect_changes(bounds)
    if dry_run:
        return run
    run.save(force_insert=True)
    if run.is_study:
        spans.write_study(run, bounds)
    else:
        spans.write_changes(run, run.changed)
    run.status, run.finished_at = FINISHED, timezone.now()
    run.save()  # the one statement from which on everybody reads this run
    _forget_old_studies()
    return run


def _give_up(run, reason):
    log.warning("Run %s of %s is taken back: %s", run.pk, run.as_of, reason)
    spans.undo(run)
    run.status, run.finished_at, run.error = FAILED, timezone.now(), reason
    run.save()


def _forget_old_studies():
    for run in TierRun.objects.finished().filter(is_study=True).order_by("-pk")[STUDIES_KEPT:]:
        spans.undo(run)
        with transaction.atomic():
            run.delete()
