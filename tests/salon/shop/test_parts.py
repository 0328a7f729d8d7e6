"""The short lists: departments, categories, brands, tags."""

import re

import pytest
from django.urls import reverse

from salon.shop.models import Brand, Category, Department, Tag
from tests import builders
from tests.salon.shop.browser import errors, opened, send

MODELS = {"department": Department, "category": Category, "brand": Brand, "tag": Tag}
EMPTY = {
    "department": "There is no department yet.",
    "category": "There is no category yet.",
    "brand": "There is no brand yet.",
    "tag": "There is no tag yet.",
}
parts = pytest.mark.parametrize("part", list(MODELS))


def urls(part, row=None):
    new = reverse(f"shop:{part}_create")
    return reverse(f"shop:{part}_list"), reverse(f"shop:{part}_edit", args=[row.pk]) if row else new


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


@parts
def test_one_is_entered_renamed_and_listed(boss, part):
    page_of_list, new = urls(part)
    assert EMPTY[part] in boss.get(page_of_list).content.decode()
    assert send(boss, new, name=" 面部  护理")["Location"] == page_of_list
    row = MODELS[part].objects.get()
    assert row.name == "面部  护理"
    assert send(boss, urls(part, row)[1], name="面部").status_code == 302
    row.refresh_from_db()
    assert row.name == "面部"
    html = boss.get(page_of_list).content.decode()
    assert "面部" in html
    assert urls(part, row)[1] in html


@parts
@pytest.mark.parametrize("name", ["SPA 护理", "ｓｐａ護理", "spa护理"])
def test_a_name_is_taken_once(boss, part, name):
    send(boss, urls(part)[1], name="SPA护理")
    response = send(boss, urls(part)[1], name=name)
    assert response.status_code == 422
    assert errors(response) == {"name": ["This name is taken."]}
    assert f'value="{name}"' in response.content.decode()
    assert MODELS[part].objects.count() == 1


@parts
@pytest.mark.parametrize(
    ("name", "message"),
    [("\u200b", "This field is required."), ("---", "Use at least one letter, digit or Chinese character."), ("x" * 61, None)],
)
def test_a_bad_name_is_refused_at_the_field(boss, part, name, message):
    response = send(boss, urls(part)[1], name=name)
    assert response.status_code == 422
    assert list(errors(response)) == ["name"]
    assert message in (None, *errors(response)["name"])
    assert not MODELS[part].objects.exists()


@parts
def test_a_name_may_be_spelled_anew(boss, part):
    send(boss, urls(part)[1], name="spa")
    assert send(boss, urls(part, MODELS[part].objects.get())[1], name="SPA").status_code == 302
    assert MODELS[part].objects.get().name == "SPA"


@pytest.mark.parametrize(("part", "without", "typed"), [("department", ["is_active"], {}), ("category", [], {"position": "7"})])
def test_names_that_were_alike_before_do_not_stop_other_changes(boss, part, without, typed):
    MODELS[part].objects.create(name="spa")
    row = MODELS[part].objects.create(name="SPA")
    assert send(boss, urls(part, row)[1], without=without, **typed).status_code == 302


@parts
def test_only_managers_come_here(receptionist, beautician, owner, part):
    for staff in (receptionist, beautician):
        client = builders.client_of(staff)
        assert [client.get(url).status_code for url in urls(part)] == [403, 403]
        assert client.post(urls(part)[1], {"name": "x"}).status_code == 403
    assert builders.client_of(owner).get(urls(part)[0]).status_code == 200
    assert not MODELS[part].objects.exists()


@parts
def test_a_missing_one_is_404(boss, part):
    assert boss.get(reverse(f"shop:{part}_edit", args=[99999])).status_code == 404


@parts
def test_a_stale_save_is_seen(boss, part):
    row = MODELS[part].objects.create(name="面部")
    url = urls(part, row)[1]
    _page, data = opened(boss, url)
    row.name = "身体"
    row.save()
    assert boss.post(url, data | {"name": "眼部"}).status_code == 409
    row.refresh_from_db()
    assert row.name == "身体"


@parts
def test_the_list_asks_as_much_for_many_as_for_few(boss, part, django_assert_num_queries):
    MODELS[part].objects.create(name="一")
    boss.get(urls(part)[0])
    with django_assert_num_queries(5):
        boss.get(urls(part)[0])
    for n in range(20):
        MODELS[part].objects.create(name=f"第{n}")
    with django_assert_num_queries(5):
        assert len(boss.get(urls(part)[0]).context["listing"].rows) == 21


@pytest.mark.parametrize(
    ("part", "columns"),
    [
        ("department", ["Name", "Staff"]),
        ("category", ["Name", "On offer", "Order"]),
        ("brand", ["Name", "On offer"]),
        ("tag", ["Name", "On offer"]),
    ],
)
def test_beside_departments_stand_people_and_beside_categories_their_order(boss, part, columns):
    MODELS[part].objects.create(name="面部")
    html = boss.get(urls(part)[0]).content.decode()
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', html) == columns
    assert ("0 people" in html, "0 items" in html) == ("Staff" in columns, "On offer" in columns)


def test_categories_come_in_their_order_with_what_is_counted(boss, db):
    last, first = Category.objects.create(name="甲", position=20), Category.objects.create(name="乙", position=10)
    builders.make_item(category=last)
    builders.make_item(category=last, is_active=False)
    rows = boss.get("/shop/categories/").context["listing"].rows
    assert [(row, row.counted) for row in rows] == [(first, 0), (last, 1)]


def test_a_department_out_of_use_is_not_offered_but_kept(boss, branch):
    gone, face = Department.objects.create(name="美甲", is_active=False), Department.objects.create(name="面部")
    inside = builders.make_staff(branch=branch, login=False, department=gone)
    new, _data = opened(boss, "/shop/staff/new/")
    assert set(new.context["form"].fields["department"].queryset) == {face}
    page, _data = opened(boss, f"/shop/staff/{inside.pk}/")
    assert set(page.context["form"].fields["department"].queryset) == {face, gone}


def test_a_tag_changes_its_kind(boss, db):
    tag = builders.make_tag("怀孕")
    send(boss, f"/shop/tags/{tag.pk}/", kind="condition")
    tag.refresh_from_db()
    assert tag.kind == "condition"
