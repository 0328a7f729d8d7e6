"""80/20 by hand and by brute force, whatever the distribution; a company's by its ladder, a branch's by reading it."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.runs import concentration, ladder
from segmentation.runs.queries import concentration_of, overview
from segmentation.runs.recompute import recompute
from segmentation.scoring import abc
from tests.archives.reading import counted
from tests.segmentation.histories import day, make_customers, make_visits

AMOUNTS = st.lists(st.integers(-5, 40), min_size=1, max_size=60)


def expected(amounts):
    """(tops, heads who bring 80 percent) by the definitions alone."""
    ordered, count = sorted(amounts, reverse=True), len(amounts)
    total = sum(max(0, each) for each in amounts)
    tops = []
    for percent in concentration.TOPS:
        within = [each for each in amounts if abc.is_top(sum(other > each for other in amounts), count, percent)]
        tops.append((percent, len(within), sum(max(0, each) for each in within) / total))
    sums = accumulate(max(0, each) for each in ordered)
    return tops, next(heads for heads, spent in enumerate(sums, 1) if 100 * spent >= 80 * total)


def found(few):
    return [(top.percent, top.heads, top.share) for top in few.tops], few.heads


@given(AMOUNTS.filter(lambda amounts: max(amounts) > 0))
def test_by_the_definitions(amounts):
    total = sum(max(0, each) for each in amounts)
    few = concentration.of_amounts(iter(sorted(amounts, reverse=True)), len(amounts), total)
    assert found(few) == expected(amounts)
    assert few.point[0] == few.heads / len(amounts)
    assert few.point[1] >= 0.8
    assert few.curve[0] == (0, 0)
    assert few.curve[-1] == (1, 1)
    assert few.curve == sorted(few.curve)
    assert all(share <= spent + 1e-12 for share, spent in few.curve), "above the line of equal shares"


def test_the_curve_of_very_many_has_about_a_hundred_points_and_ends_with_everybody():
    amounts = range(995, 0, -1)
    curve = concentration.of_amounts(iter(amounts), len(amounts), sum(amounts)).curve
    assert 90 < len(curve) < 110
    assert curve[-1] == (1, 1)


CASES = {
    "ties": [700, 500, 500, 300, 300, 300, 100, 20, 20, 0, -50],
    "one": [100],
    "equal": [10] * 23,
    "long tail": [100_000, *range(1, 60)],
    "nobody paid": [0, -5],
}


@pytest.mark.django_db
@pytest.mark.parametrize("steps", [1, 4, 500])
@pytest.mark.parametrize("case", CASES)
def test_a_company_and_a_branch_that_is_the_company_say_the_same(case, steps, branch, monkeypatch):
    monkeypatch.setattr(ladder, "STEPS", steps)
    amounts = CASES[case]
    people = make_customers(branch, [f"p{n}" for n in range(len(amounts))])
    rows = [(who, day("2026-06-01"), [1_000, fen - 1_000]) for who, fen in zip(people.values(), amounts, strict=True)]
    make_visits(branch, rows)
    for run in (recompute(as_of=day("2026-06-30")), recompute(as_of=day("2026-06-30"), months=1)):
        company, of_branch = (concentration_of(run, scope, overview(run, scope)) for scope in (None, branch))
        assert found(company) == found(of_branch)
        assert company.point == of_branch.point
        if max(amounts) > 0:
            assert found(company) == expected(amounts)
            assert company.curve[-1] == (1, 1)
            assert all(any(x == a and y == pytest.approx(b) for a, b in exact(amounts)) for x, y in company.curve)


@pytest.mark.django_db
@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("steps", [1, 4])
def test_who_bring_exactly_that_much_need_nobody_more(branch, monkeypatch, steps):
    monkeypatch.setattr(ladder, "STEPS", steps)
    people = make_customers(branch, "甲乙丙丁")
    make_visits(branch, [(who, day("2026-06-01"), [fen]) for who, fen in zip(people.values(), (150, 500, 50, 300), strict=True)])
    few = concentration.of_run(recompute(as_of=day("2026-06-30")))
    assert (few.heads, few.point) == (2, (0.5, 0.8))


def exact(amounts):
    ordered, total = sorted(amounts, reverse=True), sum(max(0, each) for each in amounts)
    sums = [0, *accumulate(max(0, each) for each in ordered)]
    return [(heads / len(amounts), spent / total) for heads, spent in enumerate(sums)]


@pytest.mark.django_db
@pytest.mark.parametrize("steps", [1, 4, 500])
def test_the_amount_at_each_place(branch, monkeypatch, steps):
    monkeypatch.setattr(ladder, "STEPS", steps)
    amounts = CASES["ties"]
    people = make_customers(branch, [f"p{n}" for n in range(len(amounts))])
    rows = [(who, day("2026-06-01"), [1_000, fen - 1_000]) for who, fen in zip(people.values(), amounts, strict=True)]
    make_visits(branch, rows)
    run = recompute(as_of=day("2026-06-30"))
    assert [ladder.amount_at(run, place) for place in range(1, len(amounts) + 2)] == [*amounts, None]


@pytest.mark.django_db
def test_a_company_costs_the_same_however_large(branch, django_assert_num_queries):
    people = make_customers(branch, [f"p{n}" for n in range(40)])
    for count in (5, 35):
        chosen = list(people.values())[:count]
        make_visits(branch, [(who, day("2026-06-01"), [100 + n]) for n, who in enumerate(chosen)], serial=count * 100)
        run = recompute(as_of=day("2026-06-30"))
        with django_assert_num_queries(len(concentration.TOPS) + 2):
            concentration.of_run(run)


@pytest.mark.django_db
def test_of_a_company_only_the_amounts_between_two_steps_are_read(branch, monkeypatch):
    monkeypatch.setattr(ladder, "STEPS", 8)
    people = make_customers(branch, [f"p{n}" for n in range(40)])
    make_visits(branch, [(who, day("2026-06-01"), [100 + n]) for n, who in enumerate(people.values())])
    run = recompute(as_of=day("2026-06-30"))
    with counted() as rows:
        concentration.of_run(run)
    assert rows[0] <= 2 * len(concentration.TOPS) + 40 // 8
