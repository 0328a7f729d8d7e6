"""Undo, and then: a colleague, an older page, a second tab, another branch, Back. Nothing is booked twice or moves."""

import uuid
from datetime import timedelta

import pytest

from archives.visits.bills import services
from archives.visits.desk import arrivals
from archives.visits.entry import reentry
from archives.visits.identify import services as identify
from archives.visits.models import Visit
from salon import operations
from salon.errors import Barred
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entered import ENTRY, again, sent_line, store, text_of, undo_now, waiting_now
from tests.archives.visits.entering import sent
from tests.archives.visits.recording import line, record
from tests.customers.card.filling import send

# --- What was billed since is asked about ----------------------------------------------------------------------------


@pytest.mark.parametrize("is_open_before", [True, False])
def test_what_a_colleague_billed_since_the_undo_is_asked_about(desk, receptionist, manager, customer, facial, is_open_before):
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer], [{"item": facial}])))
    page = desk.get(entry)
    theirs = record(builders.actor_of(manager), customer, line(facial))
    asked = desk.post(ENTRY, again(page if is_open_before else desk.get(entry)))
    assert (asked.status_code, Visit.objects.done().count()) == (422, 1)
    assert f"was done that day already, receipt {theirs.receipt_no}" in text_of(asked)
    store(desk, again(asked, **{"lines-0-again": str(theirs.visits.get().lines.get().pk)}))
    assert Visit.objects.done().count() == 2


def test_what_a_colleague_finished_since_the_undo_is_asked_about_too(desk, receptionist, manager, facial, waiting):
    """Not in a new entry, but the very visit that was open again."""
    entry = undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    page, boss = desk.get(entry), builders.client_of(manager)
    reopened = Visit.objects.get(status="arrived")
    theirs = store(boss, again(boss.get(f"{ENTRY}?visit={reopened.pk}"), **sent_line(facial)))
    asked = desk.post(ENTRY, again(page))
    assert asked.status_code == 422
    assert f"was done that day already, receipt {theirs.receipt_no}" in text_of(asked)
    late = desk.post(ENTRY, again(asked, **{"lines-0-again": str(theirs.lines.get().pk)}))
    assert late.status_code == 409
    assert "Saving again stores a visit of its own for 张晓梅." in text_of(late)
    store(desk, again(late))
    assert Visit.objects.done().count() == 2


def test_of_several_who_was_billed_since_is_left_out_and_the_others_are_entered(
    desk, receptionist, manager, branch, customer, facial, waiting
):
    friend = builders.make_customer(branch=branch, name="李婷")
    guests = [{"customer": customer, "visit": waiting.pk}, friend]
    lines = [{"item": facial}, {"item": facial, "guest": 1, "price": "100"}]
    entry = undo_now(receptionist, store(desk, sent(receptionist, guests, lines, payer="1", **{"pay-cash": "50"})))
    boss, reopened = builders.client_of(manager), Visit.objects.get(status="arrived")
    store(boss, again(boss.get(f"{ENTRY}?visit={reopened.pk}"), **sent_line(facial)))
    page = desk.get(entry)
    assert page.status_code == 200
    assert "李婷" in text_of(page)
    assert again(page)["pay-cash"] == ""  # half of what was paid for both is not what is paid for one
    visit = store(desk, again(page))
    assert (visit.customer, visit.net_fen, visit.bill.payer) == (friend, 10_000, friend)
    assert desk.get(entry, follow=True).redirect_chain == [(visit.get_absolute_url(), 302)]


def test_where_all_were_billed_since_the_address_leads_to_the_first_of_them(
    desk, receptionist, manager, actor, branch, customer, facial, waiting, either_way
):
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    guests = [{"customer": customer, "visit": waiting.pk}, {"customer": friend, "visit": hers.pk}]
    both = sent(receptionist, guests, [{"item": facial}, {"item": facial, "guest": 1}])
    entry, boss = undo_now(receptionist, store(desk, both)), builders.client_of(manager)
    done = [
        store(boss, again(boss.get(f"{ENTRY}?visit={reopened.pk}"), **sent_line(facial)))
        for reopened in Visit.objects.filter(status="arrived").order_by("pk")
    ]
    assert [visit.customer for visit in done] == [customer, friend]
    assert desk.get(entry)["Location"] == done[0].get_absolute_url()


