"""What stands in a workbook: sheets of rows, the kinds of their cells, how a row looks, charts. xlsx.py writes it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_TEXT = 32_767
TEXT, WHOLE, NUMBER, MONEY, SHARE, DAY, MOMENT = "text", "whole", "number", "money", "share", "day", "moment"
CHANGE = "change"  # a part of 1 by which something grew or fell
MARK = "mark"  # a letter or two, such as a tier
NOTHING = "nothing"  # a cell that is not even empty, right of a narrow table
ANY = "any"  # a cell by itself: text, a whole number, or what money(), share() and change() made
WIDTHS = {TEXT: 16, WHOLE: 10, NUMBER: 10, MONEY: 13, SHARE: 11, CHANGE: 12, DAY: 12, MOMENT: 17, ANY: 13, MARK: 8}
# How a row looks.
BODY, HEADING, TITLE, ABOUT, SECTION, SENTENCE, TOTAL = "body", "heading", "title", "about", "section", "sentence", "total"
# XML has no characters below space but tab and line ends, no lone surrogates, and not these two. (A file with one of them
# cannot be opened again.)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Cell:
    """A value with its kind, in a column of ANY or in a row with a look of its own."""

    kind: str
    value: object


def money(fen):
    return Cell(MONEY, fen)


def share(part):
    return Cell(SHARE, part)


def change(part):
    """By how much something grew (0.05) or fell (-0.05); None where there was nothing to grow from."""
    return Cell(CHANGE, part)


@dataclass(frozen=True)
class Column:
    """A column: its title, what its cells are (TEXT, MARK, WHOLE, NUMBER, MONEY in fen, SHARE 0 to 1, DAY, MOMENT), its width.

    Text of a column that `wraps` goes on in the next line of its cell, so that paper loses nothing of it.
    """

    title: str
    kind: str = TEXT
    width: int = 0
    wraps: bool = False


@dataclass(frozen=True)
class Row:
    """A row with a look of its own; a bare tuple of cells is one of the BODY. Of `lines`, the first cell is as wide as the sheet
    and so many lines high.
    """

    look: str
    cells: tuple
    lines: int = 0


@dataclass(frozen=True)
class Chart:
    """A chart of a sheet's own rows `first` to `last` (from 1): `labels` and `values` are column numbers from 0.

    Several `values` stand beside each other, named by the row above the first. `colours` are tokens of tokens.css: one for each
    column of values, or, of one column, one for each bar. Bars that go `is_across` stand under each other, the first on top.
    Where no value is negative a line begins `from_zero`. Sizes are centimetres.
    """

    title: str
    labels: int
    values: tuple
    first: int
    last: int
    anchor: str
    is_line: bool = False
    is_across: bool = False
    from_zero: bool = False
    labels_format: str = "General"
    colours: tuple = ("accent",)
    width: float = 16
    height: float = 7.5


@dataclass
class Sheet:
    """A sheet: its name, columns, and rows of one value per column, read once. Without `has_titles` row 1 is the first row.

    `title` and `about` say what it is, of whom and of when: in a `has_block` above the rows, else at the head of each page on
    paper, where row 1 is the titles for the sake of other programs. `is_one_page`: on paper it is shrunk to one page.
    """

    name: str
    columns: list
    rows: Iterable
    charts: list = field(default_factory=list)
    has_titles: bool = True
    title: str = ""
    about: str = ""
    has_block: bool = False
    is_one_page: bool = False

    @property
    def head(self):
        """What stands above the rows: the block, and the titles of the columns."""
        rest = (None,) * (len(self.columns) - 1)
        block = [Row(TITLE, (self.title, *rest)), Row(ABOUT, (self.about, *rest)), Row(SENTENCE, (None, *rest))]
        titles = [Row(HEADING, tuple(column.title for column in self.columns))]
        return (block if self.has_block else []) + (titles if self.has_titles else [])

    @property
    def first_row(self):
        """The number of the first row below."""
        return len(self.head) + 1


def cells_of(text):
    """How many letters wide a text is: a Chinese character is two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def lines_of(text, width):
    """How many lines a text takes in a column so wide, rather one too many: a line ends before the word that does not fit."""
    return sum(-(-cells_of(line) // max(1, width * 19 // 20 - 1)) or 1 for line in text.split("\n"))


def clean(text):
    """Text as a cell can hold it."""
    return _FORBIDDEN.sub("", str(text))[:LONGEST_TEXT]
