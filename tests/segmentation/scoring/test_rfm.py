"""RFM scores and segments: the definition, its bounds, and what must hold for any data."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.scoring import rfm

VALUES = st.lists(st.integers(-50, 50), min_size=1, max_size=80)


def by_definition(values, value):
    return 1 + rfm.SCORES * sum(each < value for each in values) // len(values)


@given(VALUES)
def test_bounds_give_the_score_of_the_definition(values):
    bounds = rfm.bounds(sorted(values))
    assert [rfm.score(value, bounds) for value in values] == [by_definition(values, value) for value in values]


@given(VALUES, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_ties_are_never_split(values, chance):
    shuffled = chance.sample(values, len(values))
    assert rfm.bounds(sorted(shuffled)) == rfm.bounds(sorted(values))


@given(VALUES, st.integers(-60, 60), st.integers(0, 20))
def test_more_never_scores_less(values, value, more):
    bounds = rfm.bounds(sorted(values))
    assert rfm.score(value, bounds) <= rfm.score(value + more, bounds)


@given(VALUES, st.integers(1, 9), st.integers(-9, 9))
def test_the_unit_does_not_matter(values, factor, shift):
    bounds = rfm.bounds(sorted(values))
    moved = rfm.bounds(sorted(value * factor + shift for value in values))
    assert [rfm.score(v, bounds) for v in values] == [rfm.score(v * factor + shift, moved) for v in values]


@given(st.lists(st.integers(), min_size=5, max_size=60, unique=True))
def test_without_ties_the_fifths_differ_by_one_at_most(values):
    bounds = rfm.bounds(sorted(values))
    sizes = [sum(rfm.score(value, bounds) == score for value in values) for score in range(1, 6)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([], (None, None, None, None)),
        ([7], (None, None, None, None)),
        ([7, 7, 7, 7, 7, 7], (None, None, None, None)),
        ([1, 2, 3, 4, 5], (2, 3, 4, 5)),
        ([1, 1, 1, 1, 1, 9], (9, 9, 9, 9)),
        ([1, 1, 2, 2, 2], (2, 2, None, None)),
        ([3, 3, 3, 3, 8, 8, 8, 9, 9, 9], (8, 8, 9, None)),
    ],
)
def test_bounds_by_hand(values, bounds):
    assert rfm.bounds(values) == bounds


def test_days_may_be_scored_too():
    days = sorted(random.Random(1).choices(range(730_000, 730_400), k=300))
    bounds = rfm.bounds(days)
    assert {rfm.score(day, bounds) for day in days} == {1, 2, 3, 4, 5}


def test_every_pair_of_scores_has_one_segment():
    assert set(rfm.SEGMENTS) == {1, 2, 3, 4, 5}
    assert {len(row) for row in rfm.SEGMENTS.values()} == {5}
    found = {rfm.segment(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)}
    assert found == set(rfm.NAMES)
    assert len(rfm.NAMES) == 11
    assert rfm.segment(0, 0, 0) == rfm.LAPSED


# The table of DESIGN.md, read once more: R, then FM from 1 to 5.
TABLE = """
5 new promising potential_loyal champion champion
4 promising promising potential_loyal loyal champion
3 about_to_sleep need_attention need_attention loyal loyal
2 hibernating about_to_sleep at_risk at_risk cannot_lose
1 lost hibernating at_risk cannot_lose cannot_lose
"""


@pytest.mark.parametrize("row", TABLE.split("\n")[1:-1])
def test_the_segments(row):
    r, *names = row.split()
    assert [rfm.segment(int(r), fm, fm) for fm in range(1, 6)] == names


@pytest.mark.parametrize(("f", "m", "fm"), [(1, 1, 1), (1, 2, 2), (1, 5, 3), (2, 5, 4), (5, 5, 5), (4, 5, 5), (3, 4, 4)])
def test_frequency_and_money_in_one(f, m, fm):
    assert rfm.fm(f, m) == rfm.fm(m, f) == fm
