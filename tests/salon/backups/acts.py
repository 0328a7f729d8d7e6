"""What the tests do to a live salon's database in a process of its own (`Salon.call`)."""

import io

from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import override_settings


def refusals(files, passphrase):
    """What `restore --yes` says to each file; "RESTORED" if it does what nobody hoped for."""
    answers = {}
    for file in files:
        try:
            with override_settings(BACKUP_PASSPHRASE=passphrase):
                call_command("restore", file, yes=True, stdout=io.StringIO())
            answers[file] = "RESTORED"
        except CommandError as error:
            answers[file] = str(error)
    connections.close_all()
    return answers


def pretend_newer(is_newer):
    """Note a migration of the future as applied, or take that note away."""
    recorder = MigrationRecorder(connection)
    if is_newer:
        recorder.record_applied("salon", "9999_future")
    else:
        recorder.record_unapplied("salon", "9999_future")


def go_back():
    """The database as the release before backups had it."""
    call_command("migrate", "salon", "0001", verbosity=0)


def add_branch():
    from tests import builders

    return builders.make_branch(name="新店").pk


def recorded():
    """What is noted of backups and nightly runs."""
    from salon.backups.models import Backup
    from salon.nightly.models import NightlyRun

    return {
        "backups": list(Backup.objects.order_by("pk").values("name", "size", "is_encrypted", "rows", "media_files")),
        "runs": [
            {"state": run.state, "steps": list(run.steps.values_list("name", "state"))}
            for run in NightlyRun.objects.order_by("pk")
        ],
    }
