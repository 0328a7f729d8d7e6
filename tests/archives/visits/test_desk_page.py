"""The front desk: who is here, who is expected, what is missing, and what the day came to."""

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.visits import queries
from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.desk.queries import board
from archives.visits.desk.views import given_name
from archives.visits.models import Bill, Visit
from archives.visits.queries import with_details
from customers.card.models import SafetyNote
from salon import panels
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record


def expect(actor, customer, **fields):
    given = {"branch": actor.branch, "on": actor.today} | fields
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=customer, **given)


def rows_on(page, name="groups"):
    return [row for group in page.context[name] for row in group.rows]


def rows_of(client):
    return {row.visit.customer_id: row for row in rows_on(client.get("/"))}


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
    first, second = rows_on(page)
    assert (first.visit.customer, first.is_first, first.waiting) == (new, True, 6)
    assert first.missing == ["nobody assigned", "no phone on the card"]
    assert (second.visit.customer, second.is_first, second.waiting) == (customer, False, None)
    assert ([note.tag.name for note in second.safety], second.missing) == (["果酸"], [])
    text = page.content.decode()
    assert "waiting 6 minutes" in text
    assert "09:30" in text
    assert "果酸" in text


def test_a_first_visit_is_the_first_all_day_and_the_next_day_no_more(desk, actor, customer, facial):
    record(actor, customer, line(facial))
    record(actor, customer, line(facial))
    page = desk.get("/")
    assert [row.is_first for row in rows_on(page)] == [True, True]
    assert page.context["figures"].new_customers == 1
    record(actor, customer, line(facial), on=days_before(actor, 1))
    assert [row.is_first for row in rows_on(desk.get("/"))] == [False, False]


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
    assert (rows[None].missing, rows[None].is_first, rows[None].waiting) == ([], False, None)
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
    (row,) = rows_on(page, "tomorrow")
    assert row.visit.customer == customer
    assert any("2 days ago" in hint.text for hint in row.hints)
    assert page.context["groups"] == []
    assert "Nobody is expected today" in page.content.decode()


def test_a_beautician_sees_her_own_customers_and_no_amounts(actor, customer, beautician, facial):
    record(actor, customer, line(facial, shares=((beautician, 10_000),)))
    other = builders.make_customer(branch=actor.branch, name="别人的客人")
    record(actor, other, line(facial))
    page = builders.client_of(beautician).get("/")
    assert [row.visit.customer for row in rows_on(page)] == [customer]
    text = page.content.decode()
    assert "别人的客人" not in text
    assert "380.00" not in text
    assert "Consumption" not in text
    assert "Expect somebody" not in text


def test_another_branchs_day_is_its_own(stranger, actor, customer, facial):
    record(actor, customer, line(facial))
    page = builders.client_of(stranger).get("/")
    assert page.context["groups"] == []
    assert page.context["figures"].consumption_fen == 0


@pytest.mark.parametrize(
    ("hour", "words"), [(5, "Good morning"), (11, "Good day"), (13, "Good afternoon"), (18, "Good evening"), (0, "Good evening")]
)
def test_the_greeting_follows_the_clock_at_the_branch(receptionist, hour, words):
    branch = receptionist.branch
    branch.time_zone = "Asia/Tokyo"
    branch.save()
    with time_machine.travel(datetime(2026, 11, 21, hour, tzinfo=UTC) - timedelta(hours=9), tick=False):
        page = builders.client_of(receptionist).get("/").content.decode()
    assert f"{words}, 晓彤" in page


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("林晓彤", "晓彤"),
        ("欧阳静怡", "静怡"),
        ("王芳", "王芳"),
        ("王", "王"),
        ("Ann Smith", "Ann"),
        ("阿依古丽", "阿依古丽"),
        ("", ""),
    ],
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


def came(actor, minutes_ago, **fields):
    """Somebody who arrived so many minutes ago and waits."""
    customer = builders.make_customer(branch=actor.branch)
    then = builders.actor_of(actor.staff, actor.now - timedelta(minutes=minutes_ago))
    visit = arrivals.check_in(actor=then, key=uuid.uuid4(), branch=actor.branch, customer=customer, **fields)
    Visit.objects.filter(pk=visit.pk).update(day=actor.today)
    return visit


@pytest.fixture
def noon(receptionist):
    """An Actor in the middle of the day, so that an hour ago is today."""
    with time_machine.travel(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), tick=False):
        yield builders.actor_of(receptionist)


