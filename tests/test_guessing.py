"""Nobody guesses what is masked: of two salons that differ in masked values only, a role sees the same.

Of one customer what the policy keeps from a role becomes another: her phones (the masks are alike), address, year of birth,
amounts and so on. Every page, export, list, order, count and filter the role may use, and every search, must answer as before
(tests/guessing.py). Here the values of a role change together, which costs two askings for each role; in the long suite they
change apart too (tests/long/test_guessing_singly.py). A group of the policy that nothing here changes fails the test.
"""

import pytest

from salon import access
from tests.guessing import CHANGES, differing, everything_seen, kept_from, make_pair, pages_and_lists

SHOWING = ["/customers:list", "/tiers:list"]


@pytest.fixture
def pair(branch, receptionist, beautician):
    return make_pair(branch, receptionist, beautician)


@pytest.mark.parametrize("role", [role for role in access.ROLES if role != access.OWNER])  # the owner: in the long suite
def test_what_is_masked_makes_no_difference_to_anything_a_role_can_ask(role, pair, request, settings):
    settings.FIND_MISSES_AN_HOUR = 100_000  # numbers in the making are asked here without number
    staff = request.getfixturevalue(role)
    before = everything_seen(staff, pair)
    for change in kept_from(role).values():
        change(pair[0], pair[2])
    assert differing(before, everything_seen(staff, pair)) == {}
    assert len(before) > 200


def test_a_difference_would_be_seen(pair, manager):
    """The control: what a role does see makes a difference, in a page, an order and a filter."""
    before = pages_and_lists(manager, pair, among=SHOWING)
    for group in ("skin", "place", "consumption"):
        for change in CHANGES[group].values():
            change(pair[0], pair[2])
    differ = differing(before, pages_and_lists(manager, pair, among=SHOWING))
    names = {asked[1:] if isinstance(asked, tuple) else asked for asked in differ}
    assert {("sort", "skin"), ("skin_type", "dry"), ("community", "阳光"), ("spent_from", "500"), "/customers:list"} <= names


def test_every_group_that_is_kept_from_somebody_is_changed():
    kept = {group for group, by_role in access.VISIBILITY.items() if set(by_role.values()) != {access.FULL}}
    assert kept == CHANGES.keys()


def test_the_access_log_is_among_what_is_asked(pair, owner):
    asked = pages_and_lists(owner, pair, among=["/privacy:log"])
    assert ("/privacy:log", "customer", "6621") in asked
