"""A run: figures as defined, tiers as spans, the current run, studies, and what a repeated run leaves untouched."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from segmentation.runs import spans as writing
from segmentation.runs.models import StudyTier, TierRun, TierSpan
from segmentation.runs.queries import lag
from segmentation.runs.recompute import recompute
from tests.segmentation.histories import day, make_customers, make_visits

AS_OF = day("2026-06-30")


def spans(run=None):
    """{name: (tier, visit days, fen)} as a run left them."""
    found = TierSpan.objects.at(run or TierRun.objects.current()).select_related("customer")
    return {span.customer.name: (span.tier, span.visit_days, span.consumption_fen) for span in found}


@pytest.fixture
def people(branch):
    return make_customers(branch, ["甲", "乙", "丙", "丁", "戊", "己"])


def test_a_run_of_nothing(db):
    run = recompute(as_of=AS_OF)
    assert (run.status, run.universe, run.scored, run.changed, run.total_fen) == ("finished", 0, 0, 0, 0)
    assert TierRun.objects.current() == run
    assert run.bounds == {"r": [None] * 4, "f": [None] * 4, "m": [None] * 4, "abc": [None, None]}


def test_figures_by_hand(branch, other_branch, people):
    """Ties, refunds, zero lines, anonymous sales, two branches, the ends of the period, a visit after the day."""
    make_visits(
        branch,
        [
            (people["甲"], day("2026-06-30"), [50_000, 20_000]),  # the day itself is included
            (people["甲"], day("2026-01-05"), [60_000]),
            (people["乙"], day("2026-03-01"), [40_000]),
            (people["乙"], day("2026-03-02"), [-10_000]),  # a refund counts on its own date and is no paid day
            (people["丙"], day("2025-07-01"), [15_000]),  # the first day of the period
            (people["丙"], day("2026-02-02"), [0, 15_000]),
            (people["丁"], day("2025-06-30"), [90_000]),  # the day before the period
            (people["丁"], day("2026-05-05"), [0]),  # a free visit
            (people["戊"], day("2026-04-04"), [0]),  # never paid: not of the universe
            (people["己"], day("2026-07-01"), [70_000]),  # after the day
            (None, day("2026-06-01"), [500_000]),  # nobody known
        ],
    )
    make_visits(other_branch, [(people["甲"], day("2026-06-30"), [10_000])], serial=100)  # one day at two branches is one day
    run = recompute(as_of=AS_OF)
    assert spans() == {"甲": ("A", 2, 140_000), "乙": ("B", 1, 30_000), "丙": ("B", 2, 30_000), "丁": ("C", 0, 0)}
    assert (run.universe, run.scored, run.total_fen) == (4, 3, 200_000)
    lapsed = TierSpan.objects.get(customer=people["丁"])
    assert (lapsed.r, lapsed.f, lapsed.m, lapsed.segment) == (0, 0, 0, "lapsed")
    assert (lapsed.first_paid_on, lapsed.last_paid_on) == (day("2025-06-30"), day("2025-06-30"))
    best = TierSpan.objects.get(customer=people["甲"])
    # of three, two are worse than her in recency and money, one in frequency (丙 has as many days)
    assert (best.r, best.f, best.m, best.segment) == (1 + 5 * 2 // 3, 1 + 5 * 1 // 3, 1 + 5 * 2 // 3, "potential_loyal")
    assert run.bounds["abc"] == [140_000, 30_000]


def test_a_second_run_writes_its_own_row_and_no_other(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100]), (people["乙"], day("2026-05-01"), [200])])
    recompute(as_of=AS_OF)
    before = list(TierSpan.objects.order_by("pk").values())
    with connection.execute_wrapper(written := Written()):
        again = recompute(as_of=AS_OF)
    assert again.changed == 0
    assert list(TierSpan.objects.order_by("pk").values()) == before
    assert written.tables == {"segmentation_tierrun", "run_figures", "run_changes"}


class Written(set):
    """An execute wrapper that collects the tables written to."""

    tables = property(lambda self: set(self))

    def __call__(self, execute, sql, params, many, context):
        words = sql.split()
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            self.add(next(word for word in words[1:] if word not in ("INTO", "FROM")).strip('"'))
        return execute(sql, params, many, context)


def test_tiers_move_and_remember(branch, people):
    jia, yi = people["甲"], people["乙"]
    make_visits(branch, [(jia, day("2026-01-01"), [90_000]), (yi, day("2026-01-02"), [10_000])])
    first = recompute(as_of=day("2026-02-01"))
    assert {name: tier for name, (tier, _d, _f) in spans().items()} == {"甲": "A", "乙": "C"}
    make_visits(branch, [(yi, day("2026-02-03"), [900_000])], serial=50)
    second = recompute(as_of=day("2026-02-04"))
    assert {name: tier for name, (tier, _d, _f) in spans().items()} == {"甲": "C", "乙": "A"}
    now = TierSpan.objects.get(customer=yi, to_run=None)
    assert (now.tier, now.previous_tier, now.tier_since) == ("A", "C", day("2026-02-04"))
    make_visits(branch, [(yi, day("2026-02-05"), [100])], serial=60)
    third = recompute(as_of=day("2026-02-06"))
    now = TierSpan.objects.get(customer=yi, to_run=None)
    assert (now.tier, now.previous_tier, now.tier_since, now.from_run) == ("A", "C", day("2026-02-04"), third)
    assert spans(first)["乙"] == ("C", 1, 10_000)
    assert spans(second)["乙"] == ("A", 2, 910_000)


def test_who_leaves_the_universe_and_comes_back_begins_anew(branch, people):
    jia, yi = people["甲"], people["乙"]
    visits = make_visits(branch, [(jia, day("2026-01-01"), [90_000]), (yi, day("2026-01-02"), [10_000])])
    recompute(as_of=day("2026-02-01"))
    type(visits[1]).objects.filter(pk=visits[1].pk).update(status="voided", voided_at=visits[1].recorded_at)
    recompute(as_of=day("2026-02-02"))
    assert set(spans()) == {"甲"}
    make_visits(branch, [(yi, day("2026-02-03"), [800_000])], serial=50)
    recompute(as_of=day("2026-02-04"))
    back = TierSpan.objects.get(customer=yi, to_run=None)
    assert (back.tier, back.previous_tier, back.tier_since) == ("A", "C", day("2026-02-04"))


def test_merged_cards_are_not_of_the_universe(branch, people):
    make_visits(branch, [(people["甲"], day("2026-01-01"), [100]), (people["乙"], day("2026-01-01"), [100])])
    type(people["乙"]).objects.filter(pk=people["乙"].pk).update(merged_into=people["甲"])
    assert recompute(as_of=AS_OF).universe == 1


@pytest.mark.parametrize("asked", [{"as_of": day("2026-06-29")}, {"as_of": AS_OF, "months": 6}, {"as_of": AS_OF, "months": None}])
def test_another_day_or_period_is_a_study_and_leaves_history_alone(branch, people, asked):
    make_visits(branch, [(people["甲"], day("2024-06-01"), [100]), (people["乙"], day("2026-05-01"), [200])])
    current = recompute(as_of=AS_OF)
    before = list(TierSpan.objects.order_by("pk").values())
    study = recompute(**asked)
    assert study.is_study
    assert TierRun.objects.current() == current
    assert list(TierSpan.objects.order_by("pk").values()) == before
    assert StudyTier.objects.filter(run=study).count() == study.universe == 2


def test_a_day_that_has_not_begun_is_only_tried(branch, people):
    """A year mistyped, even in the first run, must not stand in the way of every night until then."""
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    for as_of in (timezone.localdate() + timedelta(days=days) for days in (2, 3000)):
        assert recompute(as_of=as_of).is_study
    assert TierRun.objects.current() is None
    today = recompute(as_of=timezone.localdate())
    assert TierRun.objects.current() == today


def test_a_run_made_while_the_clock_was_wrong_gives_way(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    with time_machine.travel(timezone.now() + timedelta(days=3000)):
        wrong = recompute(as_of=timezone.localdate())
    assert TierRun.objects.current() == wrong
    assert recompute(as_of=day("2026-06-20")).is_study
    right = recompute(as_of=timezone.localdate())
    assert TierRun.objects.current() == right
    assert TierSpan.objects.at(right).get().tier == "A"


@pytest.mark.usefixtures("either_way")
def test_the_last_five_studies_are_kept(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    recompute(as_of=AS_OF)
    studies = [recompute(as_of=AS_OF, months=months) for months in range(1, 8)]
    assert list(TierRun.objects.filter(is_study=True).order_by("pk")) == studies[2:]
    assert StudyTier.objects.count() == 5
    assert [[row.run for row in study.figures()] for study in studies[2:]] == [[study] for study in studies[2:]]


def test_a_missed_week_is_one_run_and_the_day_may_repeat(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    recompute(as_of=day("2026-06-20"))
    later = recompute(as_of=AS_OF)
    assert not later.is_study
    assert TierRun.objects.published().count() == 2


def test_what_is_taken_back_is_so_in_short_transactions(branch, people, monkeypatch):
    """Between them whoever saves at the desk has her turn."""
    make_visits(branch, [(who, day("2026-06-01"), [100]) for who in list(people.values())[:5]])
    run, left = recompute(as_of=AS_OF), []
    monkeypatch.setattr(writing, "CHUNKS", {connection.vendor: 2})
    monkeypatch.setattr(writing, "pause", lambda: left.append(TierSpan.objects.count()))
    writing.undo(run)
    assert left == [3, 1, 0]


def test_a_dry_run_stores_nothing(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    run = recompute(as_of=AS_OF, dry_run=True)
    assert (run.pk, run.universe, run.changed) == (None, 1, 1)
    assert not TierRun.objects.exists()
    assert not TierSpan.objects.exists()


def test_a_dry_run_of_a_study_says_too_how_many_it_would_change(branch, people):
    make_visits(branch, [(people["甲"], day("2026-06-20"), [100]), (people["乙"], day("2026-01-01"), [100])])
    recompute(as_of=AS_OF)
    study = recompute(as_of=AS_OF, months=1, dry_run=True)
    assert (study.is_study, study.changed) == (True, 2)


def test_the_first_run_is_current_whatever_its_period_and_the_usual_one_follows(branch, people):
    make_visits(branch, [(people["甲"], day("2020-06-01"), [100]), (people["乙"], day("2026-05-01"), [200])])
    first = recompute(as_of=AS_OF, months=None)
    assert (first.is_study, TierRun.objects.current()) == (False, first)
    assert recompute(as_of=AS_OF, months=None).is_study
    usual = recompute(as_of=AS_OF)
    assert TierRun.objects.current() == usual


def test_the_command_says_what_became_of_the_day_it_was_given(branch, capsys):
    call_command("recompute_tiers", "--as-of", "2099-01-01")
    assert "has not begun yet, so this is study" in capsys.readouterr().out
    with pytest.raises(CommandError, match="2026-02-30 is no day"):
        call_command("recompute_tiers", "--as-of", "2026-02-30")


@pytest.mark.parametrize("given", [(), ("--as-of", "today")], ids=["by default", "of today"])
def test_a_study_of_a_day_that_has_begun_is_called_one(branch, people, capsys, given):
    make_visits(branch, [(people["甲"], day("2026-06-01"), [100])])
    call_command("recompute_tiers")
    days = [timezone.localdate().isoformat() if each == "today" else each for each in given]
    call_command("recompute_tiers", "--months", "6", *days)
    study = TierRun.objects.get(is_study=True)
    assert f"This is study {study.pk}; the current tiers stay as they are." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "told"), [("started", (True, False)), ("failed", (False, True)), ("finished", (False, False))]
)
def test_what_became_of_a_run_that_is_behind(db, status, told):
    found = lag(None, [TierRun(status=status)], timezone.now())
    assert (found.is_working, found.has_failed) == told
    assert lag(TierRun(as_of=timezone.localdate()), [], timezone.now()) is None