def test_who_has_waited_longest_stands_first_and_each_state_by_itself_with_its_count(desk, noon, facial):
    waits = [came(noon, minutes) for minutes in (5, 40, 20)]
    in_care = arrivals.move_visit(actor=noon, visit=came(noon, 50), to="in_care")
    late, early, undated = (expect(noon, builders.make_customer(branch=noon.branch), at=at) for at in (time(15), time(13), None))
    gone = arrivals.move_visit(actor=noon, visit=expect(noon, builders.make_customer(branch=noon.branch)), to="no_show")
    done = record(noon, builders.make_customer(branch=noon.branch), line(facial)).visits.get()
    page = desk.get("/")
    found = {group.name: [row.visit for row in group.rows] for group in page.context["groups"]}
    assert list(found) == ["waiting", "in_care", "expected", "off", "done"]
    assert found["waiting"] == [waits[1], waits[2], waits[0]]
    assert (found["in_care"], found["expected"]) == ([in_care], [early, late, undated])
    assert (found["off"], found["done"]) == ([gone], [done])
    assert [group.total for group in page.context["groups"]] == [3, 1, 3, 1, 1]
    assert '<h3>Waiting <span class="num">3</span></h3>' in page.content.decode()


def test_the_time_of_a_row_means_one_thing_and_says_what(desk, noon, facial):
    visit = expect(noon, builders.make_customer(branch=noon.branch), at=time(11, 15))
    (row,) = rows_on(desk.get("/"))
    assert (row.when, row.when_label) == (time(11, 15), "expected")
    arrivals.move_visit(actor=noon, visit=visit, to="arrived")
    page = desk.get("/")
    (row,) = rows_on(page)
    assert (row.when, row.when_label) == (noon.now, "arrived")
    assert '<b>12:00</b><span class="tiny faint">arrived</span>' in page.content.decode()
    assert "expected 11:15" in page.content.decode()
    arrivals.move_visit(actor=noon, visit=Visit.objects.get(), to="in_care")
    assert [(row.when, row.when_label) for row in rows_on(desk.get("/"))] == [(noon.now, "in care since")]


def test_who_is_done_is_folded_the_last_first_and_a_long_day_leads_to_the_list(desk, noon, facial, owner):
    guests = [GuestEntry(builders.make_customer(branch=noon.branch), (line(facial),)) for _n in range(22)]
    for n, guest in enumerate(guests):
        then = builders.actor_of(noon.staff, noon.now - timedelta(minutes=n))
        record(then, guest.customer, guests=[guest], paid=[("cash", 38_000)])
    for client in (desk, builders.client_of(owner)):
        page = client.get("/")
        (group,) = page.context["groups"]
        assert [row.visit.customer for row in group.rows] == [guest.customer for guest in guests[:20]]
        assert (group.total, page.context["figures"].visits, page.context["figures"].unwritten) == (22, 22, 22)
        text = page.content.decode()
        assert '<details class="board-group" data-fold="done">' in text
        today = noon.today.isoformat()
        link = f"/visits/?day_from={today}&amp;day_to={today}&amp;status=done"
        assert link in text
        assert client.get(link.replace("&amp;", "&")).context["listing"].total == 22


def test_takings_by_means_are_the_branchs_for_managers_and_ones_own_for_receptionists(
    desk, actor, manager, owner, stranger, beautician, customer, facial
):
    boss = builders.actor_of(manager)
    record(actor, customer, line(facial), paid=[("wechat", 30_000), ("cash", 8_000)])
    bill = record(boss, builders.make_customer(branch=actor.branch), line(facial), paid=[("cash", 38_000)])
    sold = bill.visits.get().lines.get()
    services.refund(actor=boss, key=uuid.uuid4(), bill=bill, lines=[(sold, 500, 8_000)], payments=[("cash", 8_000)], reason="x")
    void = record(actor, builders.make_customer(branch=actor.branch), line(facial))
    services.void_bill(actor=boss, key=uuid.uuid4(), bill=void, reason="x")
    record(actor, builders.make_customer(branch=actor.branch), line(facial), on=days_before(actor, 1))
    record(builders.actor_of(builders.make_staff(branch=stranger.branch, role="manager")), None, line(facial))
    branchs = (False, 68_000, [("WeChat Pay", 30_000), ("Cash", 38_000)])
    own = (True, 38_000, [("WeChat Pay", 30_000), ("Cash", 8_000)])
    expected = ((actor.staff, own), (manager, branchs), (owner, branchs), (stranger, (True, 0, [])))
    for staff, (is_own, total, by_means) in expected:
        for url in ("/", "/visits/today/"):
            page = builders.client_of(staff).get(url)
            taken = page.context["takings"]
            assert (taken.is_own, taken.total_fen, [(str(label), fen) for label, fen in taken.by_means]) == (
                is_own,
                total,
                by_means,
            )
            if staff in (manager, owner):
                assert (page.context["figures"].consumption_fen, page.context["figures"].visits) == (68_000, 2)
            text = page.content.decode()
            assert (text.count('id="takings"'), "What you took" in text) == (1, is_own)
            assert url != "/" or text.index('id="takings"') < text.index('id="today"')  # at the top
    page = builders.client_of(beautician).get("/")
    assert page.context["takings"] is None
    assert "takings" not in page.content.decode()


