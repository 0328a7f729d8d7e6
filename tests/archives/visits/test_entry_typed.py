"""What people type into visit entry and mean as figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives.visits.entry.parsing import WHOLE, parse_discount, parse_shares
from tests.archives.visits.typed_cases import DISCOUNTS, UNREADABLE


@pytest.mark.parametrize(("typed", "list_fen", "discount_fen"), DISCOUNTS)
def test_a_discount_is_read_as_people_write_it(typed, list_fen, discount_fen):
    assert parse_discount(typed).of(list_fen) == discount_fen


@pytest.mark.parametrize("typed", UNREADABLE)
def test_what_could_mean_two_things_means_nothing(typed):
    with pytest.raises(ValueError):
        parse_discount(typed)


@given(st.integers(0, 10**9), st.integers(1, 99))
def test_a_fold_never_gives_more_than_the_price_nor_less_than_nothing(list_fen, percent):
    off = parse_discount(f"{percent:02d}折" if percent != 10 else "1折").of(list_fen)
    assert 0 <= off <= list_fen


@pytest.mark.parametrize(
    ("texts", "shares"),
    [
        ([""], [10_000]),
        (["60", "40"], [6_000, 4_000]),
        (["60", ""], [6_000, 4_000]),
        (["", "", ""], [3_334, 3_333, 3_333]),
        (["33.34%", "33.33", "33.33"], [3_334, 3_333, 3_333]),
        (["５０", "50"], [5_000, 5_000]),
    ],
)
def test_shares_sum_to_the_whole(texts, shares):
    assert parse_shares(texts) == shares
    assert sum(shares) == WHOLE


@pytest.mark.parametrize("texts", [["60", "50"], ["100", ""], ["0", "100"], ["x", "50"], ["-10", "110"], ["60", "30"]])
def test_shares_that_do_not_sum_to_the_whole_are_refused(texts):
    with pytest.raises(ValueError):
        parse_shares(texts)
