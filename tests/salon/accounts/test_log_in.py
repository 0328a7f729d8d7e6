"""Logging in: the right password and nothing else, as often as a person mistypes and not as often as a program guesses."""

import base64
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from salon.accounts import lockout, services
from salon.accounts.models import User
from tests.builders import actor_of, client_of, make_user

PASSWORD = "correct horse battery"
LOGIN = "/login/"


def try_to_log_in(client, username="reception", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password}, **extra)


def is_logged_in(client):
    return client.get("/account/").status_code == 200


def test_a_page_sends_a_stranger_to_the_log_in_and_then_back(client, receptionist):
    response = client.get("/account/?a=1")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/account/%3Fa%3D1"
    shown = client.get(response["Location"])
    assert 'name="next" value="/account/?a=1"' in shown.content.decode()
    response = client.post(LOGIN, {"username": "reception", "password": PASSWORD, "next": "/account/?a=1"})
    assert (response.status_code, response["Location"]) == (302, "/account/?a=1")
    assert is_logged_in(client)


def test_logging_in_takes_a_new_session_key(client, receptionist):
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    planted = session.session_key
    client.cookies["sid"] = planted
    try_to_log_in(client)
    assert client.cookies["sid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_who_is_logged_in_does_not_see_the_log_in(desk):
    response = desk.get(LOGIN)
    assert (response.status_code, response["Location"]) == (302, reverse("home"))


def test_a_wrong_password_keeps_the_name_and_forgets_the_password(client, receptionist):
    response = try_to_log_in(client, password="not the password")
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="reception"' in page
    assert "not the password" not in page
    assert "User name or password is wrong." in page
    assert not is_logged_in(client)


def test_nobody_learns_whether_a_name_exists(client, receptionist, beautician, owner):
    """Unknown, known, and deactivated names get the same answer to a wrong password."""
    services.deactivate_staff(actor=actor_of(owner), staff=beautician)
    pages = set()
    for username in ("reception", "beauty", "nobody12"):
        response = try_to_log_in(client, username=username, password="wrong")
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"', "", response.content.decode())
        pages.add((response.status_code, page.replace(f'value="{username}"', "")))
    assert len(pages) == 1


def test_an_unknown_name_costs_as_much_work_as_a_known_one(client, receptionist, beautician, owner, monkeypatch):
    services.deactivate_staff(actor=actor_of(owner), staff=beautician)
    encode, hashed = MD5PasswordHasher.encode, []
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *args: hashed.append(1) or encode(self, *args))
    work = {}
    for username in ("reception", "beauty", "nobody"):
        hashed.clear()
        try_to_log_in(client, username=username, password="wrong")
        work[username] = len(hashed)
    assert work == {"reception": 1, "beauty": 1, "nobody": 1}


@pytest.mark.parametrize("typed", ["Reception", "RECEPTION", "ｒｅｃｅｐｔｉｏｎ", " reception "])
def test_one_name_in_any_spelling(client, receptionist, typed):
    assert try_to_log_in(client, username=typed).status_code == 302


@pytest.mark.parametrize("typed", ["", "a\0b", "x" * 5000, "名" * 61, "\ud800"])
def test_odd_names_are_wrong_names(client, db, typed):
    body = urlencode({"username": typed, "password": PASSWORD}, errors="surrogatepass")
    assert client.post(LOGIN, body, content_type="application/x-www-form-urlencoded").status_code == 422


def test_a_password_is_taken_as_typed(client, receptionist):
    receptionist.user.set_password(" blank at both ends ")
    receptionist.user.save()
    assert try_to_log_in(client, password="blank at both ends").status_code == 422
    assert try_to_log_in(client, password=" blank at both ends ").status_code == 302


