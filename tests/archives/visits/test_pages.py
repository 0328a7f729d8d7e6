"""The list and the page of a visit, voiding and giving back, in the browser's terms."""

import re
import uuid
from datetime import timedelta

import pytest
from django.http import HttpResponse

from archives.visits import views
from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Line, Visit
from customers.log.models import AccessEntry
from salon.database import replica
from tests import builders
from tests.archives.visits.recording import line, record


@pytest.fixture
def bill(actor, customer, facial, beautician):
    guest = GuestEntry(customer, (line(facial, shares=((beautician, 10_000),), remark="少量"),), next_note="力度轻")
    return record(actor, customer, guests=[guest], paid=[("wechat", 38_000)])


@pytest.fixture
def visit(bill):
    return bill.visits.get()


def operation_key(client, url):
    return client.get(url).context["operation_key"]


def test_the_list_shows_what_was_done(desk, visit):
    text = desk.get("/visits/").content.decode()
    assert "张晓梅" in text
    assert "水光补水" in text
    assert "380.00" in text
    assert visit.receipt_no in text


def test_the_list_filters_and_refuses_what_it_does_not_know(desk, visit, facial, beautician):
    def shown(query):
        return len(desk.get(f"/visits/?{query}").context["listing"].rows)

    day = visit.day.isoformat()
    for query in (
        f"day_from={day}&day_to={day}",
        "status=done",
        "customer=张晓",
        "customer=6621",
        f"customer={visit.receipt_no}",
        f"item={facial.pk}",
        f"staff={beautician.pk}",
        "means=wechat",
    ):
        assert shown(query) == 1, query
    number = visit.receipt_no
    for written in (number.lower(), number.split("-")[1], number.split("-")[1].lower(), "R1", f" {number} ", "Ｒ１"):
        assert shown(f"customer={written}") == 1, written
    for query in (
        "customer=R2",
        "day_to=2020-01-01",
        "status=voided",
        "customer=王",
        "means=cash",
        "nonsense=1",
        "status=nonsense",
        "sort=password",
    ):
        assert shown(query) == 0, query
    assert desk.get("/visits/?nonsense=1").context["listing"].errors
    page = desk.get(f"/visits/?day_from={day}&day_to=2020-01-01")
    assert page.context["listing"].errors == ["To: This day is before that of “From”."]
    assert page.content.decode().count("This day is before that of “From”.") == 2, "above the rows, and at the field"


def test_each_filter_finds_what_it_asks_for_and_nothing_else(desk, actor, customer, facial, visit, beautician, manager, branch):
    eyes, other = builders.make_item(name="眼部护理"), builders.make_staff(branch=branch, name="王琳")
    friend = builders.make_customer(branch=branch, name="李婷", phone="13900001111")
    by_card = record(actor, friend, line(eyes, shares=((other, 10_000),)), paid=[("card", eyes.price_fen)]).visits.get()
    given = {"branch": branch, "customer": friend, "on": actor.today, "assigned": beautician}
    planned = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), **given)
    for query, found in {
        f"item={facial.pk}": {visit}, f"item={eyes.pk}": {by_card}, "means=card": {by_card}, "means=wechat": {visit},
        f"staff={other.pk}": {by_card}, f"staff={beautician.pk}": {visit, planned}, f"staff={manager.pk}": set(),
    }.items():  # fmt: skip
        assert set(desk.get(f"/visits/?{query}").context["listing"].rows) == found, query


def test_who_filters_by_what(desk, owner, beautician, visit):
    """Branches are for the owner, means of payment for who sees amounts."""
    clients = {"desk": desk, "owner": builders.client_of(owner), "beautician": builders.client_of(beautician)}
    offered = {who: set(client.get("/visits/").context["listing"].filterset.form.fields) for who, client in clients.items()}
    has = {who: ("branch" in names, "means" in names) for who, names in offered.items()}
    assert has == {"desk": (False, True), "owner": (True, True), "beautician": (False, False)}


def test_a_whole_number_is_logged_with_whose_it_is_once_unless_it_names_a_receipt_or_a_card(
    desk, actor, facial, customer, branch
):
    friend = builders.make_customer(branch=branch, name="李婷", phone="13812346621")
    for who in (friend, friend, customer):
        record(actor, who, line(facial))
    of_file = {"branch": branch, "payable_fen": 0, "paid_fen": 0, "recorded_at": actor.now, "business_date": actor.today}
    done = {"status": "done", "business_date": actor.today, "day": actor.today, "recorded_at": actor.now}
    for number in ("13700001111", "13812346621"):
        bill = Bill.objects.create(receipt_no=number, **of_file)
        Visit.objects.create(branch=branch, bill=bill, receipt_no=number, **done)
    logged = []
    for words in ("13812346621", "13700001111", "13900009999"):
        desk.get(f"/visits/?customer={words}")
        logged.append(sorted(AccessEntry.objects.filter(action="find").values_list("customer_id", flat=True), key=str))
    hers = sorted([customer.pk, friend.pk], key=str)
    assert logged == [hers, hers, [*hers, None]]


