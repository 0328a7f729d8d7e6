"""import_customers: each row a card; what exists is never changed."""

from datetime import date

import pytest
from django.db import connection

from customers.card.models import Address, Customer, Phone
from customers.imports import engine
from customers.imports.models import ImportRun
from customers.management.commands import _importing
from tests import builders
from tests.archives.imports.importing import import_customers, last, write_csv
from tests.naughty import NAUGHTY
from tests.segmentation.demo import rules

CHINESE = "卡号 姓名 手机 性别 生日 地址 小区 职业 来源 备注 建卡日期"
ENGLISH = "card_no name phone gender birthday address community occupation source note card_date"
ROW = ["A1", "单晓梅", "13800138000", "女", "1988-06-12", "康定路826号", "康定花园", "教师", "朋友介绍", "怕冷", "2023-05-01"]


@pytest.fixture
def write(tmp_path):
    return lambda header, *rows, **how: write_csv(tmp_path / "customers.csv", header, rows, **how)


@pytest.mark.parametrize("header", [CHINESE, ENGLISH])
def test_every_column_in_either_language(branch, write, header):
    assert import_customers(write(header, ROW), branch)[-1] == last(1)
    card = Customer.objects.get()
    assert (card.card_no, card.name, card.gender, card.occupation, card.source, card.note) == (
        "A1", "单晓梅", "female", "教师", "friend", "怕冷",
    )  # fmt: skip
    assert (card.birth_calendar, card.birth_year, card.birth_month, card.birth_day) == ("solar", 1988, 6, 12)
    assert (card.card_date, card.branch, card.version, card.pinyin) == (date(2023, 5, 1), branch, 1, "shanxiaomei")
    assert [(phone.number, phone.is_main, phone.digits) for phone in card.phones.all()] == [("13800138000", True, "13800138000")]
    assert [(each.street, each.community) for each in card.addresses.all()] == [("康定路826号", "康定花园")]
    kept = card.history.get()
    assert (kept.history_type, kept.name, kept.history_date) == ("+", "单晓梅", card.created_at)
    assert (Phone.history.count(), Address.history.count(), ImportRun.objects.get().counts["customers"]) == (1, 1, 1)


def test_a_stored_card_is_as_if_made_at_the_desk(branch, write):
    """Every derived column is what saving the card would have made it."""
    import_customers(write(CHINESE, ROW), branch)
    card = Customer.objects.get()
    before = Customer.objects.values().get()
    card.save()
    assert Customer.objects.values().get() == before
    phone = Phone.objects.values().get()
    card.phones.get().save()
    assert Phone.objects.values().get() == phone


def test_what_is_missing(branch, write):
    import_customers(write("卡号 姓名 手机", ["A1", "", ""], ["", "李四", "139 0013 9000"], ["", "", "13700137000"]), branch)
    assert list(Customer.objects.order_by("pk").values_list("card_no", "name")) == [
        ("A1", "A1"), ("JA-000001", "李四"), ("JA-000002", "JA-000002"),
    ]  # fmt: skip


def test_a_number_given_in_the_file_is_not_given_out_again(branch, write):
    import_customers(write("卡号 手机", ["", "13900139000"], ["JA-000001", ""]), branch)
    assert sorted(Customer.objects.values_list("card_no", flat=True)) == ["JA-000001", "JA-000002"]


def test_the_same_again_is_skipped_and_other_content_refused(branch, write):
    path = write(CHINESE, ROW, ["", "李四", "13900139000", *[""] * 8])
    import_customers(path, branch)
    assert import_customers(path, branch)[-1] == last(0, skipped=2)
    assert import_customers(write("卡号 姓名", ["A1", ""]), branch)[-1] == last(0, skipped=1)
    report = import_customers(write("卡号 姓名 手机", ["A1", "王五", "13600136000"], ["", "赵六", "13900139000"]), branch)
    assert report[-1] == last(0, refused=2)
    assert "row 2, refused: This card exists already, with another name, phone." in report
    assert (Customer.objects.count(), Phone.objects.count()) == (2, 2)


def test_rows_that_repeat_each_other(branch, write):
    rows = [
        ["A1", "张三", ""],
        ["A1", "张三", ""],
        ["A1", "李四", ""],
        ["", "王五", "13900139000"],
        ["", "王五", "139-0013-9000"],
    ]
    report = import_customers(write("卡号 姓名 手机", *rows), branch)
    assert report[-1] == last(2, skipped=2, refused=1)
    assert "row 4, refused: This customer stands in row 2 already, with another name." in report


def test_a_family_may_share_a_phone(branch, write):
    path = write("卡号 姓名 手机", ["A1", "母", "13900139000"], ["A2", "女", "13900139000"], ["", "谁", "13900139000"])
    import_customers(path, branch)
    report = import_customers(path, branch)
    assert report[-1] == last(0, skipped=2, refused=1)
    assert "row 4, refused: Several cards have this phone. Give the card number." in report


