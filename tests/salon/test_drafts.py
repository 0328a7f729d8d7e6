"""What the server does for the drafts the browser keeps: it names what is stored, and leads back to the page typed in."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from salon import drafts, operations
from salon.accounts.models import User
from tests import builders

NAME = "a" * 32
BRAND = "/shop/brands/new/"


def named(client):
    return client.cookies[drafts.COOKIE].value.split(".") if drafts.COOKIE in client.cookies else []


def test_a_stored_form_is_named_and_a_refused_one_is_not(manager):
    client = builders.client_of(manager)
    key = client.get(BRAND).context["operation"]
    assert client.post(BRAND, {"operation": key, "name": ""}).status_code == 422
    assert named(client) == []
    for _ in range(2):  # the second time it was stored already
        assert client.post(BRAND, {"operation": key, "name": "雅容"}).status_code == 302
        assert set(named(client)) == {key.partition(":")[0]}


def test_a_form_without_an_operation_is_named_as_the_script_named_it(desk, receptionist):
    desk.post("/account/", {"language": "en", "theme": "", "draft": NAME})
    assert named(desk) == [NAME]
    assert User.objects.get(pk=receptionist.user.pk).language == "en"


@pytest.mark.parametrize("odd", ["", "short", "x; path=/evil", "a.b" * 10, "名" * 20, "b" * 81])
def test_an_odd_name_is_not_said_again(odd, desk):
    assert desk.post("/account/", {"language": "en", "theme": "", "draft": odd}).status_code == 302
    assert named(desk) == []


def test_the_last_few_are_named(desk):
    for n in range(drafts.KEPT + 3):
        desk.post("/account/", {"language": "en", "theme": "", "draft": f"{n:032}"})
    assert named(desk) == [f"{n:032}" for n in range(3, drafts.KEPT + 3)]


def test_a_form_that_meets_an_ended_session_leads_back_to_its_page_and_counts_as_not_stored(client):
    sent = {"draft": NAME, "kind": "desk", "text": "怕痒"}
    page = "http://testserver/visits/7/?undo=x"
    response = client.post("/visits/7/notes/", sent, headers={"Referer": page})
    assert response["Location"] == "/login/?next=%2Fvisits%2F7%2F%3Fundo%3Dx"
    assert named(client) == []


@pytest.mark.parametrize(
    ("url", "referer", "location"),
    [
        ("/account/", "", "/login/?next=%2Faccount%2F"),
        ("/account/", "https://evil.example/account/", "/login/?next=%2Faccount%2F"),
        ("/visits/7/notes/", "http://testserver/visits/7/notes/", "/login/"),  # after an error: this page cannot be read
    ],
)
def test_only_a_page_of_ours_that_can_be_read_is_led_back_to(url, referer, location, client):
    assert client.post(url, headers={"Referer": referer})["Location"] == location


def test_a_manager_without_the_second_factor_is_led_back_too(branch):
    manager = builders.make_staff(branch=branch, role="manager", is_demo=False)
    client = builders.client_of(manager)
    response = client.post(BRAND, {"name": "x"}, headers={"Referer": f"http://testserver{BRAND}"})
    assert response["Location"] == f"{reverse('second_factor')}?{urlencode({'next': BRAND})}"


def test_a_key_that_is_spent_is_said_so_that_what_was_typed_gets_another(desk, receptionist):
    key = operations.new_key(receptionist.user, "other")
    page = desk.post("/customers/new/", {"operation": key, "name": "x"})
    assert page.status_code == 409
    assert f'data-spent-key="{key.partition(":")[0]}"' in page.content.decode()


def test_the_page_says_whether_it_answers_a_form(desk):
    assert "data-sent" not in desk.get("/account/").content.decode()
    assert "data-sent" in desk.post("/account/", {"language": "x"}).content.decode()
