"""Kinds of customers: how often they come, how long they stay, what they like. The mix gives the salon its 80/20."""

from dataclasses import dataclass
from typing import NamedTuple

from segmentation.demo.catalogue import MEN_TAKE, ONLY_MEN_TAKE
from segmentation.demo.chance import Weighted
from segmentation.demo.names import FEMALE, MALE
from segmentation.demo.shop import NEVER


class Habit(NamedTuple):
    """What holds for a kind of customer.

    `gap`: shortest and longest usual interval in days. `stay_years`: how long such customers stay on average (0: as long as
    there is a salon). `purses`: weights of the purses 0 (modest) to 3 (lavish). `extra`, `product`: chance per visit of one
    more service, of taking something home. `percents`: usual discounts and their weights.
    """

    name: str
    weight: int
    gap: tuple
    stay_years: float
    purses: tuple
    extra: float
    product: float
    percents: tuple


LOYAL = Habit("loyal", 12, (7, 16), 14, (0, 25, 45, 30), 0.42, 0.34, ((5, 20), (10, 40), (12, 25), (20, 15)))
REGULAR = Habit("regular", 19, (21, 38), 4, (12, 52, 30, 6), 0.28, 0.22, ((0, 50), (5, 30), (10, 20)))
OCCASIONAL = Habit("occasional", 24, (50, 115), 3.5, (40, 45, 13, 2), 0.15, 0.14, ((0, 90), (5, 10)))
LAPSING = Habit("lapsing", 8, (16, 34), 0, (15, 50, 30, 5), 0.24, 0.2, ((0, 50), (5, 40), (10, 10)))
LOST = Habit("lost", 14, (20, 60), 0, (35, 45, 17, 3), 0.2, 0.15, ((0, 80), (5, 20)))
ONE_TIME = Habit("one-time", 14, (30, 60), 0, (60, 35, 5, 0), 0.06, 0.1, ((0, 100),))
NEVER_BOUGHT = Habit("never bought", 9, (0, 0), 0, (60, 35, 5, 0), 0, 0, ((0, 100),))
HABITS = (LOYAL, REGULAR, OCCASIONAL, LAPSING, LOST, ONE_TIME, NEVER_BOUGHT)
MOSTLY_NEW = (LOST, ONE_TIME)  # their whole story lies within the history

# How the purse bends the choice: an item is wanted in proportion to (price / usual price) to this power.
PURSE_BENDS = (-0.8, -0.15, 0.7, 1.45)
USUAL_PRICE = 40_000
FAVOURITES, KEPT = 3, 2  # services and products somebody comes back for
TRUE_TO_DEPARTMENT = 0.7
FIRST_FAVOURITE_AFTER, OTHERS_AFTER = 2, 4  # times her own interval: longer care intervals do not suit a favourite
WIND_DOWN_DAYS = 300  # lapsing customers began to come less at some day of these last ones
WIND_DOWN = 1.45  # by how much each interval grows then


@dataclass(slots=True)
class Person:
    """A customer as history knows her. Days are ordinals: `since` her card was made, `due` is her next visit (or NEVER).

    `services` and `products` are what she may take, `favourites` the services and `keeps` the products she comes back for.
    """

    id: int
    habit: Habit
    since: int
    gap: float
    due: int
    until: int
    slows_from: int
    services: Weighted
    products: Weighted
    favourites: tuple
    keeps: tuple
    supplied_until: int
    worker: object
    percent: int
    purse: int
    avoids: frozenset
    friend: object = None
    visits: int = 0


class Tastes:
    """What people with each purse like, women and men, from the items on offer."""

    def __init__(self, services, products):
        self._services = {
            FEMALE: _by_purse([offer for offer in services if offer.name != ONLY_MEN_TAKE]),
            MALE: _by_purse([offer for offer in services if offer.name in MEN_TAKE]),
        }
        self._products = _by_purse(products)
        self._purses = {habit: Weighted(list(enumerate(habit.purses))) for habit in HABITS}
        self._percents = {habit: Weighted(habit.percents) for habit in HABITS}

    def person(self, rng, *, customer_id, habit, gender, since, avoids=frozenset()):
        """A Person of a habit, without anybody to serve her yet and without any day planned."""
        purse = self._purses[habit].draw(rng)
        services, products = self._services[gender][purse], self._products[purse]
        low, high = habit.gap
        gap = low + rng.random() * (high - low)
        return Person(
            id=customer_id,
            habit=habit,
            since=since,
            gap=gap,
            due=NEVER,
            until=NEVER,
            slows_from=NEVER,
            services=services,
            products=products,
            favourites=_favourites(rng, services, gap, avoids),
            keeps=tuple(offer for offer in (products.draw(rng) for _ in range(KEPT)) if not offer.tags & avoids),
            supplied_until=0,
            worker=None,
            percent=self._percents[habit].draw(rng),
            purse=purse,
            avoids=avoids,
        )

    def of_passers_by(self):
        """(services, products) that somebody without a card takes: modest ones."""
        return self._services[FEMALE][0], self._products[0]


def _favourites(rng, services, gap, avoids):
    """Services somebody comes back for: mostly of one department, and none far more often than it is good for her."""
    drawn = [_draw_for(rng, services, gap * FIRST_FAVOURITE_AFTER)]
    while len(drawn) < FAVOURITES:
        offer = _draw_for(rng, services, gap * OTHERS_AFTER)
        if offer.department != drawn[0].department and rng.random() < TRUE_TO_DEPARTMENT:
            offer = _draw_for(rng, services, gap * OTHERS_AFTER)
        drawn.append(offer)
    return tuple(offer for offer in drawn if not offer.tags & avoids)


def _draw_for(rng, services, longest):
    """A service whose care interval is no longer than that, as far as a few draws can find one."""
    for _attempt in range(4):
        offer = services.draw(rng)
        if (offer.care_days or 0) <= longest:
            break
    return offer


def _by_purse(offers):
    return [Weighted(_bent(offers, bend)) for bend in PURSE_BENDS]


def _bent(offers, bend):
    return [(offer, offer.wanted * (offer.prices[0] / USUAL_PRICE) ** bend) for offer in offers]
