"""The second factor: managers and owners outside the demo get nowhere without it, and each code works once."""

import re
import threading

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.accounts import second_factor as factor
from salon.accounts import services
from tests.builders import actor_of, client_of, make_staff
from tests.marks import several_writers
from tests.salon.accounts.pairing import CODE, PASSWORD, SETUP, code_for, is_in, log_in, pair, secret_on

pytestmark = pytest.mark.usefixtures("half_minute")


# --- Setting it up ----------------------------------------------------------------------------------------------------


def test_an_owner_without_a_second_factor_gets_to_nothing_but_setting_it_up(boss):
    client = log_in(boss)
    response = client.get("/account/?a=1")
    assert (response.status_code, response["Location"]) == (302, "/login/code/?next=%2Faccount%2F%3Fa%3D1")
    response = client.get(response["Location"])
    assert response["Location"] == SETUP
    assert client.get(SETUP).status_code == 200
    assert client.post("/account/", {"theme": "dark"}).status_code == 302
    boss.user.refresh_from_db()
    assert boss.user.theme == ""


def test_a_fragment_is_sent_to_the_code_page_as_a_whole(boss):
    client = log_in(boss)
    response = client.get("/account/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/account/")
    assert (response.status_code, response["HX-Redirect"]) == (204, "/login/code/?next=%2Faccount%2F")


