"""Editing a card: what changes, what stays, and that masked values are neither shown nor lost."""

import re
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.forms import TypedChoiceField
from django.urls import reverse

from customers.card import services
from customers.card.editing import views as edit_views
from customers.card.editing.entry import CardEntry
from customers.card.editing.forms import CardForm
from customers.card.models import Customer
from customers.card.services import RowEntry
from tests import builders
from tests.customers.card import filling


def text_of(response):
    return response.content.decode()


@pytest.fixture
def card(manager, branch):
    """A card with something in every masked field."""
    return services.create_card(
        actor=builders.actor_of(manager),
        branch=branch,
        fields={
            "name": "张晓梅", "wechat": "zhangxm88", "birth_year": 1988, "birth_month": 10, "birth_day": 20,
            "health": "高血压", "note": "轻一点", "card_no": "OLD-7",
        },
        rows={
            "phones": [RowEntry({"number": "13812346621", "label": "本人"}), RowEntry({"number": "02162345678"})],
            "addresses": [RowEntry({"province": "上海", "city": "上海市", "street": "南京西路 88 号", "is_delivery": True})],
            "family": [RowEntry({"relation": "女儿", "name": "李小雨"})],
        },
    )  # fmt: skip


def edit(client, card, values, **kwargs):
    return filling.send(client, reverse("customers:edit", args=[card.pk]), values, **kwargs)


def test_an_untouched_form_changes_nothing(desk, card):
    records = Customer.history.count()
    assert edit(desk, card, {}).status_code == 302
    card.refresh_from_db()
    assert card.version == 1
    assert Customer.history.count() == records
    assert (card.wechat, card.health, card.birth_year) == ("zhangxm88", "高血压", 1988)
    assert list(card.phones.values_list("number", "label", "is_main")) == [
        ("13812346621", "本人", True),
        ("02162345678", "", False),
    ]
    assert card.addresses.get().street == "南京西路 88 号"


def test_what_is_typed_is_stored_with_history_and_a_new_version(desk, card, receptionist):
    values = {"name": "张小梅", "note": "重一点\n第二行", "occupation": "教师", "birth_day": "21"}
    assert edit(desk, card, values).status_code == 302
    card.refresh_from_db()
    assert (card.name, card.note, card.occupation, card.birth_day) == ("张小梅", "重一点\n第二行", "教师", 21)
    assert (card.version, card.name_key) == (2, "张小梅")
    last = card.history.first()
    assert (last.version, last.history_user, last.prev_record.name) == (2, receptionist.user, "张晓梅")


def test_masked_values_are_not_in_the_page_and_stay_when_left_empty(desk, card):
    page = text_of(desk.get(reverse("customers:edit", args=[card.pk])))
    for secret in ("13812346621", "12346621", "62345678", "zhangxm88", "南京西路", "高血压", "1988"):
        assert secret not in page
    assert "138****6621" in page
    assert "上海上海市南****" in page


def test_a_masked_value_is_replaced_by_typing(desk, card):
    main, second = card.phones.all()
    address = card.addresses.get()
    values = {"phones-1-number": "02187654321", "wechat": "new_id", "birth_year": "1989", "addresses-0-street": "北京路 1 号"}
    assert edit(desk, card, values).status_code == 302
    card.refresh_from_db()
    assert (card.wechat, card.birth_year) == ("new_id", 1989)
    assert list(card.phones.values_list("pk", "number")) == [(main.pk, "13812346621"), (second.pk, "02187654321")]
    address.refresh_from_db()
    assert (address.province, address.street, address.is_delivery) == ("上海", "北京路 1 号", True)


def test_a_masked_value_is_removed_by_a_tick(desk, card):
    values = {"clear_wechat": "on", "clear_birth_year": "on", "phones-0-DELETE": "on", "addresses-0-DELETE": "on"}
    assert edit(desk, card, values | {"family-0-DELETE": "on"}).status_code == 302
    card.refresh_from_db()
    assert (card.wechat, card.birth_year, card.birth_month) == ("", None, 10)
    assert list(card.phones.values_list("number", "is_main")) == [("02162345678", True)]  # the one left is the main one
    assert not card.addresses.exists()
    assert not card.family.exists()


