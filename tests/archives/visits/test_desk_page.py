"""The front desk: who is here, who is expected, what is missing, and what the day came to."""

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from archives.visits import arrivals, services
from archives.visits.desk_views import given_name
from archives.visits.entries import GuestEntry
from archives.visits.models import Visit
from customers.card.models import SafetyNote
from salon import panels
from tests import builders
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record


def expect(actor, customer, **fields):
    given = {"branch": actor.branch, "on": actor.today} | fields
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=customer, **given)


def rows_of(client):
    return {row.visit.customer_id: row for row in client.get("/").context["rows"]}


def test_the_board_shows_who_is_here_first_and_what_each_one_needs(desk, actor, customer, beautician, facial):
    acid = builders.make_tag("果酸")
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    record(actor, customer, line(facial), on=days_before(actor, 2))
    expect(actor, customer, at=time(9, 30), items=[facial], assigned=beautician)
    new = builders.make_customer(branch=actor.branch, name="李婷")
    visit = expect(actor, new, at=time(9))
    long_ago = builders.actor_of(actor.staff, actor.now - timedelta(minutes=6))
    arrivals.move_visit(actor=long_ago, visit=visit, to="arrived")
    page = desk.get("/")
    first, second = page.context["rows"]
    assert (first.visit.customer, first.is_first, first.waiting) == (new, True, 6)
    assert first.missing == ["nobody assigned", "no phone on the card"]
    assert (second.visit.customer, second.is_first, second.waiting) == (customer, False, None)
    assert (second.safety, second.missing) == (["果酸"], [])
    text = page.content.decode()
    assert "waiting 6 minutes" in text
    assert "09:30" in text
    assert "果酸" in text


def test_a_first_visit_is_the_first_all_day_and_the_next_day_no_more(desk, actor, customer, facial):
    record(actor, customer, line(facial))
    record(actor, customer, line(facial))
    page = desk.get("/")
    assert [row.is_first for row in page.context["rows"]] == [True, True]
    assert page.context["figures"].new_customers == 1
    record(actor, customer, line(facial), on=days_before(actor, 1))
    assert [row.is_first for row in desk.get("/").context["rows"]] == [False, False]


def test_what_is_not_written_up_is_said(desk, actor, customer, beautician, facial):
    record(actor, customer, line(facial))
    quiet = builders.make_customer(branch=actor.branch, phone="13900000000")
    guest = GuestEntry(quiet, (line(facial, shares=((beautician, 10_000),)),), next_note="x")
    record(actor, quiet, guests=[guest], paid=[("cash", 38_000)])
    essence = builders.make_item(name="精华", kind="product")
    record(actor, None, line(essence), paid=[("cash", essence.price_fen)])
    rows = rows_of(desk)
    assert rows[customer.pk].missing == ["no note for next time", "nobody named who served"]
    assert rows[quiet.pk].missing == []
    assert rows[None].missing == []
    assert "1 not written up yet" in desk.get("/").content.decode()


def test_the_days_figures_count_refunds_and_leave_out_what_was_voided(desk, actor, customer, manager, facial):
    boss = builders.actor_of(manager)
    bill = record(actor, customer, line(facial), line(facial, unit_price_fen=10_000))
    void = record(actor, builders.make_customer(branch=actor.branch), line(facial))
    services.void_bill(actor=boss, key=uuid.uuid4(), bill=void, reason="Irrtum")
    back = bill.visits.get().lines.last()
    services.refund(
        actor=boss, key=uuid.uuid4(), bill=bill, lines=[(back, 1_000, 10_000)], payments=[("wechat", 10_000)], reason="zu viel"
    )
    record(actor, customer, line(facial), on=days_before(actor, 1))
    expect(actor, builders.make_customer(branch=actor.branch))
    figures = desk.get("/").context["figures"]
    assert (figures.consumption_fen, figures.visits, figures.new_customers) == (38_000, 1, 0)
    assert "¥\xa0380.00" in desk.get("/").content.decode()


def test_a_first_visit_counts_as_a_new_customer_once_she_is_here(desk, actor, customer, facial):
    visit = expect(actor, customer)
    assert desk.get("/").context["figures"].new_customers == 0
    arrivals.move_visit(actor=actor, visit=visit, to="arrived")
    assert desk.get("/").context["figures"].new_customers == 1


