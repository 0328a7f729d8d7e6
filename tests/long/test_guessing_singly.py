"""Of two salons that differ in one masked value only, a role sees the same: each value alone, for each role.

The rest of tests/test_guessing.py, with what it asks (tests/guessing.py); by far the longest way to ask it.
"""

import pytest
from django.db import transaction

from salon import access
from tests.guessing import CHANGES, differing, everything_seen, kept_from, make_pair
from tests.marks import once

pytestmark = [pytest.mark.long, once]
SHOWING = ["/customers:list", "/customers:edit", "/customers:detail", "/customers:data", "/tiers:list", "/visits:list"]


@pytest.fixture
def pair(branch, receptionist, beautician, settings):
    settings.FIND_MISSES_AN_HOUR = 100_000
    return make_pair(branch, receptionist, beautician)


def changed_singly(staff, pair, changes, among=None):
    """{(group, value): what differs when only that value is another}."""
    before, differ = everything_seen(staff, pair, among), {}
    for name, change in changes.items():
        with transaction.atomic():
            change(pair[0], pair[2])
            differ[name] = differing(before, everything_seen(staff, pair, among))
            transaction.set_rollback(True)
    return differ


@pytest.mark.parametrize("role", access.ROLES)
def test_no_single_value_that_is_kept_from_a_role_makes_a_difference(role, pair, request):
    differ = changed_singly(request.getfixturevalue(role), pair, kept_from(role))
    assert differ == dict.fromkeys(kept_from(role), {})


@pytest.mark.parametrize("role", ["owner", "beautician"])
def test_each_single_value_that_a_role_sees_does(role, pair, request):
    """The control, of each value that somebody sees whole."""
    staff, kept = request.getfixturevalue(role), kept_from(role)
    seen = {(group, value): change for group in CHANGES for value, change in CHANGES[group].items() if (group, value) not in kept}
    differ = changed_singly(staff, pair, seen, among=SHOWING)
    assert [name for name, asked in differ.items() if not asked] == []
