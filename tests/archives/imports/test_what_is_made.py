"""What an import makes beside visits, and what it says of it: items, staff, notes, means of payment, counts."""

import pytest

from archives.imports.models import ImportedVisit
from archives.visits.bills.models import Payment
from archives.visits.models import Bill, Line, Visit, VisitNote
from customers.imports.models import ImportRun
from tests import builders
from tests.archives.imports.importing import bring_by, import_visits, last


def test_what_would_be_made_is_counted_once_and_not_if_it_is_there(branch, write):
    builders.make_item(name="甲")
    builders.make_staff(branch=branch, name="陈美娟", login=False)
    items = [("甲", "", "陈美娟"), ("乙", "", "王琳"), ("乙", "服务", "王琳"), ("乙", "产品", ""), ("", "", ""), ("", "产品", "")]

    def report(receipt, **options):
        path = write("单号 日期 项目 类型 员工 金额", *([receipt, "2024-01-05", *item, "1"] for item in items))
        return import_visits(path, branch, **options)[-3].partition("New cards ")[2]

    assert report("R1", dry_run=True) == report("R1") == "0, New items 4, New staff 1"
    assert report("R2", dry_run=True) == "0, New items 0, New staff 0"
    assert [line.item_name for line in Line.objects.order_by("pk")][4:] == ["Unnamed service", "Unnamed product"]


def test_what_the_page_of_an_import_says_of_its_visits(branch, write, manager):
    """Counted before anything is stored as well as afterwards; and what was stored says who brought it."""
    builders.make_customer(branch=branch, card_no="A1")
    rows = [
        ["2024-01-06", "A1", "1", "好"],
        ["2024-01-07", "A9", "2", ""],
        ["2024-01-05", "", "3", ""],
        ["2024-01-06", "", "4", ""],
    ]
    planned, stored = bring_by(manager, write("日期 卡号 金额 备注", *rows), branch)
    for counts_of in (planned, stored):
        assert {name: counts_of[name] for name in ("visits", "anonymous", "amount_fen", "first_day", "last_day")} == {
            "visits": 4, "anonymous": 2, "amount_fen": 1000, "first_day": "2024-01-05", "last_day": "2024-01-07",
        }  # fmt: skip
    assert {visit.recorded_by for visit in Visit.objects.all()} == {manager.user}
    assert {bill.recorded_by for bill in Bill.objects.all()} == {manager.user}
    assert VisitNote.objects.get().by == manager.user


def test_notes_and_means_of_the_rows_of_a_visit_stand_once(branch, write):
    rows = [("0", "现金", ""), ("1", "微信", "热"), ("2", "微信", "轻"), ("3", "比特币", "热")]
    report = import_visits(write("单号 日期 金额 支付方式 备注", *(["R1", "2024-01-05", *row] for row in rows)), branch)
    assert [(p.means, p.amount_fen) for p in Payment.objects.all()] == [("wechat", 300), ("unknown", 300)]
    assert VisitNote.objects.get().text == "热\n轻"
    said = "row 5, warning: The means of payment “比特币” is not known; it is stored as unknown."
    assert [line for line in report if "warning" in line] == [said]


@pytest.mark.parametrize(
    ("staff", "taken"),
    [
        ("琳" * 60, True),
        ("琳" * 61, False),
        ("、".join(f"员工{n}" for n in range(10)), True),
        ("、".join(f"员工{n}" for n in range(11)), False),
        ("王琳、——", False),
    ],
)
def test_names_of_staff_no_salon_has_are_refused(branch, write, staff, taken):
    report = import_visits(write("日期 金额 员工", ["2024-01-05", "1", staff]), branch)
    assert report[-1] == (last(1) if taken else last(0, refused=1))
    assert any("is no name of a staff member" in line for line in report) is not taken


def test_who_works_at_the_branch_goes_before_who_left(branch, write):
    builders.make_staff(branch=branch, name="王琳", login=False, is_active=False)
    here = builders.make_staff(branch=branch, name="王琳", login=False)
    import_visits(write("日期 金额 员工", ["2024-01-05", "1", "王琳"]), branch)
    assert Line.objects.get().shares.get().staff == here


def test_an_import_leaves_an_entry(branch, write):
    import_visits(write("日期 金额", ["2024-01-05", "10"], ["x", "1"]), branch)
    run = ImportRun.objects.get()
    assert (run.kind, run.branch, run.user, run.file_name, run.state) == ("visits", branch, None, "visits.csv", "done")
    assert (run.counts["rows"], run.counts["visits"], run.counts["refused"], run.counts["amount_fen"]) == (2, 1, 1, 1000)
    assert ImportedVisit.objects.get().run == run
