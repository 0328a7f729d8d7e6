"""Expecting somebody, and moving visits from the front desk."""

import uuid
from datetime import time

import pytest
import time_machine

from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.desk import forms as desk_forms
from archives.visits.models import Visit
from salon import operations
from tests import builders
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record


@pytest.fixture
def visit(actor, customer, facial):
    return arrivals.expect_visit(
        actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today, at=time(10), items=[facial]
    )


def move(client, visit, to, **headers):
    return client.post(f"/visits/{visit.pk}/move/", {"to": to}, headers=headers)


def state_of(visit):
    return Visit.objects.get(pk=visit.pk).status


def test_one_click_each_way(desk, visit):
    for to in ("arrived", "in_care", "arrived", "expected", "no_show", "expected", "cancelled", "arrived"):
        assert move(desk, visit, to).status_code == 302
        assert state_of(visit) == to


def test_a_step_returns_to_where_it_was_taken(desk, visit):
    back = f"/visits/{visit.pk}/"
    assert move(desk, visit, "arrived", Referer=f"http://testserver{back}")["Location"] == back
    assert move(desk, visit, "in_care", Referer="https://evil.example/")["Location"] == "/"
    assert desk.post(f"/visits/{visit.pk}/move/", {"to": "arrived", "next": "//evil.example"})["Location"] == "/"
    assert move(desk, visit, "cancelled", Referer="http://testserver/visits/")["Location"] == "/visits/"


def test_the_desk_gets_its_list_anew(desk, visit):
    page = move(desk, visit, "arrived", **{"HX-Request": "true"})
    assert page.status_code == 200
    assert "Start care" in page.content.decode()
    assert "<html" not in page.content.decode()


@pytest.mark.parametrize("to", ["done", "voided", "nonsense", ""])
def test_a_way_that_is_barred_is_explained_and_changes_nothing(desk, visit, to):
    part = move(desk, visit, to, **{"HX-Request": "true"})
    assert "cannot be moved there" in part.content.decode()
    whole = move(desk, visit, to)
    assert "cannot be moved there" in desk.get(whole["Location"]).content.decode()
    assert state_of(visit) == "expected"


def test_reading_moves_nothing(desk, visit):
    assert desk.get(f"/visits/{visit.pk}/move/?to=arrived").status_code == 405
    assert state_of(visit) == "expected"


def test_a_beautician_moves_her_own_and_no_others(beautician, actor, customer, visit):
    client = builders.client_of(beautician)
    assert move(client, visit, "arrived").status_code == 404
    Visit.objects.filter(pk=visit.pk).update(assigned=beautician)
    assert move(client, visit, "arrived").status_code == 302
    assert state_of(visit) == "arrived"
    assert client.get("/visits/expected/new/").status_code == 403
    assert client.post(f"/visits/{visit.pk}/expected/", {}).status_code == 403


def test_another_branch_cannot_move_or_change_it(stranger, visit):
    client = builders.client_of(stranger)
    assert move(client, visit, "arrived").status_code == 404
    assert client.get(f"/visits/{visit.pk}/expected/").status_code == 404
    assert client.post(f"/visits/{visit.pk}/expected/", {}).status_code == 404
    assert state_of(visit) == "expected"


# --- Expecting ------------------------------------------------------------------------------------------------------------


def form_of(staff, actor, **fields):
    keys = {"operation": operations.new_key(staff.user, "expect"), "operation_here": operations.new_key(staff.user, "check_in")}
    return keys | {"on": actor.today.isoformat(), "at": "10:30", "channel": "phone"} | fields


def test_somebody_is_expected(desk, receptionist, beautician, actor, customer, facial):
    day = days_before(actor, -3)
    data = form_of(receptionist, actor, customer=customer.pk, on=day.isoformat(), items=[facial.pk], assigned=beautician.pk)
    assert desk.post("/visits/expected/new/", data)["Location"] == "/"
    visit = Visit.objects.get()
    assert (visit.customer, visit.expected_on, visit.expected_time, visit.assigned) == (customer, day, time(10, 30), beautician)
    assert (visit.channel, [p.item for p in visit.planned.all()]) == ("phone", [facial])
    desk.post("/visits/expected/new/", data)
    assert Visit.objects.count() == 1


def test_somebody_came_without_being_expected(desk, receptionist, actor, customer, facial):
    data = form_of(receptionist, actor, customer=customer.pk, items=[facial.pk], here="1")
    desk.post("/visits/expected/new/", data)
    visit = Visit.objects.get()
    assert (visit.status, visit.day, visit.expected_on) == ("arrived", actor.today, None)
    assert "Start care" in desk.get("/").content.decode()


