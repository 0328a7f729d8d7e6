"""Every panel of the product keeps the query budget it was registered with, however many objects a page shows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salon import access, panels
from segmentation.runs.recompute import recompute
from tests import builders
from tests.archives.visits.recording import line, record

FILTERS = "customer.list_filters"  # its panels return filters, and are asked without customers
CUSTOMER_SLOTS = sorted({panel.slot for panel in panels.registered() if panel.slot.startswith("customer.")} - {FILTERS})


@pytest.fixture
def customers(branch, receptionist, beautician):
    """Three customers: never here, once, and five times; with tiers as of today."""
    actor, item = builders.actor_of(receptionist), builders.make_item()
    customers = [builders.make_customer(branch=branch, phone=f"1380000000{n}") for n in range(3)]
    for customer, visits in zip(customers, (0, 1, 5), strict=True):
        for _ in range(visits):
            record(actor, customer, line(item, shares=((beautician, 10_000),)))
    assert recompute(as_of=actor.today).universe == 2
    return customers


@pytest.mark.parametrize("slot", CUSTOMER_SLOTS)
@pytest.mark.parametrize("role", access.ROLES)
def test_panels_of_a_customer_keep_their_budgets(role, slot, customers, request):
    actor = builders.actor_of(request.getfixturevalue(role))
    for panel in panels.registered(slot):
        with CaptureQueriesContext(connection) as queries:
            shown = panel.show(actor, customers)
        assert len(queries) <= panel.budget, f"{slot} {panel.name}: {[query['sql'] for query in queries]}"
        assert set(shown) <= {customer.pk for customer in customers}


@pytest.mark.parametrize("role", access.ROLES)
def test_filters_of_the_list_ask_nothing_before_they_are_used(role, request, django_assert_num_queries):
    actor = builders.actor_of(request.getfixturevalue(role))
    with django_assert_num_queries(0):
        assert all(panel.show(actor, ()) for panel in panels.registered(FILTERS))


def test_there_are_panels_to_look_at():
    assert {"customer.badge", "customer.facts", "customer.hints", "customer.timeline", "customer.why"} <= set(CUSTOMER_SLOTS)
    assert panels.registered(FILTERS)
