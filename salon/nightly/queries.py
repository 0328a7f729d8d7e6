"""How the nights and backups stand: for healthz, for the notice to managers, and for their page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F, Subquery

from salon.accounts.models import User
from salon.backups.models import Backup
from salon.nightly.models import BROKEN_OFF, FAILED, NightlyRun
from salon.shop.models import Shop

OVERDUE = timedelta(hours=48)
FIRST_MIGRATION = ("salon", "0003_nightly_and_backups")  # from then on an installation can have nights


@dataclass(frozen=True)
class State:
    """When a run last ended and a backup was last verified (None: never), and what follows.

    `since`: from when on there was somebody to lose data and a command to save it; None: nobody yet.
    """

    now: datetime
    run_at: datetime | None = None
    run_state: str = ""
    backup_at: datetime | None = None
    since: datetime | None = None

    def _is_overdue(self, at):
        begin = at or self.since
        return begin is not None and self.now - begin > OVERDUE

    @property
    def run_overdue(self):
        return self._is_overdue(self.run_at)

    @property
    def backup_overdue(self):
        return self._is_overdue(self.backup_at)

    @property
    def run_failed(self):
        return self.run_state in (FAILED, BROKEN_OFF)

    @property
    def needs_notice(self):
        return self.run_overdue or self.backup_overdue or self.run_failed


def state(now):
    """The State of this moment, by one query."""
    migration = MigrationRecorder.Migration.objects.filter(app=FIRST_MIGRATION[0], name=FIRST_MIGRATION[1])
    row = Shop.objects.values_list(
        Subquery(NightlyRun.objects.order_by(F("finished_at").desc(nulls_last=True)).values("finished_at")[:1]),
        Subquery(NightlyRun.objects.order_by("-pk").values("state")[:1]),
        Subquery(Backup.objects.order_by("-verified_at").values("verified_at")[:1]),
        Subquery(User.objects.order_by("created_at").values("created_at")[:1]),
        Subquery(migration.values("applied")[:1]),
    ).first()
    if row is None:
        return State(now)
    run_at, run_state, backup_at, first_user, applied = row
    since = max(first_user, applied) if first_user and applied else None
    return State(now, run_at, run_state or "", backup_at, since)
