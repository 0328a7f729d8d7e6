"""Undo, and then: a colleague, an older page, a second tab, another branch, Back. Nothing is booked twice or moves."""

import html
import uuid
from datetime import timedelta

import pytest

from archives.visits import arrivals, entry_again, services, undo
from archives.visits.models import Bill, Visit
from salon import operations
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entering import sent
from tests.archives.visits.recording import line, record
from tests.customers.card.filling import inputs, send

ENTRY = "/visits/new/"


def store(client, data):
    """Store what a page sends; the visit it made."""
    response = client.post(ENTRY, data)
    assert response.status_code == 302, [text for text in text_of(response).splitlines() if "invalid-feedback" in text]
    return Visit.objects.get(pk=response["Location"].split("/")[2])


def undo_now(person, visit):
    """Undone by who stored it, this moment; the address of its entry."""
    return undo.undo_bill(actor=builders.actor_of(person), key=uuid.uuid4(), bill=visit.bill)


def again(response, **changed):
    """What the page of an entry sends, with what was changed in it."""
    return inputs(response) | changed


def text_of(response):
    return html.unescape(response.content.decode())


@pytest.fixture
def waiting(actor, customer, beautician):
    """The customer waits since ten minutes, for somebody."""
    earlier = builders.actor_of(actor.staff, actor.now - timedelta(minutes=10))
    return arrivals.check_in(actor=earlier, key=uuid.uuid4(), branch=actor.branch, customer=customer, assigned=beautician)


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


def test_what_was_answered_before_the_undo_is_not_asked_again(desk, receptionist, actor, branch, customer, facial):
    """Also where the form has another error first, and of another customer on the bill."""
    friend = builders.make_customer(branch=branch, name="李婷")
    known = {who: record(actor, who, line(facial)).visits.get().lines.get().pk for who in (customer, friend)}
    lines = [{"item": facial, "guest": n, "again": known[who]} for n, who in enumerate((customer, friend))]
    entry = undo_now(receptionist, store(desk, sent(receptionist, [customer, friend], lines)))
    wrong = desk.post(ENTRY, again(desk.get(entry), **{"lines-0-quantity": "x"}))
    assert wrong.status_code == 422
    store(desk, again(wrong, **{"lines-0-quantity": "1"}))


# --- A page from before ----------------------------------------------------------------------------------------------


def test_the_first_page_saved_with_another_price_takes_the_undone_bills_place(desk, receptionist, customer, facial, waiting):
    """Back to the page it was typed in, corrected there: one 409 that says so, then the waiting customer is finished."""
    first = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    undo_now(receptionist, store(desk, first))
    late = desk.post(ENTRY, first | {"lines-0-price": "300"})
    assert late.status_code == 409
    said = text_of(late)
    assert "What this form stored was undone, and nothing since." in said
    assert "Nothing was stored yet." not in said
    assert "张晓梅 is open again: Arrived" in said
    visit = store(desk, again(late))
    former = Bill.objects.order_by("pk").first()
    assert (visit.bill.replaces, visit.net_fen, visit.assigned, visit.arrived_at) == (
        former,
        30_000,
        waiting.assigned,
        waiting.arrived_at,
    )
    assert not Visit.objects.filter(status__in=("arrived", "in_care")).exists()


def sent_line(item, **fields):
    given = {"guest": "0", "item": str(item.pk), "quantity": "1", "price": "380", "minutes": "60"} | fields
    return {"rest": "wechat", "nobody": "1"} | {f"lines-0-{name}": value for name, value in given.items()}


def test_a_second_tab_finishes_the_visit_that_is_open_again(desk, receptionist, facial, waiting):
    second = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial, price="300"))
    undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    reopened = Visit.objects.get(status="arrived")
    late = desk.post(ENTRY, second | {"lines-0-minutes": str(reopened.pk)})  # a number like that of the visit is not the visit
    assert late.status_code == 409
    assert "was finished and undone meanwhile" in text_of(late)
    visit = store(desk, again(late))
    assert (visit.net_fen, visit.assigned) == (30_000, waiting.assigned)
    assert dict(Visit.objects.values_list("pk", "status")) == {waiting.pk: "voided", visit.pk: "done"}


def test_once_it_is_entered_again_an_older_page_says_so_and_is_a_visit_of_its_own(desk, receptionist, facial, waiting):
    first = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    entry = undo_now(receptionist, store(desk, first))
    tab = again(desk.get(entry), **{"lines-0-price": "300"})
    stored = store(desk, again(desk.get(entry)))
    for data in (first | {"lines-0-price": "300"}, tab):
        late = desk.post(entry, data)
        said = text_of(late)
        assert late.status_code == 409
        assert "Nothing is stored until" not in said
        assert "Correct a visit" not in said
        fields = again(late)
        assert (fields["replaces"], fields["guests-0-visit"]) == ("", "")
    assert stored.get_absolute_url() in text_of(desk.post(ENTRY, first | {"lines-0-price": "300"}))
    wrong = text_of(desk.post(entry, tab | {"lines-0-quantity": "x"}))
    assert "Nothing is stored until" not in wrong
    assert "You are correcting" not in wrong