def test_somebody_without_a_staff_record_is_told_and_gets_no_session(client, db):
    make_user("lost", "receptionist")
    response = try_to_log_in(client, username="lost")
    assert response.status_code == 422
    assert "you are not on the staff list" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_somebody_who_left_is_told_and_gets_no_session(client, receptionist, owner):
    services.deactivate_staff(actor=actor_of(owner), staff=receptionist)
    response = try_to_log_in(client)
    assert response.status_code == 422
    assert "you are not on the staff list" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_log_in_form_is_protected_against_forgery(receptionist):
    assert try_to_log_in(Client(enforce_csrf_checks=True)).status_code == 403


# --- Five wrong passwords ---------------------------------------------------------------------------------------------


def fail(client, times, **kwargs):
    return [try_to_log_in(client, password=f"wrong {n}", **kwargs).status_code for n in range(times)]


def test_from_the_fifth_wrong_password_on_there_is_a_wait(client, receptionist):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        assert fail(client, 5) == [422, 422, 422, 422, 429]
        response = try_to_log_in(client)
        assert response.status_code == 429, "the right password during the wait is refused too"
        assert response["Retry-After"] == "30"
        assert "Wait 30 seconds" in response.content.decode()
        assert not is_logged_in(client)
        clock.shift(29)
        assert try_to_log_in(client)["Retry-After"] == "1"
        clock.shift(2)
        assert try_to_log_in(client).status_code == 302, "trying during the wait does not make it longer"


def test_each_further_wrong_password_waits_longer_up_to_a_quarter_of_an_hour(client, receptionist):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        fail(client, 5)
        answers = []
        for n in range(8):
            clock.shift(15 * 60)
            answers.append(try_to_log_in(client, password=f"wrong {n}"))
    assert "Wait 60 seconds" in answers[0].content.decode()
    assert [int(answer["Retry-After"]) for answer in answers] == [60, 120, 240, 480, 900, 900, 900, 900]


def test_wrong_passwords_are_forgotten_a_day_after_the_last(client, receptionist):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        fail(client, 7)
        clock.shift(24 * 3600 + 1)
        assert fail(client, 4) == [422] * 4


# --- Both sides of the wait: who knows the device is not kept out, and who guesses gains nothing -------------------------


def known_device(staff):
    """A browser that has logged this person in before, and is logged out."""
    client = Client()
    assert try_to_log_in(client, username=staff.user.username).status_code == 302
    client.post("/logout/")
    return client


def test_a_colleague_at_the_shops_address_does_not_lock_the_owner_out(owner):
    own, colleague = known_device(owner), Client()
    assert fail(colleague, 5, username="owner")[-1] == 429
    assert try_to_log_in(colleague, username="owner").status_code == 429
    assert try_to_log_in(own, username="owner").status_code == 302, "the owner's own device has a count of its own"
    assert try_to_log_in(colleague, username="owner").status_code == 429, "which is all that the log-in there forgets"


def test_a_known_device_may_not_guess_more_than_others(owner):
    own = known_device(owner)
    assert fail(own, 5, username="owner") == [422, 422, 422, 422, 429]
    assert try_to_log_in(own, username="owner").status_code == 429
    assert fail(own, 1, username="owner", REMOTE_ADDR="203.0.113.9") == [429], "another address is no way around"
    stranger = Client()
    assert fail(stranger, 4, username="owner") == [422] * 4, "and keeps nobody else out"


def test_a_device_is_known_for_whom_it_has_logged_in_only(owner, receptionist):
    shared = known_device(receptionist)
    fail(Client(), 5, username="owner")
    assert try_to_log_in(shared, username="owner").status_code == 429, "to the owner it is any device at this address"
    assert try_to_log_in(shared, username="reception").status_code == 302


def test_who_may_log_in_at_a_shared_computer_does_not_end_the_wait_of_others_there(owner, receptionist):
    shared = known_device(owner)
    assert fail(shared, 5, username="owner")[-1] == 429
    assert try_to_log_in(shared, username="reception").status_code == 302
    shared.post("/logout/")
    assert try_to_log_in(shared, username="owner").status_code == 429


