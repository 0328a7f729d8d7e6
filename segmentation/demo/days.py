"""The salon's calendar: when it is open, how busy a time of the year is, and the moments of a day as the database stores them.

Days are counted by their ordinal (`date.toordinal`), which is quick to reckon with.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from borax.calendars.lunardate import LunarDate

from segmentation.demo.chance import Weighted

OPENS, CLOSES = 10 * 60, 21 * 60  # minutes after midnight
WEEKDAY_RUSH = (70, 80, 85, 95, 125, 190, 165)  # Monday to Sunday
FESTIVAL_CLOSED = range(-1, 4)  # days from the first day of the lunar year: new year's eve to the fourth
BEFORE_FESTIVAL = range(-32, -1)
AFTER_FESTIVAL = range(4, 26)
MONTH_PACE = {3: 1.06, 5: 1.16, 6: 1.02, 8: 0.9, 11: 1.2, 12: 1.06}  # before Mother's Day and summer; the November sales
OFFER_MONTHS = (5, 11)
AHEAD = 800  # how far after the last day plans may reach


class Day:
    """One open day of one branch."""

    __slots__ = ("_base", "_next", "_offset", "_previous", "has_offer", "iso", "ordinal", "years_ago")

    def __init__(self, ordinal, *, offset, years_ago, has_offer):
        day = date.fromordinal(ordinal)
        self.ordinal, self.iso, self.years_ago, self.has_offer = ordinal, day.isoformat(), years_ago, has_offer
        self._offset = offset
        self._base, self._previous, self._next = (f"{day + timedelta(n)} " for n in (0, -1, 1))

    def stamp(self, minute):
        """The moment `minute` minutes after local midnight, in UTC, as both databases take it."""
        minute -= self._offset
        if 0 <= minute < 1440:
            return self._base + CLOCK[minute]
        return self._previous + CLOCK[minute + 1440] if minute < 0 else self._next + CLOCK[minute - 1440]


CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(1440)]


class Days:
    """All days from `first` to `last` and some after, with the festivals in them."""

    def __init__(self, first, last, time_zone):
        self.first, self.last = first.toordinal(), last.toordinal()
        self._zone = ZoneInfo(time_zone)
        count = self.last - self.first + AHEAD
        dates = [first + timedelta(n) for n in range(count)]
        festivals = [LunarDate(year, 1, 1).to_solar_date().toordinal() for year in range(first.year, dates[-1].year + 1)]
        self._pace = [MONTH_PACE.get(day.month, 1.0) for day in dates]
        open_days = [True] * count
        for festival in festivals:
            self._mark(festival, BEFORE_FESTIVAL, self._pace, 1.35)
            self._mark(festival, AFTER_FESTIVAL, self._pace, 0.65)
            self._mark(festival, FESTIVAL_CLOSED, open_days, False)
        self._next_open = self._next_open_days(open_days)
        self._shift = [Weighted([(by, WEEKDAY_RUSH[(weekday + by) % 7]) for by in range(-3, 4)]) for weekday in range(7)]

    def _mark(self, festival, around, marks, value):
        for by in around:
            index = festival + by - self.first
            if 0 <= index < len(marks):
                marks[index] = value

    def _next_open_days(self, open_days):
        following, upcoming = [0] * len(open_days), self.first + len(open_days)
        for index in range(len(open_days) - 1, -1, -1):
            if open_days[index]:
                upcoming = self.first + index
            following[index] = upcoming
        return following

    def open_on_or_after(self, ordinal):
        return self._next_open[ordinal - self.first]

    def plan(self, rng, ordinal, gap):
        """The day of the next visit about `gap` days after this one: sooner in busy seasons, rather on a weekend."""
        target = ordinal + max(1, int(gap * (0.75 + rng.random() * 0.5) / self._pace[ordinal - self.first] + 0.5))
        if gap > 5:
            target += self._shift[(target - 1) % 7].draw(rng)
        limit = self.first + len(self._next_open) - 1
        return self._next_open[min(max(target, ordinal + 1), limit) - self.first]

    def day(self, ordinal):
        """The Day of an ordinal, which may lie before the first."""
        day, index = date.fromordinal(ordinal), ordinal - self.first
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        return Day(
            ordinal,
            offset=int(noon.utcoffset().total_seconds()) // 60,
            years_ago=(self.last - ordinal) // 365,
            has_offer=day.month in OFFER_MONTHS or (index >= 0 and self._pace[index] > 1.3),
        )

    def open_days(self):
        """The open days of the history, in order; the last day itself is the front desk's."""
        return (self.day(n) for n in range(self.first, self.last) if self._next_open[n - self.first] == n)


def minute_of(moment, ordinal, time_zone):
    """Minutes from the local midnight of a day to an aware moment."""
    day = date.fromordinal(ordinal)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone))
    return int((moment - midnight.astimezone(UTC)).total_seconds()) // 60
