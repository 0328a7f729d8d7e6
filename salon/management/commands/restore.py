"""restore: put the salon of a backup in the place of the one here, or into an empty installation."""

import getpass
import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from salon.backups import restoring, taking
from salon.backups.folders import megabytes
from salon.backups.manifest import Refused


class Command(BaseCommand):
    help = "Restore a backup. All of it is checked before anything changes; what is there now is backed up first."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--check", action="store_true", help="check all of it and stop there: changes nothing")
        parser.add_argument(
            "--without-safety-copy", action="store_true", help="go on even if what is there now cannot be backed up first"
        )

    def handle(self, *, file, yes, check, without_safety_copy, **options):
        os.umask(0o077)
        try:
            with restoring.alone(), restoring.prepared(file, passphrase=self.passphrase) as ready:
                self.describe(ready)
                if check:
                    self.stdout.write(_("The backup is whole and fits this installation. Nothing was changed."))
                    return
                self.confirm(yes)
                self.restore(ready, without_safety_copy)
        except Refused as reason:
            raise CommandError(_("Nothing was restored. %s") % reason) from None
        except OSError as error:
            raise CommandError(_("Nothing was restored. %s") % error) from None
        except DatabaseError as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(_("Nothing was restored. The database does not answer: %s") % reason) from None

    def passphrase(self):
        if settings.BACKUP_PASSPHRASE or not sys.stdin.isatty():
            return settings.BACKUP_PASSPHRASE
        return getpass.getpass(_("Passphrase of the backup: "))

    def describe(self, ready):
        manifest = ready.manifest
        facts = {
            "file": ready.path.name,
            "at": localtime(manifest.made_at).strftime("%Y-%m-%d %H:%M:%S"),
            "product": manifest.product,
            "customers": manifest.rows.get("customers_customer", 0),
            "visits": manifest.rows.get("archives_visit", 0),
            "media": len(manifest.media),
            "size": megabytes(manifest.media_bytes),
        }
        self.stdout.write(
            _(
                "%(file)s, made %(at)s by version %(product)s: %(customers)s customers, %(visits)s visits, "
                "%(media)s media files (%(size)s MB)."
            )
            % facts
        )
        if manifest.key != taking.key_fingerprint():
            self.stdout.write(
                _("It was made under another signing key: everybody logs in anew, and links passed on earlier no longer work.")
            )

    def confirm(self, yes):
        if yes or not restoring.has_data():
            return
        if not sys.stdin.isatty():
            raise CommandError(_("There is a salon here already; say --yes to replace it."))
        if input(_("Replace the salon that is here by this backup? Type yes: ")).strip() != "yes":
            raise CommandError(_("Nothing was restored."))

    def restore(self, ready, without_safety_copy):
        kept = restoring.keep_present(now=timezone.now(), passphrase=settings.BACKUP_PASSPHRASE, even_unsaved=without_safety_copy)
        if kept:
            self.stdout.write(_("What was here until now is kept in %s") % kept)
        restoring.put_in_place(ready, keep_other_media=bool(kept) and kept.is_dir())
        self.stdout.write(_("Restored. Start the server: it brings an older backup up to date."))
