"""import_visits: rows become visits as DESIGN.md section 3 says, sentence by sentence."""

import uuid
from datetime import date

import pytest
from django.core.management.base import CommandError

from archives.visits.bills import services
from archives.visits.bills.entries import EntryError
from archives.visits.bills.models import Payment
from archives.visits.identify import services as identify
from archives.visits.models import Line, RefundAllowance, Visit, VisitNote
from customers.card.models import Customer
from customers.imports.models import ImportRun
from salon.shop.models import Category, Item, StaffMember
from tests import builders
from tests.archives.imports.holding import HELD, OF_NEW_CARDS, broken_rules
from tests.archives.imports.importing import ALL_COLUMNS, ENGLISH, ROW, counts, import_visits, last, visits
from tests.archives.visits.recording import line, record
from tests.naughty import NAUGHTY


def test_the_amount_wins_and_a_mismatch_is_a_warning(branch, write):
    report = import_visits(
        write(
            "日期 单号 数量 单价 折扣 金额",
            ["2024-01-05", "R1", "2", "100", "0", "150"],
            ["2024-01-05", "R2", "1", "100", "", "120"],
            ["2024-01-05", "R3", "2", "100", "50", ""],
            ["2024-01-05", "R4", "2", "", "", "29.33"],
        ),
        branch,
    )
    assert [fen for *_visit, fens in visits() for fen in fens] == [15_000, 12_000, 15_000, 2_933]
    assert sum("warning" in line for line in report) == 2
    assert report[-1] == last(4)
    stored = Line.objects.order_by("pk").values_list("quantity_milli", "unit_price_fen", "discount_fen", "discount_reason")
    assert list(stored) == [
        (2000, 10_000, 5_000, "other"),
        (1000, 12_000, 0, ""),
        (2000, 10_000, 5_000, "other"),
        (2000, 1_467, 1, "rounding"),
    ]
    assert all(
        line.value_fen == line.quantity_milli * line.unit_price_fen // 1000 - line.discount_fen for line in Line.objects.all()
    )


def test_zero_and_negative_lines_and_totals_are_stored(branch, write):
    customer = builders.make_customer(branch=branch, card_no="A1")
    import_visits(
        write(
            "日期 单号 卡号 数量 单价 金额",
            ["2024-01-05", "R1", "A1", "1", "0", "0"],
            ["2024-01-06", "R2", "A1", "-1", "50", "-50"],
            ["2024-01-07", "R3", "A1", "1", "50", "50"],
            ["2024-01-07", "R3", "A1", "1", "", "-80"],
            ["2024-01-08", "R4", "A1", "0", "", "9"],
        ),
        branch,
    )
    assert visits() == [
        ("R1", "2024-01-05", "A1", [0]),
        ("R2", "2024-01-06", "A1", [-5000]),
        ("R3", "2024-01-07", "A1", [5000, -8000]),
        ("R4", "2024-01-08", "A1", [900]),
    ]
    assert list(Visit.objects.order_by("pk").values_list("net_fen", "has_positive_line")) == [
        (0, False), (-5000, False), (-3000, True), (900, True),
    ]  # fmt: skip
    assert list(Payment.objects.order_by("pk").values_list("amount_fen", flat=True)) == [0, -5000, -3000, 900]
    assert sorted(Line.objects.filter(allowance=None).values_list("value_fen", flat=True)) == [-8000, -5000]
    assert all(line.quantity_milli < 0 for line in Line.objects.filter(value_fen__lt=0))
    customer.refresh_from_db()
    assert customer.last_visit_on == date(2024, 1, 8)
    assert broken_rules() == {}


