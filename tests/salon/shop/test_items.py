"""The catalogue: who reads what of it, filters, and an item's form."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from salon.shop import services
from salon.shop.models import Brand, Category, Item, Tag
from tests import builders
from tests.salon.shop.browser import errors, opened, send

LIST, NEW = "/shop/items/", "/shop/items/new/"


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


@pytest.fixture
def shelf(db):
    eye, home = Category.objects.create(name="眼部", position=20), Category.objects.create(name="居家", position=10)
    brand, acid = Brand.objects.create(name="兰蔻"), builders.make_tag("果酸")
    return {
        "eye": builders.make_item(name="眼部护理", category=eye, price_fen=38_000, cost_fen=6_050, tags=[acid], care_days=14),
        "cream": builders.make_item(name="晚霜", kind="product", category=home, brand=brand, price_fen=76_000, minutes=0),
        "plain": builders.make_item(name="Basic peel", price_fen=10_000),
        "old": builders.make_item(name="老式紧肤", is_active=False),
        "acid": acid,
    }


def names(response):
    return [item.name for item in response.context["listing"].rows]


def edit_url(item):
    return reverse("shop:item_edit", args=[item.pk])


# --- The list ---------------------------------------------------------------------------------------------------------


def test_everybody_reads_prices_and_only_managers_costs(receptionist, beautician, manager, owner, shelf):
    for staff in (receptionist, beautician):
        page = builders.client_of(staff).get(LIST)
        assert page.status_code == 200
        assert "¥\xa0380.00" in page.content.decode()
        assert "60.50" not in page.content.decode()
        assert edit_url(shelf["eye"]) not in page.content.decode()
    for staff in (manager, owner):
        page = builders.client_of(staff).get(LIST)
        assert "¥\xa060.50" in page.content.decode()
        assert edit_url(shelf["eye"]) in page.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Basic peel", "晚霜", "眼部护理"]),
        ("offer=all", ["Basic peel", "老式紧肤", "晚霜", "眼部护理"]),
        ("offer=stopped", ["老式紧肤"]),
        ("kind=product", ["晚霜"]),
        ("q=yb", ["眼部护理"]),
        ("q=YBHL", ["眼部护理"]),
        ("q=護理", ["眼部护理"]),
        ("q=bhl", []),
        ("q=basic+PEEL", ["Basic peel"]),
        ("q=100%25", []),
        ("q=---", []),
        ("sort=price", ["Basic peel", "眼部护理", "晚霜"]),
        ("sort=price_down", ["晚霜", "眼部护理", "Basic peel"]),
        ("sort=category", ["晚霜", "眼部护理", "Basic peel"]),
    ],
)
def test_filters_and_orders(desk, shelf, query, found):
    assert names(desk.get(f"{LIST}?{query}")) == found


def test_filters_by_category_brand_and_tag(desk, shelf):
    for name, pk, found in [
        ("category", shelf["eye"].category.pk, ["眼部护理"]),
        ("brand", shelf["cream"].brand.pk, ["晚霜"]),
        ("tag", shelf["acid"].pk, ["眼部护理"]),
    ]:
        assert names(desk.get(LIST, {name: pk})) == found


@pytest.mark.parametrize(
    "query", ["kinds=product", "kind=other", "category=99999", "category=x", "offer=1", "sort=cost_fen", "page=0"]
)
def test_a_filter_that_cannot_be_applied_shows_nothing(desk, shelf, query):
    page = desk.get(f"{LIST}?{query}")
    assert page.status_code == 200
    assert names(page) == []
    assert page.context["listing"].errors


def test_empty_and_none_match_are_told_apart(desk, boss, db):
    assert "Nothing is on offer yet." in desk.get(LIST).content.decode()
    assert NEW not in desk.get(LIST).content.decode()
    assert NEW in boss.get(LIST).content.decode()
    builders.make_item(name="眼部护理")
    assert "Nothing matches this filter." in desk.get(f"{LIST}?q=zzz").content.decode()


def test_the_list_asks_as_much_for_many_as_for_few(boss, shelf, django_assert_num_queries):
    def page_of(n):
        for i in range(n):
            tags = [builders.make_tag(f"成分{Tag.objects.count()}")]
            category = Category.objects.create(name=f"类{Category.objects.count()}")
            builders.make_item(name=f"项目{i}-{n}", tags=tags, category=category)

    page_of(2)
    boss.get(LIST)
    with django_assert_num_queries(9):
        few = boss.get(LIST)
    page_of(15)
    with django_assert_num_queries(9):
        many = boss.get(LIST)
    assert len(names(few)) == 5
    assert len(names(many)) == 20


# --- Who may change it ------------------------------------------------------------------------------------------------


def test_only_managers_open_and_send_the_form(receptionist, beautician, shelf):
    for staff in (receptionist, beautician):
        client = builders.client_of(staff)
        for url in (NEW, edit_url(shelf["eye"])):
            assert client.get(url).status_code == 403
            assert client.post(url, {"name": "x"}).status_code == 403
    shelf["eye"].refresh_from_db()
    assert shelf["eye"].name == "眼部护理"


@pytest.mark.parametrize("pk", ["99999", "99999999999999999999"])
def test_a_missing_item_is_404(boss, pk):
    assert boss.get(f"/shop/items/{pk}/").status_code == 404


def test_the_item_page_asks_a_constant_number_of_queries(boss, shelf, django_assert_num_queries):
    eye = shelf["eye"]
    boss.get(edit_url(eye))
    with django_assert_num_queries(12):
        boss.get(edit_url(eye))
    for n in range(5):
        eye.price_fen += 100
        eye.category = Category.objects.create(name=f"另{n}")
        eye.save()
        eye.tags.add(builders.make_tag(f"新{n}"))
    with django_assert_num_queries(12):
        boss.get(edit_url(eye))


# --- The form ---------------------------------------------------------------------------------------------------------


def test_an_item_is_entered(boss, shelf):
    response = send(
        boss,
        NEW,
        name="  水光补水护理 ",
        category=shelf["eye"].category.pk,
        price_fen="¥1,680.5",
        cost_fen="120",
        minutes="60",
        care_days="28",
        tags=[shelf["acid"].pk],
    )
    assert response.status_code == 302
    assert response["Location"] == LIST
    item = Item.objects.get(name="水光补水护理")
    assert (item.kind, item.price_fen, item.cost_fen, item.minutes) == ("service", 168_050, 12_000, 60)
    assert (item.care_days, item.lasts_days, item.is_active) == (28, None, True)
    assert (item.name_key, item.initials) == ("水光补水护理", "sgbshl")
    assert list(item.tags.all()) == [shelf["acid"]]


def test_enter_another_goes_back_to_an_empty_form(boss):
    assert send(boss, NEW, name="面膜", price_fen="1", again="1")["Location"] == NEW


def test_cost_and_minutes_may_stay_empty_or_zero(boss):
    assert send(boss, NEW, name="咨询", price_fen="0", cost_fen="", minutes="0").status_code == 302
    assert (Item.objects.get().price_fen, Item.objects.get().cost_fen) == (0, 0)


def test_bad_input_is_said_at_the_field_and_stays(boss, shelf):
    response = send(
        boss, NEW, name="", price_fen="three", cost_fen="-1", minutes="1441", care_days="0", category="99999", new_tags="x" * 41
    )
    assert response.status_code == 422
    assert set(errors(response)) == {"name", "price_fen", "cost_fen", "minutes", "care_days", "category", "new_tags"}
    html = response.content.decode()
    assert 'value="three"' in html
    assert f'value="{"x" * 41}"' in html
    assert Item.objects.count() == 4


def test_the_form_after_a_mistake_can_be_sent_again(boss):
    _page, data = opened(boss, NEW)
    assert boss.post(NEW, data | {"name": "面膜", "price_fen": ""}).status_code == 422
    assert boss.post(NEW, data | {"name": "面膜", "price_fen": "5"}).status_code == 302
    assert Item.objects.get().price_fen == 500


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("product", "care_days", "A product has no care interval. Give the days until it is used up, or empty this."),
        ("service", "lasts_days", "A service is not used up. Give its care interval, or empty this."),
    ],
)
def test_days_must_fit_the_kind(boss, kind, wrong, message):
    response = send(boss, NEW, name="面膜", kind=kind, price_fen="1", **{wrong: "30"})
    assert response.status_code == 422
    assert errors(response) == {wrong: [message]}


@pytest.mark.parametrize("name", ["眼部护理", "眼 部 护 理", "眼部護理", " 眼部护理"])
def test_a_name_is_taken_once_per_kind(boss, shelf, name):
    response = send(boss, NEW, name=name, price_fen="1")
    assert response.status_code == 422
    assert errors(response) == {"name": ["There is an item of this name."]}
    assert send(boss, NEW, name=name, kind="product", price_fen="1").status_code == 302


def test_a_name_of_a_stopped_item_says_so(boss, shelf):
    response = send(boss, NEW, name="老式紧肤", price_fen="1")
    said = "There is an item of this name that is no longer offered. Offer that one again instead."
    assert errors(response) == {"name": [said]}


def test_changing_the_kind_onto_a_taken_name_is_refused(boss, shelf):
    builders.make_item(name="眼部护理", kind="product")
    response = send(boss, edit_url(shelf["eye"]), kind="product", care_days="")
    assert errors(response) == {"name": ["There is an item of this name."]}


def test_an_item_is_stopped_and_offered_again(boss, desk, shelf):
    eye = shelf["eye"]
    send(boss, edit_url(eye), without=["is_active"])
    assert "眼部护理" not in names(desk.get(LIST))
    send(boss, edit_url(eye), is_active="on")
    assert "眼部护理" in names(desk.get(LIST))


def test_new_tags_are_made_once_and_known_ones_found(boss, shelf):
    typed = "水杨酸，薰衣草、水 杨 酸; 果酸"
    assert send(boss, NEW, name="焕肤", price_fen="1", new_tags=typed, new_tags_kind="condition").status_code == 302
    assert {(tag.name, tag.kind) for tag in Item.objects.get(name="焕肤").tags.all()} == {
        ("水 杨 酸", "condition"),
        ("薰衣草", "condition"),
        ("果酸", "ingredient"),
    }
    assert Tag.objects.count() == 3


def test_new_tags_of_which_nothing_else_is_said_are_ingredients(boss):
    assert send(boss, NEW, name="焕肤", price_fen="1", new_tags="水杨酸", without=["new_tags_kind"]).status_code == 302
    assert Tag.objects.get().kind == Tag.INGREDIENT


def test_new_tags_are_not_stored_without_their_item(shelf):
    known = Tag.objects.count()
    with pytest.raises(IntegrityError):
        services.save_item(item=Item(name="眼部护理", price_fen=1, minutes=0), tags=[], new_tags=["水杨酸"])
    assert Tag.objects.count() == known


def test_too_many_new_tags_are_refused(boss):
    response = send(boss, NEW, name="焕肤", price_fen="1", new_tags=",".join(f"t{n}" for n in range(21)))
    assert errors(response) == {"new_tags": ["At most 20 at once."]}
    assert not Tag.objects.exists()


# --- History ----------------------------------------------------------------------------------------------------------


def test_the_history_says_who_changed_what_from_what(boss, shelf):
    eye, url = shelf["eye"], edit_url(shelf["eye"])
    send(boss, url, price_fen="420", category=shelf["cream"].category.pk, care_days="", tags=[], new_tags="精油")
    change = boss.get(url).context["changes"][0]
    assert change.by.staff.name == "顾敏"
    assert not change.is_new
    assert {(step.label, step.before, step.after) for step in change.steps} == {
        ("price", "¥\xa0380.00", "¥\xa0420.00"),
        ("category", "眼部", "居家"),
        ("care interval, days", "14", "–"),
        ("ingredients and contra-indications", "果酸", "精油"),
    }
    assert eye.history.count() == 3  # made, tagged, and one entry for this save
    html = boss.get(url).content.decode()
    assert "顾敏" in html
    assert "¥\xa0420.00" in html


def test_saving_without_a_change_leaves_no_entry(boss, shelf):
    before = shelf["eye"].history.count()
    assert send(boss, edit_url(shelf["eye"])).status_code == 302
    assert shelf["eye"].history.count() == before


def test_tags_stand_in_the_history_in_order_and_are_that_items(boss, shelf):
    eye, first, second = shelf["eye"], builders.make_tag("甲"), builders.make_tag("乙")
    shelf["plain"].tags.add(second)
    send(boss, edit_url(eye), tags=[second.pk, first.pk])
    send(boss, edit_url(eye), tags=[shelf["acid"].pk])
    steps = [(step.before, step.after) for change in boss.get(edit_url(eye)).context["changes"] for step in change.steps]
    assert steps[:2] == [("甲, 乙", "果酸"), ("果酸", "甲, 乙")]


def test_the_longest_tags_and_the_most_are_taken(boss):
    longest = "t" * Tag._meta.get_field("name").max_length
    typed = ",".join([longest, *(f"t{n}" for n in range(19))])
    assert send(boss, NEW, name="焕肤", price_fen="1", new_tags=typed).status_code == 302
    assert {tag.kind for tag in Tag.objects.all()} == {Tag.INGREDIENT}
    assert len(Tag.objects.all()) == 20
    assert list(errors(send(boss, NEW, name="焕肤二", price_fen="1", new_tags=longest + "t"))) == ["new_tags"]


def test_a_product_is_used_up_and_an_items_own_name_may_be_written_otherwise(boss, shelf):
    assert send(boss, edit_url(shelf["cream"]), lasts_days="60").status_code == 302
    assert Item.objects.get(pk=shelf["cream"].pk).lasts_days == 60
    assert send(boss, edit_url(shelf["plain"]), name="BASIC PEEL").status_code == 302
