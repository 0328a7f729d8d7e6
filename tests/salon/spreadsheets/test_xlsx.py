"""Workbooks: text stays text, whatever it is; figures are figures; memory does not grow with the rows."""

import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest

from salon.spreadsheets import xlsx
from tests import workbooks
from tests.live import ROOT, clean_environment
from tests.marks import once
from tests.naughty import NAUGHTY


def book_of(*sheets):
    file = io.BytesIO()
    xlsx.write(file, sheets)
    return workbooks.opened(file.getvalue())


def one(rows, *kinds, **more):
    return xlsx.Sheet("Sheet", [xlsx.Column(f"c{n}", kind) for n, kind in enumerate(kinds)], rows, **more)


FORMULAS = ["=1+1", '=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\x00=1", "\ufeff=1", " =1", "＝1", "{=1}"]


def test_text_is_never_a_formula_and_always_opens():
    texts = [*FORMULAS, *NAUGHTY]
    book = book_of(one([(text,) for text in texts], xlsx.TEXT))
    assert workbooks.formulas(book) == []
    for text, (cell,) in zip(texts, book["Sheet"].iter_rows(min_row=2, max_row=len(texts) + 1), strict=True):
        assert (cell.value or "").split() == xlsx.clean(text).split(), repr(text)
        assert cell.data_type == "s" or cell.value is None


def test_figures_are_figures():
    moment = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    row = (3, 1.5, 842_050, 0.412, date(2026, 11, 22), moment, None, "", "4e135")
    kinds = (xlsx.WHOLE, xlsx.NUMBER, xlsx.MONEY, xlsx.SHARE, xlsx.DAY, xlsx.MOMENT, xlsx.MONEY, xlsx.TEXT, xlsx.TEXT)
    sheet = book_of(one([row], *kinds))["Sheet"]
    values = [cell.value for cell in sheet[2]]
    assert values[:4] + values[6:] == [3, 1.5, 8420.5, 0.412, None, None, "4e135"]
    assert [f"{value:%Y-%m-%d %H:%M}" for value in values[4:6]] == ["2026-11-22 00:00", "2026-11-22 12:30"]
    assert sheet["C2"].number_format == "#,##0.00"
    assert sheet["I2"].data_type == "s"
    assert sheet.freeze_panes == "A2"


def test_days_are_those_of_excel_which_believes_in_29_february_1900():
    days = [date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1), date(1999, 12, 31), date(2026, 2, 28)]
    sheet = book_of(one([(day,) for day in days], xlsx.DAY))["Sheet"]
    assert [cell.value.date() for (cell,) in sheet.iter_rows(min_row=2)] == days


def test_on_paper_a_list_is_a4_landscape_as_wide_as_its_rows_with_titles_and_numbers_on_each_page():
    page = book_of(one([("a & b", 3)], xlsx.TEXT, xlsx.WHOLE, title="Salon & Co", about="made today"))["Sheet"]
    setup = page.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight) == ("landscape", 9, 1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.print_title_rows == "$1:$1"
    assert page.auto_filter.ref == "A1:B2"
    assert page.oddFooter.right.text == "Sheet · &P / &N"
    assert (page.oddHeader.left.text, page.oddHeader.right.text) == ("Salon && Co", "made today")
    assert [cell.value for cell in page[1]] == ["c0", "c1"], "row 1 is the titles, for other programs"


def test_a_block_says_what_a_report_is_above_its_titles():
    page = book_of(one([(1,)], xlsx.WHOLE, title="Salon · June", about="made today", has_block=True, is_one_page=True))["Sheet"]
    assert [row[0] for row in workbooks.rows(page)] == ["Salon · June", "made today", None, "c0", 1]
    assert (page.print_title_rows, page.freeze_panes, page.auto_filter.ref) == ("$4:$4", "A5", "A4:A5")
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 1)
    assert page.oddFooter.left.text == "made today"