def test_a_visit_is_receipt_day_and_customer_and_its_rows_may_be_scattered(branch, write):
    for number in ("A1", "A2"):
        builders.make_customer(branch=branch, card_no=number)
    import_visits(
        write(
            "单号 日期 卡号 金额 支付方式",
            ["R1", "2024-01-05", "A1", "1", "微信"],
            ["R1", "2024-01-05", "A2", "2", "现金"],
            ["R2", "2024-01-04", "A1", "3", ""],
            ["R1", "2024-01-06", "A1", "4", ""],
            ["R1", "2024-01-05", "", "5", "微信"],
            ["R1", "2024-01-05", "A1", "1", "微信"],
        ),
        branch,
    )
    assert sorted(visits(), key=str) == [
        ("R1", "2024-01-05", "A1", [100, 100]),
        ("R1", "2024-01-05", "A2", [200]),
        ("R1", "2024-01-05", None, [500]),
        ("R1", "2024-01-06", "A1", [400]),
        ("R2", "2024-01-04", "A1", [300]),
    ]
    shared = Visit.objects.get(receipt_no="R1", business_date="2024-01-05", customer__card_no="A2").bill
    assert shared.visits.count() == 3
    assert [(p.means, p.amount_fen) for p in shared.payments.all()] == [("wechat", 700), ("cash", 200)]
    assert broken_rules() == {}


def test_two_branches_may_have_the_same_receipt(branch, other_branch, write):
    path = write("单号 日期 金额", ["R1", "2024-01-05", "1"])
    import_visits(path, branch)
    assert import_visits(path, other_branch)[-1] == last(1)
    assert Visit.objects.count() == 2


def test_the_same_again_is_skipped_other_content_is_refused_and_voided_stays_voided(branch, write, manager):
    header = "单号 日期 项目 金额 员工 备注"
    first, second = ["R1", "2024-01-05", "甲", "1.00", "王琳、陈美娟", ""], ["R1", "2024-01-05", "乙", "2", "", "x"]
    other = ["R2", "2024-01-05", "甲", "3", "", ""]
    import_visits(write(header, first, second, other), branch)
    before = counts()
    again = [*first[:3], "1", "陈美娟/王琳", ""]
    assert import_visits(write(header, second, again, other), branch)[-1] == last(0, skipped=3)
    Item.objects.filter(name="甲").update(name="甲（旧）")
    assert import_visits(write(header, first, second, other), branch)[-1] == last(0, skipped=3)
    report = import_visits(write(header, first, [*second[:3], "2.5", "", "x"], other), branch)
    assert report[-1] == last(0, skipped=1, refused=2)
    assert report[-5:-3] == [f"row {n}, refused: This visit is stored already, with other content." for n in (2, 3)]
    assert import_visits(write(header, first), branch)[-1] == last(0, refused=1)
    bill = Visit.objects.get(receipt_no="R2").bill
    services.void_bill(actor=builders.actor_of(manager), key=uuid.uuid4(), bill=bill, reason="测试")
    assert import_visits(write(header, other), branch)[-1] == last(0, skipped=1)
    assert import_visits(write(header, [*other[:3], "4", "", ""]), branch)[-1] == last(0, refused=1)
    assert Visit.objects.get(receipt_no="R2").status == "voided"
    assert counts() == before


def test_others_on_a_receipt_that_is_stored_are_new(branch, write):
    """Nobody's visit is not hers, even if it stands on the same receipt, and that of a new card is nobody's neither."""
    builders.make_customer(branch=branch, card_no="A1")
    header, first = "单号 日期 卡号 金额", ["R1", "2024-01-05", "A1", "1"]
    import_visits(write(header, first), branch)
    nobody, new = ["R1", "2024-01-05", "", "1"], ["R1", "2024-01-05", "A9", "1"]
    assert import_visits(write(header, first, nobody), branch)[-1] == last(1, skipped=1)
    assert import_visits(write(header, nobody, new), branch, create_customers=True)[-1] == last(1, skipped=1)
    assert [card for _receipt, _day, card, _fens in visits()] == ["A1", None, "A9"]


