"""Rank and cumulative share are those of the definition, whatever the distribution and the number of steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.runs import ladder
from segmentation.runs.models import TierRun, TierSpan
from segmentation.runs.recompute import recompute
from segmentation.scoring import abc
from tests.segmentation.histories import day, make_customers, make_visits


@given(st.lists(st.integers(-5, 40), max_size=60), st.integers(1, 12))
def test_each_step_counts_everybody_above_it(amounts, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "STEPS", size)
        steps = ladder.steps(sorted(amounts))
    assert [step[0] for step in steps] == sorted({step[0] for step in steps})
    for amount, count, spent in steps:
        at_least = [each for each in amounts if each >= amount]
        assert (count, spent) == (len(at_least), sum(each for each in at_least if each > 0))


@pytest.mark.parametrize("steps", [1, 3, 500])
@pytest.mark.parametrize("months", [12, 3])
def test_standings_by_the_definition(branch, monkeypatch, steps, months):
    monkeypatch.setattr(ladder, "STEPS", steps)
    amounts = [700, 500, 500, 300, 300, 300, 100, 20, 20, 0, -50]
    people = make_customers(branch, [f"p{n}" for n in range(len(amounts))])
    rows = [(who, day("2026-06-01"), [1_000, fen - 1_000]) for who, fen in zip(people.values(), amounts, strict=True)]
    make_visits(branch, rows)
    recompute(as_of=day("2026-06-30"))
    run = recompute(as_of=day("2026-06-30"), months=months)
    found = ladder.standings(run, amounts)
    ordered = sorted(amounts)
    for amount in amounts:
        standing = found[amount]
        assert (standing.rank, standing.count) == (abc.rank(ordered, amount), len(amounts))
        assert (standing.share_fen, standing.total_fen) == abc.cumulative_share(ordered, amount)


def test_one_query_for_all(branch, django_assert_num_queries):
    people = make_customers(branch, [f"p{n}" for n in range(30)])
    make_visits(branch, [(who, day("2026-06-01"), [100 * n]) for n, who in enumerate(people.values(), start=1)])
    recompute(as_of=day("2026-06-30"))
    amounts = list(TierSpan.objects.values_list("consumption_fen", flat=True))
    run = TierRun.objects.current()
    with django_assert_num_queries(1):
        assert len(ladder.standings(run, amounts)) == 30
    with django_assert_num_queries(0):
        assert ladder.standings(run, []) == {}
