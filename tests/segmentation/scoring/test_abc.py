"""ABC by share: the definition, its bounds, and what must hold for any data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.scoring import abc

AMOUNTS = st.lists(st.integers(-500, 5000), max_size=60)


def by_definition(amounts, amount):
    total = sum(each for each in amounts if each > 0)
    before = sum(each for each in amounts if each > amount)
    if amount <= 0 or not total:
        return "C"
    return "A" if 100 * before < 70 * total else "B" if 100 * before < 90 * total else "C"


@given(AMOUNTS)
def test_bounds_give_the_class_of_the_definition(amounts):
    bounds = abc.bounds(sorted(amounts))
    assert [bounds.class_of(amount) for amount in amounts] == [by_definition(amounts, amount) for amount in amounts]


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_order_does_not_matter(amounts, chance):
    assert abc.bounds(sorted(chance.sample(amounts, len(amounts)))) == abc.bounds(sorted(amounts))


@given(AMOUNTS, st.integers(-600, 6000), st.integers(0, 900))
def test_more_is_never_in_a_worse_class(amounts, amount, more):
    bounds = abc.bounds(sorted(amounts))
    assert bounds.class_of(amount + more) <= bounds.class_of(amount)


@given(AMOUNTS)
def test_the_sums_of_the_classes_are_the_sum_of_all(amounts):
    bounds = abc.bounds(sorted(amounts))
    sums = {letter: sum(a for a in amounts if bounds.class_of(a) == letter) for letter in abc.CLASSES}
    assert sum(sums.values()) == sum(amounts)
    assert bounds.total == sum(amount for amount in amounts if amount > 0)
    assert sums["A"] * 100 >= 70 * bounds.total  # whoever crosses the limit is inside
    assert (sums["A"] + sums["B"]) * 100 >= 90 * bounds.total


@given(AMOUNTS, st.integers(1, 100))
def test_the_unit_does_not_matter(amounts, factor):
    bounds, moved = abc.bounds(sorted(amounts)), abc.bounds(sorted(a * factor for a in amounts))
    assert [bounds.class_of(a) for a in amounts] == [moved.class_of(a * factor) for a in amounts]


@given(AMOUNTS)
def test_rank_and_share_by_their_definitions(amounts):
    ordered, total = sorted(amounts), sum(a for a in amounts if a > 0)
    for amount in amounts:
        assert abc.rank(ordered, amount) == 1 + sum(each > amount for each in amounts)
        ahead = sum(each for each in amounts if each >= amount)
        assert abc.cumulative_share(ordered, amount) == ((ahead, total) if amount > 0 else (1, 1))


@pytest.mark.parametrize(
    ("amounts", "bounds"),
    [
        ([], (None, None, 0)),
        ([-5, 0], (None, None, 0)),
        ([10], (10, 10, 10)),
        ([10, 10, 10], (10, 10, 30)),
        ([5, 5, 20, 70], (70, 20, 100)),  # exactly 70 is ahead of the second, exactly 90 ahead of the third
        ([5, 6, 20, 69], (20, 6, 100)),  # the one who crosses a limit is inside
        ([1, 1, 1, 1, 96], (96, 96, 100)),
        ([10] * 10, (10, 10, 100)),
        ([-100, 0, 30, 30, 40], (30, 30, 100)),  # equals are in one class
    ],
)
def test_bounds_by_hand(amounts, bounds):
    found = abc.bounds(amounts)
    assert (found.a_from, found.b_from, found.total) == bounds


@pytest.mark.parametrize(("count", "top"), [(100, 1), (101, 2), (1, 1), (0, 0), (1000, 10)])
def test_the_top_percent(count, top):
    assert sum(abc.is_top(ahead, count, 1) for ahead in range(count)) == top