def test_a_visit_entered_at_the_desk_is_known_by_its_lines(branch, write, receptionist):
    from tests.archives.visits.recording import LineEntry, record

    customer = builders.make_customer(branch=branch, card_no="A1")
    bill = record(builders.actor_of(receptionist), customer, LineEntry(item=builders.make_item(name="甲"), unit_price_fen=100))
    row = [bill.receipt_no, str(bill.business_date), "A1", "甲", "1"]
    header = "单号 日期 卡号 项目 金额"
    assert import_visits(write(header, row), branch)[-1] == last(0, skipped=1)
    assert import_visits(write(header, [*row[:4], "2"]), branch)[-1] == last(0, refused=1)


def test_who_is_meant(branch, other_branch, write):
    """By card number, exactly; else by a phone only one card has; never by name. Nobody named: a visit without customer."""
    one = builders.make_customer(branch=branch, card_no="4e135", name="张三", phone="138 0013 8000")
    elsewhere = builders.make_customer(branch=other_branch, card_no="00012", name="李四", phone="13900139000")
    builders.make_customer(branch=branch, card_no="A3", phone="13700137000")
    builders.make_customer(branch=branch, card_no="A4", phone="13700137000")
    gone = builders.make_customer(branch=branch, card_no="OLD", phone="13900139000")
    Customer.objects.filter(pk=gone.pk).update(merged_into=one)
    report = import_visits(
        write(
            "单号 日期 卡号 姓名 手机 金额",
            ["R1", "2024-01-05", " 4e135 ", "别名", "", "1"],
            ["R2", "2024-01-05", "", "别名", "+86 138-0013-8000", "2"],
            ["R3", "2024-01-05", "", "", "13900139000", "3"],
            ["R4", "2024-01-05", "OLD", "", "", "4"],
            ["R5", "2024-01-05", "", "", "", "5"],
            ["R6", "2024-01-05", "WALK_IN", "散客", "", "6"],
            ["R7", "2024-01-05", "", "张三", "", "7"],
            ["R8", "2024-01-05", "", "", "13700137000", "8"],
            ["R9", "2024-01-05", "12", "", "13900139000", "9"],
            ["R10", "2024-01-05", "4E135", "张三", "13800138000", "10"],
            ["R11", "2024-01-05", "", "", "13600136000", "11"],
        ),
        branch,
    )
    assert [(receipt, card) for receipt, _day, card, _fen in visits()] == [
        ("R1", "4e135"), ("R2", "4e135"), ("R3", "00012"), ("R4", "4e135"), ("R5", None), ("R6", None),
    ]  # fmt: skip
    assert report[-1] == last(6, refused=5)
    assert [line.split(",")[0] for line in report if ", refused" in line] == ["row 8", "row 9", "row 10", "row 11", "row 12"]
    elsewhere.refresh_from_db()
    assert elsewhere.last_visit_on == date(2024, 1, 5)


def test_create_customers_makes_a_card_for_each_unknown_number(branch, write):
    builders.make_customer(branch=branch, card_no="A1")
    path = write(
        "单号 日期 卡号 姓名 手机 金额",
        ["R2", "2024-01-05", "00004", "王五", "13800138000", "1"],
        ["R1", "2023-12-31", "00004", "", "", "1"],
        ["R3", "2024-01-05", "A1", "", "", "1"],
        ["R4", "2024-01-05", "Abbey O'Reilly", "", "", "1"],
        ["R5", "2024-01-05", "", "", "13800138000", "1"],
    )
    assert import_visits(path, branch)[-1] == last(1, refused=4)
    assert import_visits(path, branch, create_customers=True)[-1] == last(3, skipped=1, refused=1)
    made = Customer.objects.exclude(card_no="A1").order_by("card_no").values_list("card_no", "name", "card_date", "last_visit_on")
    assert list(made) == [
        ("00004", "王五", date(2023, 12, 31), date(2024, 1, 5)),
        ("Abbey O'Reilly", "Abbey O'Reilly", date(2024, 1, 5), date(2024, 1, 5)),
    ]
    assert import_visits(path, branch, create_customers=True)[-1] == last(1, skipped=4)
    assert broken_rules() == {}


