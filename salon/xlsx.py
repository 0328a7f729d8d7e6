"""Excel workbooks, streamed: text is never a formula, figures and dates are real ones. The only importer of openpyxl.

Rows are written as they come, to a temporary file per sheet, so that memory does not grow with the number of rows.
"""

import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from django.http import FileResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import WorkbookAlreadySaved

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of a sheet; what is beyond goes on in a further sheet
LONGEST_TEXT = 32_767
TEXT, WHOLE, NUMBER, MONEY, SHARE, DAY, MOMENT = "text", "whole", "number", "money", "share", "day", "moment"
ANY = "any"  # a cell by itself: text, a whole number, or what money() and share() made
FORMATS = {WHOLE: "0", NUMBER: "0.###", MONEY: "#,##0.00", SHARE: "0.0%", DAY: "yyyy-mm-dd", MOMENT: "yyyy-mm-dd hh:mm"}
WIDTHS = {TEXT: 16, WHOLE: 10, NUMBER: 10, MONEY: 13, SHARE: 11, DAY: 12, MOMENT: 17, ANY: 13}
# XML has no characters below space but tab and line ends, no lone surrogates, and not these two. (A file with one of them
# cannot be opened again.)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Cell:
    """A value with its kind, in a column of ANY."""

    kind: str
    value: object


def money(fen):
    return Cell(MONEY, fen)


def share(part):
    return Cell(SHARE, part)


@dataclass(frozen=True)
class Column:
    """A column: its title, what its cells are (TEXT, WHOLE, NUMBER, MONEY in fen, SHARE 0 to 1, DAY, MOMENT), its width."""

    title: str
    kind: str = TEXT
    width: int = 0


@dataclass(frozen=True)
class Chart:
    """A chart of a sheet's own rows: `labels` and `values` are column numbers from 0, over rows `first` to `last` (from 1)."""

    title: str
    labels: int
    values: int
    first: int
    last: int
    anchor: str
    is_line: bool = False


@dataclass
class Sheet:
    """A sheet: its name, columns, and rows of one value per column, read once. Without `has_titles` row 1 is the first row."""

    name: str
    columns: list
    rows: Iterable
    charts: list = field(default_factory=list)
    has_titles: bool = True
    wraps: bool = False


def clean(text):
    """Text as a cell can hold it."""
    return _FORBIDDEN.sub("", str(text))[:LONGEST_TEXT]


def write(target, sheets):
    """Write a workbook of Sheets to a path or a binary file."""
    book = Workbook(write_only=True)
    names = set()
    try:
        for sheet in sheets:
            _write_sheet(book, sheet, names)
        book.save(target)
    except BaseException:
        for page in book.worksheets:
            with suppress(WorkbookAlreadySaved):
                page.close()  # the temporary files of sheets begun
        raise


def response(filename, sheets):
    """The workbook as a download, written to a temporary file first: an error on the way is a page, not half a file."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        write(file, sheets)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename, content_type=CONTENT_TYPE)


def _write_sheet(book, sheet, names):
    rows, part = iter(sheet.rows), 1
    room = MOST_ROWS - sheet.has_titles
    while True:
        first = list(islice(rows, 1))
        if part > 1 and not first:
            return
        page = book.create_sheet(_free_name(sheet.name, part, names))
        _lay_out(page, sheet)
        if sheet.has_titles:
            page.append([_title_cell(page, column) for column in sheet.columns])
        for row in islice(chain(first, rows), room):
            page.append([_cell(page, column.kind, value, sheet.wraps) for column, value in zip(sheet.columns, row, strict=True)])
        if part == 1:
            for chart in sheet.charts:
                page.add_chart(_chart(page, chart), chart.anchor)
        part += 1


def _lay_out(page, sheet):
    for number, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = column.width or WIDTHS[column.kind]
    if sheet.has_titles:
        page.freeze_panes = "A2"


def _free_name(name, part, names):
    """At most 31 characters, none that Excel forbids, none twice."""
    number = part
    while True:
        tail = f" ({number})" if number > 1 else ""
        found = _NOT_IN_A_NAME.sub(" ", clean(name))[: 31 - len(tail)].strip("' ") + tail
        if found.casefold() not in names:
            names.add(found.casefold())
            return found
        number += 1


BOLD, WRAPPED = Font(bold=True), Alignment(wrap_text=True, vertical="top")


def _title_cell(page, column):
    cell = _text_cell(page, column.title)
    cell.font = BOLD
    return cell


def _text_cell(page, value):
    cell = WriteOnlyCell(page, clean(value))
    cell.data_type = "s"  # or what begins with = would be a formula
    return cell


def _cell(page, kind, value, wraps):
    if isinstance(value, Cell):
        kind, value = value.kind, value.value
    elif kind == ANY:
        kind = WHOLE if isinstance(value, int) else TEXT
    if value is None or value == "":
        return None
    if kind == TEXT:
        cell = _text_cell(page, value)
        if not cell.value:
            return None
        if wraps:
            cell.alignment = WRAPPED
        return cell
    if kind == MONEY:
        value = value / 100
    elif isinstance(value, datetime):
        value = timezone.make_naive(value) if timezone.is_aware(value) else value
    cell = WriteOnlyCell(page, value)
    cell.number_format = FORMATS[kind]
    return cell


def _chart(page, chart):
    made = LineChart() if chart.is_line else BarChart()
    made.title, made.legend = clean(chart.title), None
    rows = {"min_row": chart.first, "max_row": chart.last}
    made.add_data(Reference(page, min_col=chart.values + 1, **rows))
    made.set_categories(Reference(page, min_col=chart.labels + 1, **rows))
    made.x_axis.delete = made.y_axis.delete = False  # openpyxl hides the axes otherwise
    made.height, made.width = 7.5, 16
    return made
