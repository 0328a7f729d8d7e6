"""Naughty strings and every name go through every field and page of the card unharmed: stored cleaned, shown escaped."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from customers.card.models import Customer
from salon import text
from tests import builders, reference
from tests.customers.card import filling
from tests.naughty import NAUGHTY

CREATE = "/customers/new/"
FIELDS = {
    "name": 80, "called": 40, "wechat": 60, "occupation": 60, "interests": 200, "health": 1000, "note": 2000, "card_no": 40,
    "phones-0-label": 30, "addresses-0-country": 40, "addresses-0-province": 40, "addresses-0-city": 40,
    "addresses-0-district": 40, "addresses-0-community": 60, "addresses-0-street": 200, "addresses-0-postcode": 12,
    "family-0-relation": 20, "family-0-name": 80,
}  # fmt: skip
LINES = {"health", "note"}
RARE_NAMES = [
    "𠮷野家",
    "㐀一",
    "䶮凡",
    "陳﨑",
    "单雄信",
    "万俟卨",
    "欧阳·小雨",
    "阿依古丽·买买提",
    "محمد علي",
    "Łukasz Żółć",
    "O'Neill",
    "〇",
    "吉",
]


def as_sent(value):
    """The bytes a browser could send for a text with broken surrogates, and the text Django makes of them."""
    sent = value.encode("utf-8", "surrogatepass")
    return sent, sent.decode("utf-8", "replace")


def accept(client, response):
    """Overrule the questions a form asks."""
    codes = {part.split('"')[0] for part in response.content.decode().split('name="acknowledged" value="')[1:]}
    return client.post(CREATE, filling.inputs(response) | {"acknowledged": sorted(codes)}) if codes else response


def go_through(client, value):
    """One text in every field at once, through create, card, data, history, edit and an unchanged save."""
    sent, arrived = as_sent(value)
    clean = text.clean_text(arrived)
    fitting = {name: text.clean_text(arrived, lines=name in LINES)[:size].strip() for name, size in FIELDS.items()}
    if not clean:
        response = client.post(CREATE, filling.inputs(client.get(CREATE)) | {"name": sent})
        assert response.status_code == 422
        return None
    values = {name: each or "x" for name, each in fitting.items()} | {"phones-0-number": "13812346621"}
    response = accept(client, filling.send(client, CREATE, values))
    assert response.status_code == 302, response.content.decode()
    customer = Customer.objects.get(card_no=values["card_no"])
    check_stored(customer, values)
    check_shown(client, customer)
    return customer


def check_stored(customer, values):
    for name in ("name", "called", "wechat", "occupation", "interests", "health", "note", "card_no"):
        assert getattr(customer, name) == values[name]
    address, member = customer.addresses.get(), customer.family.get()
    for part in ("country", "province", "city", "district", "community", "street", "postcode"):
        assert getattr(address, part) == values[f"addresses-0-{part}"]
    assert (member.relation, member.name) == (values["family-0-relation"], values["family-0-name"])
    assert customer.phones.get().label == values["phones-0-label"]


def check_shown(client, customer):
    for page in ("detail", "data", "history", "edit", "safety_add"):
        response = client.get(reverse(f"customers:{page}", args=[customer.pk]))
        content = response.content.decode()
        assert response.status_code == 200
        assert escape(customer.name) in content
        assert "<x-probe>" not in content
        assert "<script>alert" not in content
        if customer.name != escape(customer.name):
            assert customer.name not in content
    response = filling.send(client, reverse("customers:edit", args=[customer.pk]), {})
    assert response.status_code == 302, response.content.decode()
    again = Customer.objects.get(pk=customer.pk)
    assert again.version == customer.version  # nothing changed on the way through the form and back
    safety = reverse("customers:safety_add", args=[customer.pk])
    values = {"substance": customer.name[:40], "remark": customer.name}
    response = filling.send(client, safety, values, marker="substance")
    assert response.status_code in (302, 422)
    if response.status_code == 302:
        assert escape(customer.name) in client.get(customer.get_absolute_url()).content.decode()


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


def test_naughty_strings(boss):
    for value in NAUGHTY:
        go_through(boss, value)


def test_naughty_strings_in_questions(boss, customer):
    """In the address, where a page reads it."""
    for value in NAUGHTY:
        sent, _arrived = as_sent(value)
        for page, name in (("create", "name"), ("create", "phone")):
            assert boss.get(reverse(f"customers:{page}"), {name: sent}).status_code == 200
        for page, name in (("detail", "kind"), ("detail", "before"), ("timeline", "kind"), ("timeline", "before")):
            status = boss.get(reverse(f"customers:{page}", args=[customer.pk]), {name: sent}).status_code
            assert status in (200, 404)
        assert boss.get(reverse("customers:history", args=[customer.pk]), {"before": sent}).status_code in (200, 404)


def test_naughty_strings_where_they_do_not_belong(boss, customer):
    """In numbers, choices, dates, hidden inputs: refused with 422 (or 409 for the version), never a crash, nothing stored."""
    url = reverse("customers:edit", args=[customer.pk])
    page = boss.get(url)
    names = (
        "birth_year", "birth_month", "gender", "card_date", "responsible", "referred_by", "phones-0-id", "phones-TOTAL_FORMS",
        "addresses-INITIAL_FORMS", "family-0-birth_day", "phones-0-DELETE", "birth_calendar", "referrer", "acknowledged",
    )  # fmt: skip
    for value in NAUGHTY:
        sent, _arrived = as_sent(value)
        data = filling.inputs(page) | dict.fromkeys(names, sent)
        assert boss.post(url, data).status_code in (302, 422)
        assert boss.post(url, data | {"version": sent}).status_code in (409, 302)
        assert boss.post(url, filling.inputs(page) | {"operation": sent}).status_code == 409
    assert Customer.objects.filter(pk=customer.pk, name="张晓梅").exists()


@pytest.mark.parametrize("name", RARE_NAMES)
def test_rare_names(boss, name):
    assert go_through(boss, name).name == text.clean_text(name)


@pytest.mark.long
def test_every_published_naughty_string(boss):
    for value in reference.lines("names/blns.txt"):
        go_through(boss, value)


@pytest.mark.long
def test_every_published_surname(boss):
    names = [row["surname"] for file in ("surname_master", "compound") for row in reference.rows(f"names/{file}.csv")]
    for surname in dict.fromkeys(names):
        assert go_through(boss, f"{surname}小雨").name == f"{surname}小雨"
