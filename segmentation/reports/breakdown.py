"""A month's sales one by one: who did the work, how it was paid, day by day. All agree with sales.totals."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Count, Q, Sum

from archives.visits.bills.models import Payment
from archives.visits.models import Line, StaffShare
from salon.shop.models import Item
from segmentation.reports import sales


@dataclass(frozen=True)
class StaffSales:
    """What somebody's shares came to, in fen; services with a value above zero, and customers served by name.

    `name` is empty for lines without anybody. `before_fen` is the sum of the month before.
    """

    staff: int | None
    name: str
    branch: str
    services_fen: int = 0
    products_fen: int = 0
    services: int = 0
    customers: int = 0
    before_fen: int = 0

    @property
    def total_fen(self):
        return self.services_fen + self.products_fen


def by_staff(month):
    """[StaffSales] of a month, the largest first, what has nobody's name last; with the month before. Six queries."""
    now, before = _staff_of(month), _staff_of(month.ahead(-1))
    gone = [StaffSales(row.staff, row.name, row.branch) for staff, row in before.items() if staff not in now]
    past = {staff: row.total_fen for staff, row in before.items()}
    rows = [replace(row, before_fen=past.get(row.staff, 0)) for row in (*now.values(), *gone)]
    rows = [row for row in rows if row.staff or row.total_fen or row.before_fen]
    return sorted(rows, key=lambda row: (row.staff is None, -row.total_fen, row.name, row.staff))


def _staff_of(month):
    """{staff id, or None for nobody: StaffSales}. Three queries."""
    here, of_service = sales.visits_of(month), Q(line__kind=Item.SERVICE)
    shares = StaffShare.objects.filter(line__visit__in=here)
    found = shares.values("staff", "staff__name", "staff__branch__name").annotate(
        of_services=Sum("value_fen", filter=of_service, default=0),
        of_products=Sum("value_fen", filter=~of_service, default=0),
        services=Count("line", filter=of_service & Q(line__value_fen__gt=0)),
        customers=Count("line__visit__customer", filter=Q(line__value_fen__gt=0), distinct=True),
    )
    rows = {
        row["staff"]: StaffSales(
            row["staff"], row["staff__name"], row["staff__branch__name"], row["of_services"], row["of_products"],
            row["services"], row["customers"],
        )
        for row in found
    }  # fmt: skip
    services, products = _sold(here)
    nobody = Line.objects.filter(visit__in=here, shares=None, kind=Item.SERVICE, value_fen__gt=0).count()
    rows[None] = StaffSales(
        None, "", "",
        services - sum(row.services_fen for row in rows.values()),
        products - sum(row.products_fen for row in rows.values()),
        nobody,
    )  # fmt: skip
    return rows


def _sold(visits):
    """(fen of services, fen of products) of visits. One query."""
    sums = dict(Line.objects.filter(visit__in=visits).values_list("kind").annotate(value=Sum("value_fen")))
    return sums.get(Item.SERVICE, 0), sums.get(Item.PRODUCT, 0)


@dataclass(frozen=True)
class MeansSales:
    """What came in and was paid back by one means of payment, in fen, and how many payments that were."""

    means: str
    payments: int
    received_fen: int
    returned_fen: int
    before_fen: int

    @property
    def net_fen(self):
        return self.received_fen + self.returned_fen


def by_means(month):
    """[MeansSales] of a month, the largest first; with the month before. Two queries."""
    now, before = _means_of(month), _means_of(month.ahead(-1))
    rows = [
        MeansSales(means, *now.get(means, (0, 0, 0)), before_fen=sum(before.get(means, (0, 0, 0))[1:])) for means in now | before
    ]
    return sorted(rows, key=lambda row: (-row.net_fen, row.means))


def _means_of(month):
    """{means: (payments, fen received, fen paid back)}; what comes to nothing is no payment."""
    paid = Payment.objects.as_corrected().filter(bill__in=sales.visits_of(month).values("bill")).exclude(amount_fen=0)
    found = paid.values_list("means").annotate(
        count=Count("pk"),
        received=Sum("amount_fen", filter=Q(amount_fen__gt=0), default=0),
        returned=Sum("amount_fen", filter=Q(amount_fen__lt=0), default=0),
    )
    return {means: figures for means, *figures in found}


@dataclass(frozen=True)
class DaySales:
    """A day's consumption in fen, of it services and products, its visits, and customers on their first paid visit ever."""

    day: date
    net_fen: int
    services_fen: int
    products_fen: int
    visits: int
    new_customers: int


def by_day(month):
    """[DaySales] of each day of a month, days without sales too. Three queries."""
    here = sales.visits_of(month)
    sums = here.values("day").annotate(net=Sum("net_fen"), visits=Count("pk", filter=Q(has_positive_line=True)))
    found = {row["day"]: row for row in sums}
    lines = Line.objects.filter(visit__in=here).values_list("visit__day", "kind").annotate(value=Sum("value_fen"))
    kinds = defaultdict(int, {(day, kind): value for day, kind, value in lines})
    firsts = Counter(sales.firsts_in(month).values_list("first", flat=True))
    days = (month.first + timedelta(days=n) for n in range((month.last - month.first).days + 1))
    return [
        DaySales(
            day, found[day]["net"] if day in found else 0, kinds[day, Item.SERVICE], kinds[day, Item.PRODUCT],
            found[day]["visits"] if day in found else 0, firsts[day],
        )
        for day in days
    ]  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """By how many fen the sales of an item are more or less than the month before."""

    name: str
    fen: int


def moved(now, before):
    """[Moved] of two months' [ItemSales], who grew most first."""
    names = {row.item: row.name for row in (*before, *now)}
    fen = Counter()
    for sign, rows in ((1, now), (-1, before)):
        for row in rows:
            fen[row.item] += sign * row.value_fen
    return sorted((Moved(names[item], by) for item, by in fen.items()), key=lambda each: (-each.fen, each.name))
