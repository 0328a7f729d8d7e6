"""Imports as processes: the worker of the server, commands killed at any moment, long files in little memory."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests import live
from tests.archives.imports.bringing import COLUMNS, confirm, half_visits, rows, send_file, start_import, stored_lines, wait_for
from tests.archives.imports.importing import write_csv


@pytest.mark.long
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


@pytest.mark.long
def test_a_killed_import_leaves_all_or_nothing_and_a_second_one_repairs(tmp_path):
    count, rounds = 4_000, 10
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
    """Beyond 10,000 rows the command stores chunk by chunk: what was stored is whole, and the second run adds the rest."""
    count = 12_000
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
    """(peak memory in MB of the command alone, its last lines) of an import."""
    script = (
        "import sys; from salon.database import sqlite; sqlite.use_bundled_library(); import django; django.setup();"
        "from django.core.management import call_command; import archives.management.commands.import_visits;"
        "peak = lambda: next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "before = peak(); call_command('import_visits', sys.argv[1], '--create-customers'); print('peak', before, peak())"
    )
    environment = salon.variables() | {"DJANGO_SETTINGS_MODULE": "salon.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=live.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    *said, peak = done.stdout.splitlines()
    _word, before, after = peak.split()
    return (int(after) - int(before)) // 1024, said


@pytest.mark.long
def test_a_long_file_takes_little_memory(tmp_path):
    """How fast it goes, and 800,000 rows, are measured by the bench."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("not run: memory is measured on Linux only")
    count = 50_000
    path = write_csv(tmp_path / "visits.csv", COLUMNS, rows(count, customers=count // 20))
    with live.installed(template=live.prepared()) as salon:
        megabytes, said = measured(salon, path)
        assert said[-1] == f"{count} rows read, {count} taken, 0 known already and skipped, 0 refused"
        assert stored_lines(salon) == count
        assert half_visits(salon) == 0
        assert megabytes <= 100
