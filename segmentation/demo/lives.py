"""When each customer came into the books, when she is first due, and until when she comes."""

from math import log

from segmentation.demo import habits
from segmentation.demo.chance import Weighted, between
from segmentation.demo.shop import NEVER, OLDER_YEARS

KNOWN_BEFORE = 0.36  # had a card already when the history begins
LOST_SINCE = 200  # days at least since a lost customer came
LOOKED_ONLY = 0.5  # of those who never bought came for a free look at the skin
_HABITS = Weighted([(habit, habit.weight) for habit in habits.HABITS])


def newcomers(rng, days, count):
    """[(ordinal of the card's day, habit), ...] of that many customers, in the order of their cards."""
    drawn = [(*_arrival(rng, days, _HABITS.draw(rng)), n) for n in range(count)]
    return [(ordinal, habit) for ordinal, habit, _n in sorted(drawn, key=lambda each: (each[0], each[2]))]


def _arrival(rng, days, habit):
    span = days.last - days.first
    if habit is habits.LOST:
        return days.open_on_or_after(days.first + int(rng.random() * max(1, span - LOST_SINCE - 40))), habit
    if habit in habits.MOSTLY_NEW or rng.random() > KNOWN_BEFORE:
        ordinal = days.open_on_or_after(days.first + int(rng.random() * span))
        return min(ordinal, days.last - 1), habit
    return days.first - 1 - int(OLDER_YEARS * 365 * rng.random() ** 1.4), habit


def begin(rng, days, person):
    """Give a person the days that her habit asks for: first due, last, and from when she comes less."""
    habit, came_on = person.habit, person.since
    if came_on >= days.first:
        person.due = came_on
    else:
        person.due = days.open_on_or_after(days.first + int(rng.random() * max(1, person.gap)))
    if habit is habits.NEVER_BOUGHT:
        person.due = came_on if came_on >= days.first and rng.random() < LOOKED_ONLY else NEVER
    elif habit is habits.ONE_TIME:
        person.until = came_on
    elif habit is habits.LOST:
        latest = days.last - LOST_SINCE
        person.until = person.due + int(rng.random() * max(1, latest - person.due))
    elif habit is habits.LAPSING:
        person.slows_from = days.last - between(rng, 90, habits.WIND_DOWN_DAYS)
    else:
        person.until = person.due - int(log(1 - rng.random()) * habit.stay_years * 365)