def test_rows_that_cannot_be_taken(branch, write):
    report = import_customers(
        write(
            "卡号 姓名 手机 生日 建卡日期",
            ["", "张三", "", "", ""],
            ["A1", "张三", "1.38E+10", "", ""],
            ["A2", "张三", "", "1988-13-45", ""],
            ["A3", "张三", "", "2999-01-01", ""],
            ["A4", "张三", "", "", "2999-01-01"],
            ["A" * 41, "张三", "", "", ""],
            ["A5", "长" * 81, "", "", ""],
            ["A6", "好", "", "", ""],
        ),
        branch,
    )
    assert report[-1] == last(1, refused=7)
    assert Customer.objects.get().card_no == "A6"


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("1988年6月12日", ("solar", 1988, 6, 12)), ("6月12日", ("solar", None, 6, 12)), ("06-12", ("solar", None, 6, 12)),
        ("1988", ("solar", 1988, None, None)), ("农历1988年8月15日", ("lunar", 1988, 8, 15)),
        ("农历8月15", ("lunar", None, 8, 15)),
        ("2月29日", ("solar", None, 2, 29)), ("19880612", ("solar", 1988, 6, 12)), ("", ("solar", None, None, None)),
        ("1986-05-04", ("solar", 1986, 5, 4)), ("1991-09-15", ("solar", 1991, 9, 15)),
    ],
)  # fmt: skip
def test_birthdays(branch, write, cell, stored):
    import_customers(write("卡号 生日", ["A1", cell]), branch)
    assert Customer.objects.values_list("birth_calendar", "birth_year", "birth_month", "birth_day").get() == stored


def test_choices_in_other_words(branch, write):
    report = import_customers(write("卡号 性别 来源 肤质", ["A1", "先生", "小红书", "混合"], ["A2", "?", "抽奖", "好"]), branch)
    assert list(Customer.objects.order_by("pk").values_list("gender", "source", "skin_type", "note")) == [
        ("male", "online", "combination", ""), ("", "other", "", "how the customer found us: 抽奖"),
    ]  # fmt: skip
    assert sum("warning" in line for line in report) == 2


def test_several_phones_in_a_cell(branch, write):
    report = import_customers(write("卡号 手机", ["A1", "13800138000/021-62550318、13800138000"], ["A2", "无"]), branch)
    assert list(Phone.objects.order_by("pk").values_list("number", "is_main")) == [("13800138000", True), ("021-62550318", False)]
    assert "row 3, warning: “无” is no phone number; it was left out." in report


@pytest.mark.parametrize(("shown", "said"), [(3, []), (2, ["… and 1 more warnings"])])
def test_of_many_warnings_the_first_are_said_and_the_others_counted(branch, write, monkeypatch, shown, said):
    monkeypatch.setattr(_importing, "SHOWN_WARNINGS", shown)
    report = import_customers(write("卡号 手机", ["A1", "无"], ["A2", "无"], ["A3", "无"]), branch)
    assert [line for line in report if "more warnings" in line] == said
    assert sum(", warning: " in line for line in report) == shown


def test_a_merged_card_is_known(branch, write):
    kept, gone = (
        builders.make_customer(branch=branch, card_no="A1", name="张三"),
        builders.make_customer(branch=branch, card_no="OLD"),
    )
    Customer.objects.filter(pk=gone.pk).update(merged_into=kept)
    assert import_customers(write("卡号 姓名", ["OLD", "张三"]), branch)[-1] == last(0, skipped=1)


@pytest.mark.parametrize(("at_once", "asked", "transactions"), [(2, False, 1), (1, False, 2), (1, True, 1)])
def test_a_short_file_is_stored_in_one_transaction_and_a_long_one_if_asked(
    branch, write, monkeypatch, at_once, asked, transactions
):
    pauses = []
    monkeypatch.setattr(engine, "CHUNK", 1)
    monkeypatch.setattr(engine, "AT_ONCE", at_once)
    monkeypatch.setattr(engine, "sleep", pauses.append)
    import_customers(write("卡号 姓名", ["A1", "张三"], ["A2", "李四"]), branch, all_at_once=asked)
    assert Customer.objects.count() == 2
    assert max(1, len(pauses)) == transactions


def test_how_an_import_ended_is_kept_with_itself_alone(branch, write, monkeypatch):
    import_customers(write("卡号 姓名", ["A1", "张三"]), branch)
    import_customers(write("卡号 姓名", ["A2", "李四"], ["A3", "王五"]), branch)

    def broken(*_arguments, **_how):
        raise ValueError("broken")

    monkeypatch.setattr(engine.Importer, "store", broken)
    with pytest.raises(ValueError, match="broken"):
        import_customers(write("卡号 姓名", ["A4", "赵六"]), branch)
    runs = ImportRun.objects.order_by("pk")
    assert [(run.state, run.problem, run.counts.get("customers", 0)) for run in runs] == [
        ("done", "", 1), ("done", "", 2), ("failed", "ValueError('broken')", 0),
    ]  # fmt: skip


def test_a_dry_run_stores_nothing(branch, write):
    assert import_customers(write(CHINESE, ROW), branch, dry_run=True)[-1] == last(1)
    assert not Customer.objects.exists()


def test_naughty_text_in_every_column(branch, write):
    rows = []
    for n, text in enumerate(NAUGHTY):
        for place in range(len(ROW)):
            row = [f"N{n}-{place}", *ROW[1:]]
            row[place] = text.encode("utf-8", "replace").decode()
            rows.append(row)
    report = import_customers(write(ENGLISH, *rows), branch)
    assert " rows read" in report[-1]
    assert Customer.objects.filter(name="=1+1").exists()
    with connection.cursor() as cursor:
        for name in (
            "two cards have one number",
            "a card has no first entry in its history",
            "a phone has no first entry in its history",
        ):
            cursor.execute(rules.ALL[name])
            assert cursor.fetchall() == [], name
