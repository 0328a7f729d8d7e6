"""Sessions: they end when idle, at the end of the day, and at once when somebody leaves or takes a new password."""

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from salon.accounts import services
from tests.builders import actor_of, client_of, make_staff

PASSWORD = "correct horse battery"
FRAGMENT = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/account/?tab=2"}


def is_in(client):
    response = client.get("/account/")
    assert response.status_code in (200, 302)
    return response.status_code == 200


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-21 02:00:00Z", tick=False) as clock:
        yield clock


def test_half_an_hour_without_a_request_ends_a_session(clock, receptionist):
    client = client_of(receptionist)
    assert is_in(client)
    clock.shift(29 * 60)
    assert is_in(client)
    clock.shift(29 * 60)
    assert is_in(client), "every request counts"
    clock.shift(30 * 60 + 61)
    assert not is_in(client)
    assert "_auth_user_id" not in client.session


def test_ten_hours_end_a_session_however_busy_it_is(clock, client, receptionist):
    client.post("/login/", {"username": "reception", "password": PASSWORD})
    for _quarter in range(40):
        assert is_in(client)
        clock.shift(15 * 60)
    clock.shift(1)
    assert not is_in(client)


def test_logging_in_again_begins_a_new_day(clock, client, receptionist):
    client.post("/login/", {"username": "reception", "password": PASSWORD})
    for _quarter in range(39):
        assert is_in(client)
        clock.shift(15 * 60)
    client.post("/login/", {"username": "reception", "password": PASSWORD})
    clock.shift(20 * 60)
    assert is_in(client)


def test_reading_pages_writes_the_session_once_a_minute_at_most(clock, receptionist, django_assert_num_queries):
    client = client_of(receptionist)
    assert is_in(client)
    clock.shift(30)
    with django_assert_num_queries(3):  # session, user with staff and branch, groups
        assert client.get("/account/password/").status_code == 200


def test_a_fragment_that_meets_an_ended_session_leaves_the_whole_page(clock, receptionist):
    client = client_of(receptionist)
    is_in(client)
    clock.shift(3600)
    response = client.get("/account/", **FRAGMENT)
    assert response.status_code == 204
    assert response.content == b""
    assert response["HX-Redirect"] == "/login/?next=%2Faccount%2F%3Ftab%3D2"
    assert "Location" not in response
    again = client.post(response["HX-Redirect"], {"username": "reception", "password": PASSWORD})
    assert again["Location"] == "/account/?tab=2"


@pytest.mark.parametrize("page", ["http://evil.example//evil.example", "javascript:alert(1)", "", "http://[bad"])
def test_a_forged_page_behind_a_fragment_leads_nowhere(client, db, page):
    response = client.get("/account/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=page)
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/login/")


def test_logging_out_ends_the_session_for_good(client, receptionist):
    client.post("/login/", {"username": "reception", "password": PASSWORD})
    key = client.cookies["sid"].value
    assert client.get("/logout/").status_code == 405, "a link or an image must not log anybody out"
    assert is_in(client)
    response = client.post("/logout/")
    assert (response.status_code, response["Location"]) == (302, "/login/")
    thief = Client()
    thief.cookies["sid"] = key
    assert not is_in(thief)
    assert not Session.objects.filter(session_key=key).exists()


def test_leaving_bites_on_the_next_request_and_coming_back_revives_no_session(receptionist, owner):
    client = client_of(receptionist)
    assert is_in(client)
    services.deactivate_staff(actor=actor_of(owner), staff=receptionist)
    assert not is_in(client)
    services.reactivate_staff(actor=actor_of(owner), staff=receptionist)
    assert not is_in(client)
    assert client.post("/login/", {"username": "reception", "password": PASSWORD}).status_code == 302


def test_a_new_role_bites_on_the_next_request(manager, owner, rf):
    client = client_of(manager)
    assert client.get("/healthz/").json().keys() > {"status", "findings", "warnings"}
    services.assign_role(actor=actor_of(owner), staff=manager, role="receptionist")
    assert client.get("/healthz/").json().keys() == {"status"}


def test_somebody_without_group_or_staff_record_is_nobody(receptionist, branch):
    client = client_of(receptionist)
    receptionist.user.groups.clear()
    assert not is_in(client)
    lost = make_staff(branch=branch)
    client = client_of(lost)
    lost.delete()
    assert not is_in(client)


def test_ending_all_sessions_elsewhere_keeps_this_one(receptionist):
    here, elsewhere = client_of(receptionist), client_of(receptionist)
    assert here.post("/account/", {"end_sessions": "1"}).status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)


def test_a_new_password_ends_sessions_elsewhere(receptionist):
    here, elsewhere = client_of(receptionist), client_of(receptionist)
    key = here.cookies["sid"].value
    data = {"old": PASSWORD, "password": "purple monkey dishwasher", "again": "purple monkey dishwasher"}
    assert here.post("/account/password/", data).status_code == 302
    assert here.cookies["sid"].value != key
    assert is_in(here)
    assert not is_in(elsewhere)
    fresh = Client()
    assert fresh.post("/login/", {"username": "reception", "password": PASSWORD}).status_code == 422
    assert fresh.post("/login/", {"username": "reception", "password": data["password"]}).status_code == 302