def test_of_several_customers_only_who_is_finished_is_let_go(
    desk, receptionist, manager, actor, branch, customer, facial, waiting
):
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    guests = [{"customer": customer, "visit": waiting.pk}, {"customer": friend, "visit": hers.pk}]
    both = sent(receptionist, guests, [{"item": facial}, {"item": facial, "guest": 1}])
    arrivals.move_visit(actor=builders.actor_of(manager), visit=waiting, to="cancelled")
    late = desk.post(ENTRY, both)
    assert late.status_code == 409
    store(desk, again(late))
    assert dict(Visit.objects.filter(pk__in=[waiting.pk, hers.pk]).values_list("pk", "status")) == {
        waiting.pk: "cancelled",
        hers.pk: "done",
    }


def test_an_older_correction_follows_what_stands_again(desk, receptionist, actor, customer, facial):
    """Corrected, undone, and the page of the correction saved with another price: it corrects what stands again."""
    first = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={first.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    other_tab = page | {"operation": operations.new_key(receptionist.user, "visit")}
    undo_now(receptionist, store(desk, page))
    (stands,) = Bill.objects.filter(voided_at=None)
    for data in (page | {"lines-0-price": "200"}, other_tab):
        late = desk.post(ENTRY, data)
        assert late.status_code == 409
        assert again(late)["replaces"] == str(stands.pk)
        assert f"You are correcting receipt {stands}" in text_of(late)
    assert store(desk, again(late)).bill.replaces == stands
    assert Bill.objects.filter(voided_at=None).count() == 1


def test_nobody_takes_the_place_of_what_another_undid(receptionist, manager, desk, facial, waiting):
    """Her page of the waiting customer finishes the visit; the undone bill stays hers who undid it."""
    boss = builders.client_of(manager)
    theirs = again(boss.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    visit = store(boss, again(boss.post(ENTRY, theirs)))
    assert visit.bill.replaces is None
    entry = desk.get(f"{ENTRY}?undone={waiting.pk}", follow=True)
    assert "has been entered again already" in text_of(entry)


def test_whose_correction_another_undid_the_bill_of_stores_it_as_a_visit_of_its_own(
    receptionist, manager, desk, actor, customer, facial
):
    bill = record(actor, customer, line(facial))
    boss = builders.client_of(manager)
    theirs = again(boss.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1")
    undo_now(receptionist, bill.visits.get())
    late = boss.post(ENTRY, theirs)
    assert (late.status_code, again(late)["replaces"]) == (409, "")
    assert store(boss, again(late)).bill.replaces is None


def test_a_late_correction_of_what_a_colleague_has_corrected_since_does_not_take_the_place_of_hers(
    desk, receptionist, actor, customer, facial
):
    first = record(actor, customer, line(facial))
    second = record(actor, customer, line(facial), replaces=first)
    page = again(desk.get(f"{ENTRY}?replaces={second.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    record(actor, customer, line(facial, unit_price_fen=20_000), replaces=second)
    late = desk.post(ENTRY, page)
    assert (late.status_code, again(late)["replaces"]) == (409, str(second.pk))
    assert desk.post(ENTRY, again(late)).status_code == 409


def test_what_was_stored_with_other_content_and_stands_is_not_replaced_nor_is_what_was_undone_for_somebody_else(
    desk, receptionist, branch, customer, facial
):
    undo_now(receptionist, store(desk, sent(receptionist, [builders.make_customer(branch=branch)], [{"item": facial}])))
    data = sent(receptionist, [customer], [{"item": facial}])
    store(desk, data)
    late = desk.post(ENTRY, data | {"lines-0-price": "300"})
    assert (late.status_code, again(late)["replaces"]) == (409, "")


def test_a_page_sent_too_late_looks_at_no_visits_but_its_own(desk, receptionist, actor, branch, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}])
    store(desk, data)

    def read():
        with counted() as rows:
            assert desk.post(ENTRY, data | {"lines-0-price": "300"}).status_code == 409
        return rows

    before = read()
    for _n in range(2):
        arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=builders.make_customer(branch=branch))
    assert read() == before


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
            entry_again.open_in_place_of([waiting])
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


def waiting_now(visit):
    visit.refresh_from_db()
    return visit


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


def test_so_does_an_open_visit_and_who_comes_onto_its_bill(boss, actor, stranger, branch, customer, facial, waiting):
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    there = builders.actor_of(stranger)
    arrivals.check_in(actor=there, key=uuid.uuid4(), branch=stranger.branch, customer=friend)
    page = boss.get(f"{ENTRY}?visit={waiting.pk}")
    assert f'data-at="{branch.pk}"' in text_of(page)
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
