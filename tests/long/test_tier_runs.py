"""Runs that are killed, and runs that meet: the tiers everybody reads are the old ones or the new ones, never a mix."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tests import live
from tests.long.tiers import CUSTOMERS, FIRST_DAY

pytestmark = pytest.mark.long

KILLS, AT_ONCE = 30, 10
ACTS = "tests.long.tiers"
IN_ORDER = {"unfinished": 0, "twice": 0, "stray": 0}


@contextmanager
def company():
    with live.installed(template=live.prepared(f"{ACTS}:open_company")) as salon:
        yield salon


def begin(salon, as_of):
    """recompute_tiers in a process of its own."""
    command = [sys.executable, "manage.py", "recompute_tiers", "--as-of", as_of]
    return subprocess.Popen(
        command, cwd=live.ROOT, env=salon.variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def run_through(salon, as_of):
    """A whole run; repeated while the process killed before is still being cleared away by the database server."""
    until = time.monotonic() + 30
    while True:
        process = begin(salon, as_of)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        if "Another run" not in said and "另一" not in said:
            return
        assert time.monotonic() < until, said


def wait_until_started(salon, process):
    """Until the run that was begun has stored its row."""
    while process.poll() is None:
        if salon.sql("SELECT COUNT(*) FROM segmentation_tierrun WHERE status = 'started'")[0][0]:
            return
        time.sleep(0.005)


def begin_and_kill(salon, as_of, *, after):
    """SIGKILL a run so many seconds after it has stored its row."""
    process = begin(salon, as_of)
    wait_until_started(salon, process)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def seconds_of_a_run(salon, as_of):
    """From a run's first row to its end."""
    process = begin(salon, as_of)
    wait_until_started(salon, process)
    began = time.monotonic()
    assert process.wait(timeout=300) == 0
    return time.monotonic() - began


def test_killed_anywhere_the_tiers_are_the_old_or_the_new_ones_and_the_next_run_repairs():
    chance = random.Random(20261122)
    seen = {"old": 0, "new": 0}
    with company() as salon:
        salon.call(f"{ACTS}:live_a_day", number=1)
        writing = seconds_of_a_run(salon, (FIRST_DAY + timedelta(days=1)).isoformat())
        for number in range(2, KILLS + 2):
            as_of = (FIRST_DAY + timedelta(days=number)).isoformat()
            old = salon.call(f"{ACTS}:live_a_day", number=number)
            begin_and_kill(salon, as_of, after=chance.uniform(0, 1.1) * writing)
            after = salon.call(f"{ACTS}:tiers")
            run_through(salon, as_of)
            new, disorder = salon.call(f"{ACTS}:state")
            assert new[:2] == [as_of, CUSTOMERS]
            assert after in (old, new), f"kill {number - 1}: a mix"
            seen["new" if after == new else "old"] += 1
            assert disorder == IN_ORDER
    assert seen["old"] >= 5, seen  # the kills fell into the writing


def test_a_run_after_thirty_kills_says_what_a_run_without_any_says():
    """Two companies that lived the same days: one whose runs were all killed once, one whose runs were not."""
    results = []
    for is_killed in (True, False):
        with company() as salon:
            for number in range(1, 4):
                as_of = (FIRST_DAY + timedelta(days=number)).isoformat()
                salon.call(f"{ACTS}:live_a_day", number=number)
                if is_killed:
                    begin_and_kill(salon, as_of, after=0.03 * number)
                run_through(salon, as_of)
            results.append(salon.call(f"{ACTS}:tiers"))
    assert results[0] == results[1]


def test_of_ten_at_once_one_works_and_nine_say_so_within_a_second():
    with company() as salon:
        salon.call(f"{ACTS}:live_a_day", number=1)
        as_of = (FIRST_DAY + timedelta(days=1)).isoformat()
        arguments = json.dumps({"as_of": as_of})
        command = [sys.executable, "-m", "tests.live", f"{ACTS}:timed_run", arguments]
        all_ten = [
            subprocess.Popen(command, cwd=live.ROOT, env=salon.variables(), stdout=subprocess.PIPE, text=True)
            for _ in range(AT_ONCE)
        ]
        answers = []
        for process in all_ten:
            said, _ = process.communicate(timeout=300)
            assert process.returncode == 0
            answers.append(json.loads(said.splitlines()[-1]))
        idle = [seconds for said, seconds in answers if is_refusal(said)]
        assert salon.call(f"{ACTS}:disorder") == IN_ORDER
        assert len(idle) == AT_ONCE - 1, answers
        assert max(idle) < 1


def is_refusal(said):
    return "Another run" in said or "另一" in said


def test_a_dead_holder_blocks_nobody():
    with company() as salon:
        as_of = (FIRST_DAY + timedelta(days=1)).isoformat()
        salon.call(f"{ACTS}:live_a_day", number=1)
        begin_and_kill(salon, as_of, after=0)
        run_through(salon, as_of)
        assert salon.call(f"{ACTS}:tiers")[0] == as_of
