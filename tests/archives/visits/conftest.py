"""Who records visits, and what."""

import pytest

from tests import builders


@pytest.fixture
def actor(receptionist):
    return builders.actor_of(receptionist)


@pytest.fixture
def facial(db):
    return builders.make_item(name="水光补水", price_fen=38_000, cost_fen=6_000, minutes=60)
