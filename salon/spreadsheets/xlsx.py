"""Excel workbooks, streamed: text is never a formula, figures and dates are real ones. The only importer of openpyxl.

openpyxl makes the book without its rows: formats, widths, charts, and what paper needs. The rows are written as they come, to
a temporary file per sheet, and put into their places at the end, so that memory does not grow with their number.
"""

import re
import shutil
import tempfile
from contextlib import ExitStack
from functools import lru_cache
from io import BytesIO
from itertools import chain, islice
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.http import FileResponse
from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import DataPoint, Marker
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun, RichTextProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from salon.spreadsheets.sheet_rows import RowWriter
from salon.spreadsheets.sheets import (
    ABOUT,
    ANY,
    BODY,
    CHANGE,
    DAY,
    HEADING,
    LONGEST_TEXT,
    MARK,
    MOMENT,
    MONEY,
    NOTHING,
    NUMBER,
    SECTION,
    SENTENCE,
    SHARE,
    TEXT,
    TITLE,
    TOTAL,
    WHOLE,
    WIDTHS,
    Cell,
    Chart,
    Column,
    Row,
    Sheet,
    cells_of,
    change,
    clean,
    lines_of,
    money,
    share,
)

__all__ = [
    "ANY", "BODY", "CHANGE", "CONTENT_TYPE", "Cell", "Chart", "Column", "DAY", "HEADING", "HEIGHTS", "LONGEST_TEXT", "MARK",
    "MOMENT", "MONEY", "NOTHING", "NUMBER", "Row", "SECTION", "SENTENCE", "SHARE", "Sheet", "TEXT", "TOTAL", "WHOLE", "change",
    "clean", "lines_of", "money", "response", "share", "write",
]  # fmt: skip
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of a sheet; what is beyond goes on in a further sheet
FORMATS = {
    WHOLE: "#,##0",
    NUMBER: "#,##0.###",
    MONEY: "#,##0.00",
    SHARE: "0.0%",
    CHANGE: '"▲ "0.0%;"▼ "0.0%;0.0%',
    DAY: "yyyy-mm-dd",
    MOMENT: "yyyy-mm-dd hh:mm",
}
ABOVE = frozenset({TITLE, ABOUT, SECTION, SENTENCE})  # looks of what stands above a table
LEFT = frozenset({TEXT, ANY, DAY, MOMENT})
HEIGHTS = {TITLE: 30, ABOUT: 18, HEADING: 32, SECTION: 28, SENTENCE: 18, TOTAL: 20, BODY: 17}  # points
# Faces that are on the owner's computer: Windows and Office bring them, others take the next of kind.
FACES = {"zh-hans": ("Microsoft YaHei", "SimSun"), "zh-hant": ("Microsoft JhengHei", "PMingLiU"), "en": ("Calibri", "Georgia")}
A4 = 9
LARGE, SMALL, TINY = 13, 8, 7  # points, of what stands beside the rows
LEVEL = 3  # of the packing: more takes twice as long for a tenth less
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
VALUES = "#,##0;-#,##0;"  # of bars and points
_LABELS = f'formatCode="{VALUES}"'.encode()  # openpyxl cannot say that a label has a format of its own
_NO_ROWS = b"<sheetData></sheetData>"
_NO_SIZE = b'<dimension ref="A1:A1" />'


def write(target, sheets):
    """Write a workbook of Sheets to a path or a binary file."""
    book, rows, looks, names = Workbook(), [], None, set()
    book.remove(book.active)
    with ExitStack() as files:
        for sheet in sheets:
            for page, its_rows in _pages(book, sheet, names):
                looks = looks or _Looks(page)
                file = files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline=""))
                writer = RowWriter(file, sheet.columns, looks, HEIGHTS)
                for row in its_rows:
                    writer.write(row)
                writer.flush()
                _finish(page, sheet, writer)
                rows.append((file, f"A1:{get_column_letter(len(sheet.columns))}{max(1, writer.number)}"))
        _put_together(target, book, rows)


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


