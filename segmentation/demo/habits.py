"""Kinds of customers: how often they come, how long they stay, what they like. The mix gives the salon its 80/20."""

from dataclasses import dataclass
from typing import NamedTuple

from segmentation.demo.chance import Weighted
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


LOYAL = Habit("loyal", 12, (8, 17), 14, (0, 25, 45, 30), 0.42, 0.34, ((5, 20), (10, 40), (12, 25), (20, 15)))
REGULAR = Habit("regular", 20, (20, 36), 4, (10, 50, 32, 8), 0.28, 0.22, ((0, 50), (5, 30), (10, 20)))
OCCASIONAL = Habit("occasional", 23, (50, 115), 3.5, (40, 45, 13, 2), 0.15, 0.14, ((0, 90), (5, 10)))
LAPSING = Habit("lapsing", 8, (16, 34), 0, (15, 50, 30, 5), 0.24, 0.2, ((0, 50), (5, 40), (10, 10)))
LOST = Habit("lost", 14, (20, 60), 0, (35, 45, 17, 3), 0.2, 0.15, ((0, 80), (5, 20)))
ONE_TIME = Habit("one-time", 14, (30, 60), 0, (60, 35, 5, 0), 0.06, 0.1, ((0, 100),))
NEVER_BOUGHT = Habit("never bought", 9, (0, 0), 0, (60, 35, 5, 0), 0, 0, ((0, 100),))
HABITS = (LOYAL, REGULAR, OCCASIONAL, LAPSING, LOST, ONE_TIME, NEVER_BOUGHT)
MOSTLY_NEW = (LOST, ONE_TIME)  # their whole story lies within the history

PURSES = 4
# How the purse bends the choice: an item is wanted in proportion to (price / usual price) to this power.
PURSE_BENDS = (-0.7, -0.1, 0.55, 1.15)
USUAL_PRICE = 40_000
SERVICE_TASTES, PRODUCT_TASTES = 3, 2  # how many favourites somebody has
WIND_DOWN_DAYS = 300  # lapsing customers began to come less at some day of these last ones
WIND_DOWN = 1.45  # by how much each interval grows then


@dataclass(slots=True)
class Person:
    """A customer as history knows her. Days are ordinals: `since` her card was made, `due` is her next visit (or NEVER)."""

    id: int
    habit: Habit
    since: int
    gap: float
    due: int
    until: int
    slows_from: int
    favourites: tuple
    products: tuple
    supplied_until: int
    worker: object
    percent: int
    purse: int
    avoids: frozenset
    friend: object = None
    visits: int = 0


class Tastes:
    """What people with each purse like, from the items on offer."""

    def __init__(self, services, products):
        self._services = [Weighted(_bent(services, bend)) for bend in PURSE_BENDS]
        self._products = [Weighted(_bent(products, bend)) for bend in PURSE_BENDS]
        self._purses = {habit: Weighted(list(enumerate(habit.purses))) for habit in HABITS}
        self._percents = {habit: Weighted(habit.percents) for habit in HABITS}

    def person(self, rng, *, customer_id, habit, since, worker, avoids=frozenset()):
        """A Person of a habit, without any day planned yet."""
        purse = self._purses[habit].draw(rng)
        low, high = habit.gap
        return Person(
            id=customer_id,
            habit=habit,
            since=since,
            gap=low + rng.random() * (high - low),
            due=NEVER,
            until=NEVER,
            slows_from=NEVER,
            favourites=self._favourites(rng, self._services[purse], SERVICE_TASTES, avoids),
            products=self._favourites(rng, self._products[purse], PRODUCT_TASTES, avoids),
            supplied_until=0,
            worker=worker,
            percent=self._percents[habit].draw(rng),
            purse=purse,
            avoids=avoids,
        )

    def service(self, rng, purse):
        return self._services[purse].draw(rng)

    def product(self, rng, purse):
        return self._products[purse].draw(rng)

    @staticmethod
    def _favourites(rng, wanted, count, avoids):
        drawn = (wanted.draw(rng) for _ in range(count))
        return tuple(offer for offer in drawn if not offer.tags & avoids)


def _bent(offers, bend):
    return [(offer, offer.wanted * (offer.prices[0] / USUAL_PRICE) ** bend) for offer in offers]