def test_last_times_note_stands_with_who_is_still_to_be_served(desk, actor, customer, beautician, facial):
    guest = GuestEntry(customer, (line(facial, shares=((beautician, 10_000),)),), next_note="力度轻一点")
    record(actor, customer, guests=[guest], paid=[("cash", 38_000)], on=days_before(actor, 3))
    expect(actor, customer)
    for client in (desk, builders.client_of(beautician)):
        assert rows_of(client)[customer.pk].note == "力度轻一点"
        assert "力度轻一点" in client.get("/visits/today/").content.decode()


def test_what_is_counted_as_not_written_up_is_what_the_rows_say(desk, actor, customer, beautician, facial):
    essence = builders.make_item(name="精华", kind="product")
    named = line(facial, shares=((beautician, 10_000),))
    for phone in ("13900000001", None):
        for lines in ((named,), (line(facial),), (line(essence),)):
            for note in ("", "x"):
                one = builders.make_customer(branch=actor.branch, phone=phone)
                record(
                    actor,
                    one,
                    guests=[GuestEntry(one, lines, next_note=note, desk_note="d")],
                    paid=[("cash", lines[0].value_fen)],
                )
    for lines in ((line(facial),), (named,), (line(essence),)):
        record(actor, None, *lines)
    page = desk.get("/")
    assert page.context["figures"].unwritten == sum(1 for row in rows_on(page) if row.missing) == 11


def test_a_customer_counts_as_new_once_however_often_here(desk, actor, customer, facial):
    record(actor, customer, line(facial))
    record(actor, customer, line(facial))
    record(actor, None, line(facial))
    old = builders.make_customer(branch=actor.branch)
    record(actor, old, line(facial), on=days_before(actor, 1))
    record(actor, old, line(facial))
    figures = desk.get("/").context["figures"]
    assert (figures.visits, figures.new_customers) == (4, 1)


def test_the_desk_costs_the_same_on_a_busy_day(desk, actor, beautician, facial):
    def busy(n):
        for i in range(n):
            customer = builders.make_customer(branch=actor.branch, phone=f"1380000{Visit.objects.count():04d}")
            expect(actor, customer, items=[facial], assigned=beautician)
            expect(actor, customer, on=days_before(actor, -1), items=[facial], assigned=beautician)
            guest = GuestEntry(customer, (line(facial, shares=((beautician, 10_000),)),), next_note=f"{i}")
            record(actor, customer, guests=[guest], paid=[("cash", 38_000)])

    busy(2)
    desk.get("/")
    with CaptureQueriesContext(connection) as seen:
        desk.get("/")
    assert len(seen) <= 44
    busy(6)
    with CaptureQueriesContext(connection) as again:
        desk.get("/")
    assert len(again) == len(seen)


def test_nobody_is_read_who_is_not_on_the_desk(desk, actor, customer, facial):
    record(actor, customer, line(facial))
    desk.get("/")
    with counted() as before:
        desk.get("/")
    for n in range(3):
        other = builders.make_customer(branch=actor.branch, phone=f"1390000000{n}")
        record(actor, other, line(facial), on=days_before(actor, 3))
    with counted() as after:
        desk.get("/")
    assert after == before


def test_a_moment_that_nobody_wrote_down_hides_nobody(noon, facial, monkeypatch):
    """Nor does a visit that is gone by the time it is read."""
    waiting, gone = came(noon, 5), came(noon, 9)
    done = record(noon, None, line(facial)).visits.get()
    Visit.objects.filter(pk=waiting.pk).update(arrived_at=None)
    Visit.objects.filter(pk=done.pk).update(done_at=None)
    monkeypatch.setattr(queries, "with_details", lambda visits: with_details(visits).exclude(pk=gone.pk))
    shown = {group.name: [(row.visit, row.waiting) for row in group.rows] for group in board(noon, noon.today)}
    assert shown == {"waiting": [(waiting, None)], "done": [(done, None)]}


def test_a_day_of_2500_visits_is_no_longer_a_page_than_one_of_25(owner, actor):
    def many(n):
        who = [builders.make_customer(branch=actor.branch) for _each in range(n)] if n < 50 else [None] * n
        start = Bill.objects.count()
        money = {"business_date": actor.today, "recorded_at": actor.now, "recorded_by": actor.user}
        bills = Bill.objects.bulk_create(
            Bill(branch=actor.branch, receipt_no=f"X{start + i}", payable_fen=0, paid_fen=0, **money) for i in range(n)
        )
        about = {"branch": actor.branch, "day": actor.today, "status": "done", "done_at": actor.now} | money
        Visit.objects.bulk_create(Visit(bill=b, receipt_no=b.receipt_no, customer=c, **about) for b, c in zip(bills, who))

    many(25)
    boss = builders.client_of(owner)
    boss.get("/")
    with CaptureQueriesContext(connection) as few:
        small = len(boss.get("/").content)
    many(2_475)
    with CaptureQueriesContext(connection) as lots:
        page = boss.get("/")
    assert page.context["figures"].visits == 2_500
    assert len(page.content) < max(small * 1.2, 100_000)
    assert len(lots) == len(few)
