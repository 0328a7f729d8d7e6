"""Strings that break software, typed into every text field: stored clean, shown escaped, never a server error.

A longer list can be given: SALON_NAUGHTY_STRINGS=path of a file with one string a line ("#" starts a comment).
"""

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from django.urls import resolve
from django.utils.html import escape

from salon import operations, text
from salon.shop.models import CODE, Branch, Brand, Category, Department, Item, StaffMember, Tag
from tests import builders
from tests.marks import once
from tests.naughty import FORTY, LATER, NAUGHTY
from tests.salon.shop.browser import opened


def sendable(each):
    """A browser sends UTF-8, so no halves of surrogate pairs."""
    return not any("\ud800" <= c <= "\udfff" for c in each)


def strings(some=NAUGHTY):
    path = os.environ.get("SALON_NAUGHTY_STRINGS")
    lines = Path(path).read_text(encoding="utf-8").splitlines() if path else []
    return [each for each in [*some, *lines] if sendable(each) and not each.startswith("#")]


def assert_harmless(response, *texts):
    """The page shows the texts, and none of them as markup."""
    html = response.content.decode()
    for each in texts:
        assert escape(each) in html
    assert "<script>alert" not in html
    assert "<x-probe" not in html


# (page of the form, where it is listed, model, text fields, what else must be typed, no two rows may have the name)
FORMS = [
    ("/shop/departments/new/", "/shop/departments/", Department, ["name"], {}, True),
    ("/shop/categories/new/", "/shop/categories/", Category, ["name"], {}, True),
    ("/shop/brands/new/", "/shop/brands/", Brand, ["name"], {}, True),
    ("/shop/tags/new/", "/shop/tags/", Tag, ["name"], {}, True),
    ("/shop/items/new/", "/shop/items/", Item, ["name"], {"price_fen": "1"}, True),
    ("/shop/staff/new/", "/shop/staff/", StaffMember, ["name"], {"role": "beautician"}, False),
    ("/shop/branches/new/", "/shop/branches/", Branch, ["name", "phone", "address"], {}, False),
]


# Departments, categories, brands and tags are one kind of page: the first of them stands for all but in the long suite.
LIKE_OTHERS = {Category, Brand, Tag}


@pytest.mark.parametrize("some", [pytest.param(FORTY, marks=once), pytest.param(NAUGHTY, marks=LATER)], ids=["forty", "all"])
@pytest.mark.parametrize(
    ("url", "page", "model", "fields", "rest", "is_unique"),
    [pytest.param(*each, marks=pytest.mark.long) if each[2] in LIKE_OTHERS else each for each in FORMS],
)
def test_a_naughty_string_is_stored_clean_and_shown_escaped(owner, url, page, model, fields, rest, is_unique, some):
    client = builders.client_of(owner)
    _page, data = opened(client, url)
    longest = min(model._meta.get_field(field).max_length for field in fields)
    taken = set()
    for n, naughty in enumerate(strings(some)):
        operation = operations.new_key(owner.user, resolve(url).view_name)
        typed = dict.fromkeys(fields, naughty) | {"code": f"N{n}", "operation": operation}
        response = client.post(url, data | rest | typed)
        clean = text.clean_text(naughty)
        key = text.fold(clean)
        is_good = len(clean) <= longest and key and not (is_unique and key in taken)
        assert response.status_code == (302 if is_good else 422), naughty
        assert_harmless(response)
        if is_good:
            taken.add(key)
            stored = model.objects.latest("pk")
            assert {getattr(stored, field) for field in fields} == {clean}
            if set(clean) & set("<>\"'&{"):
                assert_harmless(client.get(f"{page}{stored.pk}/"), clean)
    listed = client.get(page)
    assert_harmless(listed, *(getattr(row, field) for row in listed.context["listing"].rows for field in fields))
    assert len(taken) > 20


def test_naughty_tags_and_their_history_are_shown_escaped(owner):
    client = builders.client_of(owner)
    item = builders.make_item(name="x")
    url = f"/shop/items/{item.pk}/"
    clean = [text.clean_text(each) for each in strings()]
    readable = [each for each in clean if len(each) <= 40 and text.fold(each) and not set(each) & set(",，;；、")]
    for start in range(0, len(readable), 10):
        _page, data = opened(client, url)
        assert client.post(url, data | {"new_tags": "，".join(readable[start : start + 10])}).status_code == 302
    names = list(item.tags.values_list("name", flat=True))
    assert set(map(text.fold, names)) == set(map(text.fold, readable))
    assert names == [text.clean_text(name) for name in names]
    assert_harmless(client.get(url), *names)
    assert_harmless(client.get("/shop/items/"), *names)


def test_naughty_codes_zones_and_hours_are_refused(owner, branch):
    client = builders.client_of(owner)
    url = f"/shop/branches/{branch.pk}/"
    _page, data = opened(client, url)
    for naughty in filter(str.strip, strings(FORTY)):
        response = client.post(url, data | dict.fromkeys(("code", "time_zone", "cutoff_hour"), naughty))
        assert response.status_code == 422, naughty
        assert {"time_zone", "cutoff_hour"} <= set(response.context["form"].errors), naughty
        assert ("code" in response.context["form"].errors) != bool(CODE.regex.match(text.clean_text(naughty))), naughty
    assert Branch.objects.get().code == "JA"


def is_number(typed):
    """True for what a person may well mean as a small number, in whatever digits: 1, +1, ٣٤٥."""
    try:
        return 0 <= Decimal(text.clean_text(typed)) <= 1440
    except InvalidOperation:
        return False


def test_naughty_numbers_are_refused(owner):
    client = builders.client_of(owner)
    item = builders.make_item(price_fen=777)
    url = f"/shop/items/{item.pk}/"
    _page, data = opened(client, url)
    odd = [each for each in strings(FORTY) if each.strip() and not is_number(each)]
    for naughty in [*odd, "Infinity", "1e400", "-0.01", "1_0_", "0x10", "9999999999999"]:
        response = client.post(url, data | dict.fromkeys(("price_fen", "cost_fen", "minutes", "care_days"), naughty))
        assert response.status_code == 422, naughty
        assert {"minutes", "care_days"} <= set(response.context["form"].errors), naughty
    item.refresh_from_db()
    assert item.price_fen == 777
    assert len(odd) > 30


@pytest.mark.parametrize("page", ["/shop/items/", "/shop/staff/"])
def test_a_naughty_search_is_answered(owner, page):
    client = builders.client_of(owner)
    builders.make_item(name="眼部护理")
    for naughty in strings():
        response = client.get(page, {"q": naughty})
        assert response.status_code == 200, naughty
        assert_harmless(response)
