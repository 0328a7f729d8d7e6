"""Creating a card: the number, what is asked first, and that nothing typed is lost when something is wrong."""

import re

import pytest

from customers.card import services
from customers.card.models import Customer, Phone
from customers.card.search import lookup
from salon.operations import new_key
from salon.shop.models import Sequence
from tests import builders
from tests.customers.card import filling

URL = "/customers/new/"


def text_of(response):
    return response.content.decode()


def test_a_name_is_enough(desk, branch):
    response = filling.send(desk, URL, {"name": "张晓梅"})
    customer = Customer.objects.get()
    assert response.status_code == 302
    assert response["Location"] == customer.get_absolute_url()
    assert (customer.name, customer.card_no, customer.branch) == ("张晓梅", "JA-000001", branch)
    assert "张晓梅" in text_of(desk.get(response["Location"]))


@pytest.mark.parametrize(
    ("asked", "name", "phone"),
    [
        ({"name": "138-12"}, "", "138-12"),
        ({"name": "138-1"}, "138-1", ""),  # four digits are no phone
        ({"name": "王 13812"}, "王 13812", ""),
        ({"name": "13812", "phone": "139"}, "13812", "139"),
        ({"name": "x" * 90, "phone": "1" * 40}, "x" * 80, "1" * 30),
    ],
)
def test_what_was_typed_to_find_her_stands_where_it_belongs(desk, asked, name, phone):
    inputs = filling.inputs(desk.get(URL, asked))
    assert (inputs["name"], inputs["phones-0-number"]) == (name, phone)


def test_a_form_that_is_answered_keeps_its_key(desk):
    inputs = filling.inputs(desk.get(URL))
    answered = desk.post(URL, inputs | {"name": ""})
    assert answered.status_code == 422
    assert filling.inputs(answered)["operation"] == inputs["operation"]


def test_everything_of_the_basic_data_is_stored(desk, branch, beautician):
    referrer = builders.make_customer(branch=branch, name="王芳")
    values = {
        "name": "欧阳小雨", "called": "欧阳姐", "gender": "female", "birth_calendar": "lunar", "birth_year": "1990",
        "birth_month": "6", "birth_day": "15", "wechat": "ouyang_90", "occupation": "教师", "education": "master",
        "marital": "married", "interests": "旅行", "skin_type": "dry", "health": "高血压\n服药中", "source": "friend",
        "referrer": "王芳", "responsible": str(beautician.pk), "potential": "high", "note": "轻一点", "card_no": "4e135",
        "card_date": "2019-03-02", "phones-0-number": "138 1234 6621", "phones-0-label": "本人",
        "addresses-0-province": "上海", "addresses-0-city": "上海市", "addresses-0-district": "静安区",
        "addresses-0-community": "南京西路花园", "addresses-0-street": "88 弄 3 号", "addresses-0-postcode": "200040",
        "addresses-0-is_delivery": "on", "family-0-relation": "女儿", "family-0-name": "李小雨", "family-0-birth_month": "6",
        "family-0-birth_day": "1",
    }  # fmt: skip
    response = filling.send(desk, URL, values)
    assert response.status_code == 302, text_of(response)
    stored = Customer.objects.get(card_no="4e135")
    for name in ("name", "called", "gender", "birth_calendar", "wechat", "occupation", "education", "marital", "interests",
                 "skin_type", "health", "source", "potential", "note"):  # fmt: skip
        assert getattr(stored, name) == values[name]
    assert (stored.birth_year, stored.birth_month, stored.birth_day) == (1990, 6, 15)
    assert (stored.referred_by, stored.responsible, stored.card_date.isoformat()) == (referrer, beautician, "2019-03-02")
    phone, address, member = stored.phones.get(), stored.addresses.get(), stored.family.get()
    assert (phone.number, phone.label, phone.is_main, phone.digits) == ("138 1234 6621", "本人", True, "13812346621")
    assert (address.community, address.postcode, address.is_delivery) == ("南京西路花园", "200040", True)
    assert (member.relation, member.name, member.birth_month) == ("女儿", "李小雨", 6)


