"""The nightly run: every step in turn, whatever became of those before it; one run at a time."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from salon.database import locks
from salon.management.commands import nightly
from salon.nightly import services
from salon.nightly.models import BROKEN_OFF, DONE, FAILED, RUNNING, NightlyRun
from salon.nightly.steps import STEPS
from tests.salon.nightly.making import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def commands(monkeypatch):
    """Stands in for the commands: {name: function(stdout)}; those called are noted in `called`."""
    acts, called = {}, []

    def call(name, stdout):
        called.append(name)
        acts.get(name, lambda out: out.write("well\n"))(stdout)

    monkeypatch.setattr(services, "call_command", call)
    monkeypatch.setattr(nightly, "give_way", lambda: None)  # or the other tests would give way as well
    monkeypatch.setattr(nightly, "STEPS", {"first": "", "second": "", "third": ""})
    acts["called"] = called
    return acts


def run():
    """Run `nightly`; (what it printed, whether it failed)."""
    out = io.StringIO()
    try:
        call_command("nightly", stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error), True
    return out.getvalue(), False


def steps():
    return [(step.name, step.state, step.said) for step in NightlyRun.objects.get().steps.all()]


def raising(error):
    def act(_out):
        raise error

    return act


def test_all_steps_in_turn(commands):
    said, failed = run()
    assert not failed
    assert commands["called"] == ["first", "second", "third"]
    assert steps() == [(name, DONE, "well") for name in ("first", "second", "third")]
    night = NightlyRun.objects.get()
    assert night.state == DONE
    assert night.finished_at >= night.started_at
    assert "second: done in" in said
    assert "All steps done." in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no\nsuch  thing"), "no such thing"),
        (CommandError("refused"), "refused"),
        (DatabaseError("gone"), "gone"),
        (SystemExit(2), ""),
        (RecursionError(), "RecursionError"),
    ],
)
def test_a_step_that_fails_does_not_stop_the_rest(commands, error, words):
    commands["second"] = raising(error)
    said, failed = run()
    assert failed
    assert "Failed: second" in said
    assert "second: FAILED" in said
    assert commands["called"] == ["first", "second", "third"]
    assert [state for _, state, _ in steps()] == [DONE, FAILED, DONE]
    assert steps()[1][2] == words
    assert NightlyRun.objects.get().state == FAILED


def test_a_step_that_exits_well_is_well(commands):
    commands["second"] = raising(SystemExit(0))
    assert run()[1] is False


def test_a_person_may_break_it_off(commands):
    commands["second"] = raising(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run()
    assert NightlyRun.objects.get().state == RUNNING
    commands.pop("second")
    run()
    assert list(NightlyRun.objects.order_by("pk").values_list("state", flat=True)) == [BROKEN_OFF, DONE]


def test_what_a_step_says_is_cut_to_fit(commands):
    commands["first"] = lambda out: out.write("x" * 10_000)
    run()
    assert steps()[0][2] == "x" * services.SAID


def test_one_at_a_time(commands, monkeypatch):
    @locks.contextmanager
    def taken(name, **_):
        yield False

    monkeypatch.setattr(nightly.locks, "held", taken)
    said, failed = run()
    assert not failed
    assert "Another nightly run is at work" in said
    assert commands["called"] == []
    assert not NightlyRun.objects.exists()


def test_the_dead_are_buried_by_the_next(commands):
    dead, done = make_run(timezone.now(), RUNNING), make_run(timezone.now(), DONE)
    run()
    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.state, done.state) == (BROKEN_OFF, DONE)


def test_every_step_is_a_command():
    from django.core.management import get_commands

    assert set(STEPS) <= set(get_commands())
    assert {"check_data", "prune_exports", "clearsessions", "prune_backups"} < set(STEPS)
    assert list(STEPS).index("backup") > list(STEPS).index("recompute_tiers")
