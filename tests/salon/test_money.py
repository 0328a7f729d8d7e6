"""Money: fen in, fen out, nothing lost."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from salon.money import YuanField, average, extended_price, format_money, prorated, spread, to_fen, to_yuan
from salon.templatetags.salon import percent


@pytest.mark.parametrize(
    ("text", "fen"), [("380", 38_000), ("0.005", 1), ("-0.005", -1), ("1.994", 199), ("12345.67", 1_234_567)]
)
def test_yuan_become_fen_rounding_half_away_from_zero(text, fen):
    assert to_fen(Decimal(text)) == fen


@pytest.mark.parametrize(("fen", "shown"), [(199_950, "¥\xa02,000"), (199_949, "¥\xa01,999"), (-50, "−¥\xa01")])
def test_whole_yuan_are_rounded_not_cut_off(fen, shown):
    assert format_money(fen, places=0) == shown


@pytest.mark.parametrize(
    ("part", "places", "shown"),
    [(0.70694, 1, "70.7%"), (53 / 268, 1, "19.8%"), (0.9995, 0, "100%"), (0, 1, "0.0%"), (1, 1, "100.0%")],
)
def test_a_share_is_rounded_as_excel_rounds_it(part, places, shown):
    assert percent(part, places) == shown


@given(st.integers(-(10**12), 10**12))
def test_fen_survive_the_way_to_yuan_and_back(fen):
    assert to_fen(to_yuan(fen)) == fen


@pytest.mark.parametrize(("fen", "count", "each"), [(100, 3, 33), (5, 2, 3), (-5, 2, -3), (0, 4, 0), (100, 0, 0)])
def test_an_average_is_whole_fen(fen, count, each):
    assert average(fen, count) == each


@given(st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_a_part_of_an_amount_is_the_nearest_fen_and_halves_go_away_from_zero(fen, part, whole):
    exact = Decimal(fen * part) / whole
    assert prorated(fen, part, whole) == to_fen(exact / 100)
    assert prorated(fen, -part, whole) == -prorated(fen, part, whole)


@pytest.mark.parametrize(("fen", "milli", "price"), [(333, 1500, 500), (1, 500, 1), (1, -500, -1), (1, 499, 0), (99, 3000, 297)])
def test_an_extended_price_is_quantity_times_unit_price(fen, milli, price):
    assert extended_price(fen, milli) == price


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_total_is_spread_without_loss_and_never_off_by_more_than_one(total, weights):
    parts = spread(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights))


def test_the_remainder_goes_to_the_largest_fractions_first():
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(-100, [1, 1, 1]) == [-34, -33, -33]
    assert spread(10, [0, 0]) == [10, 0]
    assert spread(10, []) == []


def test_money_is_written_with_symbol_grouping_and_a_true_minus(settings):
    settings.CURRENCY = "CNY"
    assert format_money(842_000) == "¥\xa08,420.00"
    assert format_money(-50) == "−¥\xa00.50"
    assert format_money(842_000, symbol=False) == "8,420.00"


@pytest.mark.parametrize("typed", ["380", " 380.00 ", "¥380", "￥ 380", "380.0"])
def test_people_may_type_money_their_way(typed):
    assert YuanField().clean(typed) == 38_000


@pytest.mark.parametrize("typed", ["1,380", "¥ 1，380.00", "1,380.0"])
def test_commas_stand_between_thousands(typed):
    assert YuanField().clean(typed) == 138_000
    assert YuanField(max_fen=10**12).clean("1,234,567") == 123_456_700


@pytest.mark.parametrize(
    "typed",
    [
        "abc", "1e9999", "NaN", "Infinity", "-1", "1.234", "9" * 20, "1e3", "1_000",
        "38,00", "1,5", "38，5", "12,34", "1234,567", "1,2345", "0,500", ",500", "1,000,5", "1.5,000",
    ],
)  # fmt: skip
def test_what_is_not_money_is_refused(typed):
    with pytest.raises(ValidationError):
        YuanField().clean(typed)
