"""The owner's workbook: a month's figures by hand, beside those of a month and a year before."""

import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from openpyxl.xml.functions import tostring

from archives.visits.models import VOIDED, Line, Visit
from salon.shop.models import Category
from salon.spreadsheets.xlsx import palette
from segmentation.reports import sales, summary
from segmentation.reports.sales import Month
from segmentation.runs.recompute import recompute
from tests import builders, workbooks
from tests.segmentation.histories import NOON, day, make_customers, make_visits

SHEETS = ("Summary", "By staff", "By means of payment", "By day", "Items", "Visits", "About this file")
JUNE = Month.parse("2026-06")


@pytest.fixture
def june(branch, other_branch):
    """June 2026: three visits, a refund, an anonymous sale, a free visit; and something in May and a year before."""
    people = make_customers(branch, ["甲", "乙", "丙"])
    make_visits(
        branch,
        [
            (people["甲"], day("2026-06-01"), [10_000]),
            (people["甲"], day("2026-06-30"), [20_001]),
            (people["乙"], day("2026-06-15"), [-5_000]),  # money back, no visit
            (None, day("2026-06-16"), [7_000]),
            (people["丙"], day("2026-06-17"), [0]),
            (people["乙"], day("2026-05-31"), [40_000]),
            (people["甲"], day("2026-07-01"), [99_000]),
            (people["乙"], day("2025-06-30"), [1_000]),
        ],
    )
    make_visits(other_branch, [(people["甲"], day("2026-06-02"), [3_000])], serial=50)
    return people


def test_the_calendar():
    assert (JUNE.first, JUNE.last) == (day("2026-06-01"), day("2026-06-30"))
    assert [str(JUNE.ahead(n)) for n in (-6, -12, 6, 7)] == ["2025-12", "2025-06", "2026-12", "2027-01"]
    assert Month.parse("2024-02").last == day("2024-02-29")
    for text in ("2026-13", "2026", "06-2026", "2026-6", ""):
        with pytest.raises(ValueError, match="isoformat|month"):
            Month.parse(text)


def test_totals_by_hand(june):
    found = sales.totals(JUNE)
    assert (found.net_fen, found.visits, found.customers, found.new_customers) == (35_001, 4, 1, 1)
    assert found.per_visit_fen == 8_750
    assert sales.totals(Month.parse("2020-01")) == sales.Totals()
    assert [fen for month, fen in sales.by_month(JUNE) if str(month) in ("2025-06", "2026-05", "2026-06")] == [
        1_000,
        40_000,
        35_001,
    ]
    assert len(sales.by_month(JUNE)) == 13
    assert [row[1:] for row in sales.by_branch(JUNE)] == [(32_001, 3), (3_000, 1)]


def test_what_was_voided_or_is_of_later_days_counts_nowhere(branch, other_branch, june):
    make_visits(branch, [(june["丙"], day("2026-05-02"), [600])], serial=70)
    assert sales.totals(JUNE).new_customers == 1  # 甲; 丙 came in May
    Visit.objects.filter(receipt_no="T70").update(status=VOIDED, voided_at=NOON)
    make_visits(branch, [(june["丙"], day("2026-06-29"), [700])], serial=80)
    assert sales.totals(JUNE).new_customers == 2
    Visit.objects.filter(receipt_no="T80").update(status=VOIDED, voided_at=NOON)
    assert dict(sales.by_month(JUNE))[JUNE] == 35_001
    so_far = Month(JUNE.first, 15)
    assert sales.by_month(so_far)[-1] == (so_far, 8_000)  # the days after it not


