"""check_data: does the database still hold what it must? Reads everything, changes nothing."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archives.visits import checks
from salon import data_directory, health, media

SHOWN = 10  # rows of one kind that are named


class Command(BaseCommand):
    help = "Check guards, the database file, links between rows, stored sums and picture files. The exit code is 1 if any fails."

    def handle(self, **options):
        found = list(self.machinery())
        if "migrations_pending" not in found:  # or the tables may be those of another version
            found += [*self.rows(), *self.pictures()]
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(ngettext("%d check failed: ", "%d checks failed: ", len(found)) % len(found) + found[0])
        self.stdout.write(_("Everything is as it must be."))

    def machinery(self):
        """Guards and migrations; on SQLite the file and its links, which PostgreSQL holds itself."""
        yield from health.of_the_schema()
        if connection.vendor != "sqlite":
            return
        with connection.cursor() as cursor:
            for (text,) in cursor.execute("PRAGMA quick_check(5)").fetchall():
                if text != "ok":
                    yield _("The database file is damaged: %s") % text
            for table, row, other, _number in cursor.execute("PRAGMA foreign_key_check").fetchmany(SHOWN):
                facts = {"table": table, "row": row, "other": other}
                yield _("Row %(row)s of %(table)s refers to a row of %(other)s that is not there.") % facts

    def rows(self):
        for what, queryset in checks.broken():
            if pks := list(queryset.order_by("pk").values_list("pk", flat=True)[:SHOWN]):
                yield _("There are %(what)s: %(numbers)s") % {"what": what, "numbers": ", ".join(map(str, pks))}

    def pictures(self):
        if fault := data_directory.fault():
            yield fault
            return
        for column in media.columns():
            if gone := column.lost(SHOWN):
                facts = {"field": column.model._meta.get_field(column.field).verbose_name, "rows": ", ".join(map(str, gone))}
                yield _("Files are gone from the data directory: %(field)s of %(rows)s") % facts