def test_what_was_entered_again_and_corrected_since_is_found_as_it_stands(desk, receptionist, actor, customer, facial):
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer], [{"item": facial}])))
    second = store(desk, again(desk.get(entry))).bill
    third = record(actor, customer, line(facial, unit_price_fen=20_000), replaces=second)
    assert desk.get(entry)["Location"] == third.visits.get().get_absolute_url()


def test_what_was_answered_before_the_undo_is_not_asked_again(desk, receptionist, actor, branch, customer, facial):
    """Also where the form has another error first, and of another customer on the bill."""
    friend = builders.make_customer(branch=branch, name="李婷")
    known = {who: record(actor, who, line(facial)).visits.get().lines.get().pk for who in (customer, friend)}
    lines = [{"item": facial, "guest": n, "again": known[who]} for n, who in enumerate((customer, friend))]
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer, friend], lines)))
    wrong = desk.post(ENTRY, again(desk.get(entry), **{"lines-0-quantity": "x"}))
    assert wrong.status_code == 422
    store(desk, again(wrong, **{"lines-0-quantity": "1"}))


def test_who_came_onto_a_bill_by_its_correction_waits_again_once_that_is_undone(
    desk, receptionist, actor, branch, customer, facial
):
    """Her visit is finished by the correction; the bill stands as it was, and she is told of on the page."""
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    bill = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1", **{"guests-1-customer": friend.pk})
    page |= {"guests-1-visit": hers.pk, "lines-1-guest": "1", "lines-1-item": facial.pk, "lines-1-price": "380"}
    entry = undo_now(receptionist, store(desk, page | {"lines-1-quantity": "1"}))
    said = text_of(desk.get(entry))
    assert "What stood before is stored again" in said
    assert "The visit of 李婷 is open again: Arrived." in said
    assert list(Visit.objects.filter(status="arrived").values_list("customer__name")) == [("李婷",)]


def test_a_correction_whose_visit_was_given_to_a_customer_since_is_not_undone(desk, receptionist, actor, customer, facial):
    """What stood before would be stored again as nobody's, and she would lose her visit."""
    bill = record(actor, None, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    visit = store(desk, page)
    identify.identify_visit(actor=actor, key=uuid.uuid4(), visit=visit, customer=customer)
    with pytest.raises(Barred, match="was given to a customer since"):
        undo_now(receptionist, waiting_now(visit))
    assert waiting_now(visit).customer == customer


def test_who_was_billed_for_something_else_since_the_undo_is_told_of_and_asked_about(desk, receptionist, customer, facial):
    """She was not waiting: nothing but the day and her name says that the undone bill may have been entered by another tab."""
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer], [{"item": facial}])))
    kept = desk.get(entry)
    other = store(desk, sent(receptionist, [customer], [{"item": builders.make_item(name="眼部护理"), "price": "100"}]))
    told = f"Receipt {other.receipt_no} was stored for 张晓梅 since this was undone."
    assert told not in text_of(kept)
    assert told in text_of(desk.get(entry))
    asked = desk.post(ENTRY, again(kept))
    assert (asked.status_code, Visit.objects.done().count()) == (422, 1)
    assert f"{told} Is this another visit?" in text_of(asked)
    assert f"{told}</bdi>" not in text_of(asked)  # once is enough
    assert "guests-0-since" not in again(asked)  # a box to be ticked
    assert desk.post(ENTRY, again(asked)).status_code == 422
    wrong = desk.post(ENTRY, again(asked, **{"guests-0-since": str(other.pk), "lines-0-quantity": "x"}))
    assert again(wrong)["guests-0-since"] == str(other.pk)
    store(desk, again(wrong, **{"lines-0-quantity": "1"}))
    assert Visit.objects.done().count() == 2


