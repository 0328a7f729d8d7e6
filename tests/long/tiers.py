"""A company whose tiers change every day, for the long tests of runs; called in a process of its own (tests/live.py)."""

import hashlib
from datetime import date, timedelta

CUSTOMERS = 6_000
FIRST_DAY = date(2026, 6, 1)


def open_company(customers=CUSTOMERS):
    """A branch and customers, each with a first visit, and a first run."""
    from customers.card.models import Customer
    from segmentation.runs.recompute import recompute
    from tests import builders

    branch = builders.make_branch(code="JA", name="静安店")
    rows = [
        Customer(branch=branch, name=f"顾客{n}", card_no=f"{n:06}", card_key=f"{n:06}", card_date=FIRST_DAY)
        for n in range(customers)
    ]
    Customer.objects.bulk_create(rows, batch_size=1000)
    live_a_day(0)
    recompute(as_of=FIRST_DAY)


def live_a_day(number):
    """Everybody pays something on that day, so that every span changes. Returns the tiers that are read meanwhile."""
    from customers.card.models import Customer
    from salon.shop.models import Branch
    from tests.segmentation.histories import make_visits

    on = FIRST_DAY + timedelta(days=number)
    customers = Customer.objects.order_by("pk")
    rows = [(customer, on, [100 + (customer.pk * 7919 + number * 104_729) % 90_000]) for customer in customers.iterator()]
    make_visits(Branch.objects.get(), rows, serial=1 + number * len(rows))
    return tiers() if number else None


def tiers():
    """What everybody reads: the current run's day, how many tiers there are, and a digest of them all."""
    from segmentation.runs.models import TierRun, TierSpan

    run = TierRun.objects.current()
    rows = TierSpan.objects.at(run).order_by("customer_id")
    digest, count = hashlib.sha256(), 0
    for row in rows.values_list(
        "customer_id", "tier", "consumption_fen", "visit_days", "last_paid_on", "r", "f", "m", "tier_since"
    ):
        digest.update(repr(tuple(map(str, row))).encode())
        count += 1
    return [run.as_of.isoformat(), count, digest.hexdigest()]


def state():
    """The tiers, and what is wrong with them."""
    return [tiers(), disorder()]


def disorder():
    """Whatever no finished run leaves behind: unfinished runs, spans of runs that were taken back, two tiers at once."""
    from django.db.models import Count, Q

    from segmentation.runs.models import FINISHED, STARTED, TierRun, TierSpan

    run = TierRun.objects.current()
    twice = TierSpan.objects.at(run).values("customer").annotate(n=Count("pk")).filter(n__gt=1).count()
    stray = TierSpan.objects.exclude(from_run__status=FINISHED) | TierSpan.objects.filter(
        Q(to_run__isnull=False) & ~Q(to_run__status=FINISHED)
    )
    return {"unfinished": TierRun.objects.filter(status=STARTED).count(), "twice": twice, "stray": stray.count()}


def timed_run(as_of):
    """Run the command once: what it said, and how many seconds it took in this process."""
    import io
    import time

    from django.core.management import call_command

    out, began = io.StringIO(), time.monotonic()
    call_command("recompute_tiers", as_of=date.fromisoformat(as_of), stdout=out)
    return [out.getvalue(), time.monotonic() - began]
