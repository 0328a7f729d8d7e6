"""Finding by a phone number that everybody sees masked: whole, logged and limited, or by the four digits the mask shows."""

import importlib
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from customers.card import portraits, services
from customers.card.models import Customer, Phone
from customers.card.search import queries
from customers.card.services import RowEntry
from customers.imports.cards import CardWriter, NewCard
from customers.log.models import AccessEntry
from customers.log.services import FindLimitReached, log_find
from salon import access
from tests import builders
from tests.customers.card import filling
from tests.customers.card.conftest import expect

NUMBER, SEARCH = "13812346621", "/customers/search/"
PLACES = [(SEARCH, "q"), ("/customers/", "q"), ("/visits/", "customer")]


def entries():
    return list(AccessEntry.objects.filter(action="find").order_by("pk").values_list("customer_id", "field", "address"))


@pytest.fixture
def visited(customer, beautician):
    """The customer has a visit, so that the list of visits can find it."""
    expect(customer, beautician)
    return customer


@pytest.mark.parametrize(("url", "name"), PLACES)
def test_a_masked_number_is_not_found_digit_by_digit(desk, visited, url, name):
    """The attack: with 138****6621 known, each further digit was found in ten searches."""
    known, hits = "138", 0
    for place in range(3, 10):
        for digit in "0123456789":
            page = desk.get(url, {name: known + digit}).content.decode()
            hits += "张晓梅" in page
        known = NUMBER[: place + 1]
    for part in (NUMBER[-n:] for n in (3, 5, 6)):
        hits += "张晓梅" in desk.get(url, {name: part}).content.decode()
    assert hits == 0
    assert "张晓梅" in desk.get(url, {name: "6621"}).content.decode()
    assert entries() == []


def test_the_way_in_for_guests_is_no_way_around_the_log(desk, customer, settings):
    """A whole number of the own branch leads to the card there, too."""
    for _twice in range(2):
        assert desk.post("/customers/here/", {"phone": NUMBER})["Location"] == customer.get_absolute_url()
    assert entries() == [(customer.pk, "phone", "127.0.0.1")]
    settings.FINDS_AN_HOUR = 1
    other = builders.make_customer(branch=customer.branch, phone="13712346622")
    answer = desk.post("/customers/here/", {"phone": "13712346622"})
    assert answer.status_code == 409
    assert other.name not in answer.content.decode()


@pytest.mark.parametrize(("url", "name"), PLACES)
def test_a_whole_number_finds_and_is_logged_once_an_hour(desk, visited, url, name):
    for words in (NUMBER, "138 1234 6621", "+86 138-1234-6621"):
        assert "张晓梅" in desk.get(url, {name: words}).content.decode()
    assert entries() == [(visited.pk, "phone", "127.0.0.1")]


def test_a_number_beside_a_name_is_logged_too(desk, customer):
    for words in (f"张 {NUMBER}", f"zxm{NUMBER}", f"李 {NUMBER}"):
        desk.get(SEARCH, {"q": words})
    assert entries() == [(customer.pk, "phone", "127.0.0.1")]


@pytest.mark.parametrize(("url", "name"), PLACES)
def test_hit_and_miss_are_refused_alike_when_too_many_were_asked(desk, visited, settings, url, name):
    settings.FIND_MISSES_AN_HOUR = 3
    for n in range(3):
        assert "whole numbers" not in desk.get(url, {name: f"1390000000{n}"}).content.decode()
    hit, miss = (desk.get(url, {name: number}).content.decode() for number in (NUMBER, "13900000009"))
    for page in (hit, miss):
        assert "You have looked up as many whole numbers as one person may in an hour." in page
        assert "张晓梅" not in page
    assert "张晓梅" in desk.get(url, {name: "6621"}).content.decode()  # what the mask shows still finds
    assert [pk for pk, *_rest in entries()] == [None] * 3


def test_no_more_than_thirty_customers_an_hour(branch, receptionist, settings):
    settings.FINDS_AN_HOUR = 2
    actor = builders.actor_of(receptionist)
    for n in range(3):
        builders.make_customer(branch=branch, name=f"张{n}", phone=f"1380000000{n}")
    assert [len(queries.search(actor, f"1380000000{n}")) for n in (0, 1, 0, 1)] == [1] * 4
    with pytest.raises(FindLimitReached):
        queries.search(actor, "13800000002")
    assert len(queries.search(actor, "13800000000")) == 1  # whom one has found is not counted again
    later = builders.actor_of(receptionist, now=actor.now + timedelta(hours=1, seconds=5))
    assert len(queries.search(later, "13800000002")) == 1
    colleague = builders.make_staff(branch=branch, role="receptionist")
    assert len(queries.search(builders.actor_of(colleague), "13800000001")) == 1


