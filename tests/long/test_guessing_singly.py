"""Of two salons that differ in some masked values only, a role sees the same, whichever they are; a value it sees shows.

The rest of tests/test_guessing.py, with what it asks (tests/guessing.py). The values kept from a role are numbered, and those
whose number has a bit change together, bit by bit: of any two values one changes without the other once, so that none hides
what another shows, in four askings instead of one for each value.
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


def changed_each(staff, pair, changes, among=None):
    """{(group, value): what differs when only that value is another}."""
    before, differ = everything_seen(staff, pair, among), {}
    for name, change in changes.items():
        with transaction.atomic():
            change(pair[0], pair[2])
            differ[name] = differing(before, everything_seen(staff, pair, among))
            transaction.set_rollback(True)
    return differ


def by_bits(changes):
    """{names: what makes these values others}: for each bit the values whose number, from one, has it."""
    numbered = list(enumerate(changes.items(), start=1))
    for bit in range(len(changes).bit_length()):
        chosen = dict(change for n, change in numbered if n >> bit & 1)
        yield tuple(chosen), lambda *pair, chosen=chosen: [change(*pair) for change in chosen.values()]


def test_any_two_values_are_apart_once():
    together = [set(names) for names, _change in by_bits(dict.fromkeys(range(13)))]
    apart = [(a, b) for a in range(13) for b in range(a) if any((a in names) != (b in names) for names in together)]
    assert len(apart) == 13 * 12 / 2
    assert set.union(*together) == set(range(13))


@pytest.mark.parametrize("role", access.ROLES)
def test_no_values_that_are_kept_from_a_role_make_a_difference(role, pair, request):
    changes = dict(by_bits(kept_from(role)))
    assert changed_each(request.getfixturevalue(role), pair, changes) == dict.fromkeys(changes, {})


@pytest.mark.parametrize("role", ["owner", "beautician"])
def test_each_single_value_that_a_role_sees_does(role, pair, request):
    """The control, of each value that somebody sees whole."""
    staff, kept = request.getfixturevalue(role), kept_from(role)
    seen = {(group, value): change for group in CHANGES for value, change in CHANGES[group].items() if (group, value) not in kept}
    differ = changed_each(staff, pair, seen, among=SHOWING)
    assert [name for name, asked in differ.items() if not asked] == []
