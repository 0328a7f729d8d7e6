"""Rows of a sheet as the XML of a workbook, written as they come: twenty cells in less time than openpyxl needs for two."""

import re
from datetime import datetime
from functools import partial

from django.utils import timezone

from salon.sheets import ANY, BODY, DAY, MARK, MOMENT, MONEY, TEXT, WHOLE, Cell, Row, clean

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

    `heights` are those of rows by their look, in points; other rows take the height of what stands in them.
    """

    def __init__(self, file, columns, style, heights):
        self._file, self._columns, self._style, self._heights = file, columns, style, heights
        self.number, self._waiting, self._made = 0, [], {}
        self._cells = [
            partial(self._own, at, BODY) if c.kind == ANY else self._cell(at, BODY, c.kind) for at, c in enumerate(columns)
        ]

    def write(self, row):
        """Write a row: a tuple of values, or a Row. Raises ValueError if it has another number of cells than columns."""
        self.number += 1
        n, height, cells = str(self.number), self._height(BODY), self._cells
        if isinstance(row, Row):
            height = self._height(row.look)
            cells, row = [partial(self._own, at, row.look) for at in range(len(self._columns))], row.cells
        content = "".join([cell(n, value) for cell, value in zip(cells, row, strict=True)])
        self._waiting.append(f'<row r="{n}"{height}>{content}</row>')
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def _height(self, look):
        height = self._heights.get(look)
        return f' ht="{height}" customHeight="1"' if height else ""

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
            write = _text_cell if is_text or kind in (TEXT, MARK) else partial(_figure_cell, FIGURES.get(kind, str))
            self._made[known] = write(letters(at), style)
        return self._made[known]


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


def _figure_cell(figure, column, style):
    head, empty, tail = f'<c r="{column}', f'" s="{style}"/>', f'" s="{style}"><v>'

    def cell(n, value):
        if value is None or value == "":
            return head + n + empty
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


FIGURES = {MONEY: lambda fen: fen / 100, DAY: _day, MOMENT: _moment}
