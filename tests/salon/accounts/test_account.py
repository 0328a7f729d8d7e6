"""The own account: who one is, language and appearance, password."""

import pytest
from django.utils import translation

from salon.accounts.models import User
from tests.builders import client_of

PASSWORD, NEW = "correct horse battery", "purple monkey dishwasher"


@pytest.mark.parametrize("who", ["receptionist", "beautician", "manager", "owner"])
def test_everybody_sees_who_they_are(who, request):
    staff = request.getfixturevalue(who)
    page = client_of(staff).get("/account/").content.decode()
    for text in (staff.name, staff.user.username, staff.branch.name, staff.get_role_display()):
        assert str(text) in page


def test_language_and_appearance_are_kept(desk, receptionist):
    response = desk.post("/account/", {"language": "zh-hant", "theme": "dark"})
    assert (response.status_code, response["Location"]) == (302, "/account/")
    page = desk.get("/account/").content.decode()
    assert '<html lang="zh-Hant" data-bs-theme="dark">' in page
    desk.post("/account/", {"language": "", "theme": ""})
    assert '<html lang="en">' in desk.get("/account/").content.decode()


def test_saved_is_said_in_the_language_that_was_chosen(desk):
    for chosen, spoken in (("zh-hant", "zh-hant"), ("", "zh-hant")):  # nothing chosen: the one the page was in
        desk.post("/account/", {"language": chosen, "theme": ""})
        with translation.override(spoken):
            assert [str(said) for said in desk.get("/account/").context["messages"]] == [translation.gettext("Saved.")]


@pytest.mark.parametrize("bad", [{"language": "xx"}, {"theme": "pink"}])
def test_what_we_do_not_offer_is_refused(desk, receptionist, bad):
    response = desk.post("/account/", {"language": "en", "theme": "dark"} | bad)
    assert response.status_code == 422
    user = User.objects.get(pk=receptionist.user.pk)
    assert (user.language, user.theme) == ("", "")


def test_a_form_changes_what_it_shows_and_nothing_else(desk, receptionist):
    """Mass assignment: fields the form does not have are not written."""
    before = User.objects.filter(pk=receptionist.user.pk).values().get()
    extra = {"is_superuser": "1", "username": "root", "is_demo": "", "groups": "4", "is_active": "", "id": "1", "role": "owner"}
    desk.post("/account/", {"language": "en", "theme": "dark"} | extra)
    after = User.objects.filter(pk=receptionist.user.pk).values().get()
    assert after == before | {"language": "en", "theme": "dark"}
    receptionist.refresh_from_db()
    assert receptionist.role == "receptionist"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"old": "not it"}, "This is not your password."),
        ({"old": ""}, "This field is required."),
        ({"password": "short", "again": "short"}, "This password is too short"),
        ({"again": "different one"}, "The two passwords differ."),
        ({"password": "reception-123", "again": "reception-123"}, "too similar to the user name"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(desk, receptionist, change, message):
    response = desk.post("/account/password/", {"old": PASSWORD, "password": NEW, "again": NEW} | change)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert User.objects.get(pk=receptionist.user.pk).check_password(PASSWORD)


def test_without_a_new_password_only_that_is_said(desk):
    response = desk.post("/account/password/", {"old": PASSWORD, "password": "", "again": NEW})
    assert list(response.context["form"].errors) == ["password"]


def test_guessing_the_old_password_is_locked(desk, receptionist):
    guess = {"password": NEW, "again": NEW}
    answers = [desk.post("/account/password/", guess | {"old": f"guess {n}"}).status_code for n in range(5)]
    assert answers == [422, 422, 422, 422, 429]
    assert desk.post("/account/password/", guess | {"old": PASSWORD}).status_code == 429
    assert User.objects.get(pk=receptionist.user.pk).check_password(PASSWORD)


def test_pages_take_a_constant_number_of_queries(desk, owner, django_assert_num_queries):
    desk.get("/account/")
    with django_assert_num_queries(4):  # session, user, groups; the form's own copy of the user
        desk.get("/account/")