def test_what_is_neither_service_nor_product_is_no_consumption(branch, write):
    rows = [[f"T{n}", "2024-01-05", "充值500送200", kind, "500"] for n, kind in enumerate(("充值", "办卡", "fee", "服务"))]
    report = import_visits(write("单号 日期 项目 类型 金额", *rows), branch)
    assert report[-1] == last(1, refused=3)
    assert any("“充值” is neither service nor product" in line for line in report)
    assert Visit.objects.get().receipt_no == "T3"


def test_items_and_staff_are_found_or_made(branch, other_branch, write):
    builders.make_item(name="眼部护理", kind="service", minutes=45, cost_fen=500)
    builders.make_item(name="眼部护理", kind="product")
    builders.make_item(name="玫瑰精油", kind="product")
    Category.objects.create(name="家居 产品")
    mine = builders.make_staff(branch=branch, name="陈美娟", login=False)
    builders.make_staff(branch=other_branch, name="王琳", login=False)
    import_visits(
        write(
            "单号 日期 项目 类别 类型 金额 员工",
            ["R1", "2024-01-05", "眼部護理", "", "", "100", "陈美娟"],
            ["R1", "2024-01-05", "眼部护理", "", "product", "2", "王琳、陈美娟、周倩"],
            ["R1", "2024-01-05", "玫瑰精油", "", "", "3", ""],
            ["R1", "2024-01-05", "新品", "家居产品", "产品", "4", ""],
            ["R1", "2024-01-05", "新品", "", "服务", "5", ""],
        ),
        branch,
    )
    lines = Line.objects.order_by("pk")
    assert [(line.item_name, line.kind, line.minutes, line.cost_fen) for line in lines] == [
        ("眼部护理", "service", 45, 500), ("眼部护理", "product", 60, 0), ("玫瑰精油", "product", 60, 0),
        ("新品", "product", 0, 0), ("新品", "service", 0, 0),
    ]  # fmt: skip
    assert list(Item.objects.filter(is_imported=True).order_by("pk").values_list("kind", "price_fen")) == [
        ("product", 400),
        ("service", 500),
    ]
    assert Category.objects.count() == 1
    assert list(StaffMember.objects.filter(is_imported=True).order_by("name").values_list("name", "branch")) == [
        ("周倩", branch.pk), ("王琳", branch.pk),
    ]  # fmt: skip
    assert [(s.share_bp, s.value_fen) for s in lines[1].shares.order_by("pk")] == [(3334, 67), (3333, 67), (3333, 66)]
    assert lines[0].shares.get().staff == mine
    assert broken_rules() == {}


def test_rows_that_cannot_be_taken_are_listed_and_leave_no_half_visit(branch, write):
    report = import_visits(
        write(
            "单号 日期 金额 单价",
            ["R1", "2024-01-05", "1", ""],
            ["R1", "2024-01-05", "abc", ""],
            ["R2", "31.01.2024", "1", ""],
            ["R3", "2999-01-01", "1", ""],
            ["R4", "2024-01-05", "", ""],
            ["R5", "", "1", ""],
            ["", "", "", ""],
            ["R6", "2024-01-05", "1", ""],
            ["x" * 61, "2024-01-05", "1", ""],
        ),
        branch,
    )
    assert visits() == [("R6", "2024-01-05", None, [100])]
    assert report[-1] == last(1, refused=7)
    refused = [line for line in report if ", refused: " in line]
    assert refused[0] == "row 2, refused: Row 3 of the same visit was refused."
    assert refused[1] == "row 3, refused: “abc” is not a number."
    assert [line.split(",")[0] for line in refused] == [f"row {n}" for n in (2, 3, 4, 5, 6, 7, 10)]


