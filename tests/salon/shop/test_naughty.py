"""Strings that break software, typed into every text field: stored clean, shown escaped, never a server error.

A longer list can be given: SALON_NAUGHTY_STRINGS=path of a file with one string a line ("#" starts a comment).
"""

import os
from pathlib import Path

import pytest
from django.urls import resolve
from django.utils.html import escape

from salon import operations, text
from salon.shop.models import Branch, Brand, Category, Department, Item, StaffMember, Tag
from tests import builders
from tests.salon.shop.browser import opened

SHORT = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert('颜册')>",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "=1+1",
    "%s%n %(name)s {0}",
    "Robert'); DROP TABLE salon_item;--",
    "a\x00b\x1bc\x7f",
    "line\r\nbreak\ttab",
    "\u202eright-to-left\u202c مريم العلي",
    "e\u0301clair é",
    "\ufeffbom\u200bzero\u2060width",
    "𠮷野家 👩‍🎤 ﷽ ﷺ",
    "ＡＢＣ　全角",
    "İstanbul ß ﬁ",
    "\ufffe\uffff\ufdd0 noncharacters",
    "null",
    "0",
    "../../etc/passwd",
    "---",
    "\u200b",
    "長" * 200,
]


def strings():
    path = os.environ.get("SALON_NAUGHTY_STRINGS")
    if not path:
        return SHORT
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return SHORT + [line for line in lines if line and not line.startswith("#")]


# (page of the form, where it is listed, model, field, what else must be typed, no two rows may have it)
FIELDS = [
    ("/shop/departments/new/", "/shop/departments/", Department, "name", {}, True),
    ("/shop/categories/new/", "/shop/categories/", Category, "name", {}, True),
    ("/shop/brands/new/", "/shop/brands/", Brand, "name", {}, True),
    ("/shop/tags/new/", "/shop/tags/", Tag, "name", {}, True),
    ("/shop/items/new/", "/shop/items/", Item, "name", {"price_fen": "1"}, True),
    ("/shop/staff/new/", "/shop/staff/", StaffMember, "name", {"role": "beautician"}, False),
    ("/shop/branches/new/", "/shop/branches/", Branch, "name", {}, False),
    ("/shop/branches/new/", "/shop/branches/", Branch, "address", {"name": "x"}, False),
    ("/shop/branches/new/", "/shop/branches/", Branch, "phone", {"name": "x"}, False),
]


@pytest.mark.parametrize(("url", "page", "model", "field", "rest", "is_unique"), FIELDS)
def test_a_naughty_string_is_stored_clean_and_shown_escaped(owner, url, page, model, field, rest, is_unique):
    client = builders.client_of(owner)
    _page, data = opened(client, url)
    taken = set()
    for n, naughty in enumerate(strings()):
        sent = (
            data | rest | {"code": f"N{n}", field: naughty, "operation": operations.new_key(owner.user, resolve(url).view_name)}
        )
        response = client.post(url, sent)
        clean, key = text.clean_text(naughty), text.fold(text.clean_text(naughty))
        fits = len(clean) <= model._meta.get_field(field).max_length
        is_good = fits and (field != "name" or (bool(key) and not (is_unique and key in taken)))
        assert response.status_code == (302 if is_good else 422), naughty
        if is_good:
            taken.add(key)
            stored = model.objects.latest("pk")
            assert getattr(stored, field) == clean
            assert_harmless(client.get(f"{page}{stored.pk}/"), clean)
    listed = client.get(page)
    assert_harmless(listed, *(getattr(row, field) for row in listed.context["listing"].rows))


def assert_harmless(response, *texts):
    """The page shows the texts, and none of them as markup."""
    html = response.content.decode()
    for each in texts:
        assert escape(each) in html
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_naughty_tags_and_their_history_are_shown_escaped(owner):
    client = builders.client_of(owner)
    item = builders.make_item(name="x")
    url = f"/shop/items/{item.pk}/"
    for naughty in strings():
        _page, data = opened(client, url)
        response = client.post(url, data | {"new_tags": naughty})
        assert response.status_code in (302, 422), naughty
    for tag in item.tags.all():
        assert tag.name == text.clean_text(tag.name)
    assert item.tags.count() > 10
    assert_harmless(client.get(url), *item.tags.values_list("name", flat=True))
    assert_harmless(client.get("/shop/items/"), *item.tags.values_list("name", flat=True))


@pytest.mark.parametrize("field", ["code", "time_zone", "cutoff_hour"])
def test_a_naughty_code_zone_or_hour_is_refused(owner, branch, field):
    client = builders.client_of(owner)
    url = f"/shop/branches/{branch.pk}/"
    _page, data = opened(client, url)
    for naughty in strings():
        response = client.post(url, data | {field: naughty})
        if response.status_code == 302:  # "null" is a code, "0" an hour
            assert field != "time_zone"
            assert text.clean_text(naughty).isascii()
            assert text.clean_text(naughty).isalnum()
            _page, data = opened(client, url)
        else:
            assert response.status_code == 422, naughty


@pytest.mark.parametrize("field", ["price_fen", "cost_fen", "minutes", "care_days", "lasts_days"])
def test_a_naughty_number_is_refused(owner, field):
    client = builders.client_of(owner)
    _page, data = opened(client, "/shop/items/new/")
    for naughty in [*SHORT, "NaN", "Infinity", "1e400", "9" * 40, "-0", "1_0", "٣"]:
        data |= {"name": f"数{Item.objects.count()}", "price_fen": "1"}
        response = client.post("/shop/items/new/", data | {field: naughty})
        assert response.status_code in (302, 422), naughty
        if response.status_code == 302:
            _page, data = opened(client, "/shop/items/new/")
    for stored in Item.objects.values_list(field, flat=True):
        assert stored is None or 0 <= stored <= 10**12


@pytest.mark.parametrize("page", ["/shop/items/", "/shop/staff/"])
def test_a_naughty_search_is_answered(owner, page):
    client = builders.client_of(owner)
    builders.make_item(name="眼部护理")
    for naughty in strings():
        response = client.get(page, {"q": naughty})
        assert response.status_code == 200, naughty
        assert "<script>alert" not in response.content.decode()
