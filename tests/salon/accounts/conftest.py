"""Who has a second factor."""

import time

import pytest
import time_machine

from tests.builders import make_staff
from tests.salon.accounts.pairing import CODE, log_in, pair


@pytest.fixture
def half_minute():
    """Each test has the whole of the half minute for which an app shows one code."""
    now = time.time()
    with time_machine.travel(now - now % 30, tick=True):
        yield


@pytest.fixture
def boss(branch):
    """An owner of a real salon."""
    return make_staff(branch=branch, role="owner", username="boss", is_demo=False)


@pytest.fixture
def inside(boss):
    """The owner's client, past the second factor, and the secret of the app."""
    secret, codes = pair(boss)
    client = log_in(boss)
    client.post(CODE, {"code": codes[0]})
    return client, secret, codes
