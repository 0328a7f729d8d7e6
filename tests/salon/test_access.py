"""The masking policy, and who an actor is."""

from datetime import UTC, date, datetime

import pytest
from django.http import Http404

from salon import access
from salon.access import BEAUTICIAN, FULL, HIDDEN, MANAGER, MASKED, MONTH_DAY, ON_REASON, OWNER, RECEPTIONIST, TAIL
from salon.shop.models import Branch
from tests.builders import actor_of, make_branch

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
# The table of DESIGN.md section 5, written a second time by hand: (receptionist, beautician, manager, owner).
POLICY = {
    "safety": (FULL, FULL, FULL, FULL),
    "health": (HIDDEN, FULL, ON_REASON, ON_REASON),
    "phone": (MASKED, TAIL, MASKED, MASKED),
    "address": (MASKED, HIDDEN, MASKED, MASKED),
    "wechat": (MASKED, HIDDEN, MASKED, MASKED),
    "place": (FULL, HIDDEN, FULL, FULL),
    "skin": (HIDDEN, FULL, FULL, FULL),
    "portrait": (FULL, FULL, FULL, FULL),
    "birthday": (MONTH_DAY, MONTH_DAY, FULL, FULL),
    "treatment": (FULL, FULL, FULL, FULL),
    "amount": (FULL, HIDDEN, FULL, FULL),
    "consumption": (HIDDEN, HIDDEN, FULL, FULL),
}


def actor(role):
    return access.Actor(user=None, role=role, now=NOW)


def test_the_policy_is_the_written_one():
    assert set(access.VISIBILITY) == set(POLICY)
    for field, by_role in POLICY.items():
        for role, how in zip((RECEPTIONIST, BEAUTICIAN, MANAGER, OWNER), by_role):
            assert access.visibility(actor(role), field) == how, (field, role)


def test_every_field_says_something_about_every_role():
    for field, by_role in access.VISIBILITY.items():
        assert set(by_role) == set(access.ROLES), field


def test_nobody_sees_nothing_and_an_unknown_field_is_a_mistake():
    assert {access.visibility(actor(None), field) for field in access.VISIBILITY} == {HIDDEN}
    with pytest.raises(KeyError):
        access.visibility(actor(OWNER), "shoe size")


@pytest.mark.parametrize(
    ("role", "revealable"),
    [
        (RECEPTIONIST, {"phone", "address", "wechat"}),
        (BEAUTICIAN, set()),
        (MANAGER, {"phone", "address", "wechat", "health"}),
        (OWNER, {"phone", "address", "wechat", "health"}),
        (None, set()),
    ],
)
def test_what_may_be_asked_to_see(role, revealable):
    asked = {field for field in access.VISIBILITY if access.may_reveal(actor(role), field)}
    assert asked & set(POLICY) == revealable
    assert not access.may_reveal(actor(role), "no such field")


@pytest.mark.parametrize(
    ("number", "how", "shown"),
    [
        ("13812346621", MASKED, "138****6621"),
        ("13812346621", TAIL, "****6621"),
        ("13812346621", FULL, "13812346621"),
        ("13812346621", HIDDEN, ""),
        ("02161234567", MASKED, "021****4567"),
        ("0912345678", MASKED, "****5678"),
        ("61234567", MASKED, "****4567"),
        ("6123456", MASKED, "****56"),
        ("612345", TAIL, "****"),
        ("612345", MASKED, "****45"),
        ("61234", MASKED, "****"),
        ("12", MASKED, "****"),
        ("138-1234-6621", MASKED, "138****6621"),
        ("+86 138 1234 66 21", TAIL, "****6621"),
        ("138 1234 6621 (w)", MASKED, "138****6621"),
        ("", MASKED, ""),
        ("", TAIL, ""),
        ("13812346621", ON_REASON, ""),
        ("13812346621", "a typo", ""),
    ],
)
def test_phone_numbers_are_masked(number, how, shown):
    assert access.mask_phone(number, how) == shown


@pytest.mark.parametrize("how", [MASKED, TAIL, HIDDEN])
def test_a_masked_number_hides_at_least_four_digits(how):
    for length in range(6, 20):
        shown = sum(c.isdigit() for c in access.mask_phone("1234567890123456789"[:length], how))
        assert length - shown >= 4


@pytest.mark.parametrize(
    ("text", "how", "shown"),
    [
        ("静安区南京西路", MASKED, "静****"),
        ("静安区", FULL, "静安区"),
        ("静安区", HIDDEN, ""),
        ("静安区", TAIL, ""),
        ("", MASKED, ""),
    ],
)
def test_texts_are_masked(text, how, shown):
    assert access.mask_text(text, how) == shown


# --- The actor --------------------------------------------------------------------------------------------------------


def test_the_table_answers_what_a_role_may_open():
    assert actor(RECEPTIONIST).may_read("account")
    assert not actor(None).may_read("account")
    assert not actor(BEAUTICIAN).may_write("visits:void")
    with pytest.raises(KeyError):
        actor(OWNER).may_read("no:such:page")


def test_the_day_is_the_branchs_own():
    late = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # 01:30 on the 22nd in Shanghai
    shanghai = Branch(time_zone="", cutoff_hour=0)
    open_late = Branch(time_zone="", cutoff_hour=3)
    taipei_tokyo = Branch(time_zone="America/New_York")
    assert access.Actor(user=None, role=OWNER, now=late).today == date(2026, 11, 22)
    assert access.Actor(user=None, role=OWNER, now=late, branch=shanghai).today == date(2026, 11, 22)
    assert access.Actor(user=None, role=OWNER, now=late, branch=open_late).today == date(2026, 11, 21)
    assert access.Actor(user=None, role=OWNER, now=late, branch=taipei_tokyo).today == date(2026, 11, 21)


@pytest.mark.parametrize("lookup", [{"pk": "x"}, {"pk": 2**70}, {"pk": -1}, {"pk": None}])
def test_odd_keys_are_not_found(db, lookup):
    with pytest.raises(Http404):
        access.get(actor(OWNER), Branch.objects.all(), **lookup)


def test_hidden_and_missing_are_the_same(branch, manager):
    elsewhere = make_branch()
    assert access.get(actor_of(manager), Branch.objects.all(), pk=branch.pk) == branch
    messages = []
    for pk in (elsewhere.pk, 987654):
        with pytest.raises(Http404) as missing:
            access.get(actor_of(manager), Branch.objects.all(), pk=pk)
        messages.append(str(missing.value))
    assert messages[0] == messages[1]


def test_every_navigation_entry_can_be_opened_by_whoever_sees_it(branch):
    from salon.navigation import NAVIGATION

    assert all(entry.page in access.PAGES for entry in NAVIGATION)
    assert all(access.PAGES[entry.page].read for entry in NAVIGATION)


def test_needing_a_second_factor_is_for_managers_and_owners():
    assert set(access.NEED_SECOND_FACTOR) == {MANAGER, OWNER}


def test_a_page_open_before_the_second_factor_changes_nothing_but_the_log_in():
    early = {name for name, page in access.PAGES.items() if page.before_second_factor}
    assert early == {"logout", "second_factor", "second_factor_setup"}


def test_pages_open_to_strangers_are_these_four():
    assert {name for name, page in access.PAGES.items() if page.public} == {"login", "join", "language", "healthz"}