def test_the_list_takes_as_many_queries_for_ten_visits_as_for_one(
    desk, actor, customer, facial, beautician, branch, django_assert_num_queries
):
    def come():
        record(actor, customer, line(facial, shares=((beautician, 10_000),)), line(facial))

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    come()
    desk.get("/visits/")
    with CaptureQueriesContext(connection) as once:
        desk.get("/visits/")
    for _ in range(9):
        come()
    with django_assert_num_queries(len(once)):
        desk.get("/visits/")


def test_a_visit_without_a_bill_and_one_of_its_own_stand_alone(desk, actor, customer, visit):
    given = {"branch": actor.branch, "on": actor.today}
    for who in (customer, builders.make_customer(branch=actor.branch)):
        planned = arrivals.expect_visit(actor=actor, key=uuid.uuid4(), customer=who, **given)
    for each in (planned, visit):
        page = desk.get(f"/visits/{each.pk}/").context
        (alone,) = page["visits"]
        assert alone is page["visit"]  # not read twice


def test_what_may_be_done_with_a_bill_is_offered_to_who_may_while_it_stands(desk, actor, bill, visit, beautician, branch):
    def offered(client, of=visit):
        page = client.get(f"/visits/{of.pk}/").context
        return {name.removeprefix("may_") for name in ("may_void", "may_correct", "may_refund", "may_enter_again") if page[name]}

    colleague = builders.client_of(builders.make_staff(branch=branch, role="receptionist"))
    assert offered(desk) == {"void", "correct", "refund"}
    assert (offered(colleague), offered(builders.client_of(beautician))) == ({"refund"}, set())
    for client, status in ((desk, 200), (colleague, 403)):
        assert client.get(f"/visits/{visit.pk}/void/").status_code == status
    sold, given_back = Line.objects.get(), []
    for _n in range(2):
        paid = {"lines": [(sold, 100, 100)], "payments": [("wechat", 100)], "reason": "x"}
        given_back.append(services.refund(actor=actor, key=uuid.uuid4(), bill=bill, **paid))
    assert offered(desk, given_back[0].visits.get()) == {"void"}
    assert list(desk.get(f"/visits/{visit.pk}/").context["refunds"]) == given_back
    for back in given_back:
        services.void_bill(actor=actor, key=uuid.uuid4(), bill=back, reason="x")
    services.void_bill(actor=actor, key=uuid.uuid4(), bill=bill, reason="x")
    assert offered(desk) == set()


def test_whose_a_walk_ins_visit_is_asks_who_may_say_so(desk, beautician, actor, facial):
    nobodys = record(actor, None, line(facial, shares=((beautician, 10_000),))).visits.get()
    shown = [client.get(f"/visits/{nobodys.pk}/").context["may_identify"] for client in (desk, builders.client_of(beautician))]
    assert shown == [True, False]


def test_voiding_a_bill_of_several_names_them_in_order(desk, actor, customer, facial, branch):
    people = [customer, builders.make_customer(branch=branch)]
    record(actor, None, line(facial))
    both = record(actor, customer, guests=[GuestEntry(each, (line(facial),)) for each in people], paid=[("cash", 76_000)])
    record(actor, customer, line(facial))
    first = both.visits.order_by("pk").first()
    for page in ("", "void/"):
        visits = desk.get(f"/visits/{first.pk}/{page}").context["visits"]
        assert [each.customer for each in visits] == people
    void = f"/visits/{first.pk}/void/"
    assert desk.post(void, {"operation": operation_key(desk, void), "reason": "x"})["Location"] == f"/visits/{first.pk}/"


def test_the_export_reads_from_the_copy(manager, visit, monkeypatch):
    """Where there is one; here the copy is the database itself."""
    read = []
    monkeypatch.setattr(views, "answer", lambda request, name: read.append(replica._reading.get()) or HttpResponse())
    monkeypatch.setattr(replica, "has_copy", lambda: True)
    monkeypatch.setattr(replica, "standing", replica.Standing)
    builders.client_of(manager).get("/visits/export/")
    assert read == [True]


def test_the_page_shows_lines_payment_notes_and_is_logged(desk, visit, receptionist):
    text = desk.get(f"/visits/{visit.pk}/").content.decode()
    for part in ("水光补水", "陈美娟", "380.00", "WeChat", "力度轻", "少量", visit.receipt_no):
        assert part in text
    entry = AccessEntry.objects.get()
    assert (entry.user, entry.customer_id, entry.action) == (receptionist.user, visit.customer_id, "view")


def test_a_beautician_sees_her_customers_visits_without_amounts(visit, beautician):
    client = builders.client_of(beautician)
    for url in ("/visits/", f"/visits/{visit.pk}/"):
        text = client.get(url).content.decode()
        assert "水光补水" in text
        assert "380.00" not in text
        assert "WeChat" not in text


def test_a_beautician_reads_of_a_bill_of_several_the_visit_she_asked_for_alone(actor, beautician, customer, facial, branch):
    served = (line(facial, shares=((beautician, 10_000),)),)
    guests = [GuestEntry(who, served) for who in (customer, builders.make_customer(branch=branch))]
    bill = record(actor, customer, guests=guests, paid=[("cash", 76_000)])
    asked = bill.visits.get(customer=customer)
    assert builders.client_of(beautician).get(asked.get_absolute_url()).context["visits"] == [asked]