def test_tomorrow_is_a_list_to_learn(desk, actor, customer, beautician, facial):
    record(actor, customer, line(facial), on=days_before(actor, 2))
    expect(actor, customer, on=days_before(actor, -1), at=time(10), items=[facial], assigned=beautician)
    page = desk.get("/")
    (row,) = page.context["tomorrow"]
    assert row.visit.customer == customer
    assert any("2 days ago" in hint.text for hint in row.hints)
    assert page.context["rows"] == []
    assert "Nobody is expected today" in page.content.decode()


def test_a_beautician_sees_her_own_customers_and_no_amounts(actor, customer, beautician, facial):
    record(actor, customer, line(facial, shares=((beautician, 10_000),)))
    other = builders.make_customer(branch=actor.branch, name="别人的客人")
    record(actor, other, line(facial))
    page = builders.client_of(beautician).get("/")
    assert [row.visit.customer for row in page.context["rows"]] == [customer]
    text = page.content.decode()
    assert "别人的客人" not in text
    assert "380.00" not in text
    assert "Consumption" not in text
    assert "Expect somebody" not in text


def test_another_branchs_day_is_its_own(stranger, actor, customer, facial):
    record(actor, customer, line(facial))
    page = builders.client_of(stranger).get("/")
    assert page.context["rows"] == []
    assert page.context["figures"].consumption_fen == 0


@pytest.mark.parametrize(
    ("hour", "words"), [(6, "Good morning"), (12, "Good day"), (15, "Good afternoon"), (20, "Good evening"), (2, "Good evening")]
)
def test_the_greeting_follows_the_clock_at_the_branch(receptionist, hour, words):
    branch = receptionist.branch
    branch.time_zone = "Asia/Tokyo"
    branch.save()
    with time_machine.travel(datetime(2026, 11, 21, hour, 30, tzinfo=UTC) - timedelta(hours=9), tick=False):
        page = builders.client_of(receptionist).get("/").content.decode()
    assert f"{words}, 晓彤" in page


@pytest.mark.parametrize(
    ("name", "given"),
    [("林晓彤", "晓彤"), ("欧阳静怡", "静怡"), ("王芳", "王芳"), ("王", "王"), ("Ann Smith", "Ann"), ("阿依古丽", "阿依古丽")],
)
def test_colleagues_are_called_by_their_given_name(name, given):
    assert given_name(name) == given


def test_higher_floors_have_a_place_on_the_desk(desk, monkeypatch, actor):
    section = {"template": "archives/visits/_tomorrow.html", "tomorrow": []}
    monkeypatch.setitem(panels._panels, "desk.sections", [])
    panels.register("desk.sections", "due", lambda _actor, branches: {branches[0].pk: section}, budget=0)
    assert desk.get("/").content.decode().count("Nobody is expected tomorrow yet.") == 2


def test_the_list_alone_is_what_the_page_refreshes(desk, actor, customer):
    expect(actor, customer)
    page = desk.get("/visits/today/", headers={"HX-Request": "true", "X-Background": "1"}).content.decode()
    assert "<html" not in page
    assert "张晓梅" in page
    assert 'id="figures" hx-swap-oob="true"' in page


def test_a_page_that_refreshes_itself_does_not_keep_a_session_alive(receptionist, settings):
    start = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = builders.client_of(receptionist)
        assert client.get("/").status_code == 200
        for _minute in range(settings.SESSION_IDLE_SECONDS // 60):
            clock.shift(60)
            assert client.get("/visits/today/", headers={"X-Background": "1"}).status_code == 200
        clock.shift(60)
        assert client.get("/visits/today/", headers={"X-Background": "1"}).status_code == 302


def test_the_desk_costs_the_same_on_a_busy_day(desk, actor, beautician, facial, django_assert_num_queries):
    def busy(n):
        for i in range(n):
            customer = builders.make_customer(branch=actor.branch, phone=f"1380000{Visit.objects.count():04d}")
            expect(actor, customer, items=[facial], assigned=beautician)
            expect(actor, customer, on=days_before(actor, -1), items=[facial], assigned=beautician)
            guest = GuestEntry(customer, (line(facial, shares=((beautician, 10_000),)),), next_note=f"{i}")
            record(actor, customer, guests=[guest], paid=[("cash", 38_000)])

    busy(2)
    desk.get("/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        desk.get("/")
    assert len(seen) <= 40
    busy(6)
    with django_assert_num_queries(len(seen)):
        desk.get("/")
