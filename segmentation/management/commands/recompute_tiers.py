"""recompute_tiers: everybody's figures, scores and tier as of a day. Safe to repeat, to kill, and to start ten times at once."""

import argparse
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from salon.money import format_money
from segmentation.runs.recompute import MONTHS, Busy, first_running_day, last_ended_day, recompute


def day(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(_("%s is no day (YYYY-MM-DD).") % text) from None


class Command(BaseCommand):
    help = "Compute all tiers as of the last business day that has ended (or --as-of)."

    def add_arguments(self, parser):
        parser.add_argument("--as-of", type=day, help="the last day that counts (YYYY-MM-DD)")
        period = parser.add_mutually_exclusive_group()
        period.add_argument("--months", type=int, default=MONTHS, help=f"how many months up to that day (default {MONTHS})")
        period.add_argument("--all-time", action="store_true", help="everything up to that day")
        parser.add_argument("--dry-run", action="store_true", help="compute and report, store nothing")

    def handle(self, *, as_of, months, all_time, dry_run, **options):
        as_of = as_of or last_ended_day(timezone.now())
        if not 1 <= months <= 1200:
            raise CommandError(_("--months must be between 1 and 1200."))
        began = timezone.now()
        try:
            run = recompute(as_of=as_of, months=None if all_time else months, dry_run=dry_run)
        except Busy:
            self.stdout.write(_("Another run is working; nothing to do here."))
            return
        seconds = (timezone.now() - began).total_seconds()
        self.stdout.write(
            _("As of %(day)s: %(universe)s customers, %(scored)s in the period, %(total)s; %(changed)s changed; %(seconds).1f s.")
            % {
                "day": run.as_of,
                "universe": run.universe,
                "scored": run.scored,
                "total": format_money(run.total_fen),
                "changed": run.changed,
                "seconds": seconds,
            }
        )
        if dry_run:
            self.stdout.write(_("A dry run: nothing was stored."))
        elif run.is_study:
            early = _("That day has not begun yet, so this is study %(id)s; no tier rests on it.")
            usual = _("This is study %(id)s; the current tiers stay as they are.")
            self.stdout.write((early if as_of > first_running_day(began) else usual) % {"id": run.pk})
