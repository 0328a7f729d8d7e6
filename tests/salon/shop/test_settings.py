"""The settings page: cards to each part, and the tables of rights in words."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from salon import access
from salon.shop import rights
from salon.shop.areas import AREAS
from salon.shop.models import Department
from tests import builders


def test_it_counts_what_the_person_may_see(manager, owner, branch, stranger):
    builders.make_item()
    builders.make_item(is_active=False)
    builders.make_staff(branch=branch, login=False, is_active=False)
    Department.objects.create(name="面部")
    Department.objects.create(name="美甲", is_active=False)
    seen = {}
    for staff in (manager, owner):
        page = builders.client_of(staff).get("/shop/")
        assert page.status_code == 200
        seen[staff.role] = {name: page.context[name] for name in ("branches", "departments", "staff", "items")}
    assert seen["manager"] == {"branches": 1, "departments": 1, "staff": 2, "items": 1}
    assert seen["owner"] == {"branches": 2, "departments": 1, "staff": 3, "items": 1}


def test_it_links_to_every_part(owner):
    html = builders.client_of(owner).get("/shop/").content.decode()
    for part in ("branches", "departments", "staff", "items", "categories", "brands", "tags"):
        assert f'href="/shop/{part}/"' in html


@pytest.mark.parametrize("role", ["manager", "owner"])
def test_the_tabs_are_the_tiles_and_every_area_leads_back(role, branch):
    client = builders.client_of(builders.make_staff(branch=branch, role=role))
    overview = client.get("/shop/").content.decode()
    tiles = re.findall(r'<a class="sheet" href="([^"]+)">', overview)
    assert [reverse(area.page) for area in AREAS] == tiles
    for url in tiles:
        tabs = page_of(client, url).split('aria-label="Parts of the settings">')[1].split("</nav>")[0]
        assert re.findall(r'href="([^"]+)"', tabs) == ["/shop/", *tiles], url
        assert re.findall(r'href="([^"]+)" aria-current="page"', tabs) == [url]


def test_every_page_of_the_settings_has_their_tabs(owner, branch):
    """Forms, too: whoever is in one finds the way on to any other area."""
    client, item = builders.client_of(owner), builders.make_item()
    pages = ["/shop/branches/new/", f"/shop/branches/{branch.pk}/", "/shop/staff/new/", f"/shop/staff/{owner.pk}/"]
    pages += ["/shop/items/new/", f"/shop/items/{item.pk}/", "/shop/brands/new/", "/shop/tags/new/"]
    pages += ["/customers/imports/new/visits/", "/customers/imports/new/customers/", "/customers/imports/"]
    for url in pages:
        assert 'aria-label="Parts of the settings">' in page_of(client, url), url


def test_an_area_that_only_the_owner_may_open_is_no_tab_of_a_manager(manager, owner, monkeypatch):
    monkeypatch.setattr("salon.shop.areas.AREAS", [*AREAS, replace(AREAS[0], page="reports:month")])
    tabs = [
        page_of(builders.client_of(staff), "/shop/staff/").split("shop-tabs")[1].split("</nav>")[0] for staff in (manager, owner)
    ]
    assert [reverse("reports:month") in each for each in tabs] == [False, True]


def test_nobody_is_promised_what_is_not_there(owner):
    client = builders.client_of(owner)
    for url in ("/shop/", "/shop/staff/", "/shop/staff/new/", f"/shop/staff/{owner.pk}/"):
        page = page_of(client, url).lower()
        assert not [word for word in ("finance", "stored value", "what is owed") if word in page], url


def page_of(client, url):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_the_desk_has_no_settings(receptionist, beautician):
    for staff in (receptionist, beautician):
        assert builders.client_of(staff).get("/shop/").status_code == 403


def test_it_writes_nothing(owner):
    assert builders.client_of(owner).post("/shop/").status_code == 405


def test_it_asks_a_constant_number_of_queries(owner, django_assert_num_queries):
    client = builders.client_of(owner)
    client.get("/shop/")
    with django_assert_num_queries(11):
        client.get("/shop/")


def test_every_masked_field_and_every_way_of_masking_has_words():
    assert [what for what, _by_role in rights.seen()] == [rights.FIELDS[field] for field in access.VISIBILITY]
    used = {how for by_role in access.VISIBILITY.values() for how in by_role.values()}
    assert used <= set(rights.HOW)


def test_the_tables_say_what_the_code_does():
    seen = {str(what): {str(role): str(how) for role, how in by_role} for what, by_role in rights.seen()}
    assert seen["Phone numbers"]["Beautician"] == "last four digits"
    assert seen["Health, diagnosis, photos"]["Receptionist"] == "–"
    done = {str(what): {str(role) for role, allowed in by_role if allowed} for what, by_role in rights.done()}
    assert done["Open, change and close branches"] == {"Owner"}
    assert done["Record a visit"] == {"Receptionist", "Manager", "Owner"}


@pytest.mark.parametrize("role", access.ROLES)
def test_the_roles_stand_in_one_order_in_both_tables(role):
    for _what, by_role in [*rights.seen(), *rights.done()]:
        assert [str(name) for name, _value in by_role] == [str(access.ROLE_NAMES[each]) for each in access.ROLES]