def test_a_dry_run_stores_nothing_and_says_the_same(branch, write):
    path = write(ALL_COLUMNS, ROW, [*ROW[:2], "A2", *ROW[3:]], ["R9", "bad", *ROW[2:]])
    dry = import_visits(path, branch, create_customers=True, dry_run=True)
    assert counts() == (0, 0, 0)
    assert [model for model in (Customer, Item, StaffMember, ImportRun) if model.objects.exists()] == []
    real = import_visits(path, branch, create_customers=True)
    assert dry[-1] == real[-1] == last(2, refused=1)
    assert dry[-3].partition(": ")[2] == real[-3].partition(": ")[2] == "Visits 2, Lines 2, New cards 2, New items 1, New staff 1"


def test_the_default_branch_is_main(write, db):
    path = write("日期 金额", ["2024-01-05", "10"])
    from tests.archives.imports.importing import run

    with pytest.raises(CommandError, match="main"):
        run("import_visits", path)
    main = builders.make_branch(code="main")
    run("import_visits", path)
    assert Visit.objects.get().branch == main


def test_naughty_text_in_every_column(branch, write):
    """Nothing breaks; what cannot be stored is refused with a reason, the rest is stored as it would be typed."""
    names = ENGLISH.split()
    rows = []
    for n, text in enumerate(NAUGHTY):
        for place in range(len(names)):
            row = list(ROW)
            row[0] = f"R{n}-{place}"
            row[place] = text.encode("utf-8", "replace").decode()
            rows.append(row)
    report = import_visits(write(ENGLISH, *rows), branch, create_customers=True)
    assert report[-1].startswith(f"{sum(any(c.strip() for c in row) for row in rows)} rows read")
    assert VisitNote.objects.filter(text='=HYPERLINK("http://x")').exists()
    assert Customer.objects.filter(card_no="=1+1").exists()
    assert broken_rules([*HELD, *OF_NEW_CARDS]) == {}
    assert RefundAllowance.objects.exclude(refunded_fen=0).count() == 0


def test_a_visit_given_to_a_customer_since_is_known(branch, write, owner):
    """The file still says nobody, or by now her card: neither adds the visit a second time; other content is refused."""
    actor, her = builders.actor_of(owner), builders.make_customer(branch=branch, card_no="A1")
    header = "单号 日期 卡号 项目 金额"
    day = str(actor.today)
    path = write(header, ["R1", day, "", "甲", "1"], ["", day, "散客", "乙", "2"])
    import_visits(path, branch)
    at_desk = record(actor, None, line(builders.make_item(name="丙", price_fen=300)))
    for visit in Visit.objects.order_by("pk"):
        if visit.receipt_no != "":
            identify.identify_visit(actor=actor, key=uuid.uuid4(), visit=visit, customer=her)
    before = counts()
    of_desk = [at_desk.receipt_no, day, "", "丙", "3"]
    again = [["R1", day, "", "甲", "1"], ["", day, "", "乙", "2"], of_desk]
    assert import_visits(write(header, *again), branch)[-1] == last(0, skipped=3)
    assert import_visits(write(header, ["R1", day, "A1", "甲", "1"]), branch)[-1] == last(0, skipped=1)
    assert import_visits(write(header, ["R1", day, "", "甲", "9"]), branch)[-1] == last(0, refused=1)
    assert counts() == before
    assert broken_rules() == {}


def test_nobodys_visits_without_a_receipt_are_told_from_hers(branch, write, owner):
    """Where she has a visit without receipt number that day, nobody's cannot become a second one; the reason says so."""
    actor, her = builders.actor_of(owner), builders.make_customer(branch=branch, card_no="A1")
    day = str(actor.today)
    import_visits(write("单号 日期 卡号 金额", ["", day, "A1", "1"], ["", day, "", "2"]), branch)
    with pytest.raises(EntryError, match="without receipt number on that day"):
        identify.identify_visit(actor=actor, key=uuid.uuid4(), visit=Visit.objects.get(customer=None), customer=her)
