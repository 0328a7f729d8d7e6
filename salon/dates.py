"""Days: the business date of a moment, and periods counted in calendar months. `as_of` is an argument; no clock is read here."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

# What is typed or sent lies between these; further out Python's own calendar ends, and an hour more or less is an error.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def day_from(text):
    """The date somebody sent as ISO text. Raises ValueError for anything else, and for a day that is not of our time."""
    day = date.fromisoformat(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{text} is not a day of our time")
    return day


def moment_from(text):
    """The aware datetime somebody sent as ISO text. Raises ValueError for anything else, and for a day not of our time."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not FIRST_DAY <= at.date() <= LAST_DAY:
        raise ValueError(f"{text} is not a moment of our time")
    return at


def business_date(at, *, cutoff_hour=0, time_zone=""):
    """The business day an aware datetime belongs to, in `time_zone` (default: the installation's).

    A shop open past midnight may set `cutoff_hour` (0-6): hours before it belong to the day before.
    """
    local = at.astimezone(ZoneInfo(time_zone or settings.TIME_ZONE))
    return (local - timedelta(hours=cutoff_hour)).date()


def months_before(day, months):
    """The same day `months` earlier, clamped to the month's end (31 March minus 1 month: 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Period:
    """Days with start < day <= end. `start` None: since ever."""

    start: date | None
    end: date

    @classmethod
    def months(cls, as_of, months):
        """The `months` up to and including `as_of`."""
        return cls(months_before(as_of, months), as_of)

    @classmethod
    def all_time(cls, as_of):
        """Everything up to and including `as_of`."""
        return cls(None, as_of)

    @classmethod
    def calendar_year(cls, as_of):
        """1 January to `as_of`, both included."""
        return cls(date(as_of.year - 1, 12, 31), as_of)

    def __contains__(self, day):
        return (self.start is None or self.start < day) and day <= self.end


def birthday_in(year, month, day):
    """The date a birthday is kept in `year`: 29 February is kept on the 28th in common years."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def age_on(day, *, year, month=None, month_day=None):
    """Completed years on `day`; with only a birth year known, the age reached in that year."""
    if month is None or month_day is None:
        return day.year - year
    return day.year - year - (birthday_in(day.year, month, month_day) > day)


def moments_of(day, branch=None):
    """(begin, end) of a business day at a branch, as aware datetimes: begin <= moment < end. A day that is not of our time is the
    first or the last that is.
    """
    day = min(max(day, FIRST_DAY), LAST_DAY)
    cutoff_hour, time_zone = (branch.cutoff_hour, branch.time_zone) if branch else (0, "")
    zone = ZoneInfo(time_zone or settings.TIME_ZONE)
    begin, end = (datetime.combine(each, time(cutoff_hour), zone) for each in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)
