"""Amounts no salon has are refused, and rows that say the same twice are told."""

import pytest

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
    one = ["R3", "2024-01-05", "A1", "1000000"]
    report = import_visits(write("单号 日期 卡号 金额", *rows, *back, one), branch, create_customers=True)
    assert report[-1] == last(1, refused=23)
    assert sum("A receipt comes to at most" in line for line in report) == 23
    assert Visit.objects.get().receipt_no == "R3"


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