def test_a_tick_with_text_replaces(desk, card):
    assert edit(desk, card, {"clear_wechat": "on", "wechat": "other"}).status_code == 302
    card.refresh_from_db()
    assert card.wechat == "other"


def test_health_is_added_to_by_who_cannot_read_it(desk, card):
    assert edit(desk, card, {"health": "怀孕五个月"}).status_code == 302
    card.refresh_from_db()
    assert card.health == "高血压\n怀孕五个月"
    assert "clear_health" not in filling.inputs(desk.get(reverse("customers:edit", args=[card.pk])))
    assert edit(desk, card, {"clear_health": "on"}).status_code == 302  # a tick the page does not offer does nothing
    card.refresh_from_db()
    assert card.health == "高血压\n怀孕五个月"
    assert edit(desk, card, {"health": "x" * 991}).status_code == 422
    assert edit(desk, card, {"health": "x" * 990}).status_code == 302  # a thousand characters together


def test_who_may_ask_for_it_may_clear_health(manager, card):
    client = builders.client_of(manager)
    assert "高血压" not in text_of(client.get(reverse("customers:edit", args=[card.pk])))
    assert edit(client, card, {"clear_health": "on", "health": "已康复"}).status_code == 302
    card.refresh_from_db()
    assert card.health == "已康复"


def test_the_manager_sees_the_year_in_the_form(manager, card):
    client = builders.client_of(manager)
    assert filling.inputs(client.get(reverse("customers:edit", args=[card.pk])))["birth_year"] == "1988"
    assert edit(client, card, {"birth_year": ""}).status_code == 302
    card.refresh_from_db()
    assert card.birth_year is None


def test_what_may_be_left_open_has_one_empty_choice_and_nobody_is_removed_who_is_not_there(receptionist, card, customer):
    actor = builders.actor_of(receptionist)
    shown = CardForm(actor=actor, instance=card).fields
    chosen = {
        name: [key for key, _label in field.choices] for name, field in shown.items() if isinstance(field, TypedChoiceField)
    }
    assert {name: keys.count("") for name, keys in chosen.items()} == {name: int(name != "birth_calendar") for name in chosen}
    assert all(len(keys) > 1 for keys in chosen.values())
    assert "clear_referrer" not in shown
    card.referred_by = customer
    assert "clear_referrer" in CardForm(actor=actor, instance=card).fields


@pytest.mark.parametrize("odd", ["", "٣", "²", "-1", "1.0", "9" * 10, "9" * 5000])
def test_an_odd_version_is_none_at_all(odd):
    posted = lambda version: SimpleNamespace(POST={"version": version})  # noqa: E731
    assert (edit_views._version(posted(odd)), edit_views._version(posted("9" * 9))) == (0, 999_999_999)


def test_the_stored_year_still_decides_which_days_exist(desk, card):
    response = edit(desk, card, {"birth_month": "2", "birth_day": "30"})
    assert response.status_code == 422
    assert "1988" not in text_of(response)
    assert edit(desk, card, {"birth_month": "2", "birth_day": "29"}).status_code == 302


def test_the_main_number_moves(desk, card):
    assert edit(desk, card, {"phones-0-is_main": None, "phones-1-is_main": "on"}).status_code == 302
    assert list(card.phones.values_list("number", "is_main")) == [("02162345678", True), ("13812346621", False)]
    assert edit(desk, card, {"phones-0-is_main": "on", "phones-1-is_main": "on"}).status_code == 422


def test_a_new_row_and_a_number_that_is_there_already(desk, card):
    assert edit(desk, card, {"phones-2-number": "138 1234 6621"}).status_code == 422
    assert edit(desk, card, {"phones-2-number": "13900001111", "phones-2-label": "先生"}).status_code == 302
    assert card.phones.count() == 3
    # Moving a number from one row to another: the row it leaves is removed in the same form.
    values = {"phones-0-DELETE": "on", "phones-1-number": "13812346621"}
    assert edit(desk, card, values).status_code == 302
    assert set(card.phones.values_list("number", flat=True)) == {"13812346621", "13900001111"}


