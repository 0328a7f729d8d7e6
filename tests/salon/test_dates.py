"""Days: the business date of a moment, months counted backwards, birthdays."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.dates import (
    FIRST_DAY,
    LAST_DAY,
    Period,
    age_on,
    birthday_in,
    business_date,
    day_from,
    moment_from,
    moments_of,
    months_before,
)  # fmt: skip

SHANGHAI = ZoneInfo("Asia/Shanghai")
days = st.dates(date(1990, 1, 1), date(2099, 12, 31))


def at(*args):
    return datetime(*args, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(2026, 2, 28, 23, 59, 59, 999_999), date(2026, 2, 28)),
        (at(2026, 3, 1), date(2026, 3, 1)),
        (datetime(2026, 2, 28, 16, 30, tzinfo=UTC), date(2026, 3, 1)),  # 00:30 in Shanghai
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), date(2026, 2, 28)),
    ],
)
def test_a_day_is_the_shops_own_day(moment, day):
    assert business_date(moment) == day


@pytest.mark.parametrize(
    ("hour", "minute", "cutoff", "day"),
    [(0, 30, 0, 2), (0, 30, 1, 1), (2, 59, 3, 1), (3, 0, 3, 2), (5, 59, 6, 1), (6, 0, 6, 2), (23, 59, 6, 2)],
)
def test_late_hours_may_belong_to_the_day_before(hour, minute, cutoff, day):
    assert business_date(at(2026, 3, 2, hour, minute), cutoff_hour=cutoff) == date(2026, 3, day)


@given(days, st.integers(0, 6), st.sampled_from(["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu"]))
def test_the_two_sides_of_the_days_end(day, cutoff, zone):
    """One microsecond before the cut-off is the day before, whatever the zone."""
    begin = datetime(day.year, day.month, day.day, cutoff, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if begin.astimezone(ZoneInfo(zone)).hour != cutoff:  # that hour was skipped on the spring's Sunday
        return
    assert business_date(begin, cutoff_hour=cutoff, time_zone=zone) == day
    assert business_date(begin - timedelta(microseconds=1), cutoff_hour=cutoff, time_zone=zone) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2028, 2, 29), 48, date(2024, 2, 29)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
        (date(2026, 12, 31), 6, date(2026, 6, 30)),
    ],
)
def test_months_backwards_are_clamped_to_the_months_end(day, months, before):
    assert months_before(day, months) == before


@given(days, st.integers(0, 600))
def test_months_backwards_land_in_the_month_they_should(day, months):
    before = months_before(day, months)
    assert (day.year - before.year) * 12 + day.month - before.month == months
    assert before.day == day.day or (before + timedelta(days=1)).day == 1 and before.day < day.day


def test_a_period_leaves_out_its_first_day_and_holds_its_last():
    period = Period.months(date(2026, 3, 31), 1)
    assert date(2026, 2, 28) not in period
    assert date(2026, 3, 1) in period
    assert date(2026, 3, 31) in period
    assert date(2026, 4, 1) not in period


def test_periods_of_twelve_months_fit_together():
    """No day is counted twice and none is lost between one year's period and the one before."""
    later = Period.months(date(2026, 11, 21), 12)
    earlier = Period.months(later.start, 12)
    counted = [day for n in range(800) if (day := date(2026, 12, 31) - timedelta(days=n)) in later or day in earlier]
    assert len(counted) == len(set(counted)) == (date(2026, 11, 21) - date(2024, 11, 21)).days
    assert not any(day in later and day in earlier for day in counted)


def test_a_calendar_year_begins_on_new_years_day():
    period = Period.calendar_year(date(2026, 3, 1))
    assert date(2025, 12, 31) not in period
    assert date(2026, 1, 1) in period
    assert date(2026, 3, 1) in period
    assert date(2026, 3, 2) not in period


def test_all_time_has_an_end_and_no_beginning():
    period = Period.all_time(date(2026, 3, 1))
    assert date(1900, 1, 1) in period
    assert date(2026, 3, 2) not in period


@pytest.mark.parametrize("year", range(2024, 2034))
def test_who_is_born_on_29_february_has_one_birthday_a_year(year):
    assert birthday_in(year, 2, 29) == date(year, 2, 29 if year % 4 == 0 else 28)


@pytest.mark.parametrize(
    ("day", "born", "age"),
    [
        (date(2026, 5, 4), {"year": 1990, "month": 5, "month_day": 5}, 35),
        (date(2026, 5, 5), {"year": 1990, "month": 5, "month_day": 5}, 36),
        (date(2026, 2, 28), {"year": 2000, "month": 2, "month_day": 29}, 26),
        (date(2026, 2, 27), {"year": 2000, "month": 2, "month_day": 29}, 25),
        (date(2026, 1, 1), {"year": 1990}, 36),
    ],
)
def test_age_is_in_completed_years(day, born, age):
    assert age_on(day, **born) == age


@pytest.mark.parametrize("day", [FIRST_DAY, LAST_DAY])
def test_days_are_of_our_time_to_both_ends(day):
    beyond = day + timedelta(days=1 if day == LAST_DAY else -1)
    assert day_from(day.isoformat()) == day
    assert moment_from(f"{day}T12:00+00:00").date() == day
    for read, text in ((day_from, f"{beyond}"), (moment_from, f"{beyond}T12:00+00:00"), (moment_from, f"{day}T12:00")):
        with pytest.raises(ValueError, match="of our time"):
            read(text)
    assert moments_of(beyond) == moments_of(day)


def test_a_day_has_the_hours_of_its_branch():
    branch = SimpleNamespace(cutoff_hour=4, time_zone="Asia/Urumqi")
    begin, end = moments_of(date(2026, 3, 1), branch)
    assert (begin, end) == (datetime(2026, 2, 28, 22, tzinfo=UTC), datetime(2026, 3, 1, 22, tzinfo=UTC))
    assert moments_of(date(2026, 3, 1), SimpleNamespace(cutoff_hour=0, time_zone="")) == moments_of(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("month", "day", "age"), [(3, 1, 36), (3, 2, 35), (2, 28, 36), (None, None, 36), (3, None, 36), (None, 2, 36)]
)
def test_somebody_is_a_year_older_on_the_day(month, day, age):
    assert age_on(date(2026, 3, 1), year=1990, month=month, month_day=day) == age
