"""Backups and nightly run: how they stand, for managers."""

import shutil
from datetime import timedelta

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salon.backups import taking
from salon.backups.models import Backup
from salon.backups.retention import read_name
from salon.nightly import queries
from salon.nightly.models import NightlyRun
from salon.nightly.steps import STEPS

RUNS, BACKUPS = 14, 10
USUALLY_EVERY = timedelta(hours=24)


@require_safe
def nightly(request):
    nights = queries.state(request.actor.now)
    runs = list(NightlyRun.objects.order_by("-pk").prefetch_related("steps")[:RUNS])
    here = _files()
    context = {
        "nights": nights,
        "runs": runs,
        "last": runs[0] if runs else None,
        "steps": [(STEPS.get(step.name, step.name), step) for step in runs[0].steps.all()] if runs else [],
        "next_at": runs[0].started_at + USUALLY_EVERY if runs else None,
        "backups": [(backup, backup.name in here) for backup in Backup.objects.order_by("-verified_at", "-pk")[:BACKUPS]],
        "here": len(here),
        "here_bytes": sum(here.values()),
        "free_bytes": shutil.disk_usage(settings.DATA_DIR).free,
        "is_encrypted": bool(settings.BACKUP_PASSPHRASE),
    }
    return render(request, "salon/nightly.html", context)


def _files():
    """{name: bytes} of the backups in the data directory."""
    folder = taking.folder()
    files = [path for path in folder.iterdir() if read_name(path.name)] if folder.is_dir() else []
    return {path.name: path.stat().st_size for path in files}