def test_numbers_count_up_per_branch_and_step_over_typed_ones(desk, branch, stranger):
    for name, number in (("甲", ""), ("乙", "JA-000002"), ("丙", "")):
        assert filling.send(desk, URL, {"name": name, "card_no": number}).status_code == 302
    assert filling.send(builders.client_of(stranger), URL, {"name": "丁"}).status_code == 302
    assert dict(Customer.objects.values_list("name", "card_no")) == {
        "甲": "JA-000001", "乙": "JA-000002", "丙": "JA-000003", "丁": "XH-000001",
    }  # fmt: skip


def test_a_taken_number_is_said_at_the_field_and_uses_no_number(desk, customer):
    response = filling.send(desk, URL, {"name": "新来的", "card_no": customer.card_no, "note": "喜欢安静"})
    assert response.status_code == 422
    assert "This card number is taken." in text_of(response)
    again = filling.inputs(response)
    assert (again["name"], again["card_no"], again["note"]) == ("新来的", customer.card_no, "喜欢安静")
    assert Customer.objects.count() == 1
    assert not Sequence.objects.filter(kind="card").exists()


def test_a_number_taken_between_check_and_save_is_no_crash(receptionist, branch, customer):
    with pytest.raises(services.CardNumberTaken):
        services.create_card(
            actor=builders.actor_of(receptionist), branch=branch, fields={"name": "甲", "card_no": customer.card_no}
        )
    assert Customer.objects.count() == 1