def _put_together(target, book, rows):
    """Save the book with the rows of each of its sheets in their place, and how far they reach, which some readers believe."""
    bare = BytesIO()
    book.save(bare)
    places = {f"xl/worksheets/sheet{number}.xml": its_rows for number, its_rows in enumerate(rows, start=1)}
    with ZipFile(bare) as parts, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=LEVEL) as whole:
        for name in parts.namelist():
            content = parts.read(name)
            if name not in places:
                whole.writestr(name, content.replace(_LABELS, _LABELS + b' sourceLinked="0"'))
                continue
            file, reach = places[name]
            before, after = content.replace(_NO_SIZE, f'<dimension ref="{reach}" />'.encode()).split(_NO_ROWS)
            size = file.tell()
            file.seek(0)
            with whole.open(name, "w", force_zip64=size > 2**30) as out:
                out.write(before + b"<sheetData>")
                shutil.copyfileobj(file.buffer, out, 2**20)
                out.write(b"</sheetData>" + after)


def _pages(book, sheet, names):
    """(page of the book, its rows) of a sheet: several where it has more rows than fit on one."""
    rows, part = iter(sheet.rows), 1
    first = list(islice(rows, 1))
    while part == 1 or first:
        page = book.create_sheet(_free_name(sheet.name, part, names))
        _lay_out(page, sheet)
        if part == 1:
            for chart in sheet.charts:
                page.add_chart(_chart(page, chart), chart.anchor)
        yield page, chain(sheet.head, first, islice(rows, MOST_ROWS - sheet.first_row + 1 - len(first)))
        first, part = list(islice(rows, 1)), part + 1


def _finish(page, sheet, writer):
    """What is known once the rows are there: how wide their figures are, which of them are one cell, what the filter is for."""
    for at, width in writer.widths.items():
        wide = page.column_dimensions[get_column_letter(at + 1)]
        wide.width = max(wide.width, width)
    last = get_column_letter(len(sheet.columns))
    for number in writer.spans:
        page.merged_cells.add(f"A{number}:{last}{number}")
    if sheet.has_titles:
        titles = sheet.first_row - 1
        page.auto_filter.ref = f"A{titles}:{last}{max(titles, writer.number - writer.totals)}"  # a total is sorted nowhere


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


# --- Screen and paper -------------------------------------------------------------------------------------------------


@lru_cache
def palette():
    """The light colours of tokens.css as a workbook writes them: {"accent": "8A3A4B", …}. There is no CSS in a workbook."""
    source = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    light = source.split(":root {", 1)[1].split("}", 1)[0]
    return {name: value.upper() for name, value in re.findall(r"--([\w-]+): #(\w{6});", light)}


def _lay_out(page, sheet):
    """Widths, frozen titles, and on paper: A4 landscape as wide as the rows, titles on each page, page numbers."""
    for number, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = _width(column)
    page.sheet_view.showGridLines = False
    page.sheet_properties.tabColor = palette()["accent" if sheet.is_one_page else "line"]
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 1 if sheet.is_one_page else 0
    page.print_options.horizontalCentered = True
    margins = page.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom = (0.5, 0.6) if sheet.has_block else (0.8, 0.6)
    margins.header = margins.footer = 0.3
    if sheet.has_titles:
        page.freeze_panes = f"A{sheet.first_row}"
        page.print_title_rows = f"{sheet.first_row - 1}:{sheet.first_row - 1}"
    _edge(page.oddFooter.left, sheet.about if sheet.has_block else "")
    _edge(page.oddFooter.right, sheet.name, " · &P / &N")
    if not sheet.has_block:
        _edge(page.oddHeader.left, sheet.title, size=LARGE)
        _edge(page.oddHeader.right, sheet.about)


def _edge(place, text, tail="", size=SMALL):
    """Text at the edge of each page, where & begins a code."""
    if text or tail:
        place.text, place.size = clean(text).replace("&", "&&") + tail, size
        place.color = palette()["ink-2"]


