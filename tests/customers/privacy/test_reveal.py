"""Seeing the whole of what is masked: only for who may, only with an entry in the log, and not without end."""

import pytest
from django.db import DatabaseError

from customers.card.models import Address, Phone
from customers.log.models import AccessEntry, AccessReason
from customers.log.services import log_guests, log_view
from customers.privacy import services
from customers.privacy.queries import FIELD_NAMES
from salon import access
from tests import builders


@pytest.fixture
def card(customer):
    customer.wechat, customer.health = "mei_1990", "怀孕三个月"
    customer.save()
    Phone.objects.create(customer=customer, number="02162881234", label="家里")
    Address.objects.create(customer=customer, city="上海", community="阳光花园", street="1 号 101", postcode="200040")
    return customer


def ask(staff, card, field, *, htmx=True, **data):
    headers = {"HX-Request": "true"} if htmx else {}
    return builders.client_of(staff).post(f"/customers/{card.pk}/reveal/", {"field": field} | data, headers=headers)


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("phone", ["13812346621", "02162881234", "家里"]),
        ("address", ["上海", "阳光花园", "1 号 101", "200040"]),
        ("wechat", ["mei_1990"]),
    ],
)
def test_the_desk_sees_a_masked_field_and_is_written_down(receptionist, card, field, shown):
    response = ask(receptionist, card, field)
    html = response.content.decode()
    assert response.status_code == 200
    assert all(value in html for value in shown)
    entry = AccessEntry.objects.get()
    assert (entry.action, entry.field, entry.customer_id, entry.user) == ("reveal", field, card.pk, receptionist.user)
    assert (entry.branch, entry.address) == (receptionist.branch, "127.0.0.1")


def test_an_address_without_a_place_is_none(receptionist, customer):
    Address.objects.create(customer=customer, country="中国", postcode="200040")
    html = ask(receptionist, customer, "address").content.decode()
    assert "Nothing is entered here." in html
    assert "200040" not in html


def test_without_javascript_the_answer_is_a_page(receptionist, card):
    html = ask(receptionist, card, "phone", htmx=False).content.decode()
    assert "13812346621" in html
    assert "<h1>" in html


@pytest.mark.parametrize("field", ["birthday", "safety", "amount", "name", "", "phones__digits", "x" * 5000])
def test_what_is_no_masked_field_is_refused(receptionist, card, field):
    assert ask(receptionist, card, field).status_code == 403
    assert not AccessEntry.objects.exists()


def test_each_field_that_may_be_revealed_has_a_name():
    assert set(FIELD_NAMES) == access.REVEALABLE


@pytest.mark.parametrize("field", ["phone", "address", "wechat", "health"])
def test_a_beautician_reveals_nothing(beautician, card, branch, field):
    actor = builders.actor_of(beautician)
    assert ask(beautician, card, field).status_code == 404
    card.visits.create(
        branch=branch, status="expected", expected_on=actor.today, day=actor.today, assigned=beautician, recorded_at=actor.now
    )
    assert ask(beautician, card, field).status_code == 403
    assert not AccessEntry.objects.exists()


def test_the_desk_does_not_see_health_at_all(receptionist, card):
    assert ask(receptionist, card, "health", reason="because").status_code == 403


@pytest.mark.parametrize("reason", ["", "   ", "\u200b"])
def test_a_manager_must_say_why_before_seeing_health(manager, card, reason):
    response = ask(manager, card, "health", reason=reason)
    assert response.status_code == 422
    assert "怀孕" not in response.content.decode()
    assert 'name="reason"' in response.content.decode()
    assert "Give a reason." in response.content.decode()
    assert "Give a reason." not in ask(manager, card, "health").content.decode()  # nobody has been asked yet
    assert not AccessEntry.objects.exists()


def test_a_managers_reason_is_kept_apart_from_the_log(manager, card):
    response = ask(manager, card, "health", reason="  投诉处理\x00 ")
    assert "怀孕三个月" in response.content.decode()
    assert AccessReason.objects.get().text == "投诉处理"
    assert AccessReason.objects.get().entry.field == "health"


def test_nothing_is_shown_if_the_log_cannot_be_written(receptionist, card, monkeypatch):
    def broken(**fields):
        raise DatabaseError("the log is gone")

    monkeypatch.setattr(AccessEntry.objects, "create", broken)
    client = builders.client_of(receptionist)
    client.raise_request_exception = False
    response = client.post(f"/customers/{card.pk}/reveal/", {"field": "phone"}, headers={"HX-Request": "true"})
    assert response.status_code >= 500
    assert "13812346621" not in response.content.decode()


def test_other_branches_and_missing_cards_are_the_same_404(stranger, card):
    other = ask(stranger, card, "phone")
    card.pk = 999_999
    missing = ask(stranger, card, "phone")
    assert (other.status_code, missing.status_code) == (404, 404)
    assert other.content == missing.content


def test_a_day_has_a_limit_per_person(receptionist, manager, card, settings):
    settings.REVEALS_A_DAY = 2
    log_view(actor=builders.actor_of(receptionist), customer=card, address=None)  # is no reveal
    assert [ask(receptionist, card, "phone").status_code for _ in range(3)] == [200, 200, 422]
    refused = ask(receptionist, card, "wechat").content.decode()
    assert "mei_1990" not in refused
    assert "as many whole fields" in refused
    assert AccessEntry.objects.filter(action="reveal").count() == 2
    assert ask(manager, card, "phone").status_code == 200  # a person's limit, not the shop's


