"""export_owner_workbook: one month of the company as an Excel file."""

import argparse

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from salon import access, exports
from salon.accounts.models import User
from salon.database import replica
from segmentation.reports import workbook
from segmentation.reports.sales import Month


def month(text):
    try:
        return Month.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month (YYYY-MM)") from None


class Command(BaseCommand):
    help = "Write the owner's workbook of a month: summary, customers with tiers, visits, items by sales, definitions."

    def add_arguments(self, parser):
        parser.add_argument("--month", type=month, required=True, help="YYYY-MM")
        parser.add_argument("--output", required=True, help="the file to write (.xlsx)")

    @replica.reading()
    def handle(self, *, month, output, **options):
        actor = access.Actor(user=User(username=_("command line")), role=access.OWNER, now=timezone.now())
        if not month.has_begun(actor.today):
            raise CommandError(_("%(month)s has not begun yet.") % {"month": month})
        if not str(output).lower().endswith(".xlsx"):
            raise CommandError(_("The name of the file must end in .xlsx."))
        exports.to_file(output, workbook.sheets(month, actor))
        self.stdout.write(_("The workbook of %(month)s was written to %(file)s.") % {"month": month, "file": output})
