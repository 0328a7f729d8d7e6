"""Birthdays in both calendars: which dates exist, when the next one is kept, how old somebody is.

Lunar dates carry no leap mark: who was born in a leap month keeps the birthday in the plain month of that number.
"""

from calendar import monthrange
from datetime import date, timedelta

from borax.calendars.lunardate import LCalendars, LunarDate
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from salon.dates import age_on, birthday_in

SOLAR, LUNAR = "solar", "lunar"
FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR = 1900, 2100  # of the calendar library's table
NEAR_DAYS = 14
LONGEST_MONTHS = {SOLAR: 31, LUNAR: 30}  # days


def check(calendar, year, month, day, *, unread=()):
    """Raise ValidationError with everything that is wrong with a day of birth, at its columns.

    Any part may be None; without a year 29 February exists. `unread`: columns refused already, which are not missing.
    """
    wrong, together = {}, _("Give month and day of birth together, or neither.")
    if month is not None and not 1 <= month <= 12:
        wrong["birth_month"] = _("The month is a number from 1 to 12.")
    elif month is None and day is not None and "birth_month" not in unread:
        wrong["birth_month"] = together
    if day is None and month is not None and "birth_day" not in unread:
        wrong["birth_day"] = together
    elif day is not None:
        is_of_a_month = month is not None and "birth_month" not in wrong
        last = _last_day(calendar, year, month) if is_of_a_month else LONGEST_MONTHS[calendar]
        if not 1 <= day <= last:
            wrong["birth_day"] = _refusal(calendar, day, last)
    if wrong:
        raise ValidationError(wrong)


def _last_day(calendar, year, month):
    if calendar != LUNAR:
        return monthrange(year or 2000, month)[1]
    if year is None or not FIRST_LUNAR_YEAR <= year <= LAST_LUNAR_YEAR:
        return 30
    leap = LCalendars.ndays(year, month, 1) if LCalendars.leap_month(year) == month else 0
    return max(LCalendars.ndays(year, month), leap)


def _refusal(calendar, day, last):
    if calendar == LUNAR and day == 30:
        return _("This lunar month had 29 days in that year; there was no 30th.")
    if calendar == LUNAR:
        return _("A lunar month has at most 30 days.")
    if not 1 <= day <= LONGEST_MONTHS[calendar]:
        return _("The day is a number from 1 to 31.")
    return _("This month has only %(last)d days.") % {"last": last}


def _lunar_in(year, month, day):
    """The solar date of a lunar birthday in a lunar year; a missing 30th is kept on the 29th. None beyond the table."""
    if year > LAST_LUNAR_YEAR:
        return None
    return LunarDate(year, month, min(day, LCalendars.ndays(year, month))).to_solar_date()


def next_birthday(customer, today):
    """The first day from `today` on that the customer's birthday is kept, or None if it is not known."""
    if not customer.birth_month:
        return None
    month, day = customer.birth_month, customer.birth_day
    if customer.birth_calendar == LUNAR:
        year = LunarDate.from_solar(today).year
        days = [_lunar_in(year, month, day), _lunar_in(year + 1, month, day)]
    else:
        days = [birthday_in(today.year, month, day), birthday_in(today.year + 1, month, day)]
    return next((each for each in days if each and each >= today), None)


def near(customer, today):
    """The next birthday if it is within NEAR_DAYS, else None."""
    coming = next_birthday(customer, today)
    return coming if coming and coming - today <= timedelta(days=NEAR_DAYS) else None


def age(customer, today):
    """Completed years, from the year alone if that is all there is; None if the year is not known."""
    year, month, day = customer.birth_year, customer.birth_month, customer.birth_day
    if year is None:
        return None
    if month and customer.birth_calendar == LUNAR:
        born = _lunar_in(year, month, day)
        if born is None:
            return today.year - year
        year, month, day = born.year, born.month, born.day
    return max(0, age_on(today, year=year, month=month, month_day=day))


def in_words(customer, *, year=True):
    """The birthday as text, with the year if it is known and asked for; "" if nothing of it is known."""
    month, day = customer.birth_month, customer.birth_day
    parts = {"year": customer.birth_year, "month": month, "day": day}
    with_year = year and customer.birth_year
    if not month:
        return str(customer.birth_year) if with_year else ""
    if customer.birth_calendar == LUNAR:
        if with_year:
            return _("lunar calendar %(year)d, month %(month)d, day %(day)d") % parts
        return _("lunar calendar, month %(month)d, day %(day)d") % parts
    try:
        return date_format(date(customer.birth_year, month, day), "DATE_FORMAT") if with_year else month_and_day(month, day)
    except ValueError:  # 29 February, given by somebody who does not see that the year had none
        return f"{customer.birth_year}, {month_and_day(month, day)}"


def month_and_day(month, day):
    """A day of the solar year as text, such as "12 June"."""
    return date_format(birthday_in(2000, month, day), "MONTH_DAY_FORMAT")
