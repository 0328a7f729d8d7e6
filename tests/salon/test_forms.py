"""What all forms share."""

import pytest
from django import forms
from django.http import QueryDict

from salon.forms import Form, sent_id
from salon.shop.models import Brand
from tests import builders
from tests.customers.card.filling import inputs


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("17", 17), (17, 17), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None),
        ("", None), (None, None), ("-1", None), ("1.5", None), ("１７", None), ("x", None),
    ],
)  # fmt: skip
def test_an_id_is_what_a_column_can_hold(sent, number):
    assert sent_id(sent) == number


class NameForm(Form):
    name = forms.CharField(required=False)
    text = forms.CharField(required=False, widget=forms.Textarea)
    password = forms.CharField(required=False, widget=forms.PasswordInput)
    number = forms.IntegerField(required=False)


@pytest.mark.parametrize("sent", [b"name=%C0%EE%C3%F7", b"name=%ED%A0%80x", "text=王\ufffd".encode(), b"text=%FF"])
def test_text_that_arrived_damaged_is_refused_at_its_field(sent):
    """Bytes of another encoding, half of a character, and what a browser makes of one."""
    form = NameForm(QueryDict(sent))
    assert list(form.errors.values()) == [["Some signs in this arrived damaged. Type it again."]]


def test_a_text_that_was_stored_damaged_may_stay_and_what_is_no_text_is_not_looked_at():
    form = NameForm({"name": "王\ufffd", "number": "3"}, initial={"name": "李\ufffd"})
    assert form.is_valid()
    assert NameForm({"password": "王\ufffd"}).is_valid()  # it is compared; a new one is judged by its own rules
    assert not NameForm({"name": "王\ufffd"}, initial={"name": "李"}).is_valid()


def test_a_name_of_another_encoding_is_told_of_on_the_page_it_came_from(manager):
    client = builders.client_of(manager)
    page = client.get("/shop/brands/new/")
    assert page.status_code == 200
    data = {name: value for name, value in inputs(page).items() if name != "name"}
    body = "&".join([*(f"{name}={value}" for name, value in data.items()), "name=%C0%EE"])
    refused = client.post("/shop/brands/new/", body, content_type="application/x-www-form-urlencoded")
    assert refused.status_code == 422
    assert "Some signs in this arrived damaged." in refused.content.decode()
    assert not Brand.objects.exists()
