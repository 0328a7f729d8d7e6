"""What is asked before somebody is expected or billed: an allergy, the same again, two at one time; and what is shown first."""

import uuid
from datetime import time

import pytest

from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Visit
from customers.card.models import SafetyNote
from salon import operations
from tests import builders
from tests.archives.visits.entering import days_before, sent
from tests.archives.visits.recording import line, record

EXPECT, ENTRY = "/visits/expected/new/", "/visits/new/"


@pytest.fixture
def acid(actor, customer, facial):
    """The substance of the facial, which the customer does not tolerate."""
    tag = builders.make_tag("果酸")
    facial.tags.add(tag)
    SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today, remark="起红疹")
    return tag


def plan(staff, actor, customer, **fields):
    """What the form of an expected visit sends."""
    keys = {"operation": operations.new_key(staff.user, "expect"), "operation_here": operations.new_key(staff.user, "check_in")}
    return keys | {"customer": customer.pk, "on": actor.today.isoformat(), "at": "10:30", "channel": "phone"} | fields


def expect(actor, customer, **fields):
    given = {"branch": actor.branch, "on": actor.today} | fields
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=customer, **given)


def codes_of(response):
    assert response.status_code == 422
    return [warning["code"] for warning in response.context["form"].warnings]


def ask_then_agree(client, url, data):
    """The questions as a page, once each is asked and nothing stored; then the form is sent again with all ticked."""
    count = Visit.objects.count()
    asked = client.post(url, data)
    codes = codes_of(asked)
    assert Visit.objects.count() == count
    assert client.post(url, data | {"acknowledged": codes}).status_code == 302
    return asked.content.decode()


@pytest.mark.parametrize("here", [{}, {"here": "1"}])
def test_planning_what_the_customer_does_not_tolerate_asks(desk, receptionist, actor, customer, facial, acid, here):
    text = ask_then_agree(desk, EXPECT, plan(receptionist, actor, customer, items=[facial.pk], **here))
    assert "Not tolerated: 果酸. Plan “水光补水” all the same?" in text
    assert "Yes, save anyway" in text
    assert [each.item for each in Visit.objects.get().planned.all()] == [facial]


def test_changing_the_plan_to_what_is_not_tolerated_asks_too(desk, actor, customer, facial, acid):
    visit = expect(actor, customer, at=time(10))
    url = f"/visits/{visit.pk}/expected/"
    data = {"on": actor.today.isoformat(), "at": "10:00", "channel": "phone", "items": [facial.pk]}
    assert "Not tolerated: 果酸" in ask_then_agree(desk, url, data)
    other = builders.make_tag("水杨酸")
    facial.tags.add(other)
    SafetyNote.objects.create(customer=customer, tag=other, noted_on=actor.today)
    again = desk.post(url, data | {"acknowledged": [f"safety-{facial.pk}-{acid.pk}"]})
    assert codes_of(again) == [f"safety-{facial.pk}-{other.pk}"]  # a new danger asks anew


def test_what_is_tolerated_or_was_retired_asks_nothing(desk, receptionist, actor, customer, facial, acid):
    SafetyNote.objects.update(ended_on=actor.today)
    assert desk.post(EXPECT, plan(receptionist, actor, customer, items=[facial.pk])).status_code == 302


def test_two_at_one_time_for_one_beautician_are_asked_about(desk, receptionist, actor, customer, beautician, facial):
    other = builders.make_customer(branch=actor.branch, name="李婷")
    first = expect(actor, other, at=time(10), items=[facial], assigned=beautician)  # an hour
    url = plan(receptionist, actor, customer, assigned=beautician.pk, at="10:30")
    text = ask_then_agree(desk, EXPECT, url)
    assert "陈美娟 is to serve 李婷 at 10:00 already. Both at one time?" in text
    assert Visit.objects.filter(assigned=beautician).count() == 2
    arrivals.move_visit(actor=actor, visit=first, to="cancelled")


@pytest.mark.parametrize(
    ("at", "minutes", "is_asked"),
    [("11:00", 60, False), ("10:59", 60, True), ("09:00", 60, False), ("09:01", 60, True), ("10:00", 0, True), ("", 60, False)],
)
def test_only_what_overlaps_is_at_one_time(desk, receptionist, actor, customer, beautician, facial, at, minutes, is_asked):
    care = builders.make_item(minutes=minutes)
    expect(actor, builders.make_customer(branch=actor.branch), at=time(10), items=[facial], assigned=beautician)
    expect(actor, builders.make_customer(branch=actor.branch), items=[facial], assigned=beautician)  # at no time in particular
    data = plan(receptionist, actor, customer, assigned=beautician.pk, at=at, items=[care.pk])
    assert (desk.post(EXPECT, data).status_code == 422) is is_asked


def test_the_same_customer_twice_is_asked_about_once(desk, receptionist, actor, customer, beautician):
    first = expect(actor, customer, at=time(10), assigned=beautician)
    response = desk.post(EXPECT, plan(receptionist, actor, customer, assigned=beautician.pk, at="10:00"))
    assert codes_of(response) == [f"second-{first.pk}"]


