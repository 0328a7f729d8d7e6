"""Files of visits and customers for tests, and the command that imports them."""

import csv
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from archives.visits.models import Bill, Line, Visit
from customers.imports import registry
from customers.imports.models import ImportRun
from customers.imports.spool import Spool
from salon.spreadsheets import reading

ALL_COLUMNS = "单号 日期 卡号 姓名 手机 项目 类别 类型 数量 单价 折扣 金额 员工 支付方式 备注"
ENGLISH = "receipt_no date card_no name phone item category kind quantity unit_price discount amount staff payment note"
ROW = [
    "R1",
    "2024-01-05",
    "A1",
    "张晓梅",
    "13800138000",
    "补水护理",
    "面护",
    "服务",
    "1",
    "380",
    "30",
    "350",
    "陈美娟",
    "微信",
    "力度轻",
]


def write_csv(path, header, rows, *, encoding="utf-8"):
    """A CSV file; `header` is a text with spaces between the names."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)
    return path


def run(command, path, **options):
    """What the command says, as lines."""
    out = StringIO()
    call_command(command, str(path), stdout=out, **options)
    return out.getvalue().splitlines()


def import_visits(path, branch, **options):
    return run("import_visits", path, branch=branch.code, **options)


def import_customers(path, branch, **options):
    return run("import_customers", path, branch=branch.code, **options)


def bring_by(staff, path, branch):
    """What an import counted when it had planned, and when it had stored, a file a staff member sent from the browser."""
    kind, now, counted = registry.get("visits"), timezone.now(), []
    run = ImportRun.objects.create(kind=kind.name, branch=branch, user=staff.user, created_at=now, started_at=now)
    with Spool(path.with_suffix(".spool")) as spool:
        for step in ("plan", "store"):
            importer = kind.importer(spool, branch=branch, now=now, user=staff.user, create_customers=True)
            importer.run = run
            if step == "plan":
                with reading.opened(path, kind.names, reading.FROM_BROWSER) as table:
                    importer.take(table)
                importer.plan()
            else:
                importer.store(at_once=True)
            counted.append(importer.counts)
    return counted


def last(taken, skipped=0, refused=0):
    """The last line of a report."""
    rows = taken + skipped + refused
    return f"{rows} rows read, {taken} taken, {skipped} known already and skipped, {refused} refused"


def visits():
    """[(receipt, day, card number or None, [fen of each line])] in the order they were stored."""
    found = Visit.objects.order_by("pk").select_related("customer")
    return [
        (v.receipt_no, str(v.business_date), v.customer and v.customer.card_no, [line.value_fen for line in v.lines.all()])
        for v in found
    ]


def counts():
    return Bill.objects.count(), Visit.objects.count(), Line.objects.count()