def test_a_long_card_number_in_the_making_is_no_phone_somebody_asks_for(branch, receptionist):
    builders.make_customer(branch=branch, name="张三", card_no="8800012345")
    for typed in ("8800012", "88000123", "8800012345"):
        assert len(queries.search(builders.actor_of(receptionist), typed)) == 1
    assert entries() == []


@pytest.mark.parametrize("typed", ["1381234", "1381234662", "86138123466", "0138123", "021628812", "6621", "12345"])
def test_half_a_number_is_not_asked_for(receptionist, customer, typed):
    queries.search(builders.actor_of(receptionist), typed)
    assert entries() == []


def test_a_stand_in_that_thousands_share_is_logged_with_a_few(branch, receptionist):
    actor = builders.actor_of(receptionist)
    log_find(actor=actor, ids=range(1, 2_000))
    assert len(entries()) == 5


def test_an_expected_customer_found_by_the_whole_number_is_logged(desk, customer, beautician):
    page = desk.get(reverse("visits:expect"))
    data = {"who": NUMBER, "on": "2026-01-01", "channel": "phone", "operation": page.context["operation_key"]}
    desk.post(reverse("visits:expect"), data)
    assert [pk for pk, *_rest in entries()] == [customer.pk]
    answer = desk.post(reverse("visits:expect"), data | {"who": NUMBER[:10], "operation": str(uuid.uuid4())})
    assert "Choose a customer from the list" in answer.content.decode()


# --- Forms that tell by refusing -----------------------------------------------------------------------------------------


def test_a_number_typed_beside_masked_ones_is_logged_hit_and_miss(desk, customer):
    """The form says "stands in another row", and nothing is stored when another field is wrong: an oracle, if it cost nothing."""
    url = reverse("customers:edit", args=[customer.pk])
    for number in ("13812346620", NUMBER):
        answer = filling.send(desk, url, {"name": "", "phones-1-number": number})
        assert answer.status_code == 422
        assert ("This number stands in another row." in answer.content.decode()) == (number == NUMBER)
    assert [pk for pk, *_rest in entries()] == [None, customer.pk]


def test_a_card_number_that_is_taken_by_a_phone_is_logged(desk, branch):
    builders.make_customer(branch=branch, card_no="13900001111", phone="13900001111")
    taken = builders.make_customer(branch=branch, name="王芳", card_no=NUMBER, phone=NUMBER)
    answer = filling.send(desk, reverse("customers:create"), {"name": "新来的", "card_no": NUMBER})
    assert "This card number is taken." in answer.content.decode()
    assert [pk for pk, *_rest in entries()] == [taken.pk]
    builders.make_customer(branch=branch, card_no="13700003333")  # made like a phone, but nobody's
    filling.send(desk, reverse("customers:create"), {"name": "新来的", "card_no": "13700003333"})
    assert [pk for pk, *_rest in entries()] == [taken.pk, None]


def test_who_sees_numbers_whole_asks_nothing_by_typing_one(numbered, desk, monkeypatch):
    """No role does now; the policy is a table that may change."""
    monkeypatch.setitem(access.VISIBILITY, "phone", dict.fromkeys(access.ROLES, access.FULL))
    url = reverse("customers:edit", args=[numbered.pk])
    page = desk.get(url)
    assert (filling.inputs(page)["card_no"], filling.inputs(page)["phones-0-number"]) == (NUMBER, "138-1234-6621")
    twice = filling.send(desk, url, {"phones-1-number": NUMBER}, page=page).content.decode()
    assert twice.count("stands in another row") == 1  # in the row that was typed
    builders.make_customer(branch=numbered.branch, phone=NUMBER)
    unchanged = filling.send(desk, url, {"occupation": "教师"}, page=page)
    assert unchanged.status_code == 302, "what stood there already is not asked about"
    assert entries() == []


@pytest.mark.parametrize("year", [1987, 1988])
def test_no_day_is_refused_by_a_year_that_is_not_shown(desk, manager, branch, year):
    fields = {"name": "张三", "birth_year": year, "birth_month": 2, "birth_day": 1}
    card = services.create_card(actor=builders.actor_of(manager), branch=branch, fields=fields)
    url = reverse("customers:edit", args=[card.pk])
    assert filling.send(desk, url, {"birth_day": "29"}).status_code == 302
    data = builders.client_of(manager).get(reverse("customers:data", args=[card.pk])).content.decode()
    assert ("29 Feb 1988" if year == 1988 else "1987, 29 Feb") in data


# --- A card number that is a phone of its card ----------------------------------------------------------------------------


