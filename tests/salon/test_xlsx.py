"""Workbooks: text stays text, whatever it is; figures are figures; memory does not grow with the rows."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, date, datetime

import pytest

from salon import xlsx
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
    command = [sys.executable, "-m", "tests.live", "tests.salon.test_xlsx:peak_of_writing", json.dumps({"rows": rows})]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    assert json.loads(done.stdout.splitlines()[-1]) <= 50
