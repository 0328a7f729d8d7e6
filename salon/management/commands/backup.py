"""backup: database and media in one file, made while people work, read back before it counts."""

import os
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from salon.backups import services, taking
from salon.backups.folders import megabytes
from salon.backups.manifest import Refused
from salon.database import locks
from salon.processes.background import give_way


class Command(BaseCommand):
    help = "Back up database and media into one file; encrypted if SALON_BACKUP_PASSPHRASE is set. Safe while people work."

    def add_arguments(self, parser):
        parser.add_argument(
            "--output", type=Path, help="folder, or file that does not exist yet (default: backups in the data directory)"
        )
        parser.add_argument(
            "--without-lost-files", action="store_true", help="go on though media files that the database names are gone"
        )

    def handle(self, *, output, without_lost_files, **options):
        os.umask(0o077)
        give_way()
        began = time.monotonic()
        passphrase = settings.BACKUP_PASSPHRASE
        if not passphrase:
            warning = _("This backup is not encrypted: whoever has the file reads everything. Set SALON_BACKUP_PASSPHRASE.")
            self.stderr.write(self.style.WARNING(_("WARNING: %s") % warning))
        try:
            with locks.held(taking.LOCK) as is_held:
                if not is_held:
                    raise CommandError(_("Another backup is being made, or one restored; try again when that has ended."))
                taken = taking.take(now=timezone.now(), output=output, passphrase=passphrase, even_incomplete=without_lost_files)
        except Refused as reason:
            raise CommandError(_("No backup was made. %s") % reason) from None
        except DatabaseError as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(_("No backup was made. The database does not answer: %s") % reason) from None
        seconds = time.monotonic() - began
        if services.record(taken=taken, now=timezone.now(), milliseconds=int(seconds * 1000)) is None:
            self.stderr.write(_("The database waits for its migrations, so this backup is not noted in it."))
        facts = {
            "file": taken.path,
            "size": megabytes(taken.size),
            "rows": sum(taken.manifest.rows.values()),
            "media": len(taken.manifest.media),
            "seconds": seconds,
        }
        self.stdout.write(
            _("%(file)s: %(size)s MB, %(rows)s rows, %(media)s media files; read back whole; %(seconds).1f s.") % facts
        )
