"""The template tags of the card's form: what stands at an input, and when a folded row is opened."""

import re
from types import SimpleNamespace

import pytest

from customers.templatetags.card import needs_a_look, shows_portrait
from tests import builders


def test_an_input_has_its_look_and_only_the_referrer_says_who_is_stored(desk, customer, branch):
    customer.referred_by = builders.make_customer(branch=branch, name="王芳")
    customer.save()
    html = desk.get(f"/customers/{customer.pk}/edit/").content.decode()
    assert re.findall(r'<p class="stored">Stored: <bdi>(.*?)</bdi>', html) == ["王芳"]
    looks = {
        name: re.search(rf'<(?:input|select|textarea)[^>]* name="{name}"[^>]*>', html)[0] for name in ("name", "clear_referrer")
    }
    assert 'class="form-control"' in looks["name"]
    assert 'class="form-check-input"' in looks["clear_referrer"]
    ticks = html.count('<div class="mb-3 form-check">')
    assert 0 < ticks == html.count('form-check-input"') - html.count('class="form-check"')


@pytest.mark.parametrize(
    ("errors", "value", "is_open"), [([], "", False), (["wrong"], "", True), ([], "typed", True), ([], None, False)]
)
def test_a_folded_row_is_opened_for_what_was_typed_or_is_wrong(errors, value, is_open):
    row = SimpleNamespace(concealed_fields=[SimpleNamespace(errors=errors, value=lambda: value)])
    assert needs_a_look(row) == is_open


def test_of_nobody_there_is_no_portrait(customer, receptionist):
    context = {"actor": builders.actor_of(receptionist)}
    assert [shows_portrait(context, each) for each in (None, customer)] == [False, False]
    customer.portrait = "a.webp"
    assert shows_portrait(context, customer) is True


def test_the_portrait_of_a_guest_stays_with_her_own_branch(customer, stranger, owner):
    customer.portrait = "a.webp"
    assert not shows_portrait({"actor": builders.actor_of(stranger)}, customer)
    assert shows_portrait({"actor": builders.actor_of(owner)}, customer)