def test_only_what_was_revealed_counts(receptionist, card, settings):
    settings.REVEALS_A_DAY = 1
    AccessEntry.objects.create(user=receptionist.user, branch=receptionist.branch, action="view", customer_id=card.pk)
    assert ask(receptionist, card, "phone").status_code == 200


def test_a_reason_is_missed_only_where_one_was_asked_for(manager, card):
    asked, empty = ask(manager, card, "health"), ask(manager, card, "health", reason="")
    assert [response.context["is_missing"] for response in (asked, empty)] == [False, True]


def test_an_address_without_words_is_none(receptionist, card):
    Address.objects.create(customer=card, postcode="200999")
    assert "200999" not in ask(receptionist, card, "address").content.decode()


def test_the_limit_counts_the_business_day(receptionist, card, settings, time_machine_at):
    settings.REVEALS_A_DAY = 1
    branch = receptionist.branch
    branch.cutoff_hour = 4
    branch.save()
    receptionist.refresh_from_db()
    for moment, passes in (
        ("2026-11-20T20:30+08:00", True),
        ("2026-11-21T03:30+08:00", False),  # still the evening before
        ("2026-11-21T04:30+08:00", True),
    ):
        with time_machine_at(moment) as now:
            actor = builders.actor_of(receptionist, now=now)
            reveal = {"actor": actor, "customer": card, "field": "phone", "address": None}
            if passes:
                services.log_reveal(**reveal)
            else:
                with pytest.raises(services.RevealLimitReached):
                    services.log_reveal(**reveal)


@pytest.fixture
def time_machine_at():
    from contextlib import contextmanager
    from datetime import datetime

    import time_machine

    @contextmanager
    def at(text):
        moment = datetime.fromisoformat(text)
        with time_machine.travel(moment, tick=False):
            yield moment

    return at


def test_what_a_customer_wrote_is_escaped(receptionist, card):
    card.wechat = '<x-probe>"'
    card.save()
    html = ask(receptionist, card, "wechat").content.decode()
    assert "<x-probe" not in html
    assert "&lt;x-probe&gt;" in html


def test_get_is_not_a_way(receptionist, card):
    assert builders.client_of(receptionist).get(f"/customers/{card.pk}/reveal/").status_code == 405


def test_a_customer_found_by_the_whole_number_is_logged_and_a_guest_let_in_once(desk, receptionist, customer, other_branch):
    guest = builders.make_customer(branch=other_branch, phone="13911112222")
    for phone in ("13812346621", "13911112222", "13911112222"):
        assert desk.post("/customers/here/", {"phone": phone}).status_code == 302
    found = list(AccessEntry.objects.order_by("pk").values_list("action", "customer_id"))
    assert [each for each in found if each[0] != "view"] == [("find", customer.pk), ("guest", guest.pk)]


def test_a_guest_who_cannot_be_written_down_is_not_let_in(receptionist, other_branch, monkeypatch):
    guest = builders.make_customer(branch=other_branch, phone="13911112222")

    def broken(**fields):
        raise DatabaseError("the log is gone")

    monkeypatch.setattr(AccessEntry.objects, "create", broken)
    with pytest.raises(DatabaseError):
        services.open_guest_pass(actor=builders.actor_of(receptionist), customer=guest, digits="13911112222", address=None)
    assert not guest.guest_passes.exists()


def test_beyond_the_limit_only_a_guest_one_was_told_of_and_the_own_are_opened(
    desk, receptionist, customer, other_branch, settings
):
    settings.GUESTS_AN_HOUR = 1
    told, other = (builders.make_customer(branch=other_branch, phone=f"1391111222{n}") for n in range(2))
    log_guests(actor=builders.actor_of(receptionist), ids=[told.pk])
    for number in ("13911112221", "13911112229"):  # somebody's and nobody's are refused alike
        assert desk.post("/customers/here/", {"phone": number}).status_code == 409
    assert desk.post("/customers/here/", {"phone": "13812346621"})["Location"] == customer.get_absolute_url()
    assert desk.post("/customers/here/", {"phone": "13911112220"})["Location"] == told.get_absolute_url()
    assert not AccessEntry.objects.filter(customer_id=other.pk).exists()


def test_beyond_the_limit_the_own_are_opened_and_nobody_is_refused_as_anybody_is(desk, customer, branch, other_branch, settings):
    settings.GUESTS_AN_HOUR = 0
    own = builders.make_customer(branch=branch, phone="13911112220")
    for _n in range(2):
        builders.make_customer(branch=other_branch, phone="13911112220")
    builders.make_customer(branch=other_branch, phone="13911112221")
    assert desk.post("/customers/here/", {"phone": "13911112220", "customer": str(own.pk)}).status_code == 302
    assert desk.post("/customers/here/", {"phone": "13911112220"}).status_code == 404  # whose, of the first two?
    assert desk.post("/customers/here/", {"phone": "13911112221"}).status_code == 409
    assert desk.post("/customers/here/", {"phone": "13911119999"}).status_code == 409  # nobody's


def test_of_a_family_with_one_number_the_one_chosen_is_opened(desk, customer, branch):
    daughter = builders.make_customer(branch=branch, phone="13812346621")
    for who in (customer, daughter):
        response = desk.post("/customers/here/", {"phone": "13812346621", "customer": str(who.pk)})
        assert response["Location"] == who.get_absolute_url()
    for who in ("", "0", "x"):
        assert desk.post("/customers/here/", {"phone": "13812346621", "customer": who}).status_code == 404
