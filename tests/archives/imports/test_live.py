"""Imports as processes: the worker of the server, commands killed at any moment, long files in little memory."""

import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid

import pytest

from tests import live
from tests.archives.imports.importing import write_csv

COLUMNS = "单号 日期 卡号 姓名 手机 项目 类别 类型 数量 单价 折扣 金额 员工 支付方式"
STAFF = ("陈美娟", "王琳", "刘晨", "孙悦", "周倩")


def rows(count, *, customers, seed=1):
    """Rows of visits with one to three lines each, scattered over the file."""
    chance, made, visit = random.Random(seed), [], 0
    while len(made) < count:
        visit += 1
        who, day = (
            chance.randrange(customers),
            f"{chance.randrange(2019, 2026)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        )
        for _line in range(chance.choice((1, 1, 1, 2, 3))):
            price = chance.randrange(50, 900)
            made.append([
                f"R{visit:07}", day, f"VIP{who:06}", f"顾客{who}", f"138{who:08}", f"项目{chance.randrange(80)}",
                "面部", "服务", "1",
                price, "0", price, chance.choice(STAFF), "微信",
            ])  # fmt: skip
    made = made[:count]
    chance.shuffle(made)
    return made


def half_visits(salon):
    """How many visits are not the sum of their lines, and bills not that of their payments."""
    lines = "SELECT COALESCE(SUM(value_fen), 0) FROM archives_line l WHERE l.visit_id = v.id"
    payments = "SELECT COALESCE(SUM(amount_fen), 0) FROM archives_payment p WHERE p.bill_id = b.id"
    visits = f"SELECT COUNT(*) FROM archives_visit v WHERE net_fen <> ({lines})"
    bills = f"SELECT COUNT(*) FROM archives_bill b WHERE paid_fen <> ({payments})"
    return salon.sql(visits)[0][0] + salon.sql(bills)[0][0]


def stored_lines(salon):
    return salon.sql("SELECT COUNT(*) FROM archives_line")[0][0]


def start_import(salon, path, *options):
    command = [sys.executable, "manage.py", "import_visits", str(path), "--create-customers", *options]
    return subprocess.Popen(
        command, cwd=live.ROOT, env=salon.variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def multipart(fields, name, data):
    """(body, content type) of a form with one file."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()
    ]
    parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data)
    return b"".join([*parts, f"\r\n--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def send_file(visitor, path):
    """Send a file as the browser does; the address of the import."""
    key = re.search('name="operation" value="([^"]+)"', visitor.get("/customers/imports/new/visits/").text)[1]
    body, kind = multipart({"operation": key, "create_customers": "on"}, path.name, path.read_bytes())
    answer = visitor.ask("POST", "/customers/imports/new/visits/", body, {"Content-Type": kind})
    assert answer.status == 302, answer.text
    return answer.headers["Location"]


def wait_for(visitor, address, word, seconds=90):
    until = time.monotonic() + seconds
    while word not in (page := visitor.get(address).text):
        assert time.monotonic() < until, page
        time.sleep(0.3)
    return page


def confirm(visitor, address, page):
    key = re.search('name="operation" value="([^"]+)"', page)[1]
    assert visitor.post(f"{address}store/", {"operation": key}).status == 302


def test_the_server_does_the_work_in_processes_of_their_own(tmp_path):
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(300, customers=40))
    with live.running() as salon:
        visitor = salon.visitor("manager")
        address = send_file(visitor, path)
        page = wait_for(visitor, address, "What will be stored")
        assert stored_lines(salon) == 0
        confirm(visitor, address, page)
        wait_for(visitor, address, "What was stored")
        assert stored_lines(salon) == 300
        assert half_visits(salon) == 0


def killed_at(salon, path, seconds):
    """Start an import and kill it after some seconds with all it started; True if it was killed in the middle."""
    command = start_import(salon, path)
    try:
        command.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        command.send_signal(signal.SIGKILL)
    command.communicate()
    return command.returncode == -signal.SIGKILL


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.long)])
def test_a_killed_import_leaves_all_or_nothing_and_a_second_one_repairs(tmp_path, rounds):
    count = 4_000
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=300))
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    with live.installed(template=live.prepared()) as salon:
        began = time.monotonic()
        assert salon.manage("import_visits", path, "--create-customers", "--dry-run").returncode == 0
        usual = time.monotonic() - began
        for _round in range(rounds):
            killed_at(salon, path, chance.uniform(0.5, 2.0) * usual)
            assert stored_lines(salon) in (0, count), f"seed {seed}"
            assert half_visits(salon) == 0, f"seed {seed}"
            if stored_lines(salon):
                break
        done = salon.manage("import_visits", path, "--create-customers")
        assert done.returncode == 0, done.stderr
        assert stored_lines(salon) == count
        assert half_visits(salon) == 0
        again = salon.manage("import_visits", path, "--create-customers").stdout.splitlines()[-1]
        assert again == f"{count} rows read, 0 taken, {count} known already and skipped, 0 refused"


@pytest.mark.long
def test_a_long_import_that_is_killed_leaves_whole_visits_and_goes_on(tmp_path):
    """Beyond 20,000 rows the command stores chunk by chunk: what was stored is whole, and the second run adds the rest."""
    count = 22_000
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=2_000))
    with live.installed(template=live.prepared()) as salon:
        command, until = start_import(salon, path), time.monotonic() + 120
        while not stored_lines(salon) and time.monotonic() < until:
            time.sleep(0.1)
        command.send_signal(signal.SIGKILL)
        command.communicate()
        kept = stored_lines(salon)
        assert 0 < kept < count
        assert half_visits(salon) == 0
        said = salon.manage("import_visits", path, "--create-customers").stdout.splitlines()[-1]
        assert said == f"{count} rows read, {count - kept} taken, {kept} known already and skipped, 0 refused"
        assert stored_lines(salon) == count
        assert half_visits(salon) == 0


def measured(salon, path):
    """(seconds, peak memory in MB of the command alone, its last lines) of an import."""
    script = (
        "import sys; from salon import sqlite; sqlite.use_bundled_library(); import django; django.setup();"
        "from django.core.management import call_command; import archives.management.commands.import_visits;"
        "peak = lambda: next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "before = peak(); call_command('import_visits', sys.argv[1], '--create-customers'); print('peak', before, peak())"
    )
    began = time.monotonic()
    environment = salon.variables() | {"DJANGO_SETTINGS_MODULE": "salon.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=live.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    *said, peak = done.stdout.splitlines()
    _word, before, after = peak.split()
    return time.monotonic() - began, (int(after) - int(before)) // 1024, said


@pytest.mark.long
@pytest.mark.parametrize("count", [100_000, 800_000])
def test_a_long_file_in_little_memory_at_a_thousand_rows_a_second(tmp_path, count):
    if not os.path.exists("/proc/self/status"):
        pytest.skip("not run: memory is measured on Linux only")
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=count // 20))
    with live.installed(template=live.prepared()) as salon:
        seconds, megabytes, said = measured(salon, path)
        print(f"{count} rows: {seconds:.0f} s, {count / seconds:.0f} rows a second, {megabytes} MB above the process before")  # noqa: T201
        assert said[-1] == f"{count} rows read, {count} taken, 0 known already and skipped, 0 refused"
        assert stored_lines(salon) == count
        assert half_visits(salon) == 0
        assert count / seconds >= 1_000
        assert megabytes <= 100