@pytest.mark.parametrize("here", [{}, {"here": "1"}])
def test_a_second_visit_on_one_day_is_asked_about_once(desk, receptionist, actor, customer, here):
    first, second = (form_of(receptionist, actor, customer=customer.pk, **here) for _n in range(2))
    desk.post("/visits/expected/new/", first)
    asked = desk.post("/visits/expected/new/", second)
    assert (asked.status_code, Visit.objects.count()) == (422, 1)
    assert "There is a visit that day already" in asked.content.decode()
    codes = [warning["code"] for warning in asked.context["form"].warnings]
    assert desk.post("/visits/expected/new/", second | {"acknowledged": codes})["Location"] == "/"
    assert Visit.objects.count() == 2


@pytest.mark.parametrize("who", ["JA-000777", "ja 000777", "13812346621", "138 1234 6621"])
def test_without_javascript_a_whole_number_finds_her(desk, receptionist, actor, customer, who):
    customer.card_no = "JA-000777"
    customer.save()
    desk.post("/visits/expected/new/", form_of(receptionist, actor, who=who))
    assert Visit.objects.get().customer == customer


@pytest.mark.parametrize("who", ["", "张", "138", "13900000000", "JA-999999"])
def test_nobody_is_guessed(desk, receptionist, actor, customer, who):
    response = desk.post("/visits/expected/new/", form_of(receptionist, actor, who=who))
    assert (response.status_code, Visit.objects.count()) == (422, 0)
    assert "Choose a customer from the list" in response.content.decode()


def test_a_number_two_customers_share_decides_nothing(desk, receptionist, actor, customer):
    builders.make_customer(branch=actor.branch, phone="13812346621")
    assert desk.post("/visits/expected/new/", form_of(receptionist, actor, who="13812346621")).status_code == 422


def test_a_bad_day_comes_back_with_everything_else(desk, receptionist, beautician, actor, customer, facial):
    data = form_of(receptionist, actor, items=[facial.pk], assigned=beautician.pk, on=days_before(actor, 1).isoformat())
    response = desk.post(f"/visits/expected/new/?customer={customer.pk}", data)
    page = response.content.decode()
    assert (response.status_code, Visit.objects.count()) == (422, 0)
    assert "This day has passed." in page
    assert 'value="10:30"' in page
    assert f'<option value="{facial.pk}" selected data-initials="sgbs">' in page
    assert data["operation"] in page
    assert data["operation_here"] in page
    assert dict(response.context["form"].errors) == {"on": ["This day has passed."]}


def test_one_of_several_customers_is_expected_for_so_many_items(desk, receptionist, actor, customer, facial, monkeypatch):
    friend, eyes = builders.make_customer(branch=actor.branch), builders.make_item()
    monkeypatch.setattr(desk_forms, "MAX_ITEMS", 1)
    data = form_of(receptionist, actor, customer=friend.pk, items=[facial.pk, eyes.pk])
    assert "too much for one visit" in desk.post("/visits/expected/new/", data).content.decode()
    assert desk.post("/visits/expected/new/", data | {"items": [facial.pk]}).status_code == 302
    assert Visit.objects.get().customer == friend
    shown = desk.get("/visits/expected/new/").context
    assert operations.read_key(shown["operation_key"], receptionist.user, "expect")
    assert operations.read_key(shown["operation_here"], receptionist.user, "check_in")


def test_whether_it_was_sent_before_is_looked_up_only_where_something_is_asked(actor, customer):
    data = {"on": actor.today.isoformat(), "channel": "phone"}
    assert desk_forms.ExpectForm(data, actor=actor, customer=customer, is_sent_again=None).is_valid()


def test_another_branchs_customer_cannot_be_expected_here(stranger, actor, customer):
    client = builders.client_of(stranger)
    assert client.get(f"/visits/expected/new/?customer={customer.pk}").status_code == 404
    assert client.post("/visits/expected/new/", form_of(stranger, actor, customer=customer.pk)).status_code == 422
    assert Visit.objects.count() == 0


def test_an_expected_visit_is_changed(desk, actor, beautician, visit, facial):
    eyes = builders.make_item(name="眼部护理")
    builders.make_item(name="下架项目", is_active=False)
    facial.is_active = False  # taken off the catalogue meanwhile: it may stay
    facial.save()
    page = desk.get(f"/visits/{visit.pk}/expected/").content.decode()
    assert 'value="10:00"' in page
    assert "水光补水" in page
    assert "下架项目" not in page
    day = days_before(actor, -1)
    data = {"on": day.isoformat(), "at": "", "items": [facial.pk, eyes.pk], "assigned": beautician.pk, "channel": "web"}
    assert desk.post(f"/visits/{visit.pk}/expected/", data)["Location"] == "/"
    visit.refresh_from_db()
    assert (visit.expected_on, visit.day, visit.expected_time, visit.assigned, visit.channel) == (
        day,
        day,
        None,
        beautician,
        "web",
    )
    assert {p.item for p in visit.planned.all()} == {facial, eyes}
    bad = desk.post(f"/visits/{visit.pk}/expected/", data | {"on": "31.2.", "at": "25:00"})
    assert bad.status_code == 422
    assert 'value="25:00"' in bad.content.decode()
    late = desk.post(f"/visits/{visit.pk}/expected/", data | {"on": days_before(actor, 1).isoformat()})
    assert (late.status_code, dict(late.context["form"].errors)) == (422, {"on": ["This day has passed."]})