def _width(column):
    """As asked for or as its kind needs, and enough for a title over two lines, beside the button of its filter."""
    title = cells_of(column.title)
    words = max((cells_of(word) for word in column.title.split()), default=0)
    if title > len(column.title):  # Chinese goes on anywhere, but a bracket must not stand alone in the second line
        words = title if "（" in column.title else 0
    return max(column.width or WIDTHS[column.kind], words + 3, -(-title // 2) + 5)


class _Looks:
    """The formats of cells of a page's book: called with look, kind and whether text wraps, the number of that format."""

    def __init__(self, page):
        self._page, self._made = page, {}
        self._text, self._display = FACES.get(get_language(), FACES["en"])
        self._colours = palette()

    def __call__(self, look, kind, wraps):
        known = (look, kind, wraps)
        if kind == NOTHING:
            return 0
        if known not in self._made:
            cell = WriteOnlyCell(self._page)
            cell.font, cell.alignment = self._font(look), self._alignment(look, kind, wraps)
            cell.number_format = FORMATS.get(kind, "General")
            cell.border = self._border(look)
            if look == HEADING:
                cell.fill = PatternFill("solid", fgColor=self._colours["sunken"])
            self._made[known] = cell.style_id
        return self._made[known]

    def _font(self, look):
        face, size, colour, bold = {
            TITLE: (self._display, 20, "accent", True),
            ABOUT: (self._text, 9, "ink-2", False),
            SECTION: (self._display, 13, "accent", True),
            HEADING: (self._text, 10, "accent", True),
            TOTAL: (self._text, 10, "ink", True),
        }.get(look, (self._text, 10, "ink", False))
        return Font(name=face, size=size, bold=bold, color=self._colours[colour])

    def _alignment(self, look, kind, wraps):
        side = "left" if kind in LEFT else "center" if kind == MARK else "right"
        indent = 0 if look in ABOVE or side == "center" else 1  # a figure must not touch the text beside it
        return Alignment(
            horizontal=side, vertical="center", indent=indent, wrap_text=wraps or look in (HEADING, SENTENCE) or None
        )

    def _border(self, look):
        thin, strong = Side("thin", self._colours["line"]), Side("thin", self._colours["accent"])
        if look in ABOVE:
            return Border()
        return Border(bottom=strong) if look == HEADING else Border(top=strong) if look == TOTAL else Border(bottom=thin)


# --- Charts -----------------------------------------------------------------------------------------------------------


def _chart(page, chart):
    """Straight lines or bars, each with its value, in the product's colours."""
    colours = palette()
    made = LineChart() if chart.is_line else BarChart()
    made.title, made.height, made.width, made.roundedCorners = (
        _heading(chart.title, colours["ink"]),
        chart.height,
        chart.width,
        False,
    )
    several = len(chart.values) > 1
    for column, token in zip(chart.values, chart.colours):
        made.series.append(_series(page, chart, column, colours[token], several, colours["ink"]))
    made.set_categories(Reference(page, min_col=chart.labels + 1, min_row=chart.first, max_row=chart.last))
    made.legend = Legend(legendPos="t", overlay=False, txPr=_written(SMALL, colours["ink-2"])) if several else None
    if not several and len(chart.colours) > 1:
        points = [DataPoint(idx=at, spPr=GraphicalProperties(solidFill=colours[t])) for at, t in enumerate(chart.colours)]
        made.series[0].dPt = points
    if not chart.is_line:
        made.gapWidth = 40
    made.y_axis.delete, made.y_axis.majorGridlines = True, None  # each value stands beside its bar
    made.x_axis.delete, made.x_axis.tickLblPos = False, "low"
    made.x_axis.txPr, made.x_axis.number_format = _written(TINY, colours["ink-2"]), chart.labels_format
    if chart.is_across:
        made.type, made.x_axis.scaling.orientation = "bar", "maxMin"
    if chart.from_zero:
        made.y_axis.scaling.min = 0
    made.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colours["field"]))
    made.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=colours["line"]))
    return made


def _series(page, chart, column, colour, several, ink):
    rows = {"min_row": chart.first - several, "max_row": chart.last}
    made = SeriesFactory(Reference(page, min_col=column + 1, **rows), title_from_data=several)
    made.smooth = False
    if chart.is_line:
        made.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=25_400))
        made.marker = Marker("circle", 6, GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=colour)))
    else:
        made.graphicalProperties = GraphicalProperties(solidFill=colour)
        made.invertIfNegative = False
    shown = {"showVal": True, "showSerName": False, "showCatName": False, "showLegendKey": False, "showPercent": False}
    where = "t" if chart.is_line else "outEnd"
    made.dLbls = DataLabelList(numFmt=VALUES, dLblPos=where, txPr=_written(TINY, ink), **shown)
    return made


def _heading(text, colour):
    writing = CharacterProperties(sz=1100, b=True, solidFill=colour)
    text = Paragraph(pPr=ParagraphProperties(defRPr=writing), r=[RegularTextRun(rPr=writing, t=clean(text))])
    return Title(tx=Text(rich=RichText(bodyPr=RichTextProperties(), p=[text])), overlay=False)


def _written(size, colour):
    writing = CharacterProperties(sz=size * 100, b=False, solidFill=colour)
    return RichText(bodyPr=RichTextProperties(), p=[Paragraph(pPr=ParagraphProperties(defRPr=writing), endParaRPr=writing)])
