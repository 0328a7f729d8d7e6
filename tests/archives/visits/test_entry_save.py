"""Saving a visit from the page: what is sent is what is stored, once, or comes back with everything that was typed."""

import html
import re

import pytest

from archives.visits.desk import arrivals
from archives.visits.models import Bill, Line, Visit
from customers.card.models import SafetyNote
from salon import drafts, operations
from tests import builders
from tests.archives.visits.entering import only_bill, sent
from tests.archives.visits.recording import line, record

URL = "/visits/new/"


@pytest.fixture
def essence(db):
    return builders.make_item(name="眼部精华", kind="product", price_fen=41_000, minutes=0)


@pytest.fixture
def acid(db):
    return builders.make_tag("果酸")


@pytest.fixture
def peel(acid):
    return builders.make_item(name="果酸焕肤", price_fen=52_000, tags=[acid])


@pytest.fixture
def allergy(customer, acid, actor):
    return SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)


def test_a_visit_with_all_there_is(desk, receptionist, beautician, manager, customer, facial, essence):
    data = sent(
        receptionist,
        [{"customer": customer, "next_note": "下次主推 眼部精华", "desk_note": "迟到十分钟"}],
        [
            {"item": facial, "discount": "9折", "reason": "member", "staff": [beautician.pk, manager.pk], "share": ["60", ""]},
            {"item": essence, "quantity": "2", "price": "400", "minutes": "", "remark": "送人"},
        ],
        **{"rest": "wechat", "pay-cash": "100"},
    )
    response = desk.post(URL, data)
    bill = only_bill()
    visit = bill.visits.get()
    assert (response.status_code, response["Location"]) == (302, f"/visits/{visit.pk}/saved/")
    assert (bill.payable_fen, bill.payer, visit.net_fen) == (34_200 + 80_000, customer, 114_200)
    assert list(bill.payments.values_list("means", "amount_fen")) == [("cash", 10_000), ("wechat", 104_200)]
    first, second = visit.lines.all()
    assert (first.discount_fen, first.discount_reason, first.minutes) == (3_800, "member", 60)
    assert list(first.shares.order_by("pk").values_list("staff", "share_bp", "value_fen")) == [
        (beautician.pk, 6_000, 20_520),
        (manager.pk, 4_000, 13_680),
    ]
    assert (second.quantity_milli, second.unit_price_fen, second.remark.text, second.minutes) == (2_000, 40_000, "送人", 0)
    assert list(visit.notes.values_list("kind", "text")) == [("next", "下次主推 眼部精华"), ("desk", "迟到十分钟")]
    assert response.cookies[drafts.COOKIE].value == data["operation"].partition(":")[0]


def test_a_page_sent_twice_is_stored_once_and_shows_the_same_visit(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}])
    first, second = desk.post(URL, data), desk.post(URL, data)
    assert first["Location"] == second["Location"]
    assert Bill.objects.count() == 1
    assert drafts.COOKIE in second.cookies


def test_a_stored_page_sent_with_other_content_keeps_it_and_names_what_was_stored(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}])
    stored = desk.post(URL, data)["Location"]
    again = desk.post(URL, data | {"lines-0-price": "1", "guests-0-next_note": "neu"})
    page = again.content.decode()
    assert (again.status_code, Bill.objects.count()) == (409, 1)
    assert stored in page
    assert "neu" in page
    assert 'value="1"' in page
    assert data["operation"] not in page


@pytest.mark.parametrize("key", ["", "forged", None])
def test_a_key_that_is_too_old_or_not_ours_stores_nothing_and_loses_nothing(desk, receptionist, manager, customer, facial, key):
    data = sent(receptionist, [customer], [{"item": facial, "remark": "bleibt"}])
    data["operation"] = operations.new_key(manager.user, "visit") if key is None else key
    response = desk.post(URL, data)
    assert (response.status_code, Bill.objects.count()) == (409, 0)
    assert "bleibt" in response.content.decode()