def test_sent_twice_it_is_one_card(desk, branch):
    data = filling.inputs(desk.get(URL)) | {"name": "张晓梅", "phones-0-number": "13812346621"}
    first, second = desk.post(URL, data), desk.post(URL, data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Customer.objects.count() == 1
    assert desk.post(URL, data | {"name": "别人"}).status_code == 409


def test_a_key_of_another_person_is_refused(desk, manager):
    data = {"operation": new_key(manager.user, services.CREATE), "name": "张晓梅"}
    assert desk.post(URL, data).status_code == 409
    assert not Customer.objects.exists()


def test_what_was_typed_while_looking_is_put_where_it_belongs(desk):
    assert filling.inputs(desk.get(URL, {"name": "李娜"}))["name"] == "李娜"
    found = filling.inputs(desk.get(URL, {"name": "138 1234 6621"}))
    assert (found["name"], found["phones-0-number"]) == ("", "138 1234 6621")
    found = filling.inputs(desk.get(URL, {"name": "李娜", "phone": "13812346621"}))
    assert (found["name"], found["phones-0-number"]) == ("李娜", "13812346621")
    assert filling.inputs(desk.get(URL, {"name": "a\x00b" + "z" * 200}))["name"] == ("ab" + "z" * 200)[:80]


def test_only_the_desk_makes_cards(beautician, manager, owner):
    assert builders.client_of(beautician).get(URL).status_code == 403
    assert builders.client_of(beautician).post(URL, {"name": "x"}).status_code == 403
    assert builders.client_of(manager).get(URL).status_code == 200
    assert builders.client_of(owner).get(URL).status_code == 200


# --- questions -------------------------------------------------------------------------------------------------------


def questions(response):
    return text_of(response).count('class="question"')


def overrule(client, response, extra=None):
    """Tick every question of a page and send it again."""
    data = filling.inputs(response) | (extra or {})
    codes = set(data.get("acknowledged", [])) | {
        part.split('"')[0] for part in text_of(response).split('name="acknowledged" value="')[1:]
    }
    return client.post(URL, data | {"acknowledged": sorted(codes)})


def test_the_same_phone_asks_and_can_be_overruled(desk, customer):
    response = filling.send(desk, URL, {"name": "女儿", "phones-0-number": "+86 138-1234-6621", "note": "一起来"})
    assert response.status_code == 422
    assert questions(response) == 1
    assert customer.get_absolute_url() in text_of(response)
    kept = filling.inputs(response)
    assert (kept["name"], kept["phones-0-number"], kept["note"]) == ("女儿", "+86 138-1234-6621", "一起来")
    assert Customer.objects.count() == 1
    assert overrule(desk, response).status_code == 302
    assert Phone.objects.filter(digits="13812346621").count() == 2


def test_a_phone_of_another_branch_says_only_that(desk, other_branch):
    builders.make_customer(branch=other_branch, name="外店秘密", phone="13655554444", card_no="XH-SECRET")
    response = filling.send(desk, URL, {"name": "新客", "phones-0-number": "13655554444"})
    assert response.status_code == 422
    page = text_of(response)
    assert "A card with this phone exists in another branch" in page
    assert "外店秘密" not in page
    assert "XH-SECRET" not in page
    assert overrule(desk, response).status_code == 302


def test_the_same_folded_name_asks_in_this_branch_only(desk, branch, other_branch):
    builders.make_customer(branch=other_branch, name="陳 美")
    assert filling.send(desk, URL, {"name": "陈美"}).status_code == 302
    response = filling.send(desk, URL, {"name": "陳美"})
    assert response.status_code == 422
    assert questions(response) == 1


def test_the_owner_is_asked_about_name_and_birthday_in_any_branch(owner, other_branch):
    builders.make_customer(branch=other_branch, name="陈美", birth_month=6, birth_day=1)
    client = builders.client_of(owner)
    assert filling.send(client, URL, {"name": "陈美", "birth_month": "6", "birth_day": "1"}).status_code == 422
    assert filling.send(client, URL, {"name": "陈美", "birth_month": "6", "birth_day": "2"}).status_code == 302


def test_no_birthday_is_none_that_two_have_in_common(owner, branch, other_branch):
    builders.make_customer(branch=other_branch, name="张三")
    actor = builders.actor_of(owner)
    assert lookup.same_name(actor, "张三", branch=branch, birthday=("solar", None, None)) == []
    assert len(lookup.same_name(actor, "张三", branch=other_branch, birthday=("solar", None, None))) == 1


def test_an_odd_number_asks_and_other_mistakes_come_first(desk):
    values = {"name": "", "phones-0-number": "12345"}
    response = filling.send(desk, URL, values)
    assert (response.status_code, questions(response)) == (422, 0)
    response = filling.send(desk, URL, values | {"name": "甲"})
    assert (response.status_code, questions(response)) == (422, 1)
    assert overrule(desk, response).status_code == 302
    assert Phone.objects.get().number == "12345"


def test_another_candidate_asks_again(desk, branch, customer):
    response = filling.send(desk, URL, {"name": "女儿", "phones-0-number": "13812346621"})
    builders.make_customer(branch=branch, name="第二个", phone="13812346621")
    again = overrule(desk, response)
    assert again.status_code == 422
    assert "第二个" in text_of(again)
    assert overrule(desk, again).status_code == 302


@pytest.mark.parametrize("number", ["13812346621", "+8613812346621", "021-62345678", "13912345678"])
def test_ordinary_numbers_ask_nothing(desk, number):
    assert filling.send(desk, URL, {"name": "甲", "phones-0-number": number}).status_code == 302


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": " \u3000 "}, "This field is required"),
        ({"name": "x" * 81}, "at most 80"),
        ({"birth_month": "2"}, "Give month and day of birth together"),
        ({"birth_day": "2"}, "Give month and day of birth together"),
        ({"birth_month": "13", "birth_day": "1"}, "from 1 to 12"),
        ({"birth_month": "2", "birth_day": "30"}, "only 29 days"),
        ({"birth_month": "2", "birth_day": "29", "birth_year": "1995"}, "only 28 days"),
        ({"birth_month": "4", "birth_day": "31"}, "only 30 days"),
        ({"birth_calendar": "lunar", "birth_month": "12", "birth_day": "31"}, "at most 30 days"),
        ({"birth_calendar": "lunar", "birth_year": "2025", "birth_month": "12", "birth_day": "30"}, "no 30th"),
        ({"birth_year": "2099"}, "still to come"),
        ({"birth_year": "1899"}, "greater than or equal to 1900"),
        ({"birth_year": "1990", "age_band": "25-34"}, "either the year of birth or an age band"),
        ({"phones-0-number": "没有"}, "A phone number has digits"),
        ({"phones-0-number": "", "phones-0-label": "家里"}, "This field is required"),
        ({"addresses-0-is_delivery": "on"}, "This field is required"),
        ({"addresses-0-city": "x" * 500}, "at most"),
        ({"family-0-name": "小雨"}, "This field is required"),
        ({"family-0-relation": "女儿", "family-0-birth_month": "2", "family-0-birth_day": "30"}, "only 29 days"),
        ({"referrer": "没有这个人"}, "Nobody of this name"),
        ({"gender": "other"}, "Select a valid choice"),
        ({"card_date": "2024-02-30"}, "Enter a valid date"),
        ({"card_date": "2099-01-01"}, "still to come"),
        ({"card_date": "0001-01-01"}, "between 1900 and 2199"),
        ({"age_band": "25-34", "age_band_on": "2099-01-01"}, "still to come"),
        ({"health": "x" * 1001}, "at most 1000"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_kept(desk, values, message):
    response = filling.send(desk, URL, {"name": "张晓梅"} | values)
    assert response.status_code == 422
    assert message in text_of(response)
    assert text_of(response).count("This field is required") == (message == "This field is required")
    kept = filling.inputs(response)
    for name, value in values.items():
        if name not in ("gender", "card_date") and value.strip():
            assert kept[name] == value
    assert not Customer.objects.exists()


MONTH, DAY, MISSING = "number from 1 to 12", "number from 1 to 31", "Give month and day of birth together"
YEAR, RELATION = "still to come", "This field is required"


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"birth_month": "13", "birth_day": "32"}, {"birth_month": MONTH, "birth_day": DAY}),
        ({"birth_month": "0", "birth_day": "0"}, {"birth_month": MONTH, "birth_day": DAY}),
        ({"birth_month": "13", "birth_day": "31"}, {"birth_month": MONTH}),
        ({"birth_month": "13"}, {"birth_month": MONTH, "birth_day": MISSING}),
        ({"birth_day": "32"}, {"birth_month": MISSING, "birth_day": DAY}),
        ({"birth_month": "x", "birth_day": "32"}, {"birth_month": "Enter a whole number", "birth_day": DAY}),
        ({"birth_month": "13", "birth_day": "-1"}, {"birth_month": MONTH, "birth_day": "greater than or equal to 0"}),
        ({"birth_month": "x"}, {"birth_month": "Enter a whole number"}),
        ({"birth_calendar": "lunar", "birth_month": "13", "birth_day": "31"}, {"birth_month": MONTH, "birth_day": "at most 30"}),
        ({"birth_year": "2099", "birth_month": "2", "birth_day": "30"}, {"birth_year": YEAR, "birth_day": "only 29 days"}),
        ({"birth_year": "1800", "birth_month": "13", "birth_day": "1"}, {"birth_year": "equal to 1900", "birth_month": MONTH}),
        (
            {"family-0-birth_month": "13", "family-0-birth_day": "32"},
            {"family-0-relation": RELATION, "family-0-birth_month": MONTH, "family-0-birth_day": DAY},
        ),
        (
            {"family-0-relation": "女儿", "family-0-birth_day": "32"},
            {"family-0-birth_month": MISSING, "family-0-birth_day": DAY},
        ),
    ],
)
def test_all_that_is_wrong_with_a_birthday_is_said_at_once_at_its_fields(owner, values, messages):
    response = filling.send(builders.client_of(owner), URL, {"name": "张晓梅"} | values)
    assert response.status_code == 422
    said = dict(re.findall(r'id="id_([a-z0-9_-]+)_error"><div>([^<]*)</div></div>', response.content.decode()))
    assert said.keys() == messages.keys()
    assert [name for name, message in messages.items() if message not in said[name]] == []