def test_a_total_is_no_row_to_be_sorted_or_filtered():
    page = book_of(one([(1,), (2,), xlsx.Row(xlsx.TOTAL, (3,))], xlsx.WHOLE))["Sheet"]
    assert (page.auto_filter.ref, page.max_row) == ("A1:A3", 4)


def test_sheets_wear_the_palette_of_the_product():
    page = book_of(one([("a", 5)], xlsx.TEXT, xlsx.MONEY, title="t", has_block=True))["Sheet"]
    tokens = {name: f"00{value}" for name, value in xlsx.palette().items()}
    heading = page["B4"]
    assert (heading.font.color.rgb, heading.fill.fgColor.rgb, heading.font.bold) == (tokens["accent"], tokens["sunken"], True)
    assert heading.alignment.horizontal == page["B5"].alignment.horizontal == "right"
    assert page["A1"].font.color.rgb == tokens["accent"]
    assert page["A5"].border.bottom.color.rgb == tokens["line"]
    assert not page.sheet_view.showGridLines


def test_a_column_is_wide_enough_for_its_title():
    titles = ["Cumulative share", "R", "距最近消费（天）", "Consumption"]
    book = book_of(xlsx.Sheet("S", [xlsx.Column(title, xlsx.WHOLE, 6) for title in titles], []))
    assert [book["S"].column_dimensions[letter].width for letter in "ABCD"] == [13, 6, 19, 14]


def test_a_column_is_wide_enough_for_its_longest_figure_that_of_the_total_too():
    rows = [(1, 1, xlsx.money(-5), 1), xlsx.Row(xlsx.TOTAL, (4_412_345_678, 12_345_678, xlsx.money(-4_412_345_678), 44_123.5))]
    page = book_of(one(rows, xlsx.MONEY, xlsx.WHOLE, xlsx.ANY, xlsx.CHANGE))["Sheet"]
    assert [page.column_dimensions[letter].width for letter in "ABCD"] == [17, 13, 18, 16]
    small = book_of(one([(99_999, 1), (-99_999, 2)], xlsx.MONEY, xlsx.WHOLE))["Sheet"]
    assert [small.column_dimensions[letter].width for letter in "AB"] == [13, 10], "as ever"


def test_text_that_goes_on_in_the_next_line_has_the_room_for_it():
    """A height of its own: what reckons none for itself writes the second line over the rows beside."""
    columns = [xlsx.Column("", width=10), xlsx.Column("", width=30, wraps=True)]
    rows = [("a", "short"), ("b", "长" * 20), ("c", "one\ntwo\nthree"), xlsx.Row(xlsx.SENTENCE, ("said " * 12, None), 2)]
    page = book_of(xlsx.Sheet("S", columns, rows, has_titles=False))["S"]
    assert [page.row_dimensions[n].height for n in (1, 2, 3, 4)] == [17, 34, 51, 36]
    assert [str(each) for each in page.merged_cells.ranges] == ["A4:B4"]
    assert page["A4"].alignment.wrap_text


def test_a_cell_says_its_own_kind_and_text_stands_where_figures_do():
    rows = [
        xlsx.Row(xlsx.HEADING, (None, xlsx.Cell(xlsx.MONEY, "Sales"))),
        ("all", xlsx.money(150)),
        ("part", xlsx.share(0.5)),
        ("n", 7),
    ]
    page = book_of(xlsx.Sheet("S", [xlsx.Column("", xlsx.ANY)] * 2, rows, has_titles=False))["S"]
    assert [cell.value for cell in page["B"]] == ["Sales", 1.5, 0.5, 7]
    assert [cell.number_format for cell in page["B"]] == ["#,##0.00", "#,##0.00", "0.0%", "#,##0"]
    assert page["B1"].data_type == "s"


def test_long_text_is_cut_where_excel_ends():
    assert len(book_of(one([("长" * 40_000,)], xlsx.TEXT))["Sheet"]["A2"].value) == xlsx.LONGEST_TEXT


