"""Excel out and a file in: how fast, and in how much memory."""

import csv
import random
import tempfile
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from tests.bench import process
from tests.bench import salon as salons
from tests.bench.figure import Figure
from tests.live import clean_environment

EXPORT_MB, COLUMNS, LONGEST_SECONDS = 50, 20, 12
LEAST_ROWS = 1_000  # a second
SEED = 20_261_122


def measure(salon, effort):
    """Figures of export_tiers and import_visits. The import goes into an empty salon beside this one, which is dropped."""
    yield from _export(salon)
    customers = salon.call("tests.bench.excel:customers")
    yield from _import(salon, min(customers, effort.imported))


def measure_workbook():
    """Figures of a workbook as large as the largest list, written row by row. No salon is needed."""
    yield from workbook(100_000)


def workbook(rows):
    """Figures of writing so many rows."""
    with tempfile.TemporaryDirectory(prefix="salon-bench-") as folder:
        variables = clean_environment(SALON_DATA_DIR=folder)
        done = process.call(variables, "tests.bench.excel:write_workbook", path=f"{folder}/list.xlsx", rows=rows)
    name, what = f"workbook of {rows:,} rows × {COLUMNS} columns", "text, figures, money, days, written as every export is"
    how = f"{what}, once: {done.seconds:.1f} s"
    yield Figure(f"{name}, rows a second", rows / done.seconds, None, "rows/s", how, at_least=round(rows / LONGEST_SECONDS))
    yield Figure(f"{name}, memory", done.mb, EXPORT_MB, "MiB", f"{what}; above the process before")


def _export(salon):
    rows = salon.call("tests.bench.recompute:last_run")["universe"]
    with tempfile.TemporaryDirectory(prefix="salon-bench-") as folder:
        file = Path(folder) / "tiers.xlsx"
        done = process.command(salon, "export_tiers", "--output", file)
        how = f"{rows:,} customers × 15 columns, once: {done.seconds:.1f} s, {file.stat().st_size / 2**20:.1f} MiB"
    yield Figure("export_tiers, rows a second", rows / done.seconds, None, "rows/s", how)
    yield Figure("export_tiers, memory", done.mb, EXPORT_MB, "MiB", f"{rows:,} customers; above the process before")


def _import(salon, rows):
    with tempfile.TemporaryDirectory(prefix="salon-bench-") as folder, empty_beside(salon) as empty:
        file = Path(folder) / "visits.csv"
        write_visits(file, rows)
        done = process.command(empty, "import_visits", file, "--create-customers")
    if f"{rows} rows read, {rows} taken" not in done.result:
        raise RuntimeError(f"import_visits said {done.result[-500:]}")
    how = f"{rows:,} rows of a CSV file into an empty salon, once: {done.seconds:.1f} s"
    yield Figure("import_visits, rows a second", rows / done.seconds, None, "rows/s", how, at_least=LEAST_ROWS)
    how = f"{rows:,} rows; above the process before, and {done.children_mb:.0f} MiB in the process that reads the file"
    yield Figure("import_visits, memory", done.mb, None, "MiB", how)


@contextmanager
def empty_beside(salon):
    """An empty salon on the same server or in the same folder as another, dropped afterwards."""
    where = salons.place_of(salon)
    made = salons.make_empty(where, f"importing_{salon.database or salon.data_dir.name}")
    try:
        yield made
    finally:
        salons.drop(where, made)


# --- The file that is imported ----------------------------------------------------------------------------------------

HEADING = ("单号", "日期", "卡号", "姓名", "项目", "类别", "类型", "数量", "单价", "金额", "员工", "支付方式", "备注")
FAMILY, GIVEN = "王李张刘陈杨赵黄周吴徐孙马朱胡", ("晓梅", "丽", "静怡", "雅婷", "芳", "欣", "雨桐", "慧敏")
SERVICES, PRODUCTS = [f"护理{n}" for n in range(1, 41)], [f"精华{n}号" for n in range(1, 21)]
STAFF, MEANS = [f"美容师{n}" for n in range(1, 13)], ("微信", "支付宝", "现金", "银行卡")


def write_visits(file, rows):
    """A CSV file of so many lines, up to three a visit, of a customer for each eight lines, over two years."""
    chance, last = random.Random(SEED), date(2026, 6, 30)
    with open(file, "w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target)
        out.writerow(HEADING)
        left, number = rows, 0
        while left:
            number += 1
            lines = min(left, chance.randint(1, 3))
            out.writerows(_visit(chance, number, lines, max(1, rows // 8), last))
            left -= lines


def _visit(chance, number, lines, customers, last):
    card = chance.randrange(customers)
    name = FAMILY[card % len(FAMILY)] + GIVEN[card % len(GIVEN)]
    head = (f"R{number:07}", (last - timedelta(days=chance.randrange(730))).isoformat(), f"V{card:06}", name)
    tail = (chance.choice(STAFF), chance.choice(MEANS), "下次轻一点" if number % 10 == 0 else "")
    for _ in range(lines):
        is_product, price = chance.random() < 0.2, chance.randrange(80, 900, 10)
        item = chance.choice(PRODUCTS if is_product else SERVICES)
        kind = ("家居产品", "产品") if is_product else ("面部护理", "服务")
        yield (*head, item, *kind, 1, price, price, *tail)


# --- In a process that has the salon's database, or at least Django ---------------------------------------------------


def customers():
    """How many customers the salon has."""
    from customers.card.models import Customer

    return Customer.objects.count()


def write_workbook(path, rows):
    """Write so many rows of all kinds of cells."""
    from salon.spreadsheets import xlsx

    kinds = (xlsx.TEXT, xlsx.WHOLE, xlsx.MONEY, xlsx.DAY, xlsx.SHARE) * (COLUMNS // 5)
    columns = [xlsx.Column(f"列{number}", kind) for number, kind in enumerate(kinds, start=1)]
    xlsx.write(path, [xlsx.Sheet("名单", columns, map(_row, range(rows)))])


def _row(number):
    day = date(2024, 1, 1) + timedelta(days=number % 900)
    return (f"顾客{number}，面部护理", number, number * 137 % 10**7, day, number % 1000 / 1000) * (COLUMNS // 5)