def test_another_branch_and_another_beautician_find_nothing(visit, stranger, branch):
    colleague = builders.make_staff(branch=branch, role="beautician")
    for person in (stranger, colleague):
        client = builders.client_of(person)
        assert client.get(f"/visits/{visit.pk}/").status_code == 404
        assert client.get("/visits/").context["listing"].rows == []
    assert builders.client_of(stranger).get(f"/visits/{visit.pk}/void/").status_code == 404


def test_a_beautician_sees_the_walk_ins_she_served_or_is_to_serve_and_no_others(actor, beautician, facial, branch):
    colleague = builders.make_staff(branch=branch, role="beautician")
    served = record(actor, None, line(facial, shares=((beautician, 10_000),))).visits.get()
    assigned = Visit.objects.create(
        branch=branch, status="arrived", day=actor.today, assigned=beautician, arrived_at=actor.now, recorded_at=actor.now
    )
    record(actor, None, line(facial))
    for person, found in ((beautician, {served, assigned}), (colleague, set())):
        assert set(Visit.objects.visible_to(builders.actor_of(person))) == found
        assert not Bill.objects.visible_to(builders.actor_of(person)).exists()


def test_a_note_can_be_added_but_not_an_empty_one(desk, visit):
    url, page = f"/visits/{visit.pk}/notes/", f"/visits/{visit.pk}/"
    written = {"operation": desk.get(page).context["note_key"], "kind": "desk"}
    refused = desk.post(url, written | {"text": "  "})
    assert (refused.status_code, refused.context["note_key"]) == (422, written["operation"])
    for _ in range(2):  # a double click, or an answer that was lost: it is one note
        assert desk.post(url, written | {"text": "下次先敷膜"})["Location"] == page
    assert desk.post(url, written | {"text": "anders"}).status_code == 409
    assert [n.text for n in visit.notes.order_by("pk")] == ["力度轻", "下次先敷膜"]


def test_voiding_asks_why_and_happens_once(desk, visit):
    url = f"/visits/{visit.pk}/void/"
    key = operation_key(desk, url)
    refused = desk.post(url, {"operation": key, "reason": ""})
    assert refused.status_code == 422
    assert refused.context["operation_key"] == key
    for _ in range(2):
        assert desk.post(url, {"operation": key, "reason": "记错了"}).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "voided"
    assert "记错了" in desk.get(f"/visits/{visit.pk}/").content.decode()


def test_a_form_without_its_key_stores_nothing(desk, visit):
    answer = desk.post(f"/visits/{visit.pk}/void/", {"reason": "记错了"})
    assert answer.status_code == 409
    assert Visit.objects.done().exists()


def test_what_is_not_done_cannot_be_voided_or_refunded(desk, customer, actor):
    expected = Visit.objects.create(
        branch=actor.branch, customer=customer, expected_on=actor.today, day=actor.today, recorded_at=actor.now
    )
    assert desk.get(f"/visits/{expected.pk}/void/").status_code == 404
    assert desk.get(f"/visits/{expected.pk}/refund/").status_code == 404


def test_what_is_barred_is_not_called_a_race(desk, visit):
    sold = Line.objects.get()
    refund = f"/visits/{visit.pk}/refund/"
    data = {"reason": "过敏", f"line-{sold.pk}-take": "on", "confirmed": "38000"}
    assert desk.post(refund, data | {"operation": operation_key(desk, refund)}).status_code == 302
    void = f"/visits/{visit.pk}/void/"
    page = desk.post(void, {"operation": operation_key(desk, void), "reason": "记错了"})
    text = page.content.decode()
    assert page.status_code == 409
    assert "Not possible now" in text
    assert "Void the refund first" in text
    assert "Somebody was faster" not in text


def test_the_list_begins_with_today_as_a_filter_that_is_seen_and_taken_off(desk, manager, actor, customer, visit, facial):
    old = record(actor, customer, line(facial), on=actor.today - timedelta(days=1)).visits.get()
    page = desk.get("/visits/")
    assert [each.pk for each in page.context["listing"].rows] == [visit.pk]
    text, today = page.content.decode(), actor.today.isoformat()
    assert text.count(f'value="{today}"') == 2
    assert "Only today" in text
    off = re.search(r'<a class="chip" href="(\?[^"]*)"', text)[1]
    for query in (off, "?sort=newest", "?day_from=&day_to="):
        page = desk.get(f"/visits/{query}")
        assert {each.pk for each in page.context["listing"].rows} == {visit.pk, old.pk}
        assert "Only today" not in page.content.decode()
    assert 'href="?sort=newest">Reset' in text
    assert f"/visits/export/?day_from={today}&amp;day_to={today}" in builders.client_of(manager).get("/visits/").content.decode()
    assert desk.get(f"/visits/?customer={old.receipt_no}").context["listing"].total == 1