@pytest.mark.parametrize(
    "birthday",
    [
        {"birth_calendar": "lunar", "birth_month": "12", "birth_day": "30"},
        {"birth_calendar": "lunar", "birth_year": "2024", "birth_month": "11", "birth_day": "30"},
        {"birth_month": "2", "birth_day": "29"},
        {"birth_month": "2", "birth_day": "29", "birth_year": "1996"},
        {"birth_year": "1990"},
    ],
)
def test_days_that_do_exist_are_taken(desk, birthday):
    assert filling.send(desk, URL, {"name": "甲"} | birthday).status_code == 302
    stored = Customer.objects.get()
    assert {name: str(getattr(stored, name)) for name in birthday} == birthday


def test_an_age_band_is_stated_on_a_day(desk, branch):
    assert filling.send(desk, URL, {"name": "甲", "age_band": "25-34"}).status_code == 302
    stored = Customer.objects.get()
    assert stored.age_band_on == stored.card_date


def test_two_rows_cannot_share_a_number_or_both_be_main(desk):
    page = desk.get(URL)
    two = {"name": "甲", "phones-TOTAL_FORMS": "2", "phones-0-number": "13812346621", "phones-1-number": "138-1234-6621"}
    response = filling.send(desk, URL, two, page=page)
    assert "This number stands in another row." in text_of(response)
    two |= {"phones-1-number": "13912346621", "phones-0-is_main": "on", "phones-1-is_main": "on"}
    response = filling.send(desk, URL, two, page=page)
    assert "Only one number can be the main one." in text_of(response)
    response = filling.send(desk, URL, two | {"phones-0-is_main": None}, page=page)
    assert response.status_code == 302
    assert list(Phone.objects.filter(is_main=True).values_list("number", flat=True)) == ["13912346621"]