def test_several_customers_on_one_bill_with_one_payer(desk, receptionist, customer, facial, essence):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    lines = [{"item": facial, "guest": 0}, {"item": essence, "guest": 1}, {"item": facial, "guest": 2}]
    desk.post(URL, sent(receptionist, [customer, friend, None], lines, payer=1))
    bill = only_bill()
    assert bill.payer == friend
    assert list(bill.visits.order_by("pk").values_list("customer", "net_fen")) == [
        (customer.pk, 38_000),
        (friend.pk, 41_000),
        (None, 38_000),
    ]


def test_somebody_pays_who_is_not_served(desk, receptionist, customer, facial):
    husband = builders.make_customer(branch=customer.branch, name="李强")
    desk.post(URL, sent(receptionist, [customer], [{"item": facial}], payer="other", payer_card=husband.pk))
    bill = only_bill()
    assert bill.payer == husband
    assert list(bill.visits.values_list("customer", flat=True)) == [customer.pk]


def test_a_walk_in_may_pay_for_a_customer(desk, receptionist, customer, facial):
    desk.post(URL, sent(receptionist, [customer, None], [{"item": facial}, {"item": facial, "guest": 1}], payer=1))
    assert only_bill().payer is None


def test_who_pays_is_chosen_and_may_be_seen(desk, receptionist, customer, facial, other_branch):
    stranger = builders.make_customer(branch=other_branch, name="外人")
    lines = [{"item": facial}]
    response = desk.post(URL, sent(receptionist, [customer], lines, payer="other"))
    assert response.status_code == 422
    assert "Choose who pays." in response.content.decode()
    response = desk.post(URL, sent(receptionist, [customer], lines, payer=9))
    assert response.status_code == 422
    response = desk.post(URL, sent(receptionist, [customer], lines, payer="husband"))
    assert response.status_code == 422
    response = desk.post(URL, sent(receptionist, [customer], lines, payer="other", payer_card=stranger.pk))
    assert response.status_code == 404
    assert Bill.objects.count() == 0


@pytest.mark.parametrize("nobody", ["", "1"])
def test_a_name_that_is_nobodys_is_refused_and_stays(desk, receptionist, customer, facial, beautician, nobody):
    typed = {"item": facial, "staff": ["", beautician.pk], "share": ["", ""], "typed": ["陈美", " "]}
    response = desk.post(URL, sent(receptionist, [customer], [typed], nobody=nobody))
    assert (response.status_code, Bill.objects.count()) == (422, 0)
    page = response.content.decode()
    assert page.count("Nobody of this name works here.") == 2  # at the line, and among what the browser says
    assert 'name="lines-0-typed" value="陈美"' in page
    (shown,) = response.context["form"].lines
    assert shown.person_rows == [(str(beautician.pk), "", ""), ("", "", "陈美")]
    assert desk.post(URL, sent(receptionist, [customer], [typed | {"typed": ["", " "]}], nobody=nobody)).status_code == 302


def test_who_left_serves_nobody_today(desk, receptionist, customer, facial, beautician):
    type(beautician).objects.filter(pk=beautician.pk).update(is_active=False)
    response = desk.post(URL, sent(receptionist, [customer], [{"item": facial, "staff": beautician.pk, "share": 100}]))
    assert response.status_code == 422
    assert "Choose somebody who works here." in response.content.decode()
    assert Bill.objects.count() == 0


def test_a_walk_in_needs_no_card(desk, receptionist, essence):
    desk.post(URL, sent(receptionist, [None], [{"item": essence}], rest="cash"))
    assert only_bill().payer is None


def test_an_expected_visit_is_finished_not_doubled(desk, receptionist, actor, customer, facial):
    visit = arrivals.expect_visit(
        actor=actor, key="5f0f5a4e-0000-4000-8000-000000000001", branch=actor.branch, customer=customer, on=actor.today
    )
    desk.post(URL, sent(receptionist, [{"customer": customer, "visit": visit.pk}], [{"item": facial}]))
    assert Visit.objects.get().status == "done"