def test_of_two_main_numbers_one_may_be_removed(desk, card):
    assert edit(desk, card, {"phones-0-DELETE": "on", "phones-0-is_main": "on", "phones-1-is_main": "on"}).status_code == 302
    assert list(card.phones.values_list("number", "is_main")) == [("02162345678", True)]


def test_a_row_younger_than_the_version_that_is_sent_is_kept(desk, card):
    """The back button of a browser brings such a form."""
    assert edit(desk, card, {"family-1-relation": "儿子"}).status_code == 302
    response = edit(desk, card, {"version": "1", "family-1-name": "小明"})
    assert (response.status_code, response.context["entry"].conflicts) == (409, {"family-1-name": "–"})
    assert edit(desk, card, {}, page=response).status_code == 302
    assert list(card.family.order_by("pk").values_list("relation", "name")) == [("女儿", "李小雨"), ("儿子", "小明")]


def test_what_is_wrong_in_a_row_is_said_at_the_top_too(desk, card):
    response = edit(desk, card, {"phones-1-number": "无"})
    assert (response.status_code, response.context["entry"].has_errors) == (422, True)
    assert not response.context["entry"].form.errors


def test_parts_of_the_form_are_open_where_something_is_stored(receptionist, card, branch):
    def opened(customer):
        entry = CardEntry(actor=builders.actor_of(receptionist), customer=customer)
        return {section.key for section in entry.sections if section.is_open}

    plain = builders.make_customer(branch=branch)
    assert opened(plain) == {"who"}
    plain.addresses.create(city="上海市")
    plain.family.create(relation="女儿")
    assert opened(plain) == {"who", "contact", "family"}


def test_a_part_with_something_wrong_is_opened_and_no_other(desk, branch):
    plain = builders.make_customer(branch=branch)
    response = edit(desk, plain, {"family-0-relation": "女儿", "family-0-birth_month": "2", "family-0-birth_day": "30"})
    assert response.status_code == 422
    assert {section.key for section in response.context["entry"].sections if section.is_open} == {"who", "family"}


def test_a_masked_input_stands_in_the_form_once(desk, card):
    page = text_of(desk.get(reverse("customers:edit", args=[card.pk])))
    names = ("addresses-0-street", "addresses-0-city", "phones-0-number", "phones-0-label")
    assert [page.count(f'name="{name}"') for name in names] == [1] * 4


def test_a_row_of_another_card_cannot_be_reached(desk, card, branch):
    other = builders.make_customer(branch=branch, phone="13700001111")
    foreign = other.phones.get()
    response = edit(desk, card, {"phones-0-id": str(foreign.pk), "phones-0-DELETE": "on", "phones-0-is_main": None})
    assert response.status_code in (302, 422)
    assert other.phones.get().number == "13700001111"
    assert card.phones.count() == 2


def test_a_taken_number_is_said_at_the_field(desk, card, customer):
    response = edit(desk, card, {"card_no": customer.card_no, "name": "改名"})
    assert response.status_code == 422
    assert "This card number is taken." in text_of(response)
    assert filling.inputs(response)["name"] == "改名"
    card.refresh_from_db()
    assert (card.name, card.card_no, card.version) == ("张晓梅", "OLD-7", 1)


def test_an_emptied_card_number_keeps_the_old_one(desk, card):
    assert edit(desk, card, {"card_no": ""}).status_code == 302
    card.refresh_from_db()
    assert card.card_no == "OLD-7"


def test_the_card_is_no_twin_of_itself(desk, card):
    assert edit(desk, card, {"name": "張曉梅", "phones-2-number": "13911112222"}).status_code == 302


def test_the_same_phone_asks_on_editing_too(desk, card, customer):
    card.phones.filter(number="13812346621").delete()
    assert edit(desk, card, {"note": "x"}).status_code == 302
    response = edit(desk, card, {"phones-1-number": "13812346621"})
    assert response.status_code == 422
    assert customer.get_absolute_url() in text_of(response)