def test_items_by_sales_are_classed_as_customers_are(june):
    visit = sales.visits_of(JUNE).order_by("pk").first()
    faces = Category.objects.create(name="面部")
    sold = {"甲": [70_000], "乙": [15_000], "丙": [15_000, 100, -100], "丁": [-300], "戊": [0]}
    position = 0
    for name, amounts in sold.items():
        item = builders.make_item(name=name, category=faces if name == "甲" else None)
        for fen in amounts:
            position += 1
            Line.objects.create(
                visit=visit, position=position, item=item, item_name=name, kind="service", unit_price_fen=abs(fen), value_fen=fen,
                payable_fen=fen, quantity_milli=1000 if fen >= 0 else -1000,
            )  # fmt: skip
    found = [(i.name, i.quantity_milli, i.value_fen, i.rank, i.share, i.abc) for i in sales.by_item(JUNE)]
    assert found == [
        ("甲", 1000, 70_000, 1, 0.7, "A"),
        ("乙", 1000, 15_000, 2, 1.0, "B"),
        ("丙", 1000, 15_000, 2, 1.0, "B"),
        ("戊", 1000, 0, 4, 1, "C"),
        ("丁", -1000, -300, 5, 1, "C"),
    ]
    assert [i.category for i in sales.by_item(JUNE)] == ["面部", "", "", "", ""]
    assert sales.by_item(JUNE.ahead(-1)) == []  # what is sold in a month is none of another's


def workbook(tmp_path, month="2026-06"):
    file = tmp_path / "month.xlsx"
    call_command("export_owner_workbook", "--month", month, "--output", str(file))
    return workbooks.opened(file)


def test_the_workbook_says_what_the_queries_say(june, tmp_path):
    recompute(as_of=day("2026-06-30"))
    book = workbook(tmp_path)
    assert book.sheetnames == [*SHEETS[:-2], "Customers", *SHEETS[-2:]]
    said = {row[0]: row[1:] for row in workbooks.rows(book["Summary"]) if row[0]}
    assert said["Visits"][:5] == (4, 1, 3, 1, 3)
    assert said["New customers"][:5] == (1, 0, None, 1, 0)
    assert said["2026-06"][:2] == (350.01, pytest.approx(-0.124975))
    assert said["2025-12"][:2] == (0, None)
    assert said["Consumption"][:5] == (350.01, 400, pytest.approx(-0.124975), 10, pytest.approx(34.001))
    assert "Tiers: 12 months up to 2026-06-30" in said
    shares = [said[tier][2] for tier in "ABC"]
    assert sum(shares) == pytest.approx(1)
    assert len(book["Summary"]._charts) == 3  # months, branches, tiers
    assert [chart.y_axis.scaling.min for chart in book["Summary"]._charts[:1]] == [0]  # there are months without anything
    assert len(workbooks.records(book["Visits"])) == 6
    by_day = {str(row["Day"])[:10]: row["New customers"] for row in workbooks.records(book["By day"])}
    assert (by_day["2026-06-01"], by_day["2026-06-02"]) == (1, None)  # an empty cell, not 0
    assert [row["Card number"] for row in workbooks.records(book["Customers"])] == ["乙", "甲"]
    for name in book.sheetnames:
        rests_on = "as they were computed" if name == "Customers" else "as corrected since"
        assert rests_on in workbooks.rows(book[name])[1][0], name


def test_its_visits_stand_day_by_day_as_they_were_entered(branch, june, tmp_path, either_way):
    for serial, name in enumerate("丙乙甲", start=200):
        make_visits(branch, [(june[name], day("2026-06-15"), [100])], serial=serial)
    listed = [(str(row["Day"])[:10], row["Customer"]) for row in workbooks.records(workbook(tmp_path)["Visits"])]
    assert listed == [
        ("2026-06-01", "甲"), ("2026-06-02", "甲"), ("2026-06-15", "乙"), ("2026-06-15", "丙"), ("2026-06-15", "乙"),
        ("2026-06-15", "甲"), ("2026-06-16", "Walk-in"), ("2026-06-17", "丙"), ("2026-06-30", "甲"),
    ]  # fmt: skip


def test_a_month_that_is_not_over_is_compared_alike_wherever_it_stands(branch, tmp_path):
    """With as many days of the month before; beside whole months it says that it is none, and no line falls to it."""
    person = make_customers(branch, ["甲"])["甲"]
    days = {"2026-05-10": 10_000, "2026-05-25": 90_000, "2026-06-05": 12_000}
    make_visits(branch, [(person, day(on), [fen]) for on, fen in days.items()])
    with time_machine.travel("2026-06-20 04:00:00Z", tick=False):
        page = workbook(tmp_path)["Summary"]
    rows = workbooks.rows(page)
    said = {row[0]: row[1:] for row in rows if row[0]}
    assert said["Consumption"][:3] == (120, 100, pytest.approx(0.2))
    assert said["2026-06, up to day 20"][:2] == (120, pytest.approx(0.2))
    assert said["2026-05"][0] == 1_000
    assert "20.0% more than in May 2026, up to day 20" in rows[3][0]
    assert ("2026-06, up to day 20", "2026-05, up to day 20") in [row[1:3] for row in rows]
    drawn = page._charts[0].series[0].val.numRef.f
    assert page[f"A{drawn.rsplit('$', 1)[1]}"].value == "2026-05"