def test_names_of_sheets_are_what_excel_takes():
    sheets = [xlsx.Sheet(name, [xlsx.Column("c")], []) for name in ("a/b:c*?[d]", "a b c   d ", "x" * 40, "X" * 40)]
    names = book_of(*sheets).sheetnames
    assert len({name.casefold() for name in names}) == 4
    assert all(len(name) <= 31 for name in names)


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 4)
    book = book_of(one([(n,) for n in range(7)], xlsx.WHOLE))
    assert book.sheetnames == ["Sheet", "Sheet (2)", "Sheet (3)"]
    assert [record["c0"] for sheet in book for record in workbooks.records(sheet)] == list(range(7))


def test_rows_that_fill_a_sheet_leave_no_empty_one(monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 4)
    assert book_of(one([(n,) for n in range(3)], xlsx.WHOLE)).sheetnames == ["Sheet"]


def test_a_sheet_says_how_far_it_reaches():
    """A reader that reads as it goes believes what stands there and leaves the rest out."""
    file = io.BytesIO()
    xlsx.write(file, [one([("x", 1), ("y", 2)], xlsx.TEXT, xlsx.WHOLE)])
    rows = openpyxl.load_workbook(file, read_only=True).active.iter_rows(values_only=True)
    assert list(rows) == [("c0", "c1"), ("x", 1), ("y", 2)]


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        book_of(one([(1,)], xlsx.WHOLE, xlsx.TEXT))


def test_a_chart_is_drawn_from_the_rows():
    charts = [xlsx.Chart("By tier", 0, (1,), 2, 3, "D2"), xlsx.Chart("Trend", 0, (1,), 2, 3, "D20", is_line=True)]
    file = io.BytesIO()
    xlsx.write(file, [one([("A", 100), ("B", 50)], xlsx.TEXT, xlsx.MONEY, charts=charts)])
    parts = zipfile.ZipFile(file)
    drawn = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/")]
    assert len(drawn) == 2
    assert "'Sheet'!$B$2:$B$3" in drawn[0]
    assert "'Sheet'!$A$2:$A$3" in drawn[0]
    assert '<smooth val="0"' in drawn[1], "a line invents nothing between two values"
    for chart in drawn:
        assert '<showVal val="1"' in chart
        assert 'formatCode="#,##0;-#,##0;" sourceLinked="0"' in chart


def test_a_legend_says_which_is_which_of_several_and_is_not_there_for_one():
    file = io.BytesIO()
    charts = [xlsx.Chart("One", 0, (1,), 2, 3, "D2"), xlsx.Chart("Two", 0, (1, 2), 2, 3, "D20", colours=("accent", "ink"))]
    xlsx.write(file, [one([("A", 100, 7), ("B", 50, 8)], xlsx.TEXT, xlsx.MONEY, xlsx.MONEY, charts=charts)])
    parts = zipfile.ZipFile(file)
    drawn = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/")]
    assert ["<legend>" in chart for chart in drawn] == [False, True]
    named = [re.findall(r"<f>'Sheet'!([A-Z]1)</f>", chart) for chart in drawn]
    assert named == [[], ["B1", "C1"]]


def peak_of_writing(rows):
    """Megabytes at the peak of writing so many rows of 20 columns, above what the process took before."""
    import resource

    kinds = [xlsx.TEXT, xlsx.WHOLE, xlsx.MONEY, xlsx.DAY, xlsx.SHARE] * 4
    book_of(one([("张晓梅", 1, 2, date(2026, 1, 1), 0.5) * 4], *kinds))  # what is loaded at the first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = ((f"张晓梅{n}", n, n * 100, date(2026, 1, 1), n / rows) * 4 for n in range(rows))
    with tempfile.TemporaryFile() as file:
        xlsx.write(file, [one(made, *kinds)])
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


@once
@pytest.mark.parametrize("rows", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_large_workbook_takes_fifty_megabytes_at_most(rows):
    """In a process of its own."""
    command = [
        sys.executable,
        "-m",
        "tests.live",
        "tests.salon.spreadsheets.test_xlsx:peak_of_writing",
        json.dumps({"rows": rows}),
    ]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    assert json.loads(done.stdout.splitlines()[-1]) <= 50