def test_nobody_is_asked_about_who_was_billed_before_the_undo_on_another_day_or_at_another_branch(
    desk, receptionist, actor, stranger, branch, customer, facial
):
    other = builders.make_item(name="眼部护理")
    record(actor, customer, line(other))
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer], [{"item": facial}])))
    store(desk, sent(receptionist, [customer], [{"item": other}], on=actor.today - timedelta(days=1)))
    record(builders.actor_of(stranger), customer, line(other))
    record(actor, builders.make_customer(branch=branch), line(other))
    page = desk.get(entry)
    assert "since this was undone" not in text_of(page)
    store(desk, again(page))


def test_of_several_who_was_billed_since_without_having_waited_is_asked_about_alone(
    desk, receptionist, actor, branch, customer, facial, waiting
):
    """An older tab has entered them all: she who waited is left out, he who did not is told of; the kept page says no untruth."""
    friend = builders.make_customer(branch=branch, name="李婷")
    lines = [{"item": facial}, {"item": facial, "guest": 1}]
    first, older = (sent(receptionist, [{"customer": customer, "visit": waiting.pk}, friend], lines) for _tab in range(2))
    entry = undo_now(receptionist, store(desk, first))
    kept = desk.get(entry)
    late = desk.post(ENTRY, older)
    assert late.status_code == 409
    stored = store(desk, again(late, **{"lines-0-price": "300"}))
    said = text_of(desk.post(ENTRY, again(kept)))
    assert "open again" not in said
    told = f"Receipt {stored.receipt_no} was stored for 李婷 since this was undone."
    assert told in text_of(desk.get(entry))
    assert "张晓梅" not in text_of(desk.get(entry))
    asked = desk.post(ENTRY, again(desk.get(entry)))
    assert (asked.status_code, Visit.objects.done().count()) == (422, 2)


# --- Back, and what was cancelled ------------------------------------------------------------------------------------


def test_the_address_of_a_visit_that_is_open_no_more_leads_to_what_it_has_become(desk, receptionist, manager, facial, waiting):
    url = f"{ENTRY}?visit={waiting.pk}"
    store(desk, again(desk.get(url), **sent_line(facial)))
    done = desk.get(url, follow=True)
    assert done.redirect_chain == [(f"/visits/{waiting.pk}/", 302)]
    assert "This visit is “Done” by now." in text_of(done)
    entry = undo_now(receptionist, waiting_now(waiting))
    assert desk.get(url)["Location"] == entry
    reopened = Visit.objects.get(status="arrived")
    assert builders.client_of(manager).get(url)["Location"] == f"{ENTRY}?visit={reopened.pk}"


def test_the_address_of_what_a_colleague_entered_at_once_and_undid_leads_to_its_page(
    desk, receptionist, manager, customer, facial
):
    visit = store(desk, sent(receptionist, [customer], [{"item": facial}]))
    undo_now(receptionist, visit)
    page = builders.client_of(manager).get(f"{ENTRY}?visit={visit.pk}", follow=True)
    assert page.redirect_chain == [(visit.get_absolute_url(), 302)]


def test_what_is_open_in_place_of_a_visit_is_found_without_reading_all_that_was_ever_undone(
    desk, receptionist, branch, facial, waiting
):
    def read():
        with counted() as rows:
            reentry.open_in_place_of([waiting])
        return rows

    before = read()
    other = arrivals.check_in(
        actor=builders.actor_of(receptionist), key=uuid.uuid4(), branch=branch, customer=builders.make_customer(branch=branch)
    )
    undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={other.pk}"), **sent_line(facial))))
    assert read() == before


def test_the_address_of_what_one_has_voided_leads_to_its_page(desk, receptionist, customer, facial):
    visit = store(desk, sent(receptionist, [customer], [{"item": facial}]))
    services.void_bill(actor=builders.actor_of(receptionist), key=uuid.uuid4(), bill=visit.bill, reason="记错了")
    assert desk.get(f"{ENTRY}?visit={visit.pk}")["Location"] == visit.get_absolute_url()


