"""What a form of visit entry means where it says a thing twice, half or in a way no browser does."""

import uuid

import pytest

from archives.visits.bills import entries, services
from archives.visits.bills.models import Payment
from archives.visits.entry.parsing import WHOLE, parse_discount, parse_shares
from archives.visits.models import Line, Visit
from customers.card.models import SafetyNote
from salon.money import MAX_LINE_FEN
from tests import builders
from tests.archives.visits.entering import days_before, sent
from tests.archives.visits.recording import line, record

URL = "/visits/new/"


@pytest.fixture
def acid(db):
    return builders.make_tag("果酸")


@pytest.fixture
def peel(acid):
    return builders.make_item(name="果酸焕肤", price_fen=52_000, tags=[acid])


def test_rows_are_read_in_the_order_of_their_numbers(desk, customer, facial):
    friend = builders.make_customer(branch=customer.branch)
    data = {"guests-8-customer": friend.pk, "guests-1-customer": customer.pk, "calculate": "1"}
    data |= {f"lines-{n}-{name}": value for n in (8, 1) for name, value in (("item", facial.pk), ("guest", 1), ("quantity", 1))}
    form = desk.post(URL, data).context["form"]
    assert ([guest.number for guest in form.guests], [each.number for each in form.lines]) == (["1", "8"], ["1", "8"])


def test_the_means_that_takes_the_rest_takes_all_of_it_and_nothing_where_nothing_is_left(desk, receptionist, customer, facial):
    desk.post(URL, sent(receptionist, [customer], [{"item": facial}], **{"pay-wechat": "5", "pay-cash": "0"}))
    assert list(Payment.objects.values_list("means", "amount_fen")) == [("wechat", 38_000)]
    free = builders.make_item(price_fen=0)
    assert desk.post(URL, sent(receptionist, [customer], [{"item": free}])).status_code == 302


def test_the_channel_is_the_one_chosen_and_a_total_that_agrees_is_no_question(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}], channel="phone", shown_total="38000")
    assert desk.post(URL, data).status_code == 302
    assert Visit.objects.get().channel == "phone"


def test_what_is_wrong_is_said_once_and_where_it_is(desk, receptionist, customer, facial):
    def form_of(**head):
        return desk.post(URL, sent(receptionist, [customer], [{"item": facial}], **head)).context["form"]

    both = form_of(rest="", shown_total="37000")
    assert (both.general, both.payment_problems) == ([], ["Choose how it is paid."])
    late = form_of(on=days_before(builders.actor_of(receptionist), -1).isoformat())
    assert (late.general, dict(late.head.errors)) == ([], {"on": ["A visit cannot be done on a day to come."]})


def test_a_stop_is_an_error_and_stays_one_while_something_else_is_wrong(desk, receptionist, actor, customer, peel, acid):
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    stopped = desk.post(URL, sent(receptionist, [customer], [{"item": peel}])).context["form"]
    assert (stopped.has_errors, stopped.lines[0].shown_tags) == (True, str(acid.pk))
    answered = {"item": peel, "override": "试过", "override_tags": f"x,²,{acid.pk},"}
    wrong = desk.post(URL, sent(receptionist, [customer], [answered], rest="")).context["form"]
    assert wrong.lines[0].shown_tags == answered["override_tags"]
    assert desk.post(URL, sent(receptionist, [customer], [answered])).status_code == 302
    assert [each.tag for each in Line.objects.get().overrides.all()] == [acid]


def test_another_reason_is_stored_with_its_remark_and_a_customer_half_typed_holds_nothing_up(
    desk, receptionist, customer, facial
):
    typed = {"item": facial, "discount": "30", "reason": "other", "remark": "来晚了"}
    assert desk.post(URL, sent(receptionist, [customer], [typed]) | {"who": "K7"}).status_code == 302
    assert (Line.objects.get().discount_reason, Line.objects.get().remark.text) == ("other", "来晚了")


def test_an_item_that_is_not_there_has_no_price(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial, "price": ""}]) | {"lines-0-item": "987654321"}
    assert "There is no such item." in desk.post(URL, data).content.decode()


def test_people_of_a_line_are_shown_as_they_were_sent(desk, receptionist, customer, facial):
    (typed, empty) = (
        desk.post(URL, sent(receptionist, [customer], [{"item": facial} | more], calculate="1")).context["form"].lines[0]
        for more in ({"typed": ["陈美"]}, {})
    )
    assert typed.person_rows == [("", "", "陈美")]
    assert (empty.person_rows, empty.people) == ([("", "", "")], [("", "")])


def test_who_left_may_stay_on_a_correction_but_nobody_of_another_branch(desk, receptionist, actor, customer, facial, stranger):
    left = builders.make_staff(branch=actor.branch, is_active=False)
    for staff, status in ((stranger, 422), (left, 302)):
        bill = record(actor, customer, line(facial))
        data = sent(receptionist, [customer], [{"item": facial, "staff": ["", staff.pk], "share": ["", ""]}], replaces=bill.pk)
        assert desk.post(URL, data | {"lines-0-again": Line.objects.first().pk}).status_code == status


