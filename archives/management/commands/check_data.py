"""check_data: does the database still hold what it must? Reads everything, changes nothing."""

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archives.visits import checks
from salon.database import integrity, sequences
from salon.serving import health
from salon.storage import data_directory, media

SHOWN = 10  # rows of one kind that are named


class Command(BaseCommand):
    help = "Check guards, the database file, links between rows, stored sums and picture files. The exit code is 1 if any fails."

    def handle(self, **options):
        try:
            found = list(self.found())
        except DatabaseError as error:
            raise CommandError(_("The database cannot be read: %s") % str(error).strip().partition("\n")[0]) from None
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(ngettext("%d check failed: ", "%d checks failed: ", len(found)) % len(found) + found[0])
        self.stdout.write(_("Everything is as it must be."))

    def found(self):
        """Everything wrong, a line each. What cannot be read at all is not looked into."""
        damage = list(integrity.sentences())
        yield from damage
        if damage:
            return
        pending = health.of_the_schema()
        yield from pending
        yield from self.links()
        yield from self.numbers()
        if "migrations_pending" not in pending:  # or the tables may be those of another version
            yield from self.rows()
            yield from self.pictures()

    def links(self):
        """Links between rows, which PostgreSQL holds itself."""
        if connection.vendor != "sqlite":
            return
        with connection.cursor() as cursor:
            for table, row, other, _number in cursor.execute("PRAGMA foreign_key_check").fetchmany(SHOWN):
                facts = {"table": table, "row": row, "other": other}
                yield _("Row %(row)s of %(table)s refers to a row of %(other)s that is not there.") % facts

    def numbers(self):
        """Sequences, which SQLite does not have."""
        for each in sequences.behind():
            facts = {"table": each.table, "next": each.next, "greatest": each.greatest}
            yield (
                _(
                    "New rows of %(table)s would be refused: the next is number %(next)s, but there is %(greatest)s already. "
                    "Run manage.py mend_sequences."
                )
                % facts
            )

    def rows(self):
        for what, queryset in checks.broken():
            try:
                pks = list(queryset.order_by("pk").values_list("pk", flat=True)[:SHOWN])
            except DatabaseError as error:
                yield integrity.unreadable(queryset.model._meta.db_table, error)
                continue
            if pks:
                yield _("There are %(what)s: %(numbers)s") % {"what": what, "numbers": ", ".join(map(str, pks))}

    def pictures(self):
        if fault := data_directory.fault():
            yield fault
            return
        for column in media.columns():
            try:
                gone = column.lost(SHOWN)
            except DatabaseError as error:
                yield integrity.unreadable(column.model._meta.db_table, error)
                continue
            if gone:
                facts = {"field": column.model._meta.get_field(column.field).verbose_name, "rows": ", ".join(map(str, gone))}
                yield _("Files are gone from the data directory: %(field)s of %(rows)s") % facts
