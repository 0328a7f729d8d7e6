"""What import_customers and import_visits share: a file of any length, read in little memory, with a report row by row."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.imports import engine, registry
from customers.imports.models import ImportRun
from customers.imports.spool import Spool
from salon.shop.models import Branch
from salon.shop.queries import branch_of_code
from salon.spreadsheets import reading

SHOWN_WARNINGS = 100


class ImportCommand(BaseCommand):
    """A subclass names the `kind`."""

    kind = ""

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the file: .xlsx, .xls or .csv")
        parser.add_argument("--dry-run", action="store_true", help="store nothing; say what would be done")
        parser.add_argument("--branch", default=Branch.FIRST_CODE, help="code of the branch (default: %(default)s)")
        parser.add_argument(
            "--all-at-once",
            action="store_true",
            help=f"store everything in one transaction, also beyond {engine.AT_ONCE} rows (others wait meanwhile on SQLite)",
        )
        if registry.get(self.kind).asks_create:
            parser.add_argument("--create-customers", action="store_true", help="make a card for each unknown card number")

    def handle(self, *, file, dry_run, branch, all_at_once, create_customers=False, **options):
        kind, began = registry.get(self.kind), monotonic()
        branch = self._branch(branch)
        if not file.is_file():
            raise CommandError(_("There is no file %s.") % file)
        now = timezone.now()
        with spool_file() as path, Spool(path) as spool:
            importer = kind.importer(
                spool, branch=branch, now=now, create_customers=create_customers, keeps_raw=False, everywhere=True
            )
            self._read(file, kind, importer)
            if dry_run:
                importer.plan()
            else:
                self._store(file, kind, importer, all_at_once)
            self._report(kind, importer, dry_run, monotonic() - began)

    def _branch(self, code):
        try:
            return branch_of_code(code)
        except Branch.DoesNotExist:
            raise CommandError(_("There is no branch with the code %s.") % code) from None

    def _read(self, file, kind, importer):
        try:
            with reading.opened(file, kind.names, reading.FROM_COMMAND) as table:
                registry.check_columns(kind, table)
                importer.take(table)
        except reading.Unreadable as why:
            raise CommandError(str(why)) from None

    def _store(self, file, kind, importer, all_at_once):
        run = ImportRun.objects.create(
            kind=kind.name,
            branch=importer.branch,
            file_name=file.name[-120:],
            create_customers=importer.create_customers,
            state=ImportRun.WRITING,
            created_at=importer.now,
            started_at=importer.now,
        )
        importer.run = run
        try:
            importer.store(at_once=all_at_once or importer.counts["rows"] <= engine.AT_ONCE)
        except BaseException as error:
            ImportRun.objects.filter(pk=run.pk).update(
                state=ImportRun.FAILED, problem=repr(error)[:400], counts=dict(importer.counts), finished_at=timezone.now()
            )
            raise
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.DONE, counts=dict(importer.counts), finished_at=timezone.now())

    # --- what is said

    def _report(self, kind, importer, dry_run, seconds):
        spool, counts = importer.spool, importer.counts
        for line in registry.remarks(spool):
            self.stdout.write(line)
        for row, text in spool.said("skipped", SHOWN_WARNINGS):
            self.stdout.write(_("row %(row)d, skipped: %(text)s") % {"row": row, "text": text})
        if (more := spool.count("skipped") - SHOWN_WARNINGS) > 0:
            self.stdout.write(_("… and %(n)d more skipped for the like") % {"n": more})
        for row, text in spool.said("warning", SHOWN_WARNINGS):
            self.stdout.write(_("row %(row)d, warning: %(text)s") % {"row": row, "text": text})
        if counts["warnings"] > SHOWN_WARNINGS:
            self.stdout.write(_("… and %(n)d more warnings") % {"n": counts["warnings"] - SHOWN_WARNINGS})
        for row, reason in spool.refused():
            self.stdout.write(_("row %(row)d, refused: %(text)s") % {"row": row, "text": reason})
        made = ", ".join(f"{label} {counts[name]}" for name, label in kind.counted.items())
        heading = _("Would be made (nothing was stored): %(made)s") if dry_run else _("Made: %(made)s")
        self.stdout.write(heading % {"made": made})
        rate = counts["rows"] / seconds if seconds else 0
        self.stdout.write(_("%(seconds).1f seconds, %(rate)d rows a second") % {"seconds": seconds, "rate": rate})
        self.stdout.write(
            _("%(rows)d rows read, %(taken)d taken, %(skipped)d known already and skipped, %(refused)d refused")
            % {
                "rows": counts["rows"],
                "taken": counts["rows"] - counts["skipped"] - counts["refused"],
                "skipped": counts["skipped"],
                "refused": counts["refused"],
            }
        )


@contextmanager
def spool_file():
    """The path of a file for a spool, which nobody else may read; it is gone afterwards."""
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"command-{os.getpid()}-{secrets.token_hex(4)}.spool"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