def test_pairing_an_app(boss):
    client = log_in(boss)
    page = client.get(SETUP)
    assert 'src="data:image/svg+xml' in page.content.decode()
    secret = secret_on(page)
    assert secret_on(client.get(SETUP)) == secret, "a page loaded again shows the code the phone has read"
    wrong = client.post(SETUP, {"code": "000000" if code_for(secret) != "000000" else "000001"})
    assert wrong.status_code == 422
    assert secret_on(wrong) == secret
    assert not TOTPDevice.objects.exists()
    before = client.cookies["sid"].value
    done = client.post(SETUP, {"code": code_for(secret)})
    codes = re.findall(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", done.content.decode())
    assert len(set(codes)) == 10
    assert client.cookies["sid"].value != before
    assert is_in(client)
    assert secret not in str(dict(client.session))


def test_there_is_nothing_to_cancel_where_no_phone_was_paired_before(boss):
    client = log_in(boss)
    page = client.get(SETUP)
    again = client.post(SETUP, {"cancel": "1"})
    assert again.status_code == 422
    assert secret_on(again) == secret_on(page)
    assert page.context["is_change"] is False


def test_the_picture_says_whose_secret_it_is(boss):
    address, spelled = factor.pairing(boss.user, "00" * 20)
    assert address.startswith("otpauth://totp/Salon%20Archive%3Aboss?secret=AAAA")
    assert "issuer=Salon%20Archive" in address
    assert spelled == " ".join(["AAAA"] * 8)


def test_recovery_codes_are_not_in_the_database(boss):
    _secret, codes = pair(boss)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    for code in codes:
        assert not any(code.replace("-", "") in token or token in code for token in stored)


def test_the_password_alone_cannot_pair_another_phone(boss):
    pair(boss)
    client = log_in(boss)
    assert client.get(SETUP)["Location"] == CODE
    assert client.post(SETUP, {"code": "123456", "new_phone": "1", "password": PASSWORD})["Location"] == CODE
    assert TOTPDevice.objects.count() == 1


@pytest.mark.parametrize("role", ["receptionist", "beautician"])
def test_other_roles_need_none(branch, role):
    client = log_in(make_staff(branch=branch, role=role, is_demo=False))
    assert is_in(client)
    assert client.get(SETUP)["Location"] == "/account/"
    assert "Your role needs none." in client.get("/account/").content.decode()


def test_the_demo_asks_for_none(manager):
    client = log_in(manager)
    assert is_in(client)
    assert client.get(SETUP)["Location"] == "/account/"
    assert "The demo asks for none." in client.get("/account/").content.decode()


# --- Codes ------------------------------------------------------------------------------------------------------------


def test_the_code_of_the_app_lets_in_and_on(boss):
    secret, _codes = pair(boss)
    client = log_in(boss)
    assert client.get(SETUP)["Location"] == CODE
    page = client.get(f"{CODE}?next=/account/")
    assert 'value="/account/"' in page.content.decode()
    before = client.cookies["sid"].value
    response = client.post(CODE, {"code": f" {code_for(secret, 1)[:3]} {code_for(secret, 1)[3:]}", "next": "/account/"})
    assert (response.status_code, response["Location"]) == (302, "/account/")
    assert client.cookies["sid"].value != before
    assert is_in(client)
    assert client.get(CODE).status_code == 302, "who is in is not asked again"


def test_the_code_page_never_leads_off_the_site(boss):
    secret, _codes = pair(boss)
    client = log_in(boss)
    assert client.post(CODE, {"code": code_for(secret, 1), "next": "//evil.example"})["Location"] == "/"


def test_a_code_of_the_app_works_once(boss):
    secret, _codes = pair(boss)
    used_for_pairing = code_for(secret)
    assert log_in(boss).post(CODE, {"code": used_for_pairing}).status_code == 422
    code = code_for(secret, 1)
    assert log_in(boss).post(CODE, {"code": code}).status_code == 302
    assert log_in(boss).post(CODE, {"code": code}).status_code == 422


@pytest.mark.parametrize("spelling", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code}\u3000"])
def test_a_recovery_code_works_once_however_it_is_typed(boss, spelling):
    _secret, codes = pair(boss)
    client = log_in(boss)
    response = client.post(CODE, {"code": spelling(codes[3])})
    assert response.status_code == 302
    assert "Recovery code used; 9 are left." in client.get("/account/").content.decode()
    again = log_in(boss).post(CODE, {"code": codes[3]})
    assert again.status_code == 422
    assert "This code is wrong, or it was used already." in again.content.decode()
    assert log_in(boss).post(CODE, {"code": codes[4]}).status_code == 302


def test_another_persons_codes_are_worth_nothing(boss, branch):
    other = make_staff(branch=branch, role="manager", is_demo=False)
    pair(boss)
    secret, codes = pair(other)
    client = log_in(boss)
    assert client.post(CODE, {"code": codes[0]}).status_code == 422
    assert client.post(CODE, {"code": code_for(secret, 1)}).status_code == 422


@pytest.mark.parametrize("code", ["", "0", "-12345", "1e5", "١٢٣٤٥٦", "a" * 21, "\0", "12345", "1234567", "0x1234"])
def test_what_is_no_code_is_refused(boss, code):
    pair(boss)
    client = log_in(boss)
    assert client.post(CODE, {"code": code}).status_code == 422
    assert not is_in(client)


def test_five_wrong_codes_lock_both_kinds_for_a_quarter_of_an_hour(boss):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        secret, codes = pair(boss)
        client = log_in(boss)
        wrong = ["12345", "ABCDE-FGHJK", "wrong", "7", "ABCDE-FGHJK"]
        assert [client.post(CODE, {"code": code}).status_code for code in wrong] == [422] * 5
        response = client.post(CODE, {"code": codes[0]})
        assert response.status_code == 429
        assert response["Retry-After"] == "900"
        clock.shift(14 * 60 + 30)
        assert log_in(boss).post(CODE, {"code": code_for(secret)}).status_code == 429, "logging in anew is no way around"
        clock.shift(31)
        assert client.post(CODE, {"code": "wrong"}).status_code == 422
        assert client.post(CODE, {"code": codes[0]}).status_code == 302
        assert factor.device_of(boss.user).throttling_failure_count == 0


def test_the_owner_unlocks_codes_too(boss, owner):
    _secret, codes = pair(boss)
    client = log_in(boss)
    for _n in range(5):
        client.post(CODE, {"code": "wrong"})
    services.unlock(actor=actor_of(owner), staff=boss)
    assert client.post(CODE, {"code": codes[0]}).status_code == 302


def test_resetting_ends_sessions_and_begins_anew(boss, owner):
    _secret, codes = pair(boss)
    client = log_in(boss)
    client.post(CODE, {"code": codes[0]})
    assert is_in(client)
    services.reset_second_factor(actor=actor_of(owner), staff=boss)
    assert client.get("/account/")["Location"].startswith("/login/?"), "the session is over"
    client = log_in(boss)
    assert client.get(CODE)["Location"] == SETUP
    assert not StaticToken.objects.exists()


# --- Changing it ------------------------------------------------------------------------------------------------------


def test_another_phone_replaces_the_first(boss, inside):
    client, old, _codes = inside
    assert client.post(SETUP, {"new_phone": "1", "password": PASSWORD})["Location"] == SETUP
    page = client.get(SETUP)
    new = secret_on(page)
    assert new != old
    assert page.context["is_change"] is True
    assert client.post(SETUP, {"code": code_for(old, 1)}).status_code == 422
    assert client.post(SETUP, {"code": code_for(new)}).status_code == 200
    assert is_in(client)
    assert [device.key for device in TOTPDevice.objects.all()] == [new]
    assert log_in(boss).post(CODE, {"code": code_for(old, 1)}).status_code == 422


def test_the_present_phone_can_be_kept(inside):
    client, old, _codes = inside
    client.post(SETUP, {"new_phone": "1", "password": PASSWORD})
    assert client.post(SETUP, {"cancel": "1"})["Location"] == SETUP
    assert "New recovery codes replace the old ones" in client.get(SETUP).content.decode()
    assert factor.device_of(TOTPDevice.objects.get().user).key == old


def test_guessing_the_password_at_an_open_screen_is_locked_like_the_log_in(inside):
    client, _secret, _codes = inside
    answers = [client.post(SETUP, {"new_codes": "1", "password": f"guess {n}"}).status_code for n in range(5)]
    assert answers == [422, 422, 422, 422, 429]
    assert client.post(SETUP, {"new_codes": "1", "password": PASSWORD}).status_code == 429


@several_writers
@pytest.mark.django_db(transaction=True)
def test_two_people_with_one_code_do_not_both_get_in(branch):
    """On PostgreSQL the row is locked; SQLite has one writer at a time, which needs no test of ours."""
    boss = make_staff(branch=branch, role="owner", is_demo=False)
    secret, codes = pair(boss)
    for code in (codes[0], code_for(secret, 1)):
        barrier, kinds = threading.Barrier(5), []  # one right and four wrong: one fewer than locks

        def use(code=code, barrier=barrier, kinds=kinds):
            barrier.wait()
            kinds.append(factor.verify(user=boss.user, code=code, now=actor_of(boss).now))
            connections.close_all()

        threads = [threading.Thread(target=use) for _n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([kind for kind in kinds if kind]) == 1
        factor.forget_failures(boss.user)


def test_a_session_of_an_owner_who_logs_in_elsewhere_stays_verified(boss, inside):
    client, secret, _codes = inside
    elsewhere = log_in(boss)
    assert not is_in(elsewhere)
    assert is_in(client)
    assert client_of(boss).get("/account/").status_code == 302, "a session by itself is not verified"


# --- Whose it is ------------------------------------------------------------------------------------------------------


def test_what_is_one_persons_is_nobody_elses(boss, branch):
    """Neither app nor recovery codes, nor wrong ones, of two people who both have them."""
    other = make_staff(branch=branch, role="manager", is_demo=False)
    (secret, codes), (_others, their_codes) = pair(boss), pair(other)
    now = timezone.now()
    assert [factor.device_of(each.user).user for each in (boss, other)] == [boss.user, other.user]
    assert factor.verify(user=other.user, code=codes[0], now=now) is None
    assert factor.verify(user=other.user, code=code_for(secret, 1), now=now) is None
    assert factor.verify(user=boss.user, code=their_codes[0], now=now) is None
    assert factor.verify(user=other.user, code=their_codes[0], now=now) == factor.RECOVERY
    assert [factor.recovery_codes_left(each.user) for each in (boss, other)] == [10, 9]
    TOTPDevice.objects.update(throttling_failure_count=3, throttling_failure_timestamp=now)
    factor.forget_failures(other.user)
    assert [factor.device_of(each.user).throttling_failure_count for each in (boss, other)] == [3, 0]


def test_an_app_that_was_not_confirmed_is_none(boss):
    secret = factor.new_secret()
    TOTPDevice.objects.create(user=boss.user, key=secret, confirmed=False)
    assert factor.device_of(boss.user) is None
    assert factor.verify(user=boss.user, code=code_for(secret), now=timezone.now()) is None


def test_a_lock_ends_at_its_moment(boss):
    secret, _codes = pair(boss)
    now = timezone.now()
    TOTPDevice.objects.update(throttling_failure_count=5, throttling_failure_timestamp=now - factor.LOCKED_FOR)
    assert factor.verify(user=boss.user, code=code_for(secret, 1), now=now) == factor.APP


def test_an_apps_code_costs_no_look_at_recovery_codes(boss, monkeypatch):
    pair(boss)
    looked = []
    monkeypatch.setattr(factor, "_digest", lambda device, code: looked.append(code) or "")
    assert factor.verify(user=boss.user, code="123456", now=timezone.now()) is None
    assert looked == []
    factor.remove(boss.user)
    assert factor.verify(user=boss.user, code="ABCDE-FGHJK", now=timezone.now()) is None


def test_who_has_an_app_but_no_recovery_codes_is_told_so(boss):
    pair(boss)
    StaticToken.objects.all().delete()
    boss.user.staticdevice_set.all().delete()
    assert factor.verify(user=boss.user, code="ABCDE-FGHJK", now=timezone.now()) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456", "123456"),
        ("１２３４５６", "123456"),
        ("١٢٣٤٥٦", ""),
        ("12345", ""),
        ("1234567", ""),
        ("abcdef", ""),
    ],
)
def test_an_apps_code_is_six_digits(typed, read):
    assert factor._digits(typed) == read
