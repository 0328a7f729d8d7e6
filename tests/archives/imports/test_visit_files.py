"""Files import_visits reads: columns in either language and any order, encodings, Excel; and those it refuses."""

from datetime import date

import pytest
from django.core.management.base import CommandError

from archives.visits.bills.models import Payment
from archives.visits.models import StaffShare, Visit
from customers.card.models import Customer, Phone
from customers.imports.models import ImportRun
from salon.shop.models import Item
from tests.archives.imports.holding import HELD, OF_NEW_CARDS, broken_rules
from tests.archives.imports.importing import ALL_COLUMNS, ENGLISH, ROW, import_visits, last, visits
from tests.salon.spreadsheets import workbooks


@pytest.mark.parametrize(
    "header", [ALL_COLUMNS, ENGLISH, ENGLISH.upper(), ALL_COLUMNS.replace("单号", "單號").replace("类", "類")]
)
def test_every_column_in_either_language(branch, write, header):
    report = import_visits(write(header, ROW), branch, create_customers=True)
    assert report[-1] == last(1)
    assert not [line for line in report if "warning" in line]
    visit = Visit.objects.get()
    line, customer = visit.lines.get(), visit.customer
    assert (visit.receipt_no, visit.business_date, visit.day, visit.status) == ("R1", date(2024, 1, 5), date(2024, 1, 5), "done")
    assert (visit.net_fen, visit.has_positive_line, visit.branch) == (35_000, True, branch)
    assert (customer.card_no, customer.name, customer.branch, customer.card_date) == ("A1", "张晓梅", branch, date(2024, 1, 5))
    assert (customer.last_visit_on, customer.pinyin, customer.history.count()) == (date(2024, 1, 5), "zhangxiaomei", 1)
    assert [phone.number for phone in customer.phones.all()] == ["13800138000"]
    assert (line.item.name, line.item.kind, line.item.is_imported, line.item.category.name) == (
        "补水护理",
        "service",
        True,
        "面护",
    )
    assert (line.quantity_milli, line.unit_price_fen, line.discount_fen, line.value_fen) == (1000, 38_000, 3_000, 35_000)
    assert [(s.staff.name, s.share_bp, s.value_fen, s.staff.is_imported) for s in line.shares.all()] == [
        ("陈美娟", 10_000, 35_000, True)
    ]
    assert [(p.means, p.amount_fen) for p in visit.bill.payments.all()] == [("wechat", 35_000)]
    assert [(n.kind, n.text) for n in visit.notes.all()] == [("desk", "力度轻")]
    assert broken_rules(HELD + OF_NEW_CARDS) == {}


def test_columns_in_any_order_and_unknown_ones_are_named(branch, write):
    report = import_visits(write("金额 门店 日期 单号", ["10", "x", "2024-01-05", "R1"]), branch)
    assert visits() == [("R1", "2024-01-05", None, [1000])]
    assert "This column was not read: 门店" in report


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(branch, write, encoding):
    import_visits(write("日期 项目 金额", ["2024-01-05", "面部护理𠮷", "10"], encoding=encoding), branch)
    assert Item.objects.get().name == "面部护理𠮷"


def test_an_excel_file_with_numbers_and_a_title_above(branch, tmp_path):
    rows = [
        ["2024年消费记录"],
        ["单号", "日期", "卡号", "手机", "金额（元）"],
        ["R1", 45296, 12346, 13800138000, 29.330000000000002],
    ]
    import_visits(workbooks.write(tmp_path / "v.xlsx", {"记录": rows}), branch, create_customers=True)
    assert visits() == [("R1", "2024-01-05", "12346", [2933])]
    assert Phone.objects.get().number == "13800138000"


def test_only_day_and_amount_are_needed(branch, write):
    """No receipt, no item, no payment column: what is missing is not made up."""
    import_visits(write("日期 金额", ["2024-01-05", "10"], ["2024-01-05", "20"], ["2024-01-06", "5"]), branch)
    assert visits() == [("", "2024-01-05", None, [1000, 2000]), ("", "2024-01-06", None, [500])]
    assert list(Payment.objects.order_by("pk").values_list("means", "amount_fen")) == [("unknown", 3000), ("unknown", 500)]
    assert Item.objects.get().is_imported
    assert not Customer.objects.exists()
    assert not StaffShare.objects.exists()
    assert broken_rules() == {}


@pytest.mark.parametrize(
    ("header", "rows", "why"),
    [
        ("日期 卡号", [], "amount"),
        ("日期 日期 金额", [], "Two columns"),
        ("日期 date 金额", [], "Two columns"),
        ("卡号 金额", [["a", "1"]], "no column “日期”"),
        ("甲 乙 丙", [["1", "2", "3"]], "known column names"),
    ],
)
def test_a_file_without_its_columns_is_refused(branch, write, header, rows, why):
    if why == "amount":
        assert import_visits(write(header, *rows), branch)[-1] == last(0)  # a header only: nothing to do
        return
    with pytest.raises(CommandError, match=why):
        import_visits(write(header, *rows), branch)
    assert not ImportRun.objects.exists()


def test_a_file_that_is_not_there(branch, tmp_path):
    with pytest.raises(CommandError, match="no file"):
        import_visits(tmp_path / "none.csv", branch)