def test_a_shared_computer_is_known_for_everybody_who_came_in(owner, receptionist):
    shared = known_device(receptionist)
    try_to_log_in(shared, username="owner")
    shared.post("/logout/")
    for name in ("owner", "reception"):
        fail(Client(), 5, username=name)
        assert try_to_log_in(shared, username=name).status_code == 302
        shared.post("/logout/")


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "W10:1:x", "\xff", "=" * 300])
def test_a_forged_device_is_any_device(owner, cookie):
    forger = Client()
    forger.cookies[lockout.COOKIE] = cookie
    fail(forger, 5, username="owner")
    forger.cookies.pop(lockout.COOKIE)
    assert try_to_log_in(forger, username="owner").status_code == 429


def test_the_cookie_names_nobody_and_scripts_cannot_read_it(owner):
    client = Client()
    cookie = try_to_log_in(client, username="owner").cookies[lockout.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "owner" not in base64.urlsafe_b64decode(cookie.value.partition(":")[0] + "==").decode()


def test_each_browser_is_a_device_of_its_own_and_stays_it(owner):
    def device_of(client):
        cookie = try_to_log_in(client, username="owner").cookies[lockout.COOKIE].value
        device, people = lockout._device(SimpleNamespace(COOKIES={lockout.COOKIE: cookie}))
        assert len(people) == 1
        return device

    one, other = Client(), Client()
    devices = [device_of(one), device_of(other)]
    assert len(set(devices)) == 2
    assert all(devices)
    one.post("/logout/")
    assert device_of(one) == devices[0]


def test_an_open_sessions_password_page_is_not_locked_from_elsewhere(owner):
    own = client_of(owner)  # logged in before there were such cookies
    for client in (Client(), known_device(owner)):
        fail(client, 5, username="owner")
    change = {"old": PASSWORD, "password": "violet umbrella 42", "again": "violet umbrella 42"}
    assert own.post("/account/password/", change).status_code == 302


def test_an_open_session_is_no_way_to_guess(owner):
    left_open = client_of(owner)
    guess = {"password": "violet umbrella 42", "again": "violet umbrella 42"}
    assert [left_open.post("/account/password/", guess | {"old": f"guess {n}"}).status_code for n in range(5)][-1] == 429
    assert left_open.post(LOGIN, {"username": "owner", "password": "guess"}).status_code == 429, (
        "the log-in page is no way around"
    )
    assert try_to_log_in(Client(), username="owner").status_code == 302


def test_an_open_session_of_another_person_has_no_tries_of_its_own(owner, receptionist):
    assert fail(client_of(receptionist), 5, username="owner")[-1] == 429
    assert try_to_log_in(Client(), username="owner").status_code == 429, "to the owner it is any device at this address"


def test_a_wait_looks_at_no_password(client, receptionist, monkeypatch):
    """Known or unknown, a name costs no hashing during a wait, and the same queries."""
    encode, hashed = MD5PasswordHasher.encode, []
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *args: hashed.append(1) or encode(self, *args))
    work = {}
    for username in ("reception", "nobody"):
        fail(client, 5, username=username)
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            assert try_to_log_in(client, username=username).status_code == 429
        work[username] = (len(hashed), len(queries))
    assert work["reception"] == work["nobody"]
    assert work["nobody"][0] == 0


def test_the_lock_is_the_same_for_a_name_that_does_not_exist(client, db):
    assert fail(client, 5, username="nobody") == [422, 422, 422, 422, 429]


def test_the_lock_holds_for_the_name_in_any_spelling(client, receptionist):
    for typed in ("reception", "Reception", "RECEPTION", "ｒeception", "reception "):
        response = try_to_log_in(client, username=typed, password="wrong")
    assert response.status_code == 429


def test_a_colleague_at_the_same_desk_is_not_locked_out(client, receptionist, beautician):
    fail(client, 5)
    assert try_to_log_in(client, username="beauty").status_code == 302


def test_a_stranger_elsewhere_does_not_lock_the_desk_out(client, receptionist):
    fail(client, 5, REMOTE_ADDR="203.0.113.9")
    assert try_to_log_in(client).status_code == 302


