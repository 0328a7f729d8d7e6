"""Who serves the customer, so that a beautician may open the card."""

import uuid

import pytest

from archives.visits.desk.arrivals import expect_visit
from tests import builders


@pytest.fixture
def expected(customer, beautician):
    """The customer is expected by the beautician today."""
    return expect(customer, beautician)


def expect(customer, beautician):
    """Make a customer one of a beautician's."""
    actor = builders.actor_of(beautician)
    return expect_visit(
        actor=actor, key=uuid.uuid4(), branch=customer.branch, customer=customer, on=actor.today, assigned=beautician
    )