def test_the_address_of_a_visit_that_was_cancelled_leads_to_its_page(desk, actor, waiting):
    arrivals.move_visit(actor=actor, visit=waiting, to="cancelled")
    page = desk.get(f"{ENTRY}?visit={waiting.pk}", follow=True)
    assert page.redirect_chain == [(waiting.get_absolute_url(), 302)]
    assert "This visit is “Cancelled” by now." in text_of(page)


def test_the_address_of_an_open_visit_asks_for_what_was_planned_or_for_the_last_time_again(
    desk, receptionist, actor, customer, facial, waiting
):
    planned = builders.make_item(name="眼部护理")
    waiting.planned.create(item=planned)
    for repeat in ("", "&repeat=1"):
        page = desk.get(f"{ENTRY}?visit={waiting.pk}{repeat}")
        assert [each.item_shown for each in page.context["form"].lines] == [planned]
    waiting.planned.all().delete()
    record(actor, customer, line(facial))
    shown = [desk.get(f"{ENTRY}?visit={waiting.pk}{repeat}").context["form"].lines for repeat in ("", "&repeat=1")]
    assert [[each.item_shown for each in lines] for lines in shown] == [[], [facial]]


def test_what_was_undone_and_cancelled_since_is_entered_as_a_visit_of_its_own(desk, receptionist, manager, facial, waiting):
    entry = undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    reopened = Visit.objects.get(status="arrived")
    arrivals.move_visit(actor=builders.actor_of(manager), visit=reopened, to="cancelled")
    page = desk.get(entry)
    assert again(page)["guests-0-visit"] == ""
    assert "is open again" not in text_of(page)
    assert store(desk, again(page)).pk not in (waiting.pk, reopened.pk)


# --- An owner who has switched branch --------------------------------------------------------------------------------


@pytest.fixture
def boss(owner, stranger):
    """An owner's browser, switched to the other branch."""
    browser = builders.client_of(owner)
    browser.post("/shop/branches/switch/", {"branch": stranger.branch.pk})
    return browser


def test_a_correction_stays_at_its_branch_with_who_served(boss, owner, actor, branch, beautician, customer, facial):
    bill = record(actor, customer, line(facial, shares=((beautician, 10_000),)))
    page = boss.get(f"{ENTRY}?replaces={bill.visits.get().pk}")
    assert f"This is recorded at {branch.name}, where it belongs." in text_of(page)
    data = again(page, **{"lines-0-price": "300", "lines-0-staff": str(beautician.pk), "lines-0-share": ""})
    visit = store(boss, data)
    assert (visit.branch, visit.bill.branch, visit.lines.get().shares.get().staff) == (branch, branch, beautician)
    again_url = undo_now(owner, visit)
    visit = store(boss, again(boss.get(again_url), **{"lines-0-staff": str(beautician.pk), "lines-0-share": ""}))
    assert (visit.branch, visit.bill.receipt_no.partition("-")[0]) == (branch, branch.code)


def test_a_page_made_before_the_switch_is_stored_where_it_was_made(owner, stranger, customer, facial):
    """Unchanged it finds what it stored; changed it keeps who served, and says where it is stored."""
    browser = builders.client_of(owner)
    served = builders.make_staff(branch=owner.branch, role="beautician")
    page = again(browser.get(f"{ENTRY}?customer={customer.pk}"), **sent_line(facial, staff=str(served.pk), share=""))
    visit = store(browser, page)
    browser.post("/shop/branches/switch/", {"branch": stranger.branch.pk})
    assert browser.post(ENTRY, page)["Location"] == f"/visits/{visit.pk}/saved/"
    undo_now(owner, visit)
    late = browser.post(ENTRY, page | {"lines-0-price": "300"})
    assert late.status_code == 409
    assert f"This is recorded at {owner.branch.name}, where it belongs." in text_of(late)
    stored = store(browser, again(late, **{"lines-0-staff": str(served.pk), "lines-0-share": ""}))
    assert (stored.branch, stored.lines.get().shares.get().staff) == (owner.branch, served)
    at_once = {"operation": operations.new_key(owner.user, "visit"), "lines-0-again": str(stored.lines.get().pk)}
    late_page = {**page, **at_once, "branch": str(stranger.branch.pk), "lines-0-staff": "", "nobody": "1"}
    browser.post("/shop/branches/switch/", {"branch": owner.branch.pk})
    assert store(browser, late_page).branch == stranger.branch
    other = browser.post(ENTRY, page | {"branch": "x", "operation": operations.new_key(owner.user, "visit")})
    assert other.status_code in (404, 422)


