"""Birthdays in both calendars."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from customers.card import birthdays


def born(calendar, year, month, day):
    return SimpleNamespace(birth_calendar=calendar, birth_year=year, birth_month=month, birth_day=day)


@pytest.mark.parametrize(
    ("calendar", "year", "month", "day", "today", "kept"),
    [
        ("solar", 1990, 6, 12, date(2026, 6, 12), date(2026, 6, 12)),
        ("solar", 1990, 6, 12, date(2026, 6, 13), date(2027, 6, 12)),
        ("solar", None, 2, 29, date(2026, 2, 1), date(2026, 2, 28)),
        ("solar", None, 2, 29, date(2028, 2, 1), date(2028, 2, 29)),
        ("lunar", 1988, 10, 20, date(2026, 11, 22), date(2026, 11, 28)),
        # lunar new year 2026 is 17 February: the last day of the old year is a 29th in 2025 to 2028
        ("lunar", None, 12, 30, date(2026, 1, 1), date(2026, 2, 16)),
        ("lunar", None, 12, 30, date(2026, 2, 17), date(2027, 2, 5)),
        ("lunar", None, 1, 1, date(2026, 2, 16), date(2026, 2, 17)),
        ("lunar", 1950, 8, 15, date(2026, 9, 1), date(2026, 9, 25)),
    ],
)
def test_next_birthday(calendar, year, month, day, today, kept):
    assert birthdays.next_birthday(born(calendar, year, month, day), today) == kept


@given(
    calendar=st.sampled_from(["solar", "lunar"]),
    month=st.integers(1, 12),
    day=st.integers(1, 29),
    today=st.dates(date(1950, 1, 1), date(2090, 12, 31)),
)
def test_the_next_birthday_is_never_past_and_within_thirteen_months(calendar, month, day, today):
    coming = birthdays.next_birthday(born(calendar, None, month, day), today)
    assert 0 <= (coming - today).days <= 385
    again = birthdays.next_birthday(born(calendar, None, month, day), coming)
    assert again == coming


def test_where_the_lunar_calendar_is_not_known_any_more_neither_is_the_birthday():
    assert birthdays.next_birthday(born("lunar", 1988, 1, 1), date(2100, 1, 1)) == date(2100, 2, 9)  # of its last year
    assert birthdays.next_birthday(born("lunar", 1988, 10, 20), date(2100, 12, 30)) is None


def test_near_means_within_fourteen_days():
    assert birthdays.near(born("solar", None, 6, 15), date(2026, 6, 1)) == date(2026, 6, 15)
    assert birthdays.near(born("solar", None, 6, 15), date(2026, 5, 31)) is None
    assert birthdays.near(born("solar", None, None, None), date(2026, 5, 31)) is None


@pytest.mark.parametrize(
    ("who", "today", "years"),
    [
        (born("solar", 1990, 6, 12), date(2026, 6, 11), 35),
        (born("solar", 1990, 6, 12), date(2026, 6, 12), 36),
        (born("solar", 1990, None, None), date(2026, 1, 1), 36),
        (born("lunar", 1990, None, None), date(2026, 1, 1), 36),
        (born("solar", None, 6, 12), date(2026, 6, 12), None),
        # lunar 1990-12-30 was 14 February 1991
        (born("lunar", 1990, 12, 30), date(2026, 2, 13), 34),
        (born("lunar", 1990, 12, 30), date(2026, 2, 14), 35),
    ],
)
def test_age(who, today, years):
    assert birthdays.age(who, today) == years


@pytest.mark.parametrize(
    ("calendar", "year", "month", "day"),
    [
        ("solar", None, 2, 29),
        ("solar", 1996, 2, 29),
        ("lunar", None, 1, 30),
        ("lunar", 2024, 11, 30),
        ("lunar", 1890, 1, 30),  # before the table any month may have had it
        ("lunar", 1944, 4, 30),  # the plain fourth month had 29 days, the leap one 30
        ("solar", 1990, None, None),
        ("solar", None, None, None),
    ],
)
def test_days_that_exist(calendar, year, month, day):
    birthdays.check(calendar, year, month, day)


@pytest.mark.parametrize(
    ("calendar", "year", "month", "day"),
    [
        ("solar", 1995, 2, 29),
        ("solar", None, 2, 30),
        ("solar", None, 0, 1),
        ("solar", None, 13, 1),
        ("solar", None, 1, 0),
        ("solar", None, 1, None),
        ("solar", None, None, 1),
        ("lunar", None, 1, 31),
        ("lunar", 2025, 12, 30),
    ],
)
def test_days_that_do_not(calendar, year, month, day):
    with pytest.raises(ValidationError):
        birthdays.check(calendar, year, month, day)


def test_in_words():
    assert birthdays.in_words(born("solar", 1990, 6, 12)) == "12 Jun 1990"
    assert birthdays.in_words(born("solar", 1990, 6, 12), year=False) == "12 Jun"
    assert birthdays.in_words(born("lunar", 1990, 6, 12), year=False) == "lunar calendar, month 6, day 12"
    assert birthdays.in_words(born("lunar", 1990, 6, 12)) == "lunar calendar 1990, month 6, day 12"
    assert birthdays.in_words(born("solar", None, 6, 12)) == "12 Jun"
    assert birthdays.in_words(born("lunar", None, 6, 12)) == "lunar calendar, month 6, day 12"
    assert birthdays.in_words(born("solar", 1990, None, None)) == "1990"
    assert birthdays.in_words(born("solar", 1990, None, None), year=False) == ""
