"""Who is meant by what somebody typed, whole: the one card, those that fit, and guests of other branches."""

from datetime import timedelta

import pytest

from customers.card import projections, show
from customers.card.models import Customer
from customers.card.search import lookup, old_numbers, queries, terms
from customers.log.models import AccessEntry
from customers.privacy.models import GuestPass
from tests import builders

NUMBER = "13812346621"


@pytest.fixture
def actor(receptionist):
    return builders.actor_of(receptionist)


def add(branch, **fields):
    return builders.make_customer(branch=branch, **fields)


def test_a_card_number_goes_before_a_phone_of_the_same_digits(actor, branch):
    by_card = add(branch, name="甲", card_no=NUMBER)
    add(branch, name="乙", phone=NUMBER)
    assert lookup.by_whole_number(actor, NUMBER) == by_card
    assert lookup.people(actor, NUMBER) == ([by_card], True)
    assert not AccessEntry.objects.exists()  # no phone was looked for


def test_what_is_no_number_is_looked_for_among_none(actor, branch, django_assert_num_queries):
    add(branch, name="甲", phone=NUMBER)
    with django_assert_num_queries(1):  # the card numbers
        assert lookup.by_whole_number(actor, "zzz") is None
    assert lookup.people(actor, "zzz") == ([], False)
    assert not AccessEntry.objects.exists()


def test_digits_that_are_nobodys_whole_number_may_begin_a_card_number(actor, branch):
    begun = add(branch, card_no="8800123456")
    add(branch, card_no="7700123456")
    assert lookup.people(actor, "8800123") == ([begun], False)


def test_of_guests_who_share_a_number_only_those_are_told_of_whom_the_limit_allows(stranger, branch, settings):
    for _each in range(2):
        add(branch, phone=NUMBER)
    actor = builders.actor_of(stranger)
    settings.GUESTS_AN_HOUR = 1
    [told], is_limited = queries.guests_by_phone(actor, NUMBER)
    assert not is_limited
    assert queries.guests_by_phone(actor, NUMBER) == ([told], True)


def test_guests_stand_in_the_order_of_their_cards(stranger, branch, either_way):
    guests = [add(branch, phone=NUMBER) for _each in range(2)]
    assert queries.guests_by_phone(builders.actor_of(stranger), NUMBER) == (guests, False)


def test_what_is_no_number_is_no_guests_even_beyond_the_limit(stranger, owner, settings, django_assert_num_queries):
    settings.GUESTS_AN_HOUR = 0
    actor = builders.actor_of(stranger)
    with django_assert_num_queries(0):
        assert queries.guests_by_phone(actor, "张") == ([], False)
        assert queries.guests_by_phone(builders.actor_of(owner), NUMBER) == ([], False)  # to whom nobody is a guest
    assert queries.guests_by_phone(actor, NUMBER) == ([], True)


def test_a_guest_may_be_opened_on_the_day_and_at_the_branch_she_was_let_in_at_and_only_she(stranger, branch, other_branch):
    guest, other = add(branch), add(branch)
    actor = builders.actor_of(stranger)
    passes = {"customer": guest, "user": stranger.user}
    GuestPass.objects.create(branch=other_branch, business_date=actor.today - timedelta(days=1), **passes)
    GuestPass.objects.create(branch=branch, business_date=actor.today, **passes)
    assert not Customer.objects.visible_to(actor).filter(pk__in=[guest.pk, other.pk]).exists()
    GuestPass.objects.create(branch=other_branch, business_date=actor.today, **passes)
    assert Customer.objects.visible_to(actor).filter(pk__in=[guest.pk, other.pk]).get() == guest


def test_a_portrait_is_not_served_where_there_is_none(owner, customer):
    assert builders.client_of(owner).get(f"/customers/{customer.pk}/portrait/").status_code == 404


def test_who_sees_portraits_sees_those_of_the_own_branch(receptionist, beautician, stranger, owner, customer):
    people = (receptionist, beautician, stranger, owner)
    assert [show.sees_portrait(builders.actor_of(who), customer) for who in people] == [True, True, False, True]


def test_a_number_is_whole_from_seven_digits_on():
    assert [terms.whole_number(written) for written in ("678901", "6789012", "678 9012", "678901x")] == [
        "",
        "6789012",
        "6789012",
        "",
    ]


def test_an_old_number_is_looked_for_where_the_card_is_by_who_has_lists(branch, other_branch, receptionist, beautician, owner):
    here, there = (add(each, old_no="V77") for each in (branch, other_branch))
    found = {who: queries.ids_matching(builders.actor_of(who), "v77") for who in (receptionist, beautician, owner)}
    assert found == {receptionist: [here.pk], beautician: [], owner: [here.pk, there.pk]}
    assert old_numbers.arms(builders.actor_of(owner), "") == []  # most cards have none


def test_a_start_of_phones_fits_those_that_are_long_enough(branch):
    """The end of a number, read backwards, as it is typed: a short extension is not the end of a phone."""
    short, long = (add(branch, phone=number).phones.get() for number in ("66210", "13800066210"))
    start = terms.Start("digits_reversed", "01266", of_phone=True, least=6)
    assert list(start.phones) == [long]
    assert [start.is_of(phone.digits) for phone in (short, long)] == [False, True]
    assert terms.Start("digits_reversed", "01266", of_phone=True, least=5).is_of(short.digits)


def test_the_last_visit_of_a_card_is_the_latest_and_of_that_card_alone(branch):
    first, second, third = cards = [add(branch) for _each in range(3)]
    day = first.card_date + timedelta(days=100)

    def noted():
        return [Customer.objects.get(pk=card.pk).last_visit_on for card in cards]

    projections.note_visit(customer_ids=[first.pk, second.pk], on=day)
    assert noted() == [day, day, None]
    projections.note_visit(customer_ids=[first.pk], on=day - timedelta(days=1))
    assert noted() == [day, day, None]
    projections.note_visit(customer_ids=[first.pk], on=day + timedelta(days=1))
    projections.set_last_visit(days={second.pk: None})
    assert noted() == [day + timedelta(days=1), None, None]
