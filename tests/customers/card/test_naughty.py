"""Naughty strings and every name go through every field and page of the card unharmed: stored cleaned, shown escaped."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from customers.card import services
from customers.card.models import Customer
from salon import text
from salon.forms import REPLACED
from salon.operations import new_key
from tests import builders, naughty, reference
from tests.customers.card import filling
from tests.marks import once, postgresql_only
from tests.naughty import NAUGHTY

CREATE = "/customers/new/"
FIELDS = {
    "name": 80, "called": 40, "wechat": 60, "occupation": 60, "interests": 200, "health": 1000, "note": 2000, "card_no": 40,
    "phones-0-label": 30, "addresses-0-country": 40, "addresses-0-province": 40, "addresses-0-city": 40,
    "addresses-0-district": 40, "addresses-0-community": 60, "addresses-0-street": 200, "addresses-0-postcode": 12,
    "family-0-relation": 20, "family-0-name": 80,
}  # fmt: skip
ROWS = {
    f"{kind}-{n}": "1" if n == "TOTAL_FORMS" else "0"
    for kind in ("phones", "addresses", "family")
    for n in ("TOTAL_FORMS", "INITIAL_FORMS")
}
LINES = {"health", "note"}
PAGES = ("detail", "data", "history", "edit", "safety_add")
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


def create(client, staff, values):
    """Send the form of a new card, and overrule what it asks."""
    data = ROWS | {"operation": new_key(staff.user, services.CREATE)} | values
    response = client.post(CREATE, data)
    codes = {part.split('"')[0] for part in response.content.decode().split('name="acknowledged" value="')[1:]}
    return client.post(CREATE, data | {"acknowledged": sorted(codes)}) if codes else response


def fitting(name, value):
    """What of a text a field can hold, cleaned as it will be; an x where a field must not be empty. What arrives damaged is
    refused, so it is left out.
    """
    arrived = as_sent(value)[1].replace(REPLACED, "")
    return text.clean_text(text.clean_text(arrived, lines=name in LINES)[: FIELDS[name]], lines=name in LINES) or "x"


def go_through(client, staff, texts):
    """One card with a text in each field, through create, every page, an unchanged save, and a safety note."""
    values = {name: fitting(name, value) for name, value in texts.items()} | {"phones-0-number": "13812346621"}
    if Customer.objects.filter(card_no=values["card_no"]).exists():  # two of the strings are the same once cleaned
        values["card_no"] = f"{Customer.objects.count()} {values['card_no']}"[: FIELDS["card_no"]].strip()
    response = create(client, staff, values)
    assert response.status_code == 302, response.content.decode()
    customer = Customer.objects.order_by("pk").last()
    check_stored(customer, values)
    check_shown(client, customer)
    check_round_trip(client, customer)
    check_safety(client, customer)
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
    for page in PAGES:
        response = client.get(reverse(f"customers:{page}", args=[customer.pk]))
        content = response.content.decode()
        assert response.status_code == 200
        assert escape(customer.name) in content
        assert "<x-probe>" not in content
        assert "<script>alert" not in content
    content = client.get(reverse("customers:data", args=[customer.pk])).content.decode()
    for value in (customer.called, customer.occupation, customer.interests, customer.note, customer.card_no):
        assert escape(value) in content


def check_round_trip(client, customer):
    """The edit form sent back as it came changes nothing."""
    response = filling.send(client, reverse("customers:edit", args=[customer.pk]), {})
    assert response.status_code == 302, response.content.decode()
    assert Customer.objects.get(pk=customer.pk).version == customer.version


def check_safety(client, customer):
    url = reverse("customers:safety_add", args=[customer.pk])
    values = {"substance": fitting("card_no", customer.name), "remark": customer.occupation}
    response = filling.send(client, url, values, marker="substance")
    assert response.status_code in (302, 422)
    if response.status_code == 302:
        assert escape(values["substance"]) in client.get(customer.get_absolute_url()).content.decode()


def everywhere(value):
    return dict.fromkeys(FIELDS, value)


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


def cards_of(strings, step=1):
    """One card after the other with a different string in each field, turned further each time: {field: string}."""
    for turn in range(0, len(strings), step):
        yield dict(zip(FIELDS, strings[turn:] + strings[:turn]))


@once
def test_naughty_strings_in_every_field(boss, manager):
    """Each string in one of the fields."""
    for card in cards_of(naughty.FORTY, step=len(FIELDS)):
        go_through(boss, manager, card)


@naughty.some_and_all
def test_naughty_strings_as_a_name(boss, manager, strings):
    for value in strings:
        sent, arrived = as_sent(value)
        clean, before = text.clean_text(arrived), Customer.objects.count()
        response = create(boss, manager, {"name": [sent]})
        if 0 < len(clean) <= FIELDS["name"] and REPLACED not in arrived:
            assert response.status_code == 302
            assert Customer.objects.order_by("pk").last().name == clean
        else:
            assert response.status_code == 422
            assert Customer.objects.count() == before


@naughty.some_and_all
def test_naughty_strings_in_the_address(boss, customer, strings):
    for value in strings:
        sent, _arrived = as_sent(value)
        assert boss.get(CREATE, {"name": sent, "phone": sent}).status_code == 200
        timeline = reverse("customers:timeline", args=[customer.pk])
        for name in ("kind", "before"):
            assert boss.get(timeline, {name: sent}, headers={"HX-Request": "true"}).status_code in (200, 404)
        assert boss.get(reverse("customers:history", args=[customer.pk]), {"before": sent}).status_code in (200, 404)


@pytest.mark.parametrize(
    "values", [pytest.param(naughty.FORTY[::3], marks=once), pytest.param(NAUGHTY, marks=naughty.LATER)], ids=["some", "all"]
)
def test_naughty_strings_where_they_do_not_belong(boss, customer, values):
    """In numbers, choices, dates, hidden inputs: an answer, never a crash, and nothing of it stored."""
    url = reverse("customers:edit", args=[customer.pk])
    data = filling.inputs(boss.get(url))
    names = (
        "birth_year", "birth_month", "gender", "card_date", "responsible", "referred_by", "phones-0-id", "phones-TOTAL_FORMS",
        "addresses-INITIAL_FORMS", "family-0-birth_day", "phones-0-DELETE", "birth_calendar", "referrer", "acknowledged",
    )  # fmt: skip
    for value in values:
        sent, _arrived = as_sent(value)
        odd = data | dict.fromkeys(names, [sent])
        assert boss.post(url, odd).status_code in (302, 422)
        assert boss.post(url, odd | {"version": [sent]}).status_code in (302, 409)
    assert boss.post(url, data | {"operation": "forged"}).status_code == 409
    assert Customer.objects.filter(pk=customer.pk, name="张晓梅", birth_year=None).exists()
    assert customer.phones.get().number == "13812346621"


@pytest.mark.parametrize("name", [*RARE_NAMES[:1], *(pytest.param(name, marks=pytest.mark.long) for name in RARE_NAMES[1:])])
def test_rare_names(boss, manager, name):
    assert go_through(boss, manager, everywhere(name)).name == text.clean_text(name)


@postgresql_only
@pytest.mark.long
def test_every_naughty_string_in_every_fourth_field(boss, manager):
    for card in cards_of(NAUGHTY, step=4):
        go_through(boss, manager, card)


@postgresql_only
@pytest.mark.long
def test_every_published_naughty_string(boss, manager):
    for card in cards_of(reference.lines("names/blns.txt"), step=len(FIELDS)):
        go_through(boss, manager, card)


@pytest.mark.long
def test_every_published_surname(boss, manager):
    """Through the form of a new card, the search box and the list: every twentieth of thousands, and all that are compound.

    How each of them is read, written in the other script and ordered, tests/salon/test_text.py asks.
    """
    master, compound = (
        [row["surname"] for row in reference.rows(f"names/{file}.csv")] for file in ("surname_master", "compound")
    )
    for surname in dict.fromkeys(master[::20] + compound[::2]):
        name = f"{surname}小雨"
        assert create(boss, manager, {"name": name}).status_code == 302
        assert Customer.objects.order_by("pk").last().name == name
        for page in ("search", "list"):
            assert escape(name) in boss.get(reverse(f"customers:{page}"), {"q": name}).content.decode()
