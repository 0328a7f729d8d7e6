"""mend_sequences: PostgreSQL numbers new rows on from the last one, in every table."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from salon.database import sequences


class Command(BaseCommand):
    help = "On PostgreSQL, number new rows on from the last one where the numbers were left behind. Harmless at any time."

    def handle(self, **options):
        mended = sequences.catch_up()
        for each in mended:
            facts = {"table": each.table, "number": each.greatest + 1}
            self.stdout.write(_("New rows of %(table)s begin with %(number)s now.") % facts)
        if not mended:
            self.stdout.write(_("Every table numbers its new rows rightly; nothing to mend."))
