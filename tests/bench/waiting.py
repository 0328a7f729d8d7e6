"""The longest wait of a receptionist who saves while tiers are computed, beside the same load on an idle salon.

One of the people of saving.py saves through `serve`, one visit after another: nobody else stands in her way, so what she waits
for longer than on an idle salon is the run. recompute_tiers runs for one day after another meanwhile: first with nothing computed
before, which writes every tier, then for the days after it. Idle and busy runs take turns.
"""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

from tests.bench import process, recompute
from tests.bench.figure import Figure, p50, p95
from tests.bench.saving import Desk

NAME = "longest wait of a save while tiers are computed"
SQLITE_MS, POSTGRESQL_MS = 200, 50
DAYS_BEFORE = 60  # the last day at which the first of the runs begins


@dataclass(frozen=True)
class Run:
    """The saves of one run, in milliseconds, and what recompute_tiers did meanwhile."""

    times: list
    beside: dict | None = None

    @property
    def longest(self):
        return max(self.times)


def measure(salon, effort):
    """The figure of the longest wait. The salon is started."""
    effort = replace(effort, saves=effort.waiting_saves, people=1, think_seconds=effort.waiting_seconds)
    idle, busy = [], []
    try:
        for _ in range(effort.runs):
            idle.append(Run(_saves(salon, effort)))
            salon.call("tests.bench.recompute:clear")
            with computing(salon) as beside:
                times = _saves(salon, effort)
            busy.append(Run(times, beside))
    finally:
        recompute.leave_in_order(salon)
    yield Figure(
        NAME,
        median(run.longest for run in busy),
        POSTGRESQL_MS if salon.database_url else SQLITE_MS,
        "ms",
        _how(idle, busy),
        median=p50([ms for run in busy for ms in run.times]),
        floor=median(run.longest for run in idle),
    )


def _how(idle, busy):
    computed, written = (sum(run.beside[name] for run in busy) for name in ("runs", "changed"))
    share = sum(run.beside["seconds"] for run in busy) / sum(run.beside["of_seconds"] for run in busy)
    return (
        f"median of the longest of {len(busy)} runs of {len(busy[0].times):,} saves ({_longest(busy)}), "
        f"one person; beside her {computed} runs of recompute_tiers, "
        f"which took {share:.0%} of the time and changed {written:,} tiers; floor: the same on an idle salon ({_longest(idle)})"
    )


def _longest(runs):
    """ "88, 120, 97 ms; p95 31 ms" """
    longest = ", ".join(f"{run.longest:.0f}" for run in runs)
    return f"{longest} ms; p95 {p95([ms for run in runs for ms in run.times]):.0f} ms"


def _saves(salon, effort):
    """Milliseconds of each save. Raises RuntimeError if one fails."""
    prepared = salon.call("tests.bench.saving:prepare", count=effort.saves + effort.people, people=effort.people)
    desk = Desk(salon.port, effort, prepared)
    desk.run()
    if desk.problems:
        raise RuntimeError(f"{len(desk.problems)} saves failed, first: {desk.problems[0]}")
    return desk.times


@contextmanager
def computing(salon):
    """Run recompute_tiers day after day until the block ends; a dict that then tells of it."""
    last = date.fromisoformat(salon.call("tests.bench.recompute:last_whole_day"))
    first, told = last - timedelta(days=DAYS_BEFORE), {}
    with process.started(salon.variables(), "tests.bench.waiting:keep_computing", first=first.isoformat()) as child:
        if child.stdout.readline() != "begins\n":
            raise RuntimeError("recompute_tiers did not start; see its messages above")
        yield told
        out, _nothing = child.communicate()  # which closes its input, and that ends it
    if child.returncode:
        raise RuntimeError(f"recompute_tiers ended with {child.returncode}; see its messages above")
    told |= json.loads(out.splitlines()[-1])["result"]


# --- In a process that has the salon's database -----------------------------------------------------------------------


def keep_computing(first):
    """Run recompute_tiers for day after day until standard input ends; what came of it."""
    import sys

    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("begins", flush=True)
    began, day, told = time.perf_counter(), date.fromisoformat(first), {"runs": 0, "changed": 0, "seconds": 0.0}
    while not ended.is_set():
        at = time.perf_counter()
        process.run_command(["recompute_tiers", "--as-of", day.isoformat()])
        told["seconds"] += time.perf_counter() - at
        told["runs"] += 1
        told["changed"] += recompute.last_run()["changed"]
        day += timedelta(days=1)
    return told | {"of_seconds": time.perf_counter() - began}
