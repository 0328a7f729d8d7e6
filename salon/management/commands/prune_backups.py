"""prune_backups: remove old backups, as salon/backups/retention.py says."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from salon.backups import taking
from salon.backups.retention import superfluous


class Command(BaseCommand):
    help = "Remove old backups: of late many stay, of long ago one a month. Touches nothing but backups in the data directory."

    def handle(self, **options):
        folder = taking.folder()
        names = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
        gone = superfluous(names)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        self.stdout.write(_("%(gone)s old backups removed, %(kept)s kept.") % {"gone": len(gone), "kept": len(names) - len(gone)})