def test_a_visit_somebody_else_finished_meanwhile_can_be_saved_as_one_of_its_own(desk, receptionist, actor, customer, facial):
    visit = arrivals.expect_visit(
        actor=actor, key="5f0f5a4e-0000-4000-8000-000000000002", branch=actor.branch, customer=customer, on=actor.today
    )
    data = sent(receptionist, [{"customer": customer, "visit": visit.pk}], [{"item": facial}])
    arrivals.move_visit(actor=actor, visit=visit, to="cancelled")
    first = desk.post(URL, data)
    assert (first.status_code, Bill.objects.count()) == (409, 0)
    key = first.context["operation_key"]
    assert 'name="guests-0-visit" value' not in first.content.decode()
    desk.post(URL, data | {"operation": key, "guests-0-visit": ""})
    assert Visit.objects.filter(status="done").count() == 1


def test_a_correction_voids_the_old_bill_and_stores_the_new_one(desk, receptionist, actor, customer, facial):
    old = record(actor, customer, line(facial))
    data = sent(receptionist, [customer], [{"item": facial, "price": "300"}], replaces=old.pk)
    desk.post(URL, data)
    old.refresh_from_db()
    assert old.voided_at
    assert old.replaced_by.payable_fen == 30_000


# --- What is refused comes back as it was typed ------------------------------------------------------------------------

REFUSED = {
    "an unreadable discount": ({"discount": "10折"}, "Type a discount as"),
    "a discount above the price": ({"discount": "400", "reason": "offer"}, "The discount cannot be more than the price."),
    "a discount without reason": ({"discount": "9折"}, "Say why there is a discount."),
    "another reason without remark": ({"discount": "9折", "reason": "other"}, "Say in the remark why there is a discount."),
    "no quantity": ({"quantity": ""}, "This field is required."),
    "a quantity of nothing": ({"quantity": "0"}, "The quantity must be above 0"),
    "an unreadable price": ({"price": "viel"}, "Enter an amount of money"),
    "too many minutes": ({"minutes": "2000"}, "less than or equal to 1440"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_line_comes_back_with_the_reason_beside_it(desk, receptionist, customer, facial, essence, name):
    wrong, reason = REFUSED[name]
    notes = {"customer": customer, "next_note": "一定要留着 <b>"}
    data = sent(receptionist, [notes], [{"item": essence}, {"item": facial} | wrong], **{"pay-cash": "12.34"})
    response = desk.post(URL, data)
    page = response.content.decode()
    assert (response.status_code, Bill.objects.count()) == (422, 0)
    bad_line = page[page.index('data-line="1"') : page.index("</table>")]
    assert reason in html.unescape(bad_line)
    assert "一定要留着 &lt;b&gt;" in page
    assert 'value="12.34"' in page
    assert data["operation"] in page
    for value in wrong.values():
        assert f'value="{value}"' in page


def test_a_line_of_nobody_on_the_bill_is_refused(desk, receptionist, customer, facial):
    response = desk.post(URL, sent(receptionist, [customer], [{"item": facial, "guest": 7}]))
    assert (response.status_code, Bill.objects.count()) == (422, 0)
    assert "Choose whose line this is." in response.content.decode()


def test_shares_and_people_are_checked(desk, receptionist, beautician, manager, stranger, customer, facial):
    def answer(staff, share):
        data = sent(receptionist, [customer], [{"item": facial, "staff": staff, "share": share}])
        return html.unescape(desk.post(URL, data).content.decode())

    assert "must sum to 100%" in answer([beautician.pk, manager.pk], ["60", "50"])
    assert "A person can stand on a line only once." in answer([beautician.pk, beautician.pk], ["50", "50"])
    assert "Choose somebody who works here." in answer([stranger.pk], [""])
    assert Bill.objects.count() == 0


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"rest": ""}, "Choose how it is paid."),
        ({"rest": "", "pay-cash": "300"}, "The payments come to ¥\xa0300.00, but ¥\xa0380.00 is to be paid."),
        ({"pay-cash": "400"}, "The payments come to ¥\xa0400.00"),
        ({"shown_total": "37000"}, "The total is ¥\xa0380.00, not ¥\xa0370.00"),
        ({"on": "2198-01-01"}, "on a day to come"),
        ({"rest": "unknown"}, "Select a valid choice"),
        ({"rest": "stored"}, "Select a valid choice"),
    ],
)
def test_payments_must_come_to_the_bill(desk, receptionist, customer, facial, head, reason):
    response = desk.post(URL, sent(receptionist, [customer], [{"item": facial}], **head))
    assert (response.status_code, Bill.objects.count()) == (422, 0)
    assert reason in html.unescape(response.content.decode())


