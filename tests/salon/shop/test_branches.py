"""Branches: opened, changed and closed by the owner, who may work in any of them."""

import uuid
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from archives.visits.desk import arrivals
from archives.visits.models import Visit
from salon.access import BRANCH_KEY
from salon.shop import queries
from salon.shop.models import Branch
from salon.shop.zones import GROUPS
from tests import builders
from tests.salon.shop.browser import errors, opened, send
from tests.segmentation.histories import day, make_visits

LIST, NEW, SWITCH = "/shop/branches/", "/shop/branches/new/", "/shop/branches/switch/"


@pytest.fixture
def boss(owner):
    return builders.client_of(owner)


def edit_url(branch):
    return f"/shop/branches/{branch.pk}/"


def test_a_branch_is_opened(boss):
    typed = {"code": "HK1", "name": "虹口店", "phone": "021-6288", "address": "四川北路 1 号"}
    assert send(boss, NEW, time_zone="Asia/Urumqi", cutoff_hour="4", **typed)["Location"] == LIST
    made = Branch.objects.get(code="HK1")
    assert {name: getattr(made, name) for name in typed} == typed
    assert (made.time_zone, made.cutoff_hour, made.is_active) == ("Asia/Urumqi", 4, True)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code": "ja"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "J-A"}, "code"),
        ({"code": "静安"}, "code"),
        ({"code": "x" * 13}, "code"),
        ({"name": " "}, "name"),
        ({"name": "·\u200b"}, "name"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"cutoff_hour": "7"}, "cutoff_hour"),
        ({"cutoff_hour": "x"}, "cutoff_hour"),
    ],
)
def test_bad_input_is_said_at_the_field_and_stays(boss, branch, typed, field):
    good = {"code": "HK", "name": "虹口店", "address": "四川北路"}
    response = send(boss, NEW, **(good | typed))
    assert response.status_code == 422
    assert list(errors(response)) == [field]
    assert 'value="四川北路"' in response.content.decode()
    assert Branch.objects.count() == 1


def test_the_code_stays_once_a_number_was_given_out(boss, branch):
    assert send(boss, edit_url(branch), code="JA2").status_code == 302
    queries.next_number(branch, "card")
    page, _data = opened(boss, edit_url(branch))
    assert "so it cannot change any more" in page.content.decode()
    assert "readonly" in str(page.context["form"]["code"])
    response = send(boss, edit_url(branch), code="JA3")
    assert errors(response) == {"code": ["Cards and receipts carry the code JA2 already."]}
    assert send(boss, edit_url(branch), name="静安寺店").status_code == 302
    branch.refresh_from_db()
    assert (branch.code, branch.name) == ("JA2", "静安寺店")


def test_an_imported_card_fixes_the_code_too(branch, other_branch):
    assert not queries.code_is_in_use(branch)
    builders.make_customer(branch=branch)
    assert queries.code_is_in_use(branch)
    assert not queries.code_is_in_use(other_branch)


def test_a_zone_that_is_not_in_the_list_survives_other_changes(boss, branch):
    Branch.objects.filter(pk=branch.pk).update(time_zone="Etc/GMT-8")
    assert send(boss, edit_url(branch), name="静安寺店").status_code == 302
    branch.refresh_from_db()
    assert branch.time_zone == "Etc/GMT-8"


@pytest.mark.parametrize("zone", ["Etc/GMT-8", "Asia/Urumqi"])
def test_the_zone_of_a_branch_stands_in_the_list_once(boss, branch, zone):
    Branch.objects.filter(pk=branch.pk).update(time_zone=zone)
    assert boss.get(edit_url(branch)).content.decode().count(f'value="{zone}"') == 1


def test_every_zone_of_the_list_exists():
    names = [name for _area, cities in GROUPS for name in cities]
    assert len(set(names)) == len(names)
    for name in names:
        assert ZoneInfo(name).key == name


def test_a_branch_closes_when_nobody_works_there_and_opens_again(boss, other_branch):
    send(boss, edit_url(other_branch), without=["is_active"])
    other_branch.refresh_from_db()
    assert not other_branch.is_active
    assert "Closed" in boss.get(LIST).content.decode()
    send(boss, edit_url(other_branch), is_active="on")
    other_branch.refresh_from_db()
    assert other_branch.is_active


def test_a_branch_where_people_work_or_the_only_one_does_not_close(boss, branch, other_branch, stranger):
    response = send(boss, edit_url(other_branch), without=["is_active"])
    assert errors(response) == {"is_active": ["1 person still works here. Move that person to another branch first."]}
    Branch.objects.filter(pk=other_branch.pk).update(is_active=False)
    response = send(boss, edit_url(branch), without=["is_active"])
    assert errors(response) == {"is_active": ["This is the only branch that is open."]}


