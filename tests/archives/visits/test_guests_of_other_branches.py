"""A customer of another branch at this one: whoever expects her or lets her in, she is served, corrected and found all day."""

import uuid
from datetime import timedelta

import pytest

from archives.visits.desk import arrivals
from customers.card.models import Customer
from customers.log.models import AccessEntry
from customers.privacy.models import GuestPass
from tests import builders
from tests.archives.visits.entered import ENTRY, again, sent_line, store, text_of
from tests.archives.visits.entering import sent
from tests.archives.visits.recording import line, record


@pytest.fixture
def guest(other_branch):
    return builders.make_customer(branch=other_branch, name="客人", card_no="XH-9")


@pytest.fixture
def boss(owner, actor):
    """The owner, at this branch."""
    return builders.actor_of(owner, actor.now)


def expect_today(actor, customer):
    return arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today)


def may_open(actor, customer):
    return Customer.objects.visible_to(actor).filter(pk=customer.pk).exists()


def test_whom_the_owner_lets_in_the_desk_can_serve_and_correct(desk, boss, actor, guest, facial):
    """Met over real sockets: she stood on the board, her entry opened, and saving it was 404."""
    visit = arrivals.check_in(actor=boss, key=uuid.uuid4(), branch=actor.branch, customer=guest)
    assert may_open(actor, guest)
    assert list(AccessEntry.objects.filter(action="guest").values_list("customer_id", "user")) == [(guest.pk, boss.user.pk)]
    done = store(desk, again(desk.get(f"{ENTRY}?visit={visit.pk}"), **sent_line(facial)))
    page = desk.get(f"{ENTRY}?replaces={done.pk}")
    assert store(desk, again(page, nobody="1", **{"lines-0-price": "300"})).net_fen == 30_000
    assert GuestPass.objects.count() == 1


def test_who_was_expected_is_let_in_when_she_arrives_and_that_day_only(desk, boss, actor, guest):
    """She booked next here as a guest; weeks later nobody asks for her number again."""
    visit = expect_today(boss, guest)
    assert not may_open(actor, guest)  # to be expected opens no card
    desk.post(f"/visits/{visit.pk}/move/", {"to": "arrived"})
    assert may_open(actor, guest)
    assert not may_open(builders.actor_of(actor.staff, actor.now + timedelta(days=1)), guest)


def test_the_board_leads_to_no_card_that_cannot_be_opened_yet(desk, boss, actor, guest, customer):
    """A guest who is only expected, today or tomorrow, has a name there and no link; a 404 lay behind it."""
    for visitor, on in ((guest, actor.today), (guest, actor.today + timedelta(days=1)), (customer, actor.today)):
        arrivals.expect_visit(actor=boss, key=uuid.uuid4(), branch=actor.branch, customer=visitor, on=on)

    def links():
        page = text_of(desk.get("/"))
        assert "客人" in page
        return {pk for pk in (guest.pk, customer.pk) if f'href="/customers/{pk}/"' in page}

    assert links() == {customer.pk}
    visit = guest.visits.get(day=actor.today)
    desk.post(f"/visits/{visit.pk}/move/", {"to": "arrived"})
    assert links() == {customer.pk, guest.pk}


@pytest.mark.parametrize("is_hers", [True, False])
def test_a_beauticians_board_leads_to_the_cards_she_may_open(actor, beautician, customer, is_hers):
    assigned = beautician if is_hers else builders.make_staff(branch=actor.branch, role="beautician", name="王琳")
    arrivals.expect_visit(
        actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today, assigned=assigned
    )
    page = text_of(builders.client_of(beautician).get("/"))
    assert (f'href="/customers/{customer.pk}/"' in page) == is_hers


def test_who_is_expected_and_served_without_having_arrived_is_let_in_by_her_bill(desk, boss, actor, guest, facial):
    visit = expect_today(boss, guest)
    page = desk.get(f"{ENTRY}?visit={visit.pk}")
    assert "客人" in text_of(page)
    assert store(desk, again(page, **sent_line(facial))).pk == visit.pk
    assert may_open(actor, guest)


def test_an_old_bill_of_hers_is_corrected_without_opening_her_card(boss, manager, actor, guest, facial):
    bill = record(boss, guest, line(facial), on=actor.today - timedelta(days=3))
    lead = builders.client_of(manager)
    page = lead.get(f"{ENTRY}?replaces={bill.visits.get().pk}")
    assert store(lead, again(page, nobody="1", **{"lines-0-price": "300"})).bill.replaces == bill
    assert not may_open(actor, guest)


def test_nobody_is_let_in_by_naming_a_visit_that_is_not_of_today_or_not_hers(desk, receptionist, boss, actor, guest, facial):
    """Control of the way in: the hidden fields of a form are anybody's to change."""
    other = builders.make_customer(branch=guest.branch)
    old = record(boss, guest, line(facial), on=actor.today - timedelta(days=3)).visits.get()
    today = arrivals.check_in(actor=boss, key=uuid.uuid4(), branch=actor.branch, customer=guest)
    to_come = arrivals.expect_visit(
        actor=boss, key=uuid.uuid4(), branch=actor.branch, customer=other, on=actor.today + timedelta(days=1)
    )
    for customer, visit in ((other, old), (other, today), (other, to_come), (other, "")):
        form = sent(receptionist, [{"customer": customer, "visit": getattr(visit, "pk", visit)}], [{"item": facial}])
        assert desk.post(ENTRY, form).status_code == 404
    assert not may_open(actor, other)
