"""Backups and nightly run: how they stand, for managers, and a backup now."""

import shutil
from datetime import timedelta

from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from salon.backups import asked, taking
from salon.backups.models import Backup
from salon.backups.retention import read_name
from salon.nightly import queries
from salon.nightly.models import NightlyRun
from salon.nightly.steps import STEPS

RUNS, BACKUPS = 14, 10
NEWEST_FIRST = ("-verified_at", "-pk")
USUALLY_EVERY = timedelta(hours=24)


@require_safe
def nightly(request):
    now = request.actor.now
    under_way = _under_way(now)
    if request.htmx:  # the part that asks again; once it has ended, the whole page is new
        return render(request, "salon/_backup_now.html", under_way) if under_way["at_work"] else HttpResponseClientRefresh()
    nights = queries.state(now)
    runs = list(NightlyRun.objects.order_by("-pk").prefetch_related("steps")[:RUNS])
    backups = list(Backup.objects.order_by(*NEWEST_FIRST)[:BACKUPS])
    here = _files()
    context = under_way | {
        "nights": nights,
        "runs": runs,
        "last": runs[0] if runs else None,
        "steps": [(STEPS.get(step.name, step.name), step) for step in runs[0].steps.all()] if runs else [],
        "next_at": runs[0].started_at + USUALLY_EVERY if runs else None,
        "backups": [(backup, backup.name in here) for backup in backups],
        "newest": backups[0].pk if backups else 0,
        "here": len(here),
        "here_bytes": sum(here.values()),
        "free_bytes": shutil.disk_usage(settings.DATA_DIR).free,
        "is_encrypted": bool(settings.BACKUP_PASSPHRASE),
    }
    return render(request, "salon/nightly.html", context)


def _under_way(now):
    """What became of the backup that was asked for last."""
    last = asked.last()
    return {
        "asked": last,
        "at_work": bool(last and last.is_at_work(now)),
        "is_abandoned": bool(last and last.is_abandoned(now)),
        "stage": taking.STAGES[last.stage - 1] if last and 0 < last.stage <= len(taking.STAGES) else "",
        "stages": len(taking.STAGES),
    }


@require_POST
def backup_begin(request):
    """Begin a backup. A form that is sent twice, or comes from a page older than the newest backup, begins none."""
    newest = Backup.objects.order_by(*NEWEST_FIRST).first()
    if request.POST.get("after") == str(newest.pk if newest else 0):
        asked.begin(actor=request.actor)
    return redirect("shop:nightly")


def _files():
    """{name: bytes} of the backups in the data directory."""
    folder = taking.folder()
    files = [path for path in folder.iterdir() if read_name(path.name)] if folder.is_dir() else []
    return {path.name: path.stat().st_size for path in files}