def test_a_finished_visit_is_not_expected_any_more_and_who_was_not_expected_neither(desk, actor, customer, facial, visit):
    guest = GuestEntry(customer, (line(facial),), visit=visit)
    done = record(actor, customer, guests=[guest], paid=[("cash", 38_000)]).visits.get()
    came = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer)
    nobodys = Visit.objects.create(branch=actor.branch, expected_on=actor.today, day=actor.today, recorded_at=actor.now)
    for each in (done, came, nobodys):
        assert desk.get(f"/visits/{each.pk}/expected/").status_code == 404


# --- Undo of a no-show and of a cancelled visit ---------------------------------------------------------------------------


def undo_form(page):
    """What the undo button of a page or fragment sends."""
    return {"undo": page.context["undoable"]["token"]}


@pytest.mark.parametrize(("before", "to"), [("expected", "no_show"), ("expected", "cancelled"), ("arrived", "cancelled")])
@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_a_no_show_or_cancelled_visit_is_as_it_was(desk, actor, visit, before, to, headers):
    if before == "arrived":
        arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    stood = Visit.objects.filter(pk=visit.pk).values()[0]
    page = desk.post(f"/visits/{visit.pk}/move/", {"to": to, "next": "/"}, headers=headers)
    page = page if headers else desk.get(page["Location"])
    assert "data-undo-press" in page.content.decode()
    for _twice in range(2):
        done = desk.post(f"/visits/{visit.pk}/move/", undo_form(page) | {"next": "/"}, headers=headers)
        assert Visit.objects.filter(pk=visit.pk).values()[0] == stood
    assert headers or done["Location"] == "/"
    assert "data-undo-press" not in (done if headers else desk.get("/")).content.decode()


def test_the_page_of_the_visit_offers_it_too(desk, visit):
    url = f"/visits/{visit.pk}/"
    page = desk.get(move(desk, visit, "cancelled", Referer=f"http://testserver{url}")["Location"])
    back = desk.post(f"{url}move/", undo_form(page), headers={"Referer": f"http://testserver{url}?undo=x"})
    assert (back["Location"], state_of(visit)) == (url, "expected")


def test_undo_of_a_step_is_of_that_visit_alone_and_over_once_it_is_taken(desk, visit, actor):
    other = builders.make_customer(branch=actor.branch)
    other = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=other, on=actor.today)
    move(desk, visit, "cancelled")
    page = move(desk, other, "cancelled", **{"HX-Request": "true"})
    assert page.context["undoable"]["visit"] == other
    token = undo_form(page)["undo"]
    desk.post(f"/visits/{other.pk}/move/", {"undo": token})
    assert (state_of(visit), state_of(other)) == ("cancelled", "expected")
    assert desk.get(f"/?undo={token}").context["undoable"] is None


def test_no_other_step_is_undone_so(desk, visit):
    assert desk.get(move(desk, visit, "arrived")["Location"]).context["undoable"] is None


def test_undo_of_a_step_is_refused_when_late_anothers_or_overtaken(desk, visit, manager, customer, actor):
    url, other = f"/visits/{visit.pk}/move/", builders.make_customer(branch=actor.branch)
    visits = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=other, on=actor.today)
    with time_machine.travel(actor.now, tick=False) as clock:
        page = move(desk, visit, "cancelled", **{"HX-Request": "true"})
        sent = undo_form(page)
        clock.shift(15.5)
        assert "can be undone for 15 seconds" in desk.post(url, sent, headers={"HX-Request": "true"}).content.decode()
        assert desk.get(f"/?undo={sent['undo']}").context["undoable"] is None
        clock.shift(-10)
        for client, address in ((builders.client_of(manager), url), (desk, f"/visits/{visits.pk}/move/")):
            assert "can be undone for 15" in client.post(address, sent, headers={"HX-Request": "true"}).content.decode()
        assert desk.post(url, {"undo": "forged"}).status_code == 302
        assert state_of(visit) == "cancelled"
        move(desk, visit, "arrived")
        move(desk, visit, "in_care")
        assert "Somebody moved this visit meanwhile" in desk.post(url, sent, headers={"HX-Request": "true"}).content.decode()
    assert state_of(visit) == "in_care"