@pytest.mark.parametrize("status", ["expected", "arrived", "in_care"])
def test_a_branch_that_somebody_waits_for_does_not_close(boss, owner, other_branch, status):
    """Its desk could not be opened any more. What was left open on days past, or has ended, is in nobody's way."""
    actor = builders.actor_of(owner)
    customer = builders.make_customer(branch=other_branch)
    visits = [
        arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=other_branch, customer=customer, on=actor.today + after)
        for after in (timedelta(0), timedelta(1))
    ]
    for step in {"expected": [], "arrived": ["arrived"], "in_care": ["arrived", "in_care"]}[status]:
        arrivals.move_visit(actor=actor, visit=visits[0], to=step)
    refused = send(boss, edit_url(other_branch), without=["is_active"])
    said = "2 visits there are open: somebody waits or is expected. Finish or cancel them first."
    assert errors(refused) == {"is_active": [said]}
    arrivals.move_visit(actor=actor, visit=visits[1], to="cancelled")
    Visit.objects.filter(pk=visits[0].pk).update(day=actor.today - timedelta(1))
    assert send(boss, edit_url(other_branch), without=["is_active"]).status_code == 302


def test_the_history_shows_the_change(boss, branch):
    send(boss, edit_url(branch), cutoff_hour="3")
    change = boss.get(edit_url(branch)).context["changes"][0]
    assert [(step.label, step.before, step.after) for step in change.steps] == [("business day ends at", "0", "3")]
    assert change.by.staff.name == "沈老板"


# --- Who --------------------------------------------------------------------------------------------------------------


def test_a_manager_sees_the_own_branch_and_changes_none(manager, branch, other_branch):
    client = builders.client_of(manager)
    page = client.get(LIST)
    assert [row.pk for row in page.context["listing"].rows] == [branch.pk]
    assert edit_url(branch) not in page.content.decode()
    for url in (NEW, edit_url(branch), edit_url(other_branch)):
        assert client.get(url).status_code == 403
        assert client.post(url, {"name": "x"}).status_code == 403
    assert client.post(SWITCH, {"branch": other_branch.pk}).status_code == 403


def test_the_desk_does_not_come_here(receptionist, beautician):
    for staff in (receptionist, beautician):
        assert builders.client_of(staff).get(LIST).status_code == 403


def test_the_list_asks_as_much_for_many_as_for_few(boss, branch, django_assert_num_queries):
    boss.get(LIST)
    with django_assert_num_queries(5):
        boss.get(LIST)
    for _n in range(10):
        builders.make_staff(branch=builders.make_branch(), login=False)
    with django_assert_num_queries(5):
        boss.get(LIST)


# --- Working in another branch ----------------------------------------------------------------------------------------


def test_the_owner_works_in_another_branch(boss, branch, other_branch):
    response = boss.post(SWITCH, {"branch": other_branch.pk, "next": LIST})
    assert response["Location"] == LIST
    assert boss.session[BRANCH_KEY] == other_branch.pk
    assert boss.get(LIST).context["actor"].branch == other_branch
    boss.post(SWITCH, {"branch": branch.pk})
    assert boss.get(LIST).context["actor"].branch == branch


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "", "javascript:alert(1)"])
def test_switching_leads_nowhere_else(boss, other_branch, target):
    assert boss.post(SWITCH, {"branch": other_branch.pk, "next": target})["Location"] == "/"


@pytest.mark.parametrize("branch_field", ["closed", "99999", "x", ""])
def test_a_closed_or_missing_branch_is_not_switched_to(boss, branch, branch_field):
    closed = builders.make_branch(is_active=False)
    response = boss.post(SWITCH, {"branch": closed.pk if branch_field == "closed" else branch_field, "next": LIST}, follow=True)
    assert "This branch is closed." in response.content.decode()
    assert response.context["actor"].branch == branch


def test_switching_by_get_is_refused(boss, other_branch):
    assert boss.get(SWITCH, {"branch": other_branch.pk}).status_code == 405


def test_the_day_of_the_owner_follows_the_branch(boss, other_branch):
    """A branch beyond midnight or in another zone has another business day."""
    Branch.objects.filter(pk=other_branch.pk).update(time_zone="Pacific/Kiritimati")
    boss.post(SWITCH, {"branch": other_branch.pk})
    actor = boss.get(LIST).context["actor"]
    assert isinstance(actor.today, date)
    assert actor.branch.time_zone == "Pacific/Kiritimati"


def test_who_left_is_in_nobodys_way_and_a_closed_branch_can_be_edited(boss, other_branch):
    staff = builders.make_staff(branch=other_branch)
    assert list(errors(send(boss, edit_url(other_branch), without=["is_active"]))) == ["is_active"]
    type(staff).objects.filter(pk=staff.pk).update(is_active=False, left_on="2026-01-01")
    assert send(boss, edit_url(other_branch), without=["is_active"]).status_code == 302
    type(staff).objects.filter(pk=staff.pk).update(is_active=True, left_on=None)  # as before there was such a rule
    assert send(boss, edit_url(other_branch), name="徐汇旧店").status_code == 302


def test_a_branch_may_be_entered_that_is_not_open_yet_and_each_zone_is_offered_once(boss):
    page, _data = opened(boss, NEW)
    assert [value for value, _label in page.context["form"].fields["time_zone"].choices].count("") == 1
    assert send(boss, NEW, without=["is_active"], code="HK", name="虹口店").status_code == 302


def test_a_code_is_in_use_once_a_bill_carries_it(branch):
    assert not queries.code_is_in_use(branch)
    make_visits(branch, [(None, day("2026-06-01"), [100])])
    assert queries.code_is_in_use(branch)