def test_what_one_guest_confirmed_is_not_lost_with_anothers_card(desk, receptionist, customer, branch, peel, acid):
    friend, third = (builders.make_customer(branch=branch, card_no=number) for number in ("K1", "K2"))
    lines = [{"item": peel, "guest": n, "override": "试过", "override_tags": acid.pk} for n in (0, 1)]
    form = sent(receptionist, [customer, friend], lines) | {"change": "0", "who": "K2"}
    shown = desk.post(URL, form).context["form"]
    assert [guest.card.customer for guest in shown.guests] == [third, friend]
    assert [each["override"].value() for each in shown.lines] == ["", "试过"]


def test_who_looked_up_too_many_numbers_is_told_so(desk, receptionist, customer, facial, settings):
    settings.FIND_MISSES_AN_HOUR = 0
    form = sent(receptionist, [customer], [{"item": facial}]) | {"change": "0", "who": "13900009999"}
    assert "as many whole numbers as one person may" in desk.post(URL, form).content.decode()


def test_a_correction_that_met_a_conflict_is_a_correction_still(desk, receptionist, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    data = sent(receptionist, [customer], [{"item": facial}], replaces=bill.pk, identified=5)
    answer = desk.post(URL, data)
    head = answer.context["form"].head
    assert (answer.status_code, head["replaces"].value(), head["identified"].value()) == (409, str(bill.pk), 0)


# --- What is refused before anything is stored -------------------------------------------------------------------------------


def problems(sold, paid=None):
    paid = [("cash", sold.value_fen)] if paid is None else paid
    return [str(problem.message) for problem in entries.problems([entries.GuestEntry(None, (sold,))], paid)]


def test_a_line_is_looked_at_whole(facial, beautician, receptionist):
    whole, free = ((beautician, 10_000),), {"unit_price_fen": 0}
    assert problems(line(facial, unit_price_fen=-1), [("cash", 1)])[0].startswith("A line comes to")
    assert not problems(line(facial, unit_price_fen=MAX_LINE_FEN))
    assert not problems(line(facial, minutes=1440, shares=whole))
    assert problems(line(facial, unit_price_fen=MAX_LINE_FEN + 1, quantity_milli=1))[0].startswith("A line comes to")
    assert problems(line(facial, **free), [("cash", 0)]) == ["The amount must be above 0."]
    assert problems(line(facial, discount_fen=-1, discount_reason="offer"), [("cash", 38_001)]) == [
        "The discount cannot be more than the price."
    ]
    shares = ((beautician, 10_001), (receptionist, -1))
    assert problems(line(facial, shares=shares)) == ["The shares of a line must sum to 100%."]
    shares = ((beautician, 10_000), (receptionist, 0))
    assert problems(line(facial, shares=shares)) == ["The shares of a line must sum to 100%."]
    assert [str(each.message) for each in entries.problems([], [])] == ["Choose a customer, or a walk-in."]
    assert "Add at least one item." in str(entries.problems([entries.GuestEntry(None)], [])[0].message)


def test_a_customer_stands_once_on_a_bill_and_walk_ins_too(customer, facial):
    def said(*who):
        guests = [entries.GuestEntry(each, (line(facial, unit_price_fen=0),)) for each in who]
        return [str(problem.message).partition(":")[0] for problem in entries.problems(guests, [])]

    assert said(customer, None) == []
    assert said(customer, customer) == ["A customer can stand on a bill only once."]
    assert said(None, None) == ["A bill has one walk-in at most"]


@pytest.mark.parametrize("typed", ["1000000.01", "=1000000.01", "0.00折"])
def test_no_discount_is_beyond_any_line_nor_takes_all(typed):
    with pytest.raises(ValueError):
        parse_discount(typed)


def test_the_largest_discount_and_shares_of_nobody():
    assert parse_discount("1000000").off_fen == parse_discount("=1000000").final_fen == MAX_LINE_FEN
    assert parse_discount("9.99折").keep == 9_990
    for texts in ([], ["60", "40", ""], ["70", "40", ""]):
        with pytest.raises(ValueError):
            parse_shares(texts)
    assert sum(parse_shares(["99.99", ""])) == WHOLE


# --- Which bill may be corrected ------------------------------------------------------------------------------------------


def test_a_bill_of_yesterday_is_corrected_by_the_manager_only(desk, manager, actor, customer, facial):
    bill = record(actor, customer, line(facial), on=days_before(actor, 1))
    visit = bill.visits.get()
    assert desk.get(f"{URL}?replaces={visit.pk}").status_code == 403
    assert builders.client_of(manager).get(f"{URL}?replaces={visit.pk}").status_code == 200


def test_a_voided_bill_or_a_refund_cannot_be_corrected(manager, actor, customer, facial):
    client = builders.client_of(manager)
    boss = builders.actor_of(manager)
    bill = record(actor, customer, line(facial))
    services.void_bill(actor=boss, key=uuid.uuid4(), bill=bill, reason="Irrtum")
    assert client.get(f"{URL}?replaces={bill.visits.get().pk}").status_code == 404
