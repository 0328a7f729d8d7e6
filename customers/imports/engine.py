"""How a file becomes rows: every import reads and checks first, into a spool; then says what it would do, or does it."""

from collections import Counter
from contextlib import nullcontext
from itertools import islice
from time import sleep

from django.db import transaction
from django.utils.translation import gettext as _

from customers.imports.guesses import Guesses
from customers.imports.people import Reach
from salon.spreadsheets import cells

BATCH = 1_000  # rows checked together, with one look at the database
CHUNK = 1_000  # rows stored together
MOST_CHUNKS = 20  # so many of them where rows must stay together
PAUSE = 0.02  # seconds between the transactions of a long import, in which those who wait to save come first
AT_ONCE = 10_000  # files of so many rows are stored in one transaction; longer ones in chunks (docs/decisions.md)
LONGEST_RAW = 2_000


class RowError(Exception):
    """A row cannot be taken; the message says why."""


class Row:
    """One row of a file: its number and cells by column, read with the readers of salon/spreadsheets/cells.py."""

    def __init__(self, number, cells_of_row, places):
        self.number, self.cells, self._places = number, cells_of_row, places
        self.warnings = []

    def cell(self, key):
        """The cell of a column, or None where the file has no such column or the row is shorter."""
        place = self._places.get(key)
        return self.cells[place] if place is not None and place < len(self.cells) else None

    def read(self, key, reader, *arguments):
        """What `reader` makes of a cell. Raises RowError."""
        try:
            return reader(self.cell(key), *arguments)
        except cells.CellError as error:
            raise RowError(str(error)) from error

    def warn(self, text):
        self.warnings.append((self.number, text))


class Importer:
    """Base of the importers. A subclass gives `check`, `plan_chunk` and `store_chunk`.

    `counts` holds: rows (read), refused and skipped rows, and what was, or would be, made. `keeps_raw`: whether refused
    rows can be shown as they stood in the file. `in_file_order`: whether groups are stored as the file has them, or by key.
    `everywhere`: whether a row may mean a customer of any branch (people.Reach).
    """

    in_file_order, _is_told = False, False

    def __init__(self, spool, *, branch, now, user=None, create_customers=False, keeps_raw=True, everywhere=False):
        self.spool, self.branch, self.now, self.user = spool, branch, now, user
        self.create_customers, self.keeps_raw = create_customers, keeps_raw
        self.reach = Reach(branch, everywhere)
        self.guesses = Guesses(user=user, branch=branch, now=now)
        self.counts = Counter()

    # --- reading

    def take(self, table, progress=None):
        """Read and check all rows of a reading.Table. What can be said without the database is said here."""
        self.columns = table.columns
        self.spool.set_fact("header", table.header)
        self.spool.set_fact("unknown", table.unknown)
        self.spool.set_fact("notes", table.notes)
        read = iter(table.rows)
        while batch := list(islice(read, BATCH)):
            rows = [Row(number, row, table.columns) for number, row in batch]
            self.check(rows)
            self.spool.warn(warning for row in rows for warning in row.warnings)
            self.counts["rows"] += len(rows)
            if progress:
                progress(self.counts["rows"])
        self.settle()

    def keep(self, row, key, data):
        """A row as the spool takes it. `key` None: the row cannot be told where it belongs."""
        raw = [cells.shown(cell)[:LONGEST_RAW] for cell in row.cells] if self.keeps_raw else None
        return row.number, key, data, raw

    def check(self, rows):
        """Check some rows and put them into the spool."""
        raise NotImplementedError

    def settle(self):
        """All rows are read: what can only be said now."""

    # --- planning and storing

    def tell(self, warnings):
        """Keep warnings, (row, text) each, unless planning has told them already."""
        if not self._is_told:
            self.spool.warn(warnings)

    def plan(self, progress=None):
        """Find out what would be made, skipped and refused; stores nothing."""
        for chunk in self._chunks(progress):
            self.plan_chunk(chunk)
        self.spool.set_fact("planned", True)
        self._sum_up()

    def store(self, *, at_once, progress=None):
        """Make it so: in one transaction, or chunk by chunk, each of whole groups.

        Without savepoints, as one part is never undone alone: inside one, SQLite copies every page anew for each row stored
        in a table with a trigger on INSERT, which trebled the time others wait.
        """
        self._is_told = self.spool.fact("planned", False)
        with transaction.atomic(savepoint=False) if at_once else nullcontext():
            for chunk in self._chunks(progress):
                with transaction.atomic(savepoint=False):
                    self.store_chunk(chunk)
                if not at_once:
                    sleep(PAUSE)
        self._sum_up()

    def plan_chunk(self, groups):
        """Count what [(key, [(row, data)])] would make."""
        raise NotImplementedError

    def store_chunk(self, groups):
        """Store [(key, [(row, data)])]; runs inside a transaction."""
        raise NotImplementedError

    def must_stay_together(self, key, other):
        """True if two keys that follow each other belong into one chunk."""
        return False

    def _chunks(self, progress):
        done, chunk, size, last = 0, [], 0, None
        for key, rows in self.spool.groups(as_in_file=self.in_file_order):
            if size >= CHUNK and not (self.must_stay_together(last, key) and size < MOST_CHUNKS * CHUNK):
                yield chunk
                done, chunk, size = done + size, [], 0
                if progress:
                    progress(done)
            chunk.append((key, rows))
            size, last = size + len(rows), key
        if chunk:
            yield chunk
            if progress:
                progress(done + size)

    def _sum_up(self):
        self.counts["refused"] = self.spool.count("refused")
        self.counts["warnings"] = self.spool.count("warning")


def companion_refused(number):
    """Why a row is refused whose neighbour is: what belongs together is stored together."""
    return _("Row %(row)d of the same visit was refused.") % {"row": number}
