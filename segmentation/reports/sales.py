"""What was sold in a month: by day, branch and item. Done visits only, on their business date; anonymous sales included."""

import re
from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import TruncMonth

from archives.visits.models import DONE, Line, Visit
from salon import money
from segmentation.scoring import abc

_MONTH = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Month:
    """A calendar month, or its first `days` days: a month that is not over is compared with as many days of another."""

    first: date
    days: int = 31

    @classmethod
    def parse(cls, text):
        """The month of "2026-11", of this century or the last. Raises ValueError."""
        if not _MONTH.fullmatch(text):
            raise ValueError(f"{text!r} is not a month")
        return cls(date.fromisoformat(f"{text}-01"))

    @classmethod
    def of(cls, day):
        return cls(day.replace(day=1))

    def has_begun(self, today):
        return self.first <= today

    def so_far(self, today):
        """This month as far as it has come."""
        return Month(self.first, today.day) if self.first <= today < self.last else self

    @property
    def is_whole(self):
        return self.days >= monthrange(self.first.year, self.first.month)[1]

    @property
    def last(self):
        return self.first.replace(day=min(self.days, monthrange(self.first.year, self.first.month)[1]))

    def ahead(self, months):
        """The month so many months later, or earlier: as many days of it."""
        year, month = divmod(self.first.year * 12 + self.first.month - 1 + months, 12)
        return Month(date(year, month + 1, 1), self.days)

    def __str__(self):
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class Totals:
    """A month in sum: consumption in fen, visits and distinct customers, and customers with their first paid visit ever."""

    net_fen: int = 0
    visits: int = 0
    customers: int = 0
    new_customers: int = 0

    @property
    def per_visit_fen(self):
        return money.average(self.net_fen, self.visits)


def visits_of(month):
    """The visits that count. Of a visit that is done `day` is the business date, and it has the index."""
    return Visit.objects.filter(status=DONE, day__range=(month.first, month.last))


def firsts_in(month):
    """{customer: the day of the first paid visit ever} of those for whom it is in the month, as a queryset."""
    firsts = Visit.objects.filter(status=DONE, has_positive_line=True, customer__isnull=False)
    return firsts.values("customer").annotate(first=Min("business_date")).filter(first__range=(month.first, month.last))


def totals(month):
    """The Totals of a month. A visit that only gives something back counts in the money, not in the visits. Two queries."""
    sold = Q(has_positive_line=True)
    sums = visits_of(month).aggregate(
        net=Sum("net_fen"), visits=Count("pk", filter=sold), customers=Count("customer", filter=sold, distinct=True)
    )
    return Totals(sums["net"] or 0, sums["visits"], sums["customers"], firsts_in(month).count())


def by_month(month, months=13):
    """[(Month, consumption in fen)] of the last months up to this one, months without sales too. One query.

    The earlier ones are whole, also where this one is not over.
    """
    whole = Month(month.first)
    shown = [*(whole.ahead(n) for n in range(1 - months, 0)), month]
    done = Visit.objects.filter(status=DONE, day__range=(shown[0].first, month.last))
    found = dict(done.annotate(of=TruncMonth("business_date")).values_list("of").annotate(net=Sum("net_fen")))
    return [(each, found.get(each.first, 0)) for each in shown]


def by_branch(month):
    """[(branch name, consumption in fen, visits)], the largest first. One query."""
    found = visits_of(month).values("branch__name")
    found = found.annotate(net=Sum("net_fen"), visits=Count("pk", filter=Q(has_positive_line=True)))
    return [(row["branch__name"], row["net"], row["visits"]) for row in found.order_by("-net", "branch__name")]


@dataclass(frozen=True)
class ItemSales:
    """An item's sales: quantity in thousandths, value in fen, rank, cumulative share (0 to 1), class by share, and its id."""

    name: str
    category: str
    kind: str
    quantity_milli: int
    value_fen: int
    rank: int
    share: float
    abc: str
    item: int


def by_item(month):
    """[ItemSales] of a month, the largest first, refunds taken off. Ranked and classed as customers are. One query."""
    lines = Line.objects.filter(visit__in=visits_of(month))
    found = lines.values("item", "item__name", "item__category__name", "item__kind")
    found = list(found.annotate(sold=Sum("quantity_milli"), value=Sum("value_fen")).order_by(F("value").desc(), "item"))
    amounts = [row["value"] for row in reversed(found)]
    bounds = abc.bounds(amounts)
    sums = list(accumulate(max(0, amount) for amount in reversed(amounts)))  # the largest first

    def share(amount):
        at_least = len(amounts) - bisect_left(amounts, amount)
        return sums[at_least - 1] / bounds.total if bounds.total else 1

    return [
        ItemSales(
            row["item__name"], row["item__category__name"] or "", row["item__kind"], row["sold"], row["value"],
            abc.rank(amounts, row["value"]), share(row["value"]), bounds.class_of(row["value"]), row["item"],
        )
        for row in found
    ]  # fmt: skip