def test_on_every_sheet_stand_the_salon_the_month_when_and_by_whom_and_a_name_over_each_column(june, tmp_path):
    recompute(as_of=day("2026-06-30"))
    book = workbook(tmp_path)
    for page in book.worksheets[:-1]:
        (title, *_none), (about, *_none) = workbooks.rows(page)[:2]
        assert re.fullmatch(rf".+ · June 2026 · {page.title}", title), page.title
        assert re.search(r"· made 20\d\d-\d\d-\d\d \d\d:\d\d by command line", about), page.title
        if page.auto_filter.ref:
            titles = [cell.value for cell in page[page.auto_filter.ref][0]]
            assert all(titles), page.title
            assert len(set(titles)) == len(titles), page.title


def test_what_an_owner_shows_is_a_page_each_and_drawn_in_the_products_colours(june, tmp_path):
    recompute(as_of=day("2026-06-30"))
    book = workbook(tmp_path)
    pages = [book[name] for name in SHEETS[:4]]
    assert [page.page_setup.fitToHeight for page in pages] == [1, 1, 1, 1]
    charts = [chart for page in pages for chart in page._charts]
    used = {
        found.upper() for chart in charts for found in re.findall(r'srgbClr val="(\w{6})"', tostring(chart._write()).decode())
    }
    assert used <= set(palette().values())
    months, _branches, tiers = book["Summary"]._charts
    assert (type(months).__name__, type(tiers).__name__) == ("LineChart", "BarChart")
    assert len(tiers.series[0].dPt) == 3, "each tier has its own colour"
    assert book["By day"]._charts[0].barDir == "bar", "days from top to bottom"
    grown = next(cell for row in book["Summary"].iter_rows() for cell in row if cell.value == pytest.approx(-0.124975))
    assert "▲" in grown.number_format


def test_no_sentence_goes_on_under_a_chart(june, tmp_path):
    page = workbook(tmp_path)["Summary"]
    (first, *_more) = sorted(each.min_row for each in page.merged_cells.ranges)
    assert page.cell(first, 1).value.startswith("Consumption ¥")
    assert {each.max_col for each in page.merged_cells.ranges} == {6}
    assert all(chart.anchor._from.col > 6 for chart in page._charts)
    assert page.row_dimensions[first].height == 36, "two lines"


def test_the_charts_stand_beside_all_the_rows_and_no_further(june, tmp_path):
    """A sentence of two lines counts twice, or the last chart would end above the last row."""
    page = workbook(tmp_path)["Summary"]
    first = min(chart.anchor._from.row for chart in page._charts) + 1
    rows = [page.row_dimensions[row].height for row in range(first, page.max_row + 1)]
    emu = 360_000  # of a centimetre, in the files of spreadsheets
    charts = sum(chart.anchor.ext.height / emu + summary.GAP for chart in page._charts) * summary.POINTS
    assert charts == pytest.approx(sum(rows), abs=1)


def test_a_month_without_anything_and_no_run(db, tmp_path):
    book = workbook(tmp_path, "2020-01")
    assert book.sheetnames == list(SHEETS)
    assert workbooks.records(book["Items"]) == []
    assert [row["Consumption"] for row in workbooks.records(book["By day"])] == [0] * 32


def test_a_single_branch_is_not_drawn(june, tmp_path):
    (chart,) = workbook(tmp_path, "2026-05")["Summary"]._charts
    assert chart.title.tx.rich.p[0].r[0].t == "Consumption by month"


def test_a_wrong_month_is_refused(db, tmp_path):
    with pytest.raises(CommandError, match="not a month"):
        workbook(tmp_path, "June")
    with pytest.raises(CommandError, match="2099-01 has not begun yet"):
        workbook(tmp_path, "2099-01")
