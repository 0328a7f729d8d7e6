"""Amounts no salon has are refused, and rows that say the same twice are told."""

import pytest

from archives.imports import importer
from archives.visits.models import Line, Visit
from customers.card.models import Customer
from tests.archives.imports.importing import import_customers, import_visits, last, visits, write_csv

HEADER = "单号 日期 数量 单价 折扣 金额"


@pytest.mark.parametrize(
    "row",
    [
        ["1", "", "", "1000000.01"],
        ["1", "", "", "-1000000.01"],
        ["1", "9999999999", "", "1"],
        ["2", "500000.01", "", ""],
        ["999999", "300", "", "5"],
        ["1", "900000", "-900000", ""],
        ["1", "1", "9000000", "1"],
    ],
)
def test_a_row_beyond_any_salon_is_refused(branch, write, row):
    report = import_visits(write(HEADER, ["R1", "2024-01-05", *row], ["R2", "2024-01-05", "1", "100", "", "100"]), branch)
    assert report[-1] == last(1, refused=1)
    assert any("row 2, refused: A line comes to at most 1,000,000.00" in line for line in report)
    assert Line.objects.get().value_fen == 10_000


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_largest_line_is_taken(branch, write, sign):
    import_visits(write("日期 金额", ["2024-01-05", f"{sign}1000000"]), branch)
    assert abs(Line.objects.get().value_fen) == 100_000_000


def test_a_receipt_beyond_any_salon_is_refused_whoever_shares_it(branch, write):
    rows = [["R1", "2024-01-05", f"A{n % 2}", "1000000"] for n in range(11)]
    back = [["R2", "2024-01-05", "A1", f"{sign}1000000"] for sign in ("", "-") for _n in range(6)]
    most = [["R3", "2024-01-05", "A1", "1000000"] for _n in range(10)]
    report = import_visits(write("单号 日期 卡号 金额", *rows, *back, *most), branch, create_customers=True)
    assert report[-1] == last(10, refused=23)
    assert sum("A receipt comes to at most" in line for line in report) == 23
    assert Visit.objects.get().receipt_no == "R3"


def test_an_amount_more_exact_than_money_is_rounded_and_told(branch, write):
    report = import_visits(write("单号 日期 金额", ["R1", "2024-01-05", "198.999"], ["R2", "2024-01-05", "66.60"]), branch)
    said = "row 2, warning: “198.999” is more exact than money is; it was taken as 199.00."
    assert [each for each in report if "warning" in each] == [said]
    assert list(Line.objects.order_by("pk").values_list("value_fen", flat=True)) == [19_900, 6_660]


@pytest.mark.parametrize(
    ("row", "stored"),
    [
        (["-1", "50", "", "50"], (1000, 5000, 0, "")),
        (["-1", "", "", "0"], (-1000, 0, 0, "")),
        (["-1", "60", "", "-50"], (-1000, 6000, -1000, "")),
        (["-2", "60", "", ""], (-2000, 6000, 0, "")),
        (["1.5", "0.33", "", "0.50"], (1500, 33, 0, "")),
    ],
)
def test_the_quantity_has_the_sign_of_the_value_and_what_fits_stays(branch, write, row, stored):
    import_visits(write(HEADER, ["R1", "2024-01-05", *row]), branch)
    columns = ("quantity_milli", "unit_price_fen", "discount_fen", "discount_reason")
    assert Line.objects.values_list(*columns).get() == stored


def test_a_visit_has_at_most_so_many_lines(branch, write, monkeypatch):
    monkeypatch.setattr(importer, "MOST_LINES", 2)
    rows = [["R1", "2024-01-05", "1"]] * 3 + [["R2", "2024-01-05", "1"]] * 2
    report = import_visits(write("单号 日期 金额", *rows), branch)
    assert report[-1] == last(2, refused=3)
    assert "row 2, refused: A visit has at most 2 lines." in report


def test_two_equal_rows_of_a_visit_are_two_lines_and_told(branch, write):
    same = ["R1", "2024-01-05", "补水", "100"]
    report = import_visits(
        write("单号 日期 项目 金额", same, ["R1", "2024-01-05", "补水", "90"], same, same, ["R2", *same[1:]]), branch
    )
    assert visits() == [("R1", "2024-01-05", None, [10_000, 9_000, 10_000, 10_000]), ("R2", "2024-01-05", None, [10_000])]
    told = [line for line in report if "says exactly this" in line]
    assert told == [f"row {n}, warning: Row 2 of the same visit says exactly this; both are taken." for n in (4, 5)]


def test_equal_rows_are_told_where_nothing_is_stored_too(branch, write):
    same = ["R1", "2024-01-05", "补水", "100"]
    report = import_visits(write("单号 日期 项目 金额", same, same), branch, dry_run=True)
    assert sum("says exactly this" in line for line in report) == 1


def test_two_equal_rows_of_a_customer_are_one_card_and_told(branch, tmp_path):
    rows = [["A1", "张晓梅"], ["A2", "李莉"], ["A1", "张晓梅"]]
    report = import_customers(write_csv(tmp_path / "c.csv", "卡号 姓名", rows), branch)
    assert Customer.objects.count() == 2
    assert "row 4, skipped: Row 2 says this already; it was left out." in report
