"""Runs that are killed, and runs that meet: the tiers everybody reads are the old ones or the new ones, never a mix."""

import json
import random
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest

from tests import live, spawner
from tests.long.tiers import CUSTOMERS, day, is_refusal

pytestmark = pytest.mark.long

KILLS, AT_ONCE = 20, 10
ACTS = "tests.long.tiers"


@contextmanager
def company():
    with live.installed(template=live.prepared(f"{ACTS}:open_company")) as salon:
        yield salon


def begin(salon, as_of, guard=""):
    """recompute_tiers in a process of its own, perhaps with a guard taken out."""
    script = "tests/long/unguarded.py" if guard else "manage.py"
    return spawner.start([script, "recompute_tiers", "--as-of", as_of], env=salon.variables() | {"UNGUARDED": guard})


def wait_for(salon, process, as_of, status="%"):
    """Until the run has stored its row and begins to write tiers; or until the row says that it is finished."""
    sql = f"SELECT COUNT(*) FROM segmentation_tierrun WHERE as_of = '{as_of}' AND status LIKE '{status}'"  # noqa: S608
    with closing(salon.connect()) as connection:
        while process.poll() is None and not connection.execute(sql).fetchone()[0]:
            time.sleep(0.002)


def begin_and_kill(salon, as_of, *, after, guard=""):
    """SIGKILL a run so many seconds after it has stored its row."""
    process = begin(salon, as_of, guard)
    wait_for(salon, process, as_of)
    time.sleep(after)
    process.kill()
    process.communicate(timeout=60)


def seconds_of_writing(salon, as_of):
    """From a run's row to the moment it is the current one."""
    process = begin(salon, as_of)
    wait_for(salon, process, as_of)
    began = time.monotonic()
    wait_for(salon, process, as_of, "finished")
    seconds = time.monotonic() - began
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return seconds


def test_killed_anywhere_the_tiers_are_the_old_or_the_new_ones_and_the_next_run_repairs():
    chance, seen = random.Random(20261122), {"old": 0, "new": 0}
    with company() as salon:
        writing = seconds_of_writing(salon, day(1).isoformat())
        old = salon.call(f"{ACTS}:tiers")
        for number in range(2, KILLS + 2):
            as_of = day(number).isoformat()
            begin_and_kill(salon, as_of, after=chance.uniform(0, 1.5) * writing)
            left, new, disorder = salon.call(f"{ACTS}:after_a_kill", as_of=as_of)
            assert new[:2] == [as_of, CUSTOMERS]
            assert left in (old, new), f"kill {number - 1}: a mix"
            assert disorder == {}
            seen["new" if left == new else "old"] += 1
            old = new
    assert seen["old"] >= 5, seen  # the kills fell into the writing


def test_control_a_run_that_is_current_before_it_is_written_leaves_a_mix():
    """The kill must fall into the writing; where it came too late, the next day is another chance."""
    with company() as salon:
        old = salon.call(f"{ACTS}:tiers")
        for as_of in (day(number).isoformat() for number in range(1, KILLS)):
            begin_and_kill(salon, as_of, after=0, guard="pointer")
            left, new, _disorder = salon.call(f"{ACTS}:after_a_kill", as_of=as_of)
            if left not in (old, new):
                return
            old = new
    pytest.fail("no kill left a mix")


def test_runs_that_were_all_killed_once_end_where_runs_that_were_not_do():
    """Two companies that live the same days."""
    results = []
    for is_killed in (True, False):
        with company() as salon:
            for number in range(1, 4):
                as_of = day(number).isoformat()
                if is_killed:
                    begin_and_kill(salon, as_of, after=0.02 * number)
                salon.call(f"{ACTS}:run_through", as_of=as_of)
            results.append(salon.call(f"{ACTS}:tiers"))
    assert results[0] == results[1]


def all_at_once(salon, as_of, guard=""):
    """[(what it said, its seconds)] of ten runs that begin at one moment, each in a process that stands ready for it."""
    command = [sys.executable, "-m", "tests.live", f"{ACTS}:run_when_told", json.dumps({"as_of": as_of, "guard": guard})]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen(command, cwd=live.ROOT, env=salon.variables(), **pipes) for _ in range(AT_ONCE)]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    told = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * AT_ONCE
    return [json.loads(each.splitlines()[-1]) for each in told]


@pytest.mark.alone
def test_of_ten_at_once_one_works_and_nine_say_so_within_a_second():
    with company() as salon:
        answers = all_at_once(salon, day(1).isoformat())
        refused = [seconds for said, seconds in answers if is_refusal(said)]
        worked = [said for said, _seconds in answers if said.startswith("As of")]
        assert (len(refused), len(worked)) == (AT_ONCE - 1, 1), answers
        assert max(refused) < 1
        assert salon.call(f"{ACTS}:disorder") == {}
        assert salon.call(f"{ACTS}:tiers")[:2] == [day(1).isoformat(), CUSTOMERS]


@pytest.mark.alone
def test_control_without_the_lock_more_than_one_works():
    with company() as salon:
        answers = all_at_once(salon, day(1).isoformat(), guard="alone")
        assert not any(is_refusal(said) for said, _seconds in answers)
        failed = [said for said, _seconds in answers if not said.startswith("As of")]
        assert failed or salon.call(f"{ACTS}:disorder"), answers


def test_a_dead_holder_blocks_nobody():
    with company() as salon:
        begin_and_kill(salon, day(1).isoformat(), after=0)
        _left, new, disorder = salon.call(f"{ACTS}:after_a_kill", as_of=day(1).isoformat())
        assert (new[:2], disorder) == ([day(1).isoformat(), CUSTOMERS], {})


def test_control_a_lock_that_outlives_its_holder_blocks_the_next():
    with company() as salon:
        begin_and_kill(salon, day(1).isoformat(), after=0, guard="release")
        said, _ = begin(salon, day(1).isoformat(), guard="release").communicate(timeout=60)
        assert is_refusal(said)
