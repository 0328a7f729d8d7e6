"""Rows of a sheet as the XML of a workbook, written as they come: twenty cells in less time than openpyxl needs for two."""

import re
from datetime import datetime
from functools import partial
from math import ceil

from django.utils import timezone

from salon.spreadsheets.sheets import (
    ANY,
    BODY,
    CHANGE,
    DAY,
    MARK,
    MOMENT,
    MONEY,
    NUMBER,
    TEXT,
    TOTAL,
    WHOLE,
    WIDTHS,
    Cell,
    Row,
    clean,
    lines_of,
)

AT_ONCE = 500  # rows
DAY_ZERO = 693_594  # the ordinal of 1899-12-30, from which workbooks count days
_ODD = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACED = re.compile(r"^\s|\s\Z|[\n\t]|\s\s")
LONGEST_UNREAD = 1_000  # characters of a text that cannot be too long


def letters(number):
    """The letters of a column: 0 is A, 26 is AA."""
    before, last = divmod(number, 26)
    return (letters(before - 1) if before else "") + chr(65 + last)


class RowWriter:
    """Writes rows of some columns to a text file. `style(look, kind, wraps)` is the number of a cell's format in the book.

    `heights` are those of rows by their look, in points; a row of a column that wraps is as high as its text needs.
    Afterwards: `widths`, the least of each column of figures for the longest of them; `spans`, the rows of one wide cell;
    `totals`, how many rows of them close the sheet.
    """

    def __init__(self, file, columns, style, heights):
        self._file, self._columns, self._style, self._heights = file, columns, style, heights
        self.number, self._waiting, self._made = 0, [], {}
        self.widths, self.spans, self.totals = {}, [], 0
        self._wrapping = [(at, column.width or WIDTHS[column.kind]) for at, column in enumerate(columns) if column.wraps]
        self._cells = [
            partial(self._own, at, BODY) if c.kind == ANY else self._cell(at, BODY, c.kind) for at, c in enumerate(columns)
        ]

    def write(self, row):
        """Write a row: a tuple of values, or a Row. Raises ValueError if it has another number of cells than columns."""
        self.number += 1
        n, height, cells = str(self.number), self._height(BODY), self._cells
        if isinstance(row, Row):
            height = self._height(row.look, row.lines or 1)
            self.totals += row.look == TOTAL
            if row.lines:
                self.spans.append(self.number)
            cells, row = [partial(self._own, at, row.look) for at in range(len(self._columns))], row.cells
        elif self._wrapping:
            height = self._height(BODY, max(lines_of(str(row[at] or ""), width) for at, width in self._wrapping))
        content = "".join([cell(n, value) for cell, value in zip(cells, row, strict=True)])
        self._waiting.append(f'<row r="{n}"{height}>{content}</row>')
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def _height(self, look, lines=1):
        return f' ht="{self._heights[look] * lines}" customHeight="1"'

    def flush(self):
        self._file.write("".join(self._waiting))
        self._waiting.clear()

    def _own(self, at, look, n, value):
        """A cell that says its own kind. Text in a column of figures, such as its title, stands where they stand."""
        kind = self._columns[at].kind
        if isinstance(value, Cell):
            kind, value = value.kind, value.value
        elif kind == ANY:
            kind = WHOLE if isinstance(value, int) else TEXT
        return self._cell(at, look, kind, isinstance(value, str))(n, value)

    def _cell(self, at, look, kind, is_text=False):
        """The function (number of the row as text, value) → XML of a cell."""
        known = (at, look, kind, is_text)
        if known not in self._made:
            style = self._style(look, kind, self._columns[at].wraps)
            if is_text or kind in (TEXT, MARK):
                self._made[known] = _text_cell(letters(at), style)
            else:
                widen = partial(self._widen, at, kind) if kind in WRITTEN else None
                self._made[known] = _figure_cell(FIGURES.get(kind, str), letters(at), style, widen)
        return self._made[known]

    def _widen(self, at, kind, value):
        """A column is as wide as its longest figure needs, in bold as a total is: one that does not fit is shown as ###."""
        self.widths[at] = max(self.widths.get(at, 0), ceil(len(WRITTEN[kind](value)) * 1.1 + 2))


def _text_cell(column, style):
    head, empty, tail = f'<c r="{column}', f'" s="{style}"/>', f'" s="{style}" t="inlineStr"><is><t'

    def cell(n, value):
        text = "" if value is None else str(value)
        if len(text) > LONGEST_UNREAD or _ODD.search(text):
            text = _escaped(clean(text))
        if not text:
            return head + n + empty
        keeps = ' xml:space="preserve">' if _SPACED.search(text) else ">"
        return f"{head}{n}{tail}{keeps}{text}</t></is></c>"

    return cell


def _figure_cell(figure, column, style, widen=None):
    """`widen` is told each value further from zero than those before."""
    head, empty, tail = f'<c r="{column}', f'" s="{style}"/>', f'" s="{style}"><v>'
    least = most = 0

    def cell(n, value):
        nonlocal least, most
        if value is None or value == "":
            return head + n + empty
        if widen and not least <= value <= most:
            least, most = min(least, value), max(most, value)
            widen(value)
        return f"{head}{n}{tail}{figure(value)}</v></c>"

    return cell


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _day(value):
    """Days as Excel counts them: it believes that there was a 29 February 1900."""
    days = value.toordinal() - DAY_ZERO
    return days - 1 if 0 < days <= 60 else days


def _moment(value):
    if not isinstance(value, datetime):
        return _day(value)
    value = timezone.make_naive(value) if timezone.is_aware(value) else value
    return _day(value) + (value.hour * 3600 + value.minute * 60 + value.second) / 86_400


# How a figure is shown (salon/spreadsheets/xlsx.py FORMATS), of the kinds that have no greatest length.
WRITTEN = {
    WHOLE: "{:,}".format,
    NUMBER: "{:,.3f}".format,
    MONEY: lambda fen: f"{fen / 100:,.2f}",
    CHANGE: "▲ {:.1%}".format,
}
FIGURES = {MONEY: lambda fen: fen / 100, DAY: _day, MOMENT: _moment}
