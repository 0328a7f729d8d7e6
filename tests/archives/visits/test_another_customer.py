"""What the server does when an entry is a customer's other than it began with: her open visit, her card, and without JavaScript.

What stays in the browser: tests/browser/test_another_customer.py.
"""

import uuid

import pytest

from archives.visits.desk import arrivals
from archives.visits.models import ARRIVED, DONE, EXPECTED, Visit
from customers.card.models import SafetyNote
from customers.log.models import AccessEntry
from tests import builders
from tests.archives.visits.entering import only_bill, sent
from tests.archives.visits.recording import line, record

URL, GUEST = "/visits/new/", "/visits/new/guest/"


@pytest.fixture
def friend(branch):
    return builders.make_customer(branch=branch, name="李婷", phone="13900001111", card_no="K77")


@pytest.fixture
def nobodys(actor, facial):
    """A walk-in who waits, for something planned."""
    fields = {"day": actor.today, "arrived_at": actor.now, "recorded_at": actor.now, "recorded_by": actor.user}
    visit = Visit.objects.create(branch=actor.branch, status=ARRIVED, **fields)
    visit.planned.create(item=facial)
    return visit


def expect_today(actor, customer, *items):
    return arrivals.expect_visit(
        actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today, items=items
    )


def states():
    return list(Visit.objects.order_by("pk").values_list("customer__name", "status"))


def test_a_walk_ins_waiting_visit_is_taken_over_by_the_customer(desk, receptionist, friend, facial, nobodys):
    guest = {"customer": friend, "visit": nobodys.pk}
    form = sent(receptionist, [guest], [{"item": facial}])
    answer = desk.post(URL, sent(receptionist, [guest | {"customer": None}], [{"item": facial}]) | {"change": "0", "who": "K77"})
    assert "The visit of Walk-in" not in answer.content.decode()  # it goes with the entry
    assert desk.post(URL, form).status_code == 302
    assert states() == [("李婷", DONE)]
    assert only_bill().payer == friend


def test_anothers_visit_is_not_and_hers_is_not_made_nobodys(desk, actor, receptionist, customer, friend, facial):
    """Saved again, as the page then says, it is a visit of its own."""
    hers = expect_today(actor, customer)
    for who in (friend, None):
        form = sent(receptionist, [{"customer": who, "visit": hers.pk}], [{"item": facial}])
        answer = desk.post(URL, form)
        assert answer.status_code == 409
        assert 'name="guests-0-visit"' in answer.content.decode()
        assert states() == [("张晓梅", EXPECTED)]
    form |= {"guests-0-visit": "", "operation": answer.context["operation_key"]}
    assert desk.post(URL, form).status_code == 302
    assert states() == [("张晓梅", EXPECTED), (None, DONE)]


def test_the_part_of_the_page_knows_whose_open_visit_it_is(desk, actor, customer, friend, facial, nobodys, other_branch):
    own, foreign = expect_today(actor, friend), Visit.objects.create(
        branch=other_branch, status=ARRIVED, day=actor.today, recorded_at=actor.now
    )  # fmt: skip
    anothers = expect_today(actor, customer)
    done = record(actor, None, line(facial)).visits.get()

    def visit_of(**query):
        answer = desk.get(GUEST, {"number": 0} | query)
        return answer.context["guest"]["visit"].value(), answer

    assert visit_of(customer=friend.pk)[0] == own.pk
    taken, answer = visit_of(customer=friend.pk, visit=nobodys.pk)
    assert taken == nobodys.pk
    assert "Another visit of today stays open: Expected." in answer.content.decode()
    assert [each["item"] for each in answer.context["guest"].card.data["planned"]] == [facial.pk]
    assert visit_of(visit=nobodys.pk)[0] == nobodys.pk  # still nobody's
    for hostile in (anothers.pk, foreign.pk, done.pk, "0", "-1", "x", "9" * 30, "", "９"):
        assert visit_of(customer=friend.pk, visit=hostile)[0] == own.pk, hostile
        assert visit_of(visit=hostile)[0] is None, hostile