def test_nothing_at_all_is_refused_kindly(desk, receptionist, customer):
    response = desk.post(URL, sent(receptionist, [customer], []))
    assert response.status_code == 422
    assert "Add at least one item." in response.content.decode()
    assert desk.post(URL, {"operation": "x"}).status_code == 422


def test_a_free_visit_needs_no_payment(desk, receptionist, customer):
    advice = builders.make_item(name="面部咨询", price_fen=0)
    desk.post(URL, sent(receptionist, [customer], [{"item": advice}], rest=""))
    assert only_bill().payable_fen == 0


# --- Who served --------------------------------------------------------------------------------------------------------------


def test_a_service_without_anybody_asks_once(desk, receptionist, customer, facial, essence):
    data = sent(receptionist, [customer], [{"item": essence}, {"item": facial}], nobody="")
    asked = desk.post(URL, data)
    page = html.unescape(asked.content.decode())
    assert (asked.status_code, Bill.objects.count()) == (422, 0)
    assert [bool(each.non_field_errors()) for each in asked.context["form"].lines] == [False, True]  # a product needs nobody
    assert "Nobody is named who did this." in page
    assert 'name="nobody" value="1"' in page
    assert data["operation"] in page
    assert desk.post(URL, data | {"nobody": "1"}).status_code == 302


def test_who_is_named_is_not_asked_about(desk, receptionist, beautician, customer, facial, essence):
    lines = [{"item": facial, "staff": beautician.pk, "share": ""}, {"item": essence}]
    assert desk.post(URL, sent(receptionist, [customer], lines, nobody="")).status_code == 302


def test_what_is_wrong_is_said_before_anything_is_asked_and_adding_up_asks_nothing(desk, receptionist, customer, facial):
    wrong = desk.post(URL, sent(receptionist, [customer], [{"item": facial}], nobody="", rest=""))
    sums = desk.post(URL, sent(receptionist, [customer], [{"item": facial}], nobody="", calculate="1"))
    for response in (wrong, sums):
        (line,) = response.context["form"].lines
        assert list(line.non_field_errors()) == []
        assert 'name="nobody" value="1"' not in response.content.decode()


# --- Safety --------------------------------------------------------------------------------------------------------------


def test_what_she_does_not_tolerate_is_stopped_until_somebody_says_why(desk, receptionist, customer, peel, acid, allergy):
    data = sent(receptionist, [customer], [{"item": peel}])
    stopped = desk.post(URL, data)
    page = html.unescape(stopped.content.decode())
    assert (stopped.status_code, Bill.objects.count()) == (422, 0)
    assert "Not tolerated: 果酸" in page
    assert f'name="lines-0-override_tags" value="{acid.pk}"' in page
    desk.post(URL, data | {"lines-0-override": "斑贴试验无反应", "lines-0-override_tags": str(acid.pk)})
    override = Line.objects.get().overrides.get()
    assert (override.tag, override.reason, override.by) == (acid, "斑贴试验无反应", receptionist.user)


def test_a_reason_holds_only_for_the_warnings_that_were_shown(desk, receptionist, customer, peel, allergy):
    other = builders.make_tag("酒精")
    data = sent(receptionist, [customer], [{"item": peel, "override": "没问题", "override_tags": str(other.pk)}])
    assert desk.post(URL, data).status_code == 422
    assert Bill.objects.count() == 0


