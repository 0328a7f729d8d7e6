"""Imports in the browser while the desk works, and killed: nobody waits long, nothing is half there, and it can be done again."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from salon.spreadsheets import reading
from tests import live
from tests.archives.imports.bringing import COLUMNS, confirm, half_visits, rows, send_file, start_import, stored_lines, wait_for
from tests.archives.imports.importing import write_csv
from tests.long.test_restore_drill import Savers

pytestmark = pytest.mark.long

# Seconds a receptionist may wait while the largest file is stored: far less than the ten after which SQLite, which has one
# writer at a time, gives up. It takes two to four here.
LONGEST_WAIT = 5


def open_shop():
    """The shop of the other long tests, with a manager who imports."""
    from salon.shop.models import Branch
    from tests import builders
    from tests.long import desk

    desk.open_shop()
    builders.make_staff(branch=Branch.objects.get(code="JA"), role="manager", name="顾敏", username="manager")


@pytest.mark.alone
def test_the_desk_goes_on_while_the_largest_file_is_stored(tmp_path, capsys):
    count = reading.FROM_BROWSER.rows
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=1_000))
    with live.running("tests.long.test_imports:open_shop") as salon:
        manager = salon.visitor("manager")
        with Savers(salon, salon.call("tests.long.desk:mint_keys", count=20_000)) as savers:
            time.sleep(3)
            begin = time.monotonic()
            address = send_file(manager, path)
            page = wait_for(manager, address, "What will be stored", 180)
            read = time.monotonic()
            confirm(manager, address, page)
            wait_for(manager, address, "What was stored", 180)
            end = time.monotonic()
        longest = {
            name: max(wait for began, wait in savers.waits if first <= began < last)
            for name, first, last in (("before", 0, begin), ("reading", begin, read), ("storing", read, end))
        }
        with capsys.disabled():
            print(f"\n  {count} rows: longest wait of a saving receptionist in seconds", longest)  # noqa: T201
        assert savers.refused == []
        assert longest["storing"] < LONGEST_WAIT
        assert stored_lines(salon) == count + 5 * len(savers.waits)
        assert half_visits(salon) == 0


def worker_of(salon, address):
    """The number of the process that stores an import, or None."""
    number = address.rstrip("/").rpartition("/")[2]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            its_salon = f"SALON_DATA_DIR={salon.data_dir}".encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if its_salon and arguments[2:5] == [b"work_import", number.encode(), b"store"]:
            return int(folder.name)
    return None


@pytest.mark.skipif(not os.path.exists("/proc/self/cmdline"), reason="not run: processes are looked for on Linux only")
def test_the_work_of_the_browser_killed_while_it_stores_stores_nothing_and_can_be_begun_anew(tmp_path):
    count = 8_000
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=500))
    with live.running("tests.long.test_imports:open_shop") as salon:
        manager = salon.visitor("manager")
        address = send_file(manager, path)
        confirm(manager, address, wait_for(manager, address, "What will be stored", 180))
        desk = salon.data_dir / "imports" / address.rstrip("/").rpartition("/")[2]
        wait_until(lambda: (desk / "progress.json").exists() and worker_of(salon, address))
        os.kill(worker_of(salon, address), 9)
        wait_until(lambda: worker_of(salon, address) is None)
        assert (stored_lines(salon), half_visits(salon)) == (0, 0)
        salon.sql("UPDATE customers_importrun SET started_at = '2026-01-01 00:00:00+00:00'")  # it is not just starting
        assert "This import was interrupted" in manager.get(address).text
        assert manager.post(f"{address}drop/").status == 302
        address = send_file(manager, path)
        confirm(manager, address, wait_for(manager, address, "What will be stored", 180))
        wait_for(manager, address, "What was stored", 180)
        assert (stored_lines(salon), half_visits(salon)) == (count, 0)


def wait_until(happened, seconds=60):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_control_an_import_without_its_transaction_is_killed_halfway(tmp_path):
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(4_000, customers=300))
    with live.installed(template=live.prepared()) as salon:
        command = start_import(salon, path, guard="import")
        wait_until(lambda: salon.sql("SELECT COUNT(*) FROM archives_bill")[0][0] or command.poll() is not None)
        command.kill()
        command.communicate()
        assert half_visits(salon) > 0


def read(salon):
    return salon.sql("SELECT COUNT(*) FROM customers_importrun WHERE state = 'ready'")[0][0]


def memory_of(salon):
    """Bytes that the server, its workers and their readers hold; how many workers there are."""
    held, workers, parents = {}, 0, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment, arguments = ((folder / name).read_bytes().split(b"\0") for name in ("environ", "cmdline"))
            status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        except OSError:
            continue  # it has ended
        pid, parents[pid] = int(folder.name), int(status["PPid"])
        held[pid] = int(status.get("VmRSS", "0 kB").split()[0]) * 1024, f"SALON_DATA_DIR={salon.data_dir}".encode() in environment
        workers += held[pid][1] and b"work_import" in arguments
    ours = {pid for pid, (_size, is_ours) in held.items() if is_ours}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(held[pid][0] for pid in ours), workers


@pytest.mark.skipif(not os.path.exists("/proc/self/cmdline"), reason="not run: processes are looked for on Linux only")
def test_many_files_at_once_take_the_memory_of_a_few(tmp_path, capsys):
    """24 at once took 3.7 GB when each had a process of its own at once."""
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(1_000, customers=200))
    with live.running("tests.long.test_imports:open_shop") as salon:
        idle, _none = memory_of(salon)
        with ThreadPoolExecutor(24) as pool:
            visitor = salon.visitor("manager")
            sent = [pool.submit(send_file, visitor, path) for _n in range(24)]
            most = busy = 0
            while not all(each.done() for each in sent) or read(salon) < 4:
                size, workers = memory_of(salon)
                most, busy = max(most, size), max(busy, workers)
                time.sleep(0.05)
            assert len({each.result() for each in sent}) == 24
        with capsys.disabled():
            print(f"\n  24 files at once: {(most - idle) >> 20} MiB above {idle >> 20} MiB idle, {busy} workers seen")  # noqa: T201
        assert most - idle < 600 << 20
        assert 1 <= busy < 8, "of one branch one is at work, and those before it may still be ending"