def test_nobody_stores_at_another_branch_by_naming_it(desk, receptionist, stranger, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}], branch=stranger.branch.pk)
    assert store(desk, data).branch == receptionist.branch


def test_so_does_an_open_visit_and_who_comes_onto_its_bill(boss, actor, stranger, branch, customer, facial, waiting):
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    there = builders.actor_of(stranger)
    arrivals.check_in(actor=there, key=uuid.uuid4(), branch=stranger.branch, customer=friend)
    page = boss.get(f"{ENTRY}?visit={waiting.pk}")
    assert f'name="branch" value="{branch.pk}"' in text_of(page)
    part = boss.get(f"{ENTRY}guest/", {"customer": friend.pk, "number": 1, "at": branch.pk})
    assert part.context["guest"]["visit"].value() == hers.pk
    assert store(boss, again(page, **sent_line(facial))).branch == branch
    desk = builders.client_of(actor.staff)
    assert desk.get(f"{ENTRY}guest/", {"customer": friend.pk, "at": stranger.branch.pk}).status_code == 404


@pytest.mark.parametrize("first_is_here", [True, False])
def test_of_open_visits_at_two_branches_the_one_elsewhere_is_let_go(boss, owner, stranger, facial, waiting, first_is_here):
    there = builders.actor_of(stranger)
    friend = builders.make_customer(branch=stranger.branch)
    elsewhere = arrivals.check_in(actor=there, key=uuid.uuid4(), branch=stranger.branch, customer=friend)
    visits = (waiting, elsewhere) if first_is_here else (elsewhere, waiting)
    guests = [{"customer": visit.customer, "visit": visit.pk} for visit in visits]
    late = boss.post(ENTRY, sent(owner, guests, [{"item": facial}, {"item": facial, "guest": 1}]))
    assert late.status_code == 409
    assert [bool(again(late)[f"guests-{n}-visit"]) for n in range(2)] == [True, False]
    assert store(boss, again(late)).branch == visits[0].branch
    assert [waiting_now(visit).status for visit in visits] == ["done", "arrived"]


def test_an_expected_visit_keeps_who_is_to_serve_when_it_is_changed(boss, actor, branch, beautician, customer):
    visit = arrivals.expect_visit(
        actor=actor, key=uuid.uuid4(), branch=branch, customer=customer, on=actor.today, assigned=beautician
    )
    url = f"/visits/{visit.pk}/expected/"
    assert send(boss, url, {"at": "15:00"}, marker="on").status_code == 302
    visit.refresh_from_db()
    assert (visit.assigned, f"{visit.expected_time:%H:%M}") == (beautician, "15:00")


def test_a_bill_does_not_move_whoever_asks(actor, stranger, customer, facial):
    bill = record(actor, customer, line(facial))
    with pytest.raises(ValueError, match="stays at its branch"):
        record(builders.actor_of(stranger), customer, line(facial), replaces=bill)


# --- How it was paid -------------------------------------------------------------------------------------------------


def test_what_was_paid_in_two_ways_comes_back_so_and_the_last_takes_what_is_left(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}], rest="wechat", **{"pay-cash": "100"})
    entry = undo_now(receptionist, store(desk, data))
    page = again(desk.get(entry), **{"lines-0-price": "300"})
    assert (page["pay-cash"], page["rest"], page.get("pay-wechat")) == ("100.00", "wechat", "")
    visit = store(desk, page)
    assert list(visit.bill.payments.order_by("position").values_list("means", "amount_fen")) == [
        ("cash", 10_000),
        ("wechat", 20_000),
    ]