def test_somebody_elses_allergy_does_not_stop_her_line(desk, receptionist, customer, peel, allergy):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    facial = builders.make_item(name="水光")
    lines = [{"item": facial, "guest": 0}, {"item": peel, "guest": 1}]
    assert desk.post(URL, sent(receptionist, [customer, friend], lines)).status_code == 302


# --- Without JavaScript ----------------------------------------------------------------------------------------------------


def test_spare_rows_stay_out_and_an_empty_price_is_the_catalogues(desk, receptionist, customer, facial, essence):
    data = sent(receptionist, [customer], [{"item": facial, "price": "", "minutes": ""}, {"item": essence, "drop": "on"}])
    data |= {"lines-7-item": "", "lines-7-quantity": "1", "lines-7-price": ""}
    desk.post(URL, data)
    stored = Line.objects.get()
    assert (stored.item, stored.unit_price_fen, stored.minutes) == (facial, 38_000, 60)


def test_enter_in_a_field_presses_a_button_that_stores_nothing(desk, customer):
    """A browser presses the first button of a form: it must be the one that adds up."""
    page = desk.get(f"{URL}?customer={customer.pk}").content.decode()
    form = page[page.index('id="visit"') :]
    first = re.search(r'<button(?![^>]*type="button")[^>]*>', form)[0]
    assert 'name="calculate"' in first
    assert "disabled" not in first


def test_adding_up_shows_the_sum_and_stores_nothing(desk, receptionist, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial, "discount": "9折", "reason": "offer"}], rest="", calculate="1")
    response = desk.post(URL, data)
    assert (response.status_code, Bill.objects.count()) == (200, 0)
    assert "¥\xa0342.00" in response.content.decode()


# --- Who may ---------------------------------------------------------------------------------------------------------------


def test_a_beautician_may_not(beautician, customer, facial):
    client = builders.client_of(beautician)
    assert client.get(f"{URL}?customer={customer.pk}").status_code == 403
    assert client.post(URL, sent(beautician, [customer], [{"item": facial}])).status_code == 403
    assert Bill.objects.count() == 0


def test_cards_visits_and_bills_of_another_branch_are_not_there(stranger, actor, customer, facial):
    client = builders.client_of(stranger)
    bill = record(actor, customer, line(facial))
    visit = bill.visits.get()
    asked = [f"customer={customer.pk}", f"visit={visit.pk}", f"replaces={visit.pk}", "customer=x", f"customer={10**21}"]
    for query in asked:
        assert client.get(f"{URL}?{query}").status_code == 404
    assert client.get(f"/visits/new/guest/?customer={customer.pk}&number=1").status_code == 404
    for guest in (customer, {"customer": None, "visit": visit.pk}):
        assert client.post(URL, sent(stranger, [guest], [{"item": facial}])).status_code == 404
    assert client.post(URL, sent(stranger, [None], [{"item": facial}], replaces=bill.pk)).status_code == 404
    assert Bill.objects.count() == 1


def test_saving_five_lines_takes_few_queries(
    desk, receptionist, beautician, manager, customer, peel, allergy, django_assert_max_num_queries
):
    items = [builders.make_item(name=f"项目 {n}") for n in range(5)]
    lines = [{"item": item, "staff": [beautician.pk, manager.pk], "share": ["60", "40"], "remark": "x"} for item in items]
    guest = {"customer": customer, "next_note": "n", "desk_note": "d"}
    desk.get("/healthz/")
    with django_assert_max_num_queries(40) as seen:
        assert desk.post(URL, sent(receptionist, [guest], lines)).status_code == 302
    statements = [q["sql"] for q in seen.captured_queries if "SAVEPOINT" not in q["sql"].upper()]
    assert len(statements) <= 25, "\n".join(s[:120] for s in statements)
