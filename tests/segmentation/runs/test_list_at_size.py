"""The tier list at a size where plans matter."""

from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection

from customers.card.models import Customer
from segmentation.runs import queries
from segmentation.runs.models import TierSpan
from segmentation.runs.recompute import recompute
from segmentation.runs.views import SORTS
from tests import builders
from tests.segmentation.histories import day, make_visits
from tests.segmentation.runs.conftest import MORNING_AFTER

URL = "/tiers/customers/"


def plan_of(rows):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
    return rows.explain()


@pytest.fixture(scope="module")
def company(module_db):
    """3,000 customers of two branches, each with a visit; a run a month ago and one now. A test asks for `salon`."""
    with time_machine.travel(MORNING_AFTER, tick=False):
        here, there = builders.make_branch(code="JA"), builders.make_branch(code="XH")
        return SimpleNamespace(here=here, there=there, run=compute(here, there))


def compute(branch, other_branch):
    people = []
    for n, home in enumerate((branch, other_branch)):
        new = [
            Customer(branch=home, name=f"顾客{k}", card_no=f"{n}-{k}", card_key=f"{n}-{k}", card_date="2024-01-01")
            for k in range(1_500)
        ]
        people += Customer.objects.bulk_create(new)
    make_visits(branch, [(who, day("2026-05-01"), [100 + n]) for n, who in enumerate(people)])
    recompute(as_of=day("2026-05-31"))
    make_visits(branch, [(who, day("2026-06-15"), [100_000 - n]) for n, who in enumerate(people[::3])], serial=5_000)
    return recompute(as_of=day("2026-06-30"))


def test_the_first_page_by_rank_comes_from_the_index(salon, monkeypatch):
    """Of all, and of a branch that is a good part of all; of a small one its customers are looked up."""
    monkeypatch.setattr(queries, "LARGE", 1_000)
    for home in (None, salon.here):
        plan = plan_of(queries.rows_of(salon.run, home).order_by(*SORTS["rank"].order_by)[:25])
        assert "span_consumption" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan
    large = list(queries.rows_of(salon.run, salon.here).order_by("pk").values_list("pk", flat=True))
    monkeypatch.setattr(queries, "LARGE", 2_000)
    assert large == list(queries.rows_of(salon.run, salon.here).order_by("pk").values_list("pk", flat=True))
    assert "SCAN" not in plan_of(queries.rows_of(salon.run, salon.here).order_by(*SORTS["rank"].order_by)[:25])


def test_what_lower_pages_ask_goes_by_customer(salon):
    """Of thousands of spans those of a page's customers are looked up, not all looked at."""
    some = list(Customer.objects.order_by("pk")[100:125])
    plan = plan_of(TierSpan.objects.current().filter(customer__in=some).values_list("customer_id", "tier"))
    assert "span_" in plan
    assert "SCAN segmentation_tierspan" not in plan
    assert "Seq Scan on segmentation_tierspan" not in plan


def test_pages_at_that_size(salon, boss, head):
    for client, heads in ((boss, 3_000), (head, 1_500)):
        shown = client.get("/tiers/").context["shown"]
        assert shown.all.heads == heads == client.get(URL).context["listing"].total
        moved = sum(client.get(URL, {"moved": kind}).context["listing"].total for kind in ("up", "down"))
        assert (
            moved == client.get("/tiers/").context["moves"].count("up") + client.get("/tiers/").context["moves"].count("down") > 0
        )
