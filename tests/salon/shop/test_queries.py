"""What visit entry picks from."""

import json

import pytest

from salon.shop import queries
from salon.shop.models import Brand, Category
from tests import builders


@pytest.fixture
def catalogue(branch, other_branch):
    acid, pregnant = builders.make_tag("果酸"), builders.make_tag("怀孕", kind="condition")
    builders.make_tag("精油")  # on no item
    retinol = builders.make_tag("视黄醇")  # on none that is offered
    category, brand = Category.objects.create(name="眼部"), Brand.objects.create(name="兰蔻")
    eye = builders.make_item(name="眼部护理", category=category, price_fen=38_050, cost_fen=91_317, minutes=45)
    eye.tags.add(pregnant)
    eye.tags.add(acid)  # in another order than they are given out
    cream = builders.make_item(name="面霜", kind="product", brand=brand, price_fen=26_000, minutes=0)
    builders.make_item(name="停用项目", is_active=False, tags=[acid, retinol])
    here = builders.make_staff(branch=branch, name="陈美娟", login=False)
    builders.make_staff(branch=branch, name="已离职", login=False, is_active=False)
    builders.make_staff(branch=other_branch, name="外店", login=False)
    return {"eye": eye, "cream": cream, "staff": here, "tags": [acid, pregnant]}


@pytest.mark.usefixtures("either_way")
def test_it_holds_what_is_on_offer_and_who_works_here(branch, catalogue):
    shown = queries.catalogue_for_entry(branch)
    eye, cream = catalogue["eye"], catalogue["cream"]
    ids = sorted(tag.pk for tag in catalogue["tags"])
    assert {item["id"]: item for item in shown["items"]} == {
        eye.pk: {
            "id": eye.pk, "kind": "service", "name": "眼部护理", "category": "眼部", "brand": "", "price_fen": 38_050,
            "minutes": 45, "initials": "ybhl", "pinyin": "yanbuhuli", "tags": ids,
        },
        cream.pk: {
            "id": cream.pk, "kind": "product", "name": "面霜", "category": "", "brand": "兰蔻", "price_fen": 26_000,
            "minutes": 0, "initials": "ms", "pinyin": "mianshuang", "tags": [],
        },
    }  # fmt: skip
    assert shown["staff"] == [{"id": catalogue["staff"].pk, "name": "陈美娟", "initials": "cmj"}]
    assert shown["tags"] == {tag.pk: tag.name for tag in catalogue["tags"]}


def test_those_who_do_treatments_come_first(branch):
    for role, name in (("receptionist", "安一"), ("beautician", "周二"), ("manager", "白三"), ("beautician", "陈四")):
        builders.make_staff(branch=branch, role=role, name=name, login=False)
    assert [each["name"] for each in queries.catalogue_for_entry(branch)["staff"]] == ["陈四", "周二", "安一", "白三"]


def test_it_is_json_and_tells_no_cost(branch, catalogue):
    text = json.dumps(queries.catalogue_for_entry(branch))
    assert "cost" not in text
    assert "91317" not in text


def test_each_branch_counts_its_cards_and_receipts_from_one(branch, other_branch):
    asked = [(branch, "card"), (branch, "card"), (branch, "receipt"), (other_branch, "card"), (branch, "card")]
    assert [queries.next_number(*each) for each in asked] == [1, 2, 1, 1, 3]


def test_the_number_of_queries_does_not_grow(branch, catalogue, django_assert_num_queries):
    with django_assert_num_queries(4):
        queries.catalogue_for_entry(branch)
    for n in range(20):
        builders.make_item(name=f"新{n}", tags=[builders.make_tag(f"成分{n}")])
        builders.make_staff(branch=branch, login=False)
    with django_assert_num_queries(4):
        assert len(queries.catalogue_for_entry(branch)["items"]) == 22