def test_another_day_another_beautician_and_who_cancelled_are_in_nobodys_way(desk, receptionist, actor, customer, beautician):
    second = builders.make_staff(branch=actor.branch)
    guests = [builders.make_customer(branch=actor.branch) for _n in range(3)]
    expect(actor, guests[0], at=time(10), assigned=beautician, on=days_before(actor, -1))
    expect(actor, guests[1], at=time(10), assigned=second)
    off = expect(actor, guests[2], at=time(10), assigned=beautician)
    arrivals.move_visit(actor=actor, visit=off, to="cancelled")
    assert desk.post(EXPECT, plan(receptionist, actor, customer, assigned=beautician.pk, at="10:00")).status_code == 302


def test_a_change_that_moves_nothing_is_not_asked_about_again(desk, actor, customer, beautician):
    for each in (customer, builders.make_customer(branch=actor.branch)):
        visit = expect(actor, each, at=time(10), assigned=beautician)
    expect(actor, visit.customer, at=time(16))
    url, data = f"/visits/{visit.pk}/expected/", {"on": actor.today.isoformat(), "at": "10:00", "assigned": beautician.pk}
    assert desk.post(url, data | {"channel": "web"}).status_code == 302
    assert desk.post(url, data | {"channel": "web", "at": "12:00"}).status_code == 302
    assert len(codes_of(desk.post(url, data | {"channel": "web"}))) == 1


def check_in(staff, actor, customer, **fields):
    """What the form sends when the customer is here: at no time in particular."""
    return plan(staff, actor, customer, here="1", at="", **fields)


def planned(visit):
    return [each.item for each in visit.planned.order_by("pk")], visit.assigned


def test_what_is_typed_for_an_expected_customer_who_is_here_is_asked_about_and_stored(
    desk, receptionist, actor, customer, beautician, facial
):
    visit = expect(actor, customer, at=time(10), items=[facial], assigned=beautician)
    eyes, other = builders.make_item(name="眼部护理"), builders.make_staff(branch=actor.branch, name="王琳")
    typed = check_in(receptionist, actor, customer, items=[eyes.pk], assigned=other.pk)
    text = ask_then_agree(desk, EXPECT, typed)
    assert "The customer is expected for 水光补水. Plan what is chosen here instead?" in text
    assert "The customer is expected to be served by 陈美娟. By 王琳 instead?" in text
    (visit,) = Visit.objects.all()
    assert (visit.status, visit.expected_time, *planned(visit)) == ("arrived", time(10), [eyes], other)


def test_who_is_here_keeps_what_was_planned_and_gets_what_was_not(desk, receptionist, actor, customer, beautician, facial):
    eyes, friend = builders.make_item(), builders.make_customer(branch=actor.branch)
    guests = [builders.make_customer(branch=actor.branch) for _n in range(2)]
    visits = [expect(actor, customer), expect(actor, guests[0], items=[facial]), expect(actor, guests[1], assigned=beautician)]
    visits.append(expect(actor, friend, items=[facial], assigned=beautician))
    typed = [{"items": [facial.pk], "assigned": beautician.pk}, {"assigned": beautician.pk}, {"items": [facial.pk]}]
    typed.append({"items": [facial.pk, eyes.pk], "assigned": beautician.pk})  # one more goes besides: nothing is lost
    for visit, fields in zip(visits, typed):
        assert desk.post(EXPECT, check_in(receptionist, actor, visit.customer, **fields)).status_code == 302
    assert Visit.objects.filter(status="arrived").count() == 4
    assert [planned(visit) for visit in Visit.objects.order_by("pk")] == [
        *[([facial], beautician)] * 3,
        ([facial, eyes], beautician),
    ]