def test_the_address_says_whose_a_walk_ins_visit_is(desk, stranger, actor, customer, nobodys, other_branch, facial):
    page = desk.get(URL, {"visit": nobodys.pk, "customer": customer.pk})
    (guest,) = page.context["form"].guests
    assert (guest.card.customer, guest["visit"].value()) == (customer, nobodys.pk)
    assert [line.item_shown for line in page.context["form"].lines] == [facial]
    hers = expect_today(actor, customer)
    other = builders.make_customer(branch=actor.branch)
    page = desk.get(URL, {"visit": hers.pk, "customer": other.pk})  # hers stays hers
    assert page.context["form"].guests[0].card.customer == customer
    foreign = builders.make_customer(branch=other_branch)
    assert desk.get(URL, {"visit": nobodys.pk, "customer": foreign.pk}).status_code == 404
    assert builders.client_of(stranger).get(URL, {"visit": nobodys.pk, "customer": foreign.pk}).status_code == 404


def test_without_javascript_what_was_typed_stays(desk, receptionist, actor, customer, friend, facial, beautician):
    """The page has a field for her whole number; its answer is the same form, for her; then it is stored for her alone."""
    acid = builders.make_tag("果酸")
    peel = builders.make_item(name="果酸焕肤", price_fen=52_000, tags=[acid])
    for who in (customer, friend):
        SafetyNote.objects.create(customer=who, tag=acid, noted_on=actor.today)
    hers, anothers = expect_today(actor, friend), expect_today(actor, customer)
    assert '<button class="btn" name="change" value="0">' in desk.get(URL, {"customer": customer.pk}).content.decode()
    lines = [
        {"item": facial, "staff": beautician.pk, "discount": "9折", "reason": "offer"},
        {"item": peel, "override": "她说没事", "override_tags": acid.pk, "staff": beautician.pk},
    ]
    form = sent(receptionist, [{"customer": customer, "visit": anothers.pk, "next_note": "怕痒"}], lines)
    for who in ("13900001111", "K77"):
        answer = desk.post(f"{URL}?customer={customer.pk}", form | {"change": "0", "who": who})
        assert answer.status_code == 200
        page = answer.context["form"]
        assert (page.guests[0].card.customer, page.guests[0]["visit"].value()) == (friend, hers.pk)
        assert "The visit of 张晓梅 stays open at the desk." in answer.content.decode()
        assert page.guests[0]["next_note"].value() == "怕痒"
        assert [line["discount"].value() for line in page.lines] == ["9折", None]
        assert [line["override"].value() for line in page.lines] == [None, ""]  # the reason was another's
    assert not Visit.objects.filter(status=DONE).exists()
    assert AccessEntry.objects.filter(customer_id=friend.pk, action="view").exists()
    shown = {name: values[-1] for name, values in page.data.lists() if name not in ("change", "who")}
    assert desk.post(URL, shown).status_code == 422  # her own allergy stops the line again
    assert desk.post(URL, shown | {"lines-1-override": "试过", "lines-1-override_tags": acid.pk}).status_code == 302
    assert states() == [("李婷", DONE), ("张晓梅", EXPECTED)]
    assert only_bill().payer == friend


def test_who_cannot_be_found_changes_nothing(desk, receptionist, customer, friend, facial, other_branch):
    builders.make_customer(branch=other_branch, phone="13900002222", card_no="X1")
    form = sent(receptionist, [customer], [{"item": facial}])
    for change, who in [("0", "139"), ("0", ""), ("0", "X1"), ("0", "13900002222"), ("7", "K77"), ("x", "K77"), ("0", "\x00<")]:
        answer = desk.post(URL, form | {"change": change, "who": who})
        assert answer.status_code == 422
        assert answer.context["form"].guests[0].card.customer == customer
        assert "Type a whole card number or phone number that one customer has." in answer.content.decode()
    answer = desk.post(URL, form | {"calculate": "1", "who": "K77"})  # Enter in the field presses the first button
    assert answer.context["form"].guests[0].card.customer == friend


def test_who_is_expected_takes_the_entry_of_somebody_who_is_not(desk, receptionist, actor, customer, friend, facial):
    hers = expect_today(actor, friend)
    answer = desk.post(URL, sent(receptionist, [customer], [{"item": facial}]) | {"change": "0", "who": "K77"})
    assert answer.context["form"].guests[0]["visit"].value() == hers.pk
    assert not list(answer.context["messages"])  # nothing of the other stays open


def test_a_bill_has_one_walk_in(desk, receptionist, facial):
    answer = desk.post(URL, sent(receptionist, [None, None], [{"item": facial}, {"item": facial, "guest": 1}]))
    assert answer.status_code == 422
    assert "one walk-in at most" in answer.content.decode()