def keys_of(pk):
    card = Customer.objects.get(pk=pk)
    return card.card_is_phone, card.card_key


@pytest.fixture
def numbered(manager, branch):
    """A card numbered by its phone, as many salons do."""
    rows = {"phones": [RowEntry({"number": "138-1234-6621"})]}
    return services.create_card(
        actor=builders.actor_of(manager), branch=branch, fields={"name": "赵敏", "card_no": NUMBER}, rows=rows
    )


def test_such_a_number_is_masked_and_found_like_the_phone(numbered, desk, receptionist):
    actor = builders.actor_of(receptionist)
    assert keys_of(numbered.pk) == (True, "")
    for part in ("138", "1381234", "13812346", "381", "46621"):
        assert queries.search(actor, part) == []
    assert [hit.customer.pk for hit in queries.search(actor, "6621")] == [numbered.pk]
    assert [hit.customer.pk for hit in queries.search(actor, NUMBER)] == [numbered.pk]
    urls = [reverse(f"customers:{page}", args=[numbered.pk]) for page in ("detail", "data", "history", "edit", "safety_add")]
    for url in [*urls, "/customers/", f"{SEARCH}?q=6621", f"/visits/new/?customer={numbered.pk}"]:
        page = desk.get(url).content.decode()
        assert NUMBER not in page, url
        assert "138****6621" in page or "new" in url, url


def test_removing_the_phone_or_saving_the_card_shows_nothing_and_another_number_frees_it(numbered, desk, manager):
    actor, phone = builders.actor_of(manager), numbered.phones.get()
    url = reverse("customers:edit", args=[numbered.pk])
    assert filling.send(desk, url, {"note": "轻一点"}).status_code == 302
    assert Customer.objects.get(pk=numbered.pk).card_no == NUMBER  # the input was empty: the number stayed
    services.edit_card(
        actor=actor, customer=numbered, version=2, fields={}, rows={"phones": [RowEntry(pk=phone.pk, remove=True)]}
    )
    assert keys_of(numbered.pk) == (True, "")
    services.edit_card(actor=actor, customer=numbered, version=3, fields={"card_no": "JA-9"})
    assert keys_of(numbered.pk) == (False, "ja9")
    assert NUMBER not in builders.client_of(manager).get(reverse("customers:history", args=[numbered.pk])).content.decode()


def test_a_phone_added_later_or_brought_by_a_file_marks_the_card(branch, manager):
    card = builders.make_customer(branch=branch, card_no=NUMBER)
    assert keys_of(card.pk) == (False, NUMBER)
    Phone.objects.create(customer=card, number="+86 13812346621")
    assert keys_of(card.pk) == (True, "")
    fields = {"card_no": "13900001111", "name": "", "card_date": "2024-01-01"}
    [pk] = CardWriter(branch, now=builders.actor_of(manager).now).write([NewCard(fields, ("139 0000 1111",))])
    assert keys_of(pk) == (True, "")
    assert Customer.objects.get(pk=pk).name == "****1111"  # no name: the number stands in, as far as it may be read


# --- The portrait -----------------------------------------------------------------------------------------------------------


def test_a_guests_portrait_stays_at_home(customer, stranger, receptionist, settings, tmp_path):
    """Neither is it linked where she is a guest, nor given to who types its address there."""
    settings.MEDIA_ROOT = tmp_path
    Customer.objects.filter(pk=customer.pk).update(portrait="hers.webp")
    portraits.path_of("hers.webp").parent.mkdir()
    portraits.path_of("hers.webp").write_bytes(b"RIFF")
    other, address = builders.actor_of(stranger), reverse("customers:portrait", args=[customer.pk])
    customer.guest_passes.create(branch=other.branch, business_date=other.today, user=stranger.user)
    for staff, is_shown in ((stranger, False), (receptionist, True)):
        client = builders.client_of(staff)
        page = client.get(customer.get_absolute_url())
        assert page.status_code == 200
        assert (address in page.content.decode()) == is_shown
        assert client.get(address).status_code == (200 if is_shown else 404)


def test_the_migration_marks_cards_that_were_numbered_so_before(branch):
    marked = builders.make_customer(branch=branch, card_no="+86 138-1234-6621", phone=NUMBER)
    other = builders.make_customer(branch=branch, card_no="13900001111", phone="13900002222")
    Customer.objects.filter(pk=marked.pk).update(card_is_phone=False, card_key="+8613812346621")
    migration = importlib.import_module("customers.migrations.0004_card_numbers_that_are_phones")
    migration.mark(apps, SimpleNamespace(connection=connection))
    assert keys_of(marked.pk) == (True, "")
    assert keys_of(other.pk) == (False, "13900001111")
