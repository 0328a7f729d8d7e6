"""Recovery codes are shown once, to whoever pressed first: nobody is left with a sheet that is dead."""

import threading
import time
from contextlib import suppress

import pytest
from django.contrib.messages import get_messages
from django.db import connections
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.accounts import second_factor as factor
from tests.builders import make_staff
from tests.marks import several_writers
from tests.salon.accounts.pairing import CODE, PASSWORD, SETUP, code_for, codes_on, log_in, pair, sheet_on

pytestmark = pytest.mark.usefixtures("half_minute")


def test_new_recovery_codes_replace_the_old_ones(boss, inside):
    client, _secret, old = inside
    assert "9 recovery codes are left" in client.get(SETUP).content.decode()
    assert client.post(SETUP, {"new_codes": "1", "password": "not mine"}).status_code == 422
    new = codes_on(client.post(SETUP, {"new_codes": "1", "password": PASSWORD, "sheet": sheet_on(client)}))
    assert len(new) == 10
    assert log_in(boss).post(CODE, {"code": old[5]}).status_code == 422
    assert log_in(boss).post(CODE, {"code": new[5]}).status_code == 302


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_codes_asked_for_twice_are_made_once_and_the_second_press_is_told(boss, inside):
    client, _secret, _codes = inside
    press = {"new_codes": "1", "password": PASSWORD, "sheet": sheet_on(client)}
    shown = codes_on(client.post(SETUP, press))
    late = client.post(SETUP, press)
    (told,) = said(late)
    assert (late["Location"], told.partition(",")[0]) == (SETUP, "New recovery codes were made a moment ago")
    assert log_in(boss).post(CODE, {"code": shown[0]}).status_code == 302
    assert len(codes_on(client.post(SETUP, press | {"sheet": sheet_on(client)}))) == 10
    assert StaticDevice.objects.count() == 1


@pytest.mark.parametrize("sheet", ["", "x", "0", "9" * 30])
def test_a_press_that_names_no_sheet_of_ones_own_replaces_none(boss, inside, sheet):
    client, _secret, codes = inside
    assert client.post(SETUP, {"new_codes": "1", "password": PASSWORD, "sheet": sheet}).status_code in (302, 422)
    assert log_in(boss).post(CODE, {"code": codes[1]}).status_code == 302


@several_writers
@pytest.mark.django_db(transaction=True)
def test_of_two_presses_at_once_one_makes_the_codes(branch, monkeypatch):
    """On PostgreSQL the user's row is locked; SQLite has one writer at a time, which needs no test of ours."""
    boss = make_staff(branch=branch, role="owner", is_demo=False)
    pair(boss)
    barrier, sheets, made, sheet_of = threading.Barrier(4), factor.sheet_of(boss.user), [], factor.sheet_of
    monkeypatch.setattr(factor, "sheet_of", lambda user: (sheet_of(user), time.sleep(0.1))[0])  # all have read by then

    def press():
        barrier.wait()
        with suppress(factor.ShownBefore):
            made.append(factor.renew_recovery_codes(user=boss.user, instead_of=sheets))
        connections.close_all()

    threads = [threading.Thread(target=press) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), StaticDevice.objects.count()) == (1, 1)
    assert factor.verify(user=boss.user, code=made[0][0], now=timezone.now()) == factor.RECOVERY


def test_who_presses_pair_again_after_it_was_done_is_told_and_finds_the_way_to_new_codes(boss, inside):
    """The second press of a double click, whose answer is the one the browser shows."""
    client, secret, _codes = inside
    session = client.session
    session["pairing"] = secret
    session.save()
    late = client.post(SETUP, {"code": code_for(secret, 1)}, follow=True)
    assert late.redirect_chain == [(SETUP, 302)]
    assert "This phone is paired already." in late.content.decode()
    assert "Make new recovery codes" in late.content.decode()


def test_codes_in_place_of_none_are_made(boss):
    pair(boss)
    StaticDevice.objects.all().delete()
    assert factor.sheet_of(boss.user) is None
    assert len(factor.renew_recovery_codes(user=boss.user, instead_of=None)) == 10


def test_neither_anothers_secret_nor_sheet_nor_an_app_that_was_not_confirmed_is_in_the_way(boss, branch):
    secret, _codes = pair(boss)
    other = make_staff(branch=branch, role="owner", is_demo=False)
    TOTPDevice.objects.create(user=other.user, key=secret, confirmed=False)
    assert factor.set_up(user=other.user, secret=secret, code=code_for(secret))
    sheets = [factor.sheet_of(each.user) for each in (boss, other)]
    assert sorted(sheets) == sorted(StaticDevice.objects.values_list("pk", flat=True))
    assert len(factor.renew_recovery_codes(user=other.user, instead_of=sheets[1])) == 10
    assert factor.sheet_of(boss.user) == sheets[0]
