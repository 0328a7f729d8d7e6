"""export_tiers: the tiers of a run as an Excel file, with the fixed English column names other programs read."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from salon import exports
from salon.database import replica
from segmentation.runs import export
from segmentation.runs.models import TierRun


class Command(BaseCommand):
    help = "Write the tiers of the run finished last (or --run ID, a study too) to an Excel file."

    def add_arguments(self, parser):
        parser.add_argument("--output", required=True, help="the file to write (.xlsx)")
        parser.add_argument("--run", type=int, help="the number of a finished run (default: the one finished last)")

    @replica.reading()
    def handle(self, *, output, run, **options):
        chosen = export.last_finished() if run is None else TierRun.objects.finished().filter(pk=run).first()
        if chosen is None:
            raise CommandError(_("There is no finished run yet.") if run is None else _("There is no finished run %s.") % run)
        exports.to_file(output, [export.sheet(chosen), exports.facts_sheet(export.definitions(chosen))])
        self.stdout.write(
            _("%(count)s customers as of %(day)s written to %(file)s.")
            % {"count": chosen.universe, "day": chosen.as_of, "file": output}
        )