def test_planning_the_same_item_once_more_on_the_day_asks(desk, receptionist, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    text = ask_then_agree(desk, EXPECT, plan(receptionist, actor, customer, items=[facial.pk]))
    assert f"“水光补水” was done that day already, receipt {bill.receipt_no}. Once more?" in text


@pytest.mark.parametrize("here", [{}, {"here": "1"}])
def test_the_same_form_sent_again_asks_nothing_and_stores_nothing(desk, receptionist, actor, customer, facial, here):
    data = plan(receptionist, actor, customer, items=[facial.pk], **here)
    assert [desk.post(EXPECT, data).status_code for _twice in range(2)] == [302, 302]
    assert Visit.objects.count() == 1


# --- Visit entry ------------------------------------------------------------------------------------------------------------


def test_the_same_customer_item_and_day_again_asks_at_its_line(desk, receptionist, actor, customer, facial):
    first = record(actor, customer, line(facial)).visits.get()
    had = first.lines.get()
    essence = builders.make_item(name="精华", kind="product")
    data = sent(receptionist, [customer], [{"item": facial}, {"item": essence}])
    asked = desk.post(ENTRY, data)
    assert (asked.status_code, Bill.objects.count()) == (422, 1)
    text = asked.content.decode()
    assert f"“水光补水” was done that day already, receipt {first.receipt_no}. Once more?" in text
    assert f'name="lines-0-again" value="{had.pk}"' in text
    assert "lines-1-again" not in text
    assert desk.post(ENTRY, data | {"lines-0-again": "1"}).status_code == 422 or had.pk == 1  # another line's tick
    assert desk.post(ENTRY, data | {"lines-0-again": had.pk}).status_code == 302
    assert Bill.objects.count() == 2


def test_what_is_no_repetition_is_stored_at_once(desk, receptionist, actor, customer, facial, manager):
    eyes = builders.make_item(name="眼部护理")
    record(actor, customer, line(facial), on=days_before(actor, 1))
    record(actor, builders.make_customer(branch=actor.branch), line(facial))
    record(actor, None, line(facial))
    record(actor, customer, line(eyes))
    assert desk.post(ENTRY, sent(receptionist, [customer], [{"item": facial}])).status_code == 302
    assert desk.post(ENTRY, sent(receptionist, [None], [{"item": facial}])).status_code == 302


def test_twice_on_one_bill_sent_again_or_corrected_is_no_repetition(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}, {"item": facial}])
    assert [desk.post(ENTRY, data).status_code for _twice in range(2)] == [302, 302]
    (bill,) = Bill.objects.all()
    corrected = sent(receptionist, [customer], [{"item": facial, "price": "300"}], replaces=bill.pk)
    assert desk.post(ENTRY, corrected).status_code == 302
    assert Bill.objects.filter(voided_at=None).count() == 1


def test_a_correction_to_what_another_bill_of_the_day_has_asks(desk, receptionist, actor, customer, facial):
    had = record(actor, customer, line(facial)).visits.get().lines.get()
    bill = record(actor, customer, line(builders.make_item(name="眼部护理")))
    asked = desk.post(ENTRY, sent(receptionist, [customer], [{"item": facial}], replaces=bill.pk))
    assert asked.status_code == 422
    assert f'name="lines-0-again" value="{had.pk}"' in asked.content.decode()


def test_of_two_customers_the_one_who_had_it_is_asked_about(desk, receptionist, actor, customer, facial):
    friend = builders.make_customer(branch=actor.branch)
    had = record(actor, friend, line(facial)).visits.get().lines.get()
    data = sent(receptionist, [customer, friend], [{"item": facial, "guest": 0}, {"item": facial, "guest": 1}])
    text = desk.post(ENTRY, data).content.decode()
    assert f'name="lines-1-again" value="{had.pk}"' in text
    assert "lines-0-again" not in text


# --- What must be known first -------------------------------------------------------------------------------------------------


def test_the_safety_line_and_last_times_note_stand_first_wherever_the_customer_is_served(
    desk, actor, customer, beautician, manager, facial, acid
):
    shared = line(facial, shares=((beautician, 10_000),), overrides={acid.pk: "试过"})
    notes = (days_before(actor, 3), "更早的"), (days_before(actor, 2), "力度轻一点")
    done = [
        record(actor, customer, guests=[GuestEntry(customer, (shared,), next_note=note)], paid=[("cash", 38_000)], on=on)
        for on, note in notes
    ]
    visit = expect(actor, customer)
    first, last = (bill.visits.get() for bill in done)
    on_desk = [f"/visits/{visit.pk}/", f"{EXPECT}?customer={customer.pk}", f"/visits/{visit.pk}/expected/"]
    for url in on_desk:
        assert_first(desk.get(url), "力度轻一点")
    assert_first(builders.client_of(manager).get(f"/visits/{last.pk}/refund/"), "力度轻一点")
    assert_first(builders.client_of(beautician).get(f"/visits/{visit.pk}/"), "力度轻一点")
    assert_first(desk.get(f"/visits/{last.pk}/"), "更早的")  # what was known before that visit
    page = desk.get(f"/visits/{first.pk}/").content.decode()
    assert "From last time" not in page
    entry = desk.get(f"{ENTRY}?visit={visit.pk}").content.decode()
    assert max(entry.index("果酸"), entry.index("力度轻一点")) < entry.index('class="table lines"')
    row = builders.client_of(beautician).get("/").content.decode().split(f'data-row="{visit.pk}"')[1]
    assert max(row.index("果酸"), row.index("力度轻一点")) < min(row.index("data-step"), row.index("small muted"))


def assert_first(page, note):
    """The chip, the remark and the note stand before everything a person fills in or reads of the visit."""
    text = page.content.decode()
    part = text[text.index('class="before-care"') :]
    start = part[: part.index("</section>")]
    assert ("果酸" in start, "起红疹" in start, note in start) == (True, True, True)
    assert text.index("before-care") < text.index('class="sheet', text.index("<h1"))


def test_who_has_nothing_noted_and_a_walk_in_have_no_such_place(desk, actor, customer, facial):
    for who in (customer, None):
        visit = record(actor, who, line(facial)).visits.get()
        assert "before-care" not in desk.get(f"/visits/{visit.pk}/").content.decode()
