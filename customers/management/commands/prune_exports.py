"""prune_exports: forget files that were made in the background an hour ago."""

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.exports import shelf


class Command(BaseCommand):
    help = "Remove files of lists that were made more than an hour ago."

    def handle(self, **options):
        self.stdout.write(_("%(gone)s files removed.") % {"gone": shelf.prune(timezone.now())})
