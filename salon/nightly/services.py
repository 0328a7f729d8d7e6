"""Running the steps of the night, one after the other, and noting how each went."""

import contextlib
import io
import logging
import time
from dataclasses import dataclass

from django.core.management import call_command

from salon.nightly.models import BROKEN_OFF, DONE, FAILED, RUNNING, NightlyRun, NightlyStep

LOCK = "nightly"
SAID = 500  # characters kept of what a step said
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a step went, and the last line it said."""

    state: str
    said: str
    seconds: float


def run_all(*, steps, clock, show):
    """Run all steps; returns the finished NightlyRun. The caller holds LOCK.

    `clock()` tells the time; `show(step, outcome)` is called before each step with outcome None, and after it.
    """
    NightlyRun.objects.filter(state=RUNNING).update(state=BROKEN_OFF)  # LOCK is ours, so whoever ran them is dead
    run = NightlyRun.objects.create(started_at=clock())
    state = DONE
    for position, name in enumerate(steps):
        show(name, None)
        started_at, outcome = clock(), run_step(name)
        show(name, outcome)
        if outcome.state == FAILED:
            state = FAILED
        NightlyStep.objects.create(
            run=run,
            position=position,
            name=name,
            started_at=started_at,
            milliseconds=int(outcome.seconds * 1000),
            state=outcome.state,
            said=outcome.said,
        )
    run.state, run.finished_at = state, clock()
    run.save(update_fields=["state", "finished_at"])
    return run


def run_step(name):
    """Run one command; its Outcome, whatever it raised. Its output is kept for the last line of it."""
    said, began = io.StringIO(), time.monotonic()
    state, last = DONE, ""
    try:
        with contextlib.redirect_stdout(said):
            call_command(name, stdout=said)
    except SystemExit as error:
        state = FAILED if error.code else DONE
    except Exception as error:  # noqa: BLE001 - a step that fails must not keep the others from running
        log.exception("step %s failed", name)
        state, last = FAILED, _in_one_line(error)
    lines = said.getvalue().strip().splitlines()
    return Outcome(state, (last or (lines[-1] if lines else ""))[:SAID], time.monotonic() - began)


def _in_one_line(error):
    return " ".join(str(error).split()) or type(error).__name__