def test_success_forgets_the_failures_before(client, receptionist):
    fail(client, 4)
    try_to_log_in(client)
    client.post("/logout/")
    assert fail(client, 4) == [422] * 4


@pytest.mark.parametrize("behind_tls", [False, True])
def test_a_forged_forwarding_header_gains_no_try(client, receptionist, settings, behind_tls):
    """The address is REMOTE_ADDR, which `serve` takes from the trusted proxy; the product itself believes no header."""
    settings.BEHIND_TLS = behind_tls
    for n in range(5):
        address = f"198.51.100.{n}"
        forged = {"HTTP_X_FORWARDED_FOR": address, "HTTP_X_REAL_IP": address, "HTTP_FORWARDED": f"for={address}"}
        response = try_to_log_in(client, password="wrong", **forged)
    assert response.status_code == 429
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"127.0.0.1"}


def test_a_manager_unlocks(client, receptionist, manager):
    fail(client, 5)
    services.unlock(actor=actor_of(manager), staff=receptionist)
    assert try_to_log_in(client).status_code == 302


def test_nothing_secret_is_written_down(client, receptionist, caplog):
    """People type their password into the wrong field; a name with line breaks must not forge a line of the log."""
    for _n in range(6):
        client.post(LOGIN, {"username": "my secret\r\nERROR forged", "password": "another secret"})
    log = "\n".join(record.getMessage() for record in caplog.records)
    assert "secret" not in log
    assert "forged" not in log
    assert all("another secret" not in attempt.post_data for attempt in AccessAttempt.objects.all())


# --- Where to afterwards ----------------------------------------------------------------------------------------------

HOSTILE = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example",
    "https://evil.example", "http:evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example/account/", "/account/\r\nX: y",
    "\t//evil.example", " //evil.example", "/\t/evil.example", "//127.0.0.1@evil.example", "http://127.0.0.1:8000@evil.example",
    "/%2f%2fevil.example", "/%5cevil.example", "evil.example", "account/", "ftp://evil.example", "//[::1]evil", "?next=//evil",
    "/account/../../evil.example", "http://testserver.evil.example/account/", "\u2028//evil.example", "/logout/", "/nowhere/",
]  # fmt: skip


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("how", ["query", "form"])
def test_the_way_on_never_leaves_the_house(client, receptionist, target, how):
    data = {"username": "reception", "password": PASSWORD}
    if how == "query":
        response = client.post(LOGIN, data, query_params={"next": target})
    else:
        response = client.post(LOGIN, data | {"next": target})
    assert response.status_code == 302
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize("target", ["/account/", "/account/?a=%2F%2Fb&c=1", "/account/password/"])
def test_the_way_on_leads_to_a_page_of_ours(client, receptionist, target):
    response = client.post(LOGIN, {"username": "reception", "password": PASSWORD, "next": target})
    assert response["Location"] == target


def test_the_demo_says_where_its_log_ins_are(client, db):
    assert "demo-logins.txt" not in client.get(LOGIN).content.decode()
    make_user("demo")
    assert "demo-logins.txt" in client.get(LOGIN).content.decode()


def test_the_choice_of_a_language(client, receptionist):
    response = client.post("/language/", {"language": "zh-hant", "next": "/login/"})
    assert (response.status_code, response["Location"]) == (302, "/login/")
    cookie = response.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("zh-hant", True, "Lax")
    assert 'lang="zh-Hant"' in client.get(LOGIN).content.decode()
    desk = client_of(receptionist)
    desk.post("/language/", {"language": "en"})
    assert User.objects.get(pk=receptionist.user.pk).language == "en"


@pytest.mark.parametrize("chosen", ["", "xx", "../etc", "en\r\n"])
def test_a_language_we_do_not_speak_is_refused(client, db, chosen):
    response = client.post("/language/", {"language": chosen})
    assert response.status_code == 400
    assert "language" not in response.cookies
