"""A company whose tiers change every day, for the long tests of runs; called in a process of its own (tests/live.py)."""

import hashlib
import io
import sys
import time
from datetime import date, timedelta

CUSTOMERS, DAYS = 6_000, 33
FIRST_DAY = date(2026, 6, 1)


def day(number):
    return FIRST_DAY + timedelta(days=number)


def open_company(customers=CUSTOMERS):
    """A branch, customers, and a run of the first day; each customer pays something every day, so each run changes all tiers."""
    from customers.card.models import Customer
    from segmentation.runs.recompute import recompute
    from tests import builders
    from tests.segmentation.histories import make_visits

    branch = builders.make_branch(code="JA", name="静安店")
    rows = [
        Customer(branch=branch, name=f"顾客{n}", card_no=f"{n:06}", card_key=f"{n:06}", card_date=FIRST_DAY)
        for n in range(customers)
    ]
    Customer.objects.bulk_create(rows, batch_size=1000)
    make_visits(branch, [(customer, FIRST_DAY, [100]) for customer in Customer.objects.order_by("pk")])
    for number in range(1, DAYS):
        _repeat_the_first_day(number)
    recompute(as_of=FIRST_DAY)


def _repeat_the_first_day(number):
    from django.db import connection

    from archives.visits.models import Visit

    columns = [field.column for field in Visit._meta.local_concrete_fields if not field.primary_key]
    other = {"day": "%s", "business_date": "%s", "net_fen": f"100 + (customer_id * 7919 + {number * 104_729}) %% 90000"}
    named, values = ", ".join(columns), ", ".join(other.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        sql = f"INSERT INTO archives_visit ({named}) SELECT {values} FROM archives_visit WHERE day = %s"  # noqa: S608
        cursor.execute(sql, [day(number).isoformat(), day(number).isoformat(), FIRST_DAY.isoformat()])


def tiers():
    """What everybody reads: the current run's day, how many tiers there are, and a digest of them all."""
    from segmentation.runs.models import FIGURES, TierRun, TierSpan

    run = TierRun.objects.current()
    digest, count = hashlib.sha256(), 0
    for row in TierSpan.objects.at(run).order_by("customer_id").values_list("customer_id", *FIGURES):
        digest.update(repr(tuple(map(str, row))).encode())
        count += 1
    return [run.as_of.isoformat(), count, digest.hexdigest()]


def after_a_kill(as_of):
    """[the tiers a killed run left, those of the next run, what is wrong with them]."""
    left = tiers()
    run_through(as_of)
    return [left, tiers(), disorder()]


def run_through(as_of):
    """A whole run; repeated while the database server is still clearing the killed one away."""
    until = time.monotonic() + 30
    while is_refusal(said := run(as_of)):
        assert time.monotonic() < until, said
        time.sleep(0.1)


def run(as_of):
    """What the command says."""
    from django.core.management import call_command

    out = io.StringIO()
    call_command("recompute_tiers", as_of=date.fromisoformat(as_of), stdout=out)
    return out.getvalue()


def is_refusal(said):
    return "Another run is working" in said


def disorder():
    """Whatever no finished run leaves behind: unfinished runs, spans of runs that were taken back, two tiers at once."""
    from django.db.models import Count, Q

    from segmentation.runs.models import FINISHED, STARTED, TierRun, TierSpan

    current = TierRun.objects.current()
    twice = TierSpan.objects.at(current).order_by().values("customer").annotate(n=Count("pk")).filter(n__gt=1).count()
    unfinished = ~Q(from_run__status=FINISHED) | Q(to_run__isnull=False) & ~Q(to_run__status=FINISHED)
    found = {
        "unfinished": TierRun.objects.filter(status=STARTED).count(),
        "twice": twice,
        "stray": TierSpan.objects.filter(unfinished).count(),
    }
    return {what: count for what, count in found.items() if count}


def run_when_told(as_of, guard=""):
    """Say that this process is ready, wait for a line, run the command: what it said, and its seconds."""
    from django.core import management

    from tests.long import unguarded

    if guard:
        unguarded.OUT[guard]()
    management.load_command_class("segmentation", "recompute_tiers")
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    began = time.monotonic()
    try:
        said = run(as_of)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        said = repr(error)
    return [said, time.monotonic() - began]
