"""Commands for the first owner, and for the one nobody else can let in."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.shop.models import Branch, StaffMember
from tests.builders import make_staff

PASSWORD = "purple monkey dishwasher"


def run(*args, **options):
    out = StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def path_in(output, settings):
    return output[output.index(settings.PUBLIC_URL) :].split()[0].removeprefix(settings.PUBLIC_URL)


def test_a_new_installation_gets_branch_owner_and_link(db, client, settings):
    path = path_in(run("invite_owner", name="沈老板", branch_name="静安店"), settings)
    branch, staff = Branch.objects.get(), StaffMember.objects.get()
    assert (branch.code, branch.name) == ("main", "静安店")
    assert (staff.name, staff.role, staff.branch) == ("沈老板", "owner", branch)
    response = client.post(path, {"username": "shen", "password": PASSWORD, "again": PASSWORD})
    assert response.status_code == 302
    assert client.get("/account/")["Location"].startswith("/login/code/"), "an owner sets up the second factor first"
    with pytest.raises(CommandError, match="There is an owner"):
        run("invite_owner")


def test_asking_twice_makes_one_owner_and_the_newer_link_works(db, client, settings):
    first, second = (path_in(run("invite_owner"), settings) for _n in range(2))
    assert StaffMember.objects.count() == Branch.objects.count() == 1
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_the_first_branch_there_is_is_taken(branch):
    run("invite_owner")
    assert StaffMember.objects.get().branch == branch


def test_a_locked_owner_is_let_in_again(branch, client, settings):
    owner = make_staff(branch=branch, role="owner", username="boss", is_demo=False)
    TOTPDevice.objects.create(user=owner.user)
    for _n in range(5):
        client.post("/login/", {"username": "boss", "password": "wrong"})
    assert "boss may try again." in run("unlock_user", "Boss")
    assert client.post("/login/", {"username": "boss", "password": "correct horse battery"}).status_code == 302
    assert TOTPDevice.objects.exists(), "the second factor stays unless asked for"
    run("unlock_user", "boss", second_factor=True)
    assert not TOTPDevice.objects.exists()
    path = path_in(run("unlock_user", "boss", link=True), settings)
    assert Client().post(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 302


def test_unlocking_nobody_says_so(db):
    with pytest.raises(CommandError, match="No staff member"):
        run("unlock_user", "nobody")


def test_no_link_for_somebody_who_left(branch):
    staff = make_staff(branch=branch, username="gone")
    StaffMember.objects.filter(pk=staff.pk).update(is_active=False)
    with pytest.raises(CommandError, match="does not work here"):
        run("unlock_user", "gone", link=True)