def test_several_referrers_are_a_choice(desk, branch):
    first, second = (builders.make_customer(branch=branch, name="王芳") for _each in range(2))
    response = filling.send(desk, URL, {"name": "甲", "referrer": "王芳"})
    assert response.status_code == 422
    assert first.card_no in text_of(response)
    response = filling.send(desk, URL, {"referrer_pick": str(second.pk)}, page=response)
    assert response.status_code == 302
    assert Customer.objects.get(name="甲").referred_by == second


@pytest.mark.parametrize("words", ["13812346621", "JA-000777", "張曉梅"])
def test_a_referrer_is_found_by_phone_number_and_name(desk, branch, words):
    known = builders.make_customer(branch=branch, name="张晓梅", phone="13812346621", card_no="JA-000777")
    assert filling.send(desk, URL, {"name": "甲", "referrer": words}).status_code == 302
    assert Customer.objects.get(name="甲").referred_by == known


@pytest.mark.parametrize("words", ["zxm", "6621", "张晓"])
def test_a_guess_is_asked_about(desk, customer, words):
    response = filling.send(desk, URL, {"name": "甲", "referrer": words})
    assert response.status_code == 422
    assert f'name="referrer_pick" value="{customer.pk}"' in text_of(response)
    assert filling.send(desk, URL, {"referrer_pick": str(customer.pk)}, page=response).status_code == 302
    assert Customer.objects.get(name="甲").referred_by == customer


def test_a_referrer_of_another_branch_is_not_found(desk, other_branch):
    hidden = builders.make_customer(branch=other_branch, name="外店客", phone="13655554444")
    assert filling.send(desk, URL, {"name": "甲", "referrer": "13655554444"}).status_code == 422
    assert filling.send(desk, URL, {"name": "甲", "referred_by": str(hidden.pk)}).status_code == 422


def test_the_form_takes_a_constant_number_of_queries(desk, branch, django_assert_max_num_queries):
    desk.get(URL)
    with django_assert_max_num_queries(10):
        desk.get(URL)
    for n in range(30):
        builders.make_customer(branch=branch, phone=f"138000000{n:02d}")
    with django_assert_max_num_queries(10):
        desk.get(URL)
