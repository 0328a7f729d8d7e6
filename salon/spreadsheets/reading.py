"""Reading a table somebody sent: its rows one after another, or a sentence that says why it cannot be read."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from salon import text
from salon.processes import untrusted

MIB = 1 << 20
LONGEST_HEADING = 100  # characters of a heading that are looked at
HEADER_WITHIN = 10  # rows in which the heading is looked for: a title often stands above it


@dataclass(frozen=True)
class Limits:
    """The most a file may hold, and the most its reading may cost. None: no limit. `rows`: those below the heading."""

    rows: int = 10_000
    columns: int = 60
    cell: int = 2_000
    inflated: int = 100 * MIB
    part: int = 50 * MIB
    entries: int = 200
    memory: int | None = 512 * MIB
    seconds: int | None = 10
    patience: int | None = 120  # seconds of the clock; the rows are checked meanwhile
    work: int | None = 60  # seconds of computing that checking the rows, or storing them, may take

    def as_json(self):
        names = ("rows", "columns", "cell", "inflated", "part", "entries", "memory", "seconds")
        return json.dumps({name: getattr(self, name) for name in names} | {"rows": self.rows + HEADER_WITHIN})


FROM_BROWSER = Limits()
FROM_COMMAND = Limits(
    rows=10**12, columns=1_000, cell=32_767, inflated=8 << 30, part=8 << 30, entries=2_000, memory=3 << 30, seconds=None,
    patience=None, work=None,
)  # fmt: skip

REFUSALS = {
    "empty": gettext_lazy("The file is empty."),
    "markup": gettext_lazy("This is a web page or XML with the name of a table. Open it in Excel and save it as .xlsx."),
    "unknown": gettext_lazy("This is not a table. Send an Excel file (.xlsx, .xls) or CSV."),
    "other": gettext_lazy("This kind of workbook is not read. Save it as Excel (.xlsx) or CSV."),
    "macros": gettext_lazy("The workbook contains macros. Save it as .xlsx without macros."),
    "password": gettext_lazy("The file is protected by a password. Save it without one."),
    "damaged": gettext_lazy("The file is damaged. Open it in Excel, save it anew and try again."),
    "encoding": gettext_lazy("The text of the file is neither UTF-8 nor GB18030. Save it as “CSV UTF-8”."),
    "large": gettext_lazy("The file is too large once it is unpacked. Split it, or save it as CSV."),
    "long": gettext_lazy("Checking the rows of the file took too long. Split it."),
    "late": gettext_lazy("Reading the file took too long. Save it as CSV, or split it."),
    "header": gettext_lazy("No row with known column names was found among the first rows."),
}


class Unreadable(Exception):
    """The file cannot be read; the message says why and what to do."""


@dataclass
class Table:
    """An open file: `columns` {key: place}, `header` as it stands there, the headings nobody knows, and its rows."""

    columns: dict
    header: list
    unknown: list
    notes: dict = field(default_factory=dict)
    rows: object = ()


@contextmanager
def opened(path, names, limits):
    """The Table of a file. `names`: {column key: headings it may have}, the official ones first.

    `rows` yields (row number, cells in the order of the file). Raises Unreadable, from the block too.
    """
    try:
        with untrusted.messages("salon.spreadsheets.tables", str(path), limits.as_json(), patience=limits.patience) as messages:
            numbered = _rows(messages)
            notes = next(numbered)
            header, columns, unknown, before = _find_header(numbered, names)
            yield Table(columns, header, unknown, notes, _at_most(limits.rows, chain(before, numbered)))
    except untrusted.TookTooLong as late:
        raise Unreadable(str(REFUSALS["long"])) from late
    except untrusted.Refused as refused:
        raise Unreadable(_refusal(refused.code, refused.facts, limits)) from None
    except untrusted.Broke as broke:
        raise Unreadable(str(REFUSALS["late" if broke.is_late else "damaged"])) from broke


def _rows(messages):
    yield next(messages)["notes"]
    for message in messages:
        yield from message["rows"]


def _at_most(limit, rows):
    for count, row in enumerate(rows):
        if count == limit:
            raise Unreadable(_too_many(limit))
        yield row


def _too_many(limit):
    return ngettext(
        "The file has more than %(n)d row. Split it, or use the command.",
        "The file has more than %(n)d rows. Split it, or use the command.",
        limit,
    ) % {"n": limit}


def _refusal(code, facts, limits):
    if code == "rows":
        return _too_many(limits.rows)
    if code == "columns":
        return _("Row %(row)d has more than %(limit)d columns.") % facts
    if code == "row":
        return _("Row %(row)d cannot be read: a quotation mark or cell does not end.") % facts
    return str(REFUSALS.get(code, REFUSALS["damaged"]))


# --- The heading ---------------------------------------------------------------------------------------------------------

_UNITS = re.compile(r"[(（\[【].*?[)）\]】]")


def heading_key(cell):
    """What two spellings of a column name share: 单号, 單號 and “单号 ”; card_no, Card No. and CARD-NO."""
    return text.fold(_UNITS.sub("", str(cell)[:LONGEST_HEADING]).replace("_", "").strip("*＊:： \n"))


def _find_header(rows, names):
    """(cells, {key: place}, unknown headings, rows already read after it). Raises Unreadable."""
    ranks = {heading_key(heading): (key, rank) for key, all_names in names.items() for rank, heading in enumerate(all_names)}
    for _tries in range(HEADER_WITHIN):
        _number, cells = next(rows, (0, None))
        if cells is None:
            break
        found = [ranks.get(heading_key(cell)) if isinstance(cell, str) else None for cell in cells]
        if sum(each is not None for each in found) >= 2 or (len(cells) == 1 and found[0]):
            header = ["" if cell is None else str(cell) for cell in cells]
            columns = _columns(found, header)
            unknown = [heading for place, heading in enumerate(header) if heading.strip() and place not in columns.values()]
            return header, columns, unknown, []
    raise Unreadable(str(REFUSALS["header"]))


OFFICIAL = 2  # the first names of a column, Chinese and English, are its own; others only stand in for them


def _columns(found, header):
    columns, ranks = {}, {}
    for place, each in enumerate(found):
        if each is None:
            continue
        key, rank = each
        if key in columns and (rank < OFFICIAL) == (ranks[key] < OFFICIAL):
            both = {"one": header[columns[key]].strip(), "two": header[place].strip()}
            raise Unreadable(_("Two columns say the same: “%(one)s” and “%(two)s”. Remove one of them.") % both)
        if key not in columns or rank < OFFICIAL:
            columns[key], ranks[key] = place, rank
    return columns