def test_a_referrer_is_set_kept_and_removed(desk, card, branch, other_branch):
    hidden = builders.make_customer(branch=other_branch, name="外店秘密")
    Customer.objects.filter(pk=card.pk).update(referred_by=hidden)
    page = text_of(desk.get(reverse("customers:edit", args=[card.pk])))
    assert "外店秘密" not in page
    assert "a customer of another branch" in page
    assert edit(desk, card, {"note": "x"}).status_code == 302
    card.refresh_from_db()
    assert card.referred_by == hidden
    assert edit(desk, card, {"clear_referrer": "on"}).status_code == 302
    card.refresh_from_db()
    assert card.referred_by is None
    known = builders.make_customer(branch=branch, name="王芳")
    assert edit(desk, card, {"referrer": "王芳"}).status_code == 302
    card.refresh_from_db()
    assert card.referred_by == known
    assert edit(desk, card, {"referrer": card.name}).status_code == 422  # nobody refers herself


def test_who_left_stays_responsible_until_somebody_else_is_chosen(desk, card, beautician):
    Customer.objects.filter(pk=card.pk).update(responsible=beautician)
    beautician.is_active = False
    beautician.save()
    assert edit(desk, card, {"note": "x"}).status_code == 302
    card.refresh_from_db()
    assert card.responsible == beautician


def test_staff_of_another_branch_cannot_be_responsible(desk, card, stranger):
    assert edit(desk, card, {"responsible": str(stranger.pk)}).status_code == 422


def test_who_may_edit(card, beautician, stranger, owner):
    url = reverse("customers:edit", args=[card.pk])
    assert builders.client_of(beautician).get(url).status_code == 403
    assert builders.client_of(beautician).post(url, {"name": "x"}).status_code == 403
    assert builders.client_of(stranger).get(url).status_code == 404
    assert builders.client_of(stranger).post(url, {"name": "x"}).status_code == 404
    assert builders.client_of(owner).get(url).status_code == 200
    card.refresh_from_db()
    assert card.name == "张晓梅"


def test_sent_twice_it_is_one_change(desk, card):
    url = reverse("customers:edit", args=[card.pk])
    data = filling.inputs(desk.get(url)) | {"note": "改"}
    assert [desk.post(url, data).status_code for _each in range(2)] == [302, 302]
    card.refresh_from_db()
    assert card.version == 2


def test_it_takes_a_constant_number_of_queries(desk, card, branch, django_assert_num_queries):
    url = reverse("customers:edit", args=[card.pk])
    desk.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    for n in range(10):
        card.phones.create(number=f"1390000{n:04d}")
        card.family.create(relation="亲戚")
    with django_assert_num_queries(len(few)):
        desk.get(url)
    assert len(few) <= 16


def test_the_database_holds_one_main_number_one_delivery_address_and_a_card_number(card):
    card.addresses.update(is_delivery=True)
    for break_it in (
        lambda: card.phones.create(number="13900000000", is_main=True),
        lambda: card.addresses.create(city="北京", is_delivery=True),
        lambda: Customer.objects.filter(pk=card.pk).update(card_no=""),
        lambda: Customer.objects.filter(pk=card.pk).update(name=""),
        lambda: card.phones.create(number="138 1234 6621"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            break_it()


def test_beside_an_empty_input_stands_what_is_stored_there_and_only_ticks_stand_before_their_label(desk, card, branch):
    Customer.objects.filter(pk=card.pk).update(referred_by=builders.make_customer(branch=branch, name="赵敏", card_no="R-1"))
    page = text_of(desk.get(reverse("customers:edit", args=[card.pk])))
    stored = re.findall(r'<p class="stored">Stored: <bdi>(.*?)</bdi>', page)
    assert sum("赵敏" in each for each in stored) == 1
    assert any(each.startswith("z****") for each in stored)
    for name, place in (("name", "form-label"), ("clear_wechat", "form-check-label")):
        assert f'<label class="{place}" for="id_{name}">' in page


@pytest.mark.parametrize(("values", "is_open"), [({}, False), ({"addresses-0-street": "北京路 1 号"}, True)])
def test_parts_of_a_masked_row_are_folded_until_one_was_typed_or_is_wrong(desk, card, values, is_open):
    page = text_of(edit(desk, card, {"name": ""} | values))
    assert ('<details class="full" open>' in page) == is_open
