"""Who records visits, and what."""

import uuid
from datetime import timedelta

import pytest

from archives.visits.desk import arrivals
from tests import builders


@pytest.fixture
def actor(receptionist):
    return builders.actor_of(receptionist)


@pytest.fixture
def facial(db):
    return builders.make_item(name="水光补水", price_fen=38_000, cost_fen=6_000, minutes=60)


@pytest.fixture
def waiting(actor, customer, beautician):
    """The customer waits since ten minutes, for somebody."""
    earlier = builders.actor_of(actor.staff, actor.now - timedelta(minutes=10))
    return arrivals.check_in(actor=earlier, key=uuid.uuid4(), branch=actor.branch, customer=customer, assigned=beautician)
