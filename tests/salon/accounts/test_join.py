"""One-time links: one person, one time, one day."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connections
from django.test import Client
from django.urls import reverse

from salon.accounts import services
from salon.accounts.models import Invitation, User, token_digest
from salon.accounts.passwords import refuse_names
from salon.errors import Conflict
from tests.builders import actor_of, client_of, make_staff
from tests.marks import several_writers

PASSWORD = "purple monkey dishwasher"
FORM = {"username": "lin", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def newcomer(branch):
    return make_staff(branch=branch, role="receptionist", name="林晓彤", login=False)


def path_of(link, settings):
    assert link.startswith(f"{settings.PUBLIC_URL}/join/")
    return link.removeprefix(settings.PUBLIC_URL)


@pytest.fixture
def link(newcomer, manager, settings):
    return path_of(services.invite(actor=actor_of(manager), staff=newcomer), settings)


def is_dead(response):
    return response.status_code == 404 and "This link no longer works" in response.content.decode()


def test_a_link_names_the_public_address(newcomer, manager, settings):
    settings.PUBLIC_URL = "https://salon.example"
    assert services.invite(actor=actor_of(manager), staff=newcomer).startswith("https://salon.example/join/")


def test_choosing_name_and_password_logs_in(client, link, newcomer):
    page = client.get(link).content.decode()
    assert "林晓彤" in page
    assert 'value="linxiaotong"' in page, "the name in pinyin is proposed"
    response = client.post(link, FORM)
    assert (response.status_code, response["Location"]) == (302, reverse("home"))
    user = User.objects.get(username="lin")
    assert user.staff == newcomer
    assert [group.name for group in user.groups.all()] == ["receptionist"]
    assert client.get("/account/").status_code == 200
    assert Client().post("/login/", {"username": "lin", "password": PASSWORD}).status_code == 302


def test_looking_at_a_link_uses_nothing_up(client, link):
    for _n in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert Invitation.objects.get().used_at is None


def test_only_the_digest_is_stored(link):
    token = link.split("/")[2]
    invitation = Invitation.objects.get()
    assert invitation.digest == token_digest(token) != token
    assert len(token) >= 43, "256 bits"


def test_a_link_works_once(client, link):
    client.post(link, FORM)
    assert is_dead(Client().get(link))
    assert is_dead(Client().post(link, FORM | {"username": "second"}))
    assert not User.objects.filter(username="second").exists()


def test_a_link_lives_a_day(newcomer, manager, settings, client):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        link = path_of(services.invite(actor=actor_of(manager), staff=newcomer), settings)
        clock.shift(timedelta(hours=24) - timedelta(seconds=1))
        assert client.get(link).status_code == 200
        clock.shift(1)
        assert is_dead(client.get(link))
        assert is_dead(client.post(link, FORM))


@pytest.mark.parametrize("token", ["nonsense", "x" * 3000, "%00", "ü", "..%2f"])
def test_an_invented_link_is_dead(client, db, token):
    response = client.get(f"/join/{token}/")
    assert response.status_code == 404
    assert client.post(f"/join/{token}/", FORM).status_code == 404


def test_a_new_link_ends_the_one_before(client, link, newcomer, manager, settings):
    second = path_of(services.invite(actor=actor_of(manager), staff=newcomer), settings)
    assert is_dead(client.get(link))
    assert client.get(second).status_code == 200


def test_a_link_dies_when_the_person_leaves(client, link, newcomer, owner):
    services.deactivate_staff(actor=actor_of(owner), staff=newcomer)
    assert is_dead(client.get(link))
    services.reactivate_staff(actor=actor_of(owner), staff=newcomer)
    assert is_dead(client.get(link)), "coming back does not revive it"


def test_a_link_of_who_is_not_on_the_staff_list_is_dead_before_anything_is_typed(client, link, newcomer):
    type(newcomer).objects.filter(pk=newcomer.pk).update(is_active=False)
    assert is_dead(client.get(link))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "short", "again": "short"}, "This password is too short"),
        ({"password": "123456789012", "again": "123456789012"}, "This password is entirely numeric"),
        ({"password": "password1234", "again": "password1234"}, "This password is too common"),
        ({"username": "linxiaotong", "password": "linxiaotong1", "again": "linxiaotong1"}, "too similar to the user name"),
        ({"password": " " * 12, "again": " " * 12}, "Use at least 5 different characters"),
        ({"password": "abcd" * 4, "again": "ABCD" * 4}, "Use at least 5 different characters"),
        ({"username": "lin.xt", "password": "Lin.XT " * 3, "again": "Lin.XT " * 3}, "This is little more than a name"),
        ({"password": "林晓彤" * 5 + "2026!", "again": "林晓彤" * 5 + "2026!"}, "This is little more than a name"),
        ({"password": "correct horse \ufffd", "again": "correct horse \ufffd"}, "arrived damaged"),
        ({"again": "another password"}, "The two passwords differ"),
        ({"username": "two words"}, "Enter a valid username"),
        ({"username": ""}, "This field is required"),
        ({"username": "Manager"}, "This user name is taken"),
        ({"password": "x" * 129, "again": "x" * 129}, "at most 128 characters"),
    ],
)
def test_a_bad_choice_is_explained_and_the_link_stays(client, link, manager, change, message):
    response = client.post(link, FORM | change)
    assert response.status_code == 422
    page = response.content.decode()
    assert message in page
    assert f'value="{(FORM | change)["username"]}"' in page or not (FORM | change)["username"]
    assert PASSWORD not in page
    assert Invitation.objects.get().used_at is None
    assert client.post(link, FORM).status_code == 302


def test_a_name_taken_this_very_moment_leaves_the_link(client, link, monkeypatch):
    monkeypatch.setattr("salon.accounts.forms.JoinForm.clean_username", lambda form: form.cleaned_data["username"])
    User.objects.create_user("lin")
    response = client.post(link, FORM)
    assert response.status_code == 422
    assert "This user name is taken." in response.content.decode()
    assert Invitation.objects.get().used_at is None


def test_forgetting_the_password(receptionist, manager, settings, client):
    """For somebody who has a log-in the link sets a password and nothing else; sessions end, failures are forgotten."""
    elsewhere = client_of(receptionist)
    for _n in range(5):
        client.post("/login/", {"username": "reception", "password": "wrong"})
    link = path_of(services.invite(actor=actor_of(manager), staff=receptionist), settings)
    page = client.get(link).content.decode()
    assert "Your user name is <b>reception</b>" in page
    assert 'name="username"' not in page
    assert client.post(link, FORM).status_code == 302
    assert not User.objects.filter(username="lin").exists()
    assert elsewhere.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200
    assert Client().post("/login/", {"username": "reception", "password": PASSWORD}).status_code == 302


def test_a_link_does_not_replace_the_second_factor(branch, owner, settings, client):
    manager = make_staff(branch=branch, role="manager", is_demo=False)
    link = path_of(services.invite(actor=actor_of(owner), staff=manager), settings)
    assert client.post(link, FORM).status_code == 302
    assert client.get("/account/")["Location"].startswith("/login/code/")


def test_a_link_opened_where_somebody_else_is_logged_in_takes_over_cleanly(desk, link):
    desk.session["branch"] = 7
    assert desk.post(link, FORM).status_code == 302
    assert "lin" in desk.get("/account/").content.decode()
    assert "branch" not in desk.session


def test_joining_is_protected_against_forgery(link):
    assert Client(enforce_csrf_checks=True).post(link, FORM).status_code == 403


@several_writers
@pytest.mark.django_db(transaction=True)
def test_two_people_with_one_link_do_not_both_get_in(branch, owner, settings):
    newcomer = make_staff(branch=branch, role="beautician", login=False)
    link = services.invite(actor=actor_of(owner), staff=newcomer)
    token, barrier, outcomes = link.split("/")[-2], threading.Barrier(8), []

    def join(n):
        barrier.wait()
        try:
            services.accept_invitation(token=token, username=f"user-{n}", password=PASSWORD, now=actor_of(owner).now)
            outcomes.append("in")
        except Conflict:
            outcomes.append("late")
        connections.close_all()

    threads = [threading.Thread(target=join, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] + ["late"] * 7
    assert User.objects.filter(username__startswith="user-").count() == 1


@pytest.mark.parametrize(
    ("password", "is_refused"),
    [
        ("lin", True),
        ("Lin-12345", True),
        ("lin123456", False),
        ("linlin12345", True),
        ("correct lin horse", False),
        ("- 1 2 3 4 5 -", False),
    ],
)
def test_a_password_may_have_a_name_in_it_beside_six_other_signs(password, is_refused):
    try:
        refuse_names(password, ["", "Lin", "顾敏"])
    except ValidationError:
        assert is_refused
    else:
        assert not is_refused
