"""Nights and backups as they would have been."""

from datetime import timedelta

from salon.backups.models import Backup
from salon.nightly.models import BROKEN_OFF, DONE, RUNNING, NightlyRun, NightlyStep


def make_run(at, state=DONE, steps=()):
    """A run that started at a moment; `steps`: (name, state, what it said)."""
    finished = None if state in (RUNNING, BROKEN_OFF) else at + timedelta(minutes=3)
    run = NightlyRun.objects.create(started_at=at, finished_at=finished, state=state)
    for position, (name, how, said) in enumerate(steps):
        NightlyStep.objects.create(run=run, position=position, name=name, started_at=at, milliseconds=1234, state=how, said=said)
    return run


def make_backup(at, **fields):
    known = {"name": f"salon-{at:%Y%m%d-%H%M%S}.tar", "size": 2_500_000, "is_encrypted": False, "rows": 34_000}
    return Backup.objects.create(verified_at=at, **known | {"media_files": 12, "milliseconds": 900} | fields)
