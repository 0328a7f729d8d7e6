"""The page after saving: it says what was stored, undoes it for fifteen seconds, and leads on."""

import html
import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Line, Visit
from archives.visits.undo import services as undo_service
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entering import days_before, only_bill, sent
from tests.archives.visits.recording import line, record

ENTRY = "/visits/new/"


@pytest.fixture
def clock():
    """The server's clock, moved by hand."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def store(client, staff, guests, lines, **head):
    """Store a bill over HTTP; the address and the text of the page it leads to."""
    response = client.post(ENTRY, sent(staff, guests, lines, **head))
    assert response.status_code == 302, html.unescape(response.content.decode())
    return response["Location"]


def undo(client, url, key=None):
    """Press the button of the page `url`."""
    key = key or client.get(url).context["operation_key"]
    return client.post(url.replace("/saved/", "/undo/"), {"operation": key})


def hidden(page, name):
    """The value of a hidden field of the entry."""
    found = re.search(rf'name="{name}"(?: value="([^"]*)")?', page)
    return found and (found[1] or "")


def test_it_says_what_was_stored(desk, receptionist, beautician, customer, facial):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    lines = [
        {"item": facial, "quantity": "2", "staff": beautician.pk, "share": ""},
        {"item": facial, "guest": 1, "price": "100"},
    ]
    url = store(desk, receptionist, [customer, friend], lines, **{"pay-cash": "60"})
    text = html.unescape(desk.get(url).content.decode())
    for said in ("张晓梅", "李婷", "水光补水", "陈美娟", "760.00", "860.00", "WeChat", "Cash", only_bill().receipt_no):
        assert said in text
    assert "Money already taken is not refunded by this." in text


def test_undo_opens_the_entry_again_with_a_new_key_and_saving_it_stores_a_new_bill(
    desk, receptionist, beautician, customer, facial
):
    typed = {"item": facial, "discount": "9折", "reason": "member", "remark": "老顾客", "staff": beautician.pk, "share": ""}
    first = sent(receptionist, [{"customer": customer, "next_note": "力度轻"}], [typed], **{"pay-cash": "100"})
    url = desk.post(ENTRY, first)["Location"]
    undone = undo(desk, url)
    assert undone["Location"] == f"{ENTRY}?undone={Visit.objects.get().pk}"
    response = desk.get(undone["Location"])
    page, form = html.unescape(response.content.decode()), response.context["form"]
    assert "Undone. Nothing is stored until you save." in page
    assert "Money already taken is not refunded by this." in page
    assert response.context["operation_key"] not in ("", first["operation"])
    (shown,) = form.lines
    assert [shown[name].value() for name in ("item", "discount", "reason", "remark")] == [facial.pk, "38", "member", "老顾客"]
    assert form.guests[0]["next_note"].value() == "力度轻"
    again = first | {"operation": response.context["operation_key"], "replaces": hidden(page, "replaces")}
    assert desk.post(ENTRY, again).status_code == 302
    old, new = Bill.objects.order_by("pk")
    assert (new.replaces, bool(old.voided_at), new.voided_at, new.payable_fen) == (old, True, None, old.payable_fen)
    assert Visit.objects.done().count() == 1


def test_an_expected_visit_is_finished_again_by_the_same_entry(desk, receptionist, actor, customer, facial):
    visit = arrivals.expect_visit(
        actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=actor.today, items=[facial]
    )
    url = store(desk, receptionist, [{"customer": customer, "visit": visit.pk}], [{"item": facial}])
    page = desk.get(undo(desk, url)["Location"]).content.decode()
    (reopened,) = Visit.objects.filter(status="expected")
    assert hidden(page, "guests-0-visit") == str(reopened.pk)
    assert [row.visit for group in desk.get("/").context["groups"] for row in group.rows] == [reopened]
    again = {"customer": customer, "visit": reopened.pk}
    store(desk, receptionist, [again], [{"item": facial}], replaces=hidden(page, "replaces"))
    assert dict(Visit.objects.values_list("pk", "status")) == {visit.pk: "voided", reopened.pk: "done"}


def test_back_never_leads_to_a_second_bill(desk, receptionist, customer, facial):
    """Undo, save, then Back to the old pages: each leads to what is stored, or is refused."""
    url = store(desk, receptionist, [customer], [{"item": facial}])
    key = desk.get(url).context["operation_key"]
    entry = undo(desk, url, key)["Location"]
    page = desk.get(entry)
    again = sent(receptionist, [customer], [{"item": facial}], replaces=hidden(page.content.decode(), "replaces"))
    assert undo(desk, url, key)["Location"] == entry  # a double click
    stored = desk.post(ENTRY, again)["Location"]
    assert desk.post(ENTRY, again)["Location"] == stored
    assert undo(desk, url, key)["Location"] == entry
    shown = desk.get(entry)
    assert (shown.status_code, shown["Location"]) == (302, stored.removesuffix("saved/"))
    second_tab = again | {"operation": sent(receptionist, [customer], [])["operation"]}
    refused = desk.post(ENTRY, second_tab)
    assert (refused.status_code, Visit.objects.done().count()) == (409, 1)
    assert "has been stored again already" in refused.content.decode()
    second_tab["operation"] = sent(receptionist, [customer], [])["operation"]
    text = desk.post(entry, second_tab).content.decode()  # the address the page of an undo sends to
    assert "has been stored again already, as receipt" in text
    assert "Nothing is stored until" not in text
    assert "stood before" not in text
    assert refused.context["form"].guests[0].card.customer == customer
    assert hidden(refused.content.decode(), "replaces") == ""  # saved once more, it is a bill of its own


def test_an_undone_correction_is_entered_again_as_a_correction(desk, receptionist, actor, customer, facial):
    first = record(actor, customer, line(facial))
    url = store(desk, receptionist, [customer], [{"item": facial, "price": "300"}], replaces=first.pk)
    assert "what stood before is stored again" in desk.get(url).content.decode()
    response = desk.get(undo(desk, url)["Location"])
    (stands,) = Bill.objects.filter(voided_at=None)
    assert stands.payable_fen == 38_000
    assert hidden(response.content.decode(), "replaces") == str(stands.pk)
    text = html.unescape(response.content.decode())
    assert f"What stood before is stored again, as receipt {stands.receipt_no}; nothing else is until you save." in text
    assert "Nothing is stored until you save" not in text
    assert response.context["form"].lines[0]["price"].value() == "300.00"
    store(desk, receptionist, [customer], [{"item": facial, "price": "300"}], replaces=stands.pk)
    assert [visit.net_fen for visit in Visit.objects.done()] == [30_000]


def test_what_is_entered_again_after_an_undo_says_that_undo_takes_it_back(desk, receptionist, customer, facial):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    page = desk.get(undo(desk, url)["Location"]).content.decode()
    again = store(desk, receptionist, [customer], [{"item": facial}], replaces=hidden(page, "replaces"))
    text = desk.get(again).content.decode()
    assert "opens it again as it was entered" in text
    assert "what stood before is stored again" not in text


@pytest.mark.parametrize("page", ["", "saved/"])
def test_a_refund_is_voided_but_not_corrected(page, desk, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    (sold,) = Line.objects.filter(visit__bill=bill)
    given = {"lines": [(sold, 1000, 38_000)], "payments": [("wechat", 38_000)], "reason": "不满意"}
    refund = services.refund(actor=actor, key=uuid.uuid4(), bill=bill, **given).visits.get()
    text = desk.get(f"/visits/{refund.pk}/{page}").content.decode()
    assert f"/visits/{refund.pk}/void/" in text
    assert "replaces=" not in text
    assert f"?replaces={bill.first_visit.pk}" in desk.get(f"/visits/{bill.first_visit.pk}/{page}").content.decode()


@pytest.mark.parametrize("stored", ["", "Undone", "已撤销", "已撤銷"])
def test_the_reason_of_an_undo_is_in_the_readers_language(stored, desk, receptionist, customer, facial):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    with translation.override("zh-hans"):
        undo_service.undo_bill(actor=builders.actor_of(receptionist), key=uuid.uuid4(), bill=only_bill())
    if stored:
        Bill.objects.update(void_reason=stored)
    assert re.search(r"Voided [^<]*: Undone", desk.get(url, follow=True).content.decode())
    receptionist.user.language = "zh-hans"
    receptionist.user.save()
    assert re.search("作废[^<]*：已撤销", desk.get(url, follow=True).content.decode())


@pytest.mark.parametrize("stored", ["", "Corrected", "更正"])
def test_the_reason_of_a_correction_too(stored, desk, actor, customer, facial):
    first = record(actor, customer, line(facial))
    with translation.override("zh-hans"):
        record(actor, customer, line(facial), replaces=first)
    if stored:
        Bill.objects.filter(pk=first.pk).update(void_reason=stored)
    assert re.search(r"Voided [^<]*: Corrected", desk.get(f"/visits/{first.first_visit.pk}/").content.decode())


def test_the_button_is_there_for_fifteen_seconds_of_server_time(desk, receptionist, customer, facial, clock):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    key = desk.get(url).context["operation_key"]
    assert desk.get(url).context["seconds"] == 15
    clock.shift(14)
    assert desk.get(url).context["seconds"] == 1
    clock.shift(2)
    page = desk.get(url)
    assert "/undo/" not in page.content.decode()
    late = undo(desk, url, key)
    assert late["Location"] == url
    assert "A bill can be undone for 15 seconds." in desk.get(url).content.decode()
    assert Visit.objects.done().count() == 1


def test_others_are_not_offered_it_and_cannot(desk, receptionist, manager, beautician, stranger, customer, facial):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    boss = builders.client_of(manager)
    assert "/undo/" not in boss.get(url).content.decode()
    own_key = desk.get(url).context["operation_key"]
    assert undo(boss, url, own_key).status_code == 409  # a key is one person's
    assert builders.client_of(stranger).get(url).status_code == 404
    assert builders.client_of(beautician).get(url).status_code == 403
    assert undo(builders.client_of(stranger), url, own_key).status_code == 404
    assert undo(builders.client_of(beautician), url, own_key).status_code == 403
    assert desk.get(url.replace("/saved/", "/undo/")).status_code == 405
    assert Visit.objects.done().count() == 1


def test_what_was_undone_is_entered_again_by_who_undid_it_only(desk, receptionist, manager, customer, facial):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    entry = undo(desk, url)["Location"]
    assert builders.client_of(manager).get(entry).status_code == 404
    page = desk.get(url.removesuffix("saved/")).content.decode()
    assert entry in page
    assert entry not in builders.client_of(manager).get(url.removesuffix("saved/")).content.decode()
    assert desk.get(url)["Location"] == url.removesuffix("saved/")
    for nonsense in ("x", "0", "99999999999999999999"):
        assert desk.get(f"{ENTRY}?undone={nonsense}").status_code == 404


def test_an_undone_bill_litters_no_list_but_is_found(desk, receptionist, customer, facial):
    url = store(desk, receptionist, [customer], [{"item": facial}])
    receipt = only_bill().receipt_no
    undo(desk, url)
    card, front = desk.get(f"/customers/{customer.pk}/").content.decode(), desk.get("/")
    assert url.removesuffix("saved/") not in card
    assert (front.context["groups"], front.context["figures"].consumption_fen) == ([], 0)
    shown = {
        query: len(desk.get(f"/visits/?{query}").context["listing"].rows)
        for query in ("", "status=voided", f"customer={receipt}", f"customer={receipt.lower()}")
    }
    assert shown == {"": 0, "status=voided": 1, f"customer={receipt}": 1, f"customer={receipt.lower()}": 1}


# --- Ways on --------------------------------------------------------------------------------------------------------------


def test_the_next_visit_is_proposed_after_the_usual_interval(desk, receptionist, actor, beautician, customer, facial):
    for days in (50, 25):
        record(builders.actor_of(actor.staff, actor.now - timedelta(days=days)), customer, line(facial))
    cream = builders.make_item(kind="product")  # nobody comes for that
    lines = [{"item": cream, "staff": receptionist.pk, "share": ""}, {"item": facial, "staff": beautician.pk, "share": ""}]
    url = store(desk, receptionist, [customer], lines)
    page = desk.get(url)
    (proposed,) = page.context["next_visits"]
    assert (proposed["usual"], proposed["on"]) == ("usually every 25 days", days_before(actor, -25))
    link = html.unescape(re.search(r'href="(/visits/expected/new/[^"]*)"', page.content.decode())[1])
    form = desk.get(link).context["form"]
    assert (form.chosen, form.initial["on"], form.initial["items"], form.initial["assigned"]) == (
        customer,
        days_before(actor, -25),
        [facial.pk],
        beautician.pk,
    )


@pytest.mark.parametrize(("days", "is_proposed"), [(366, True), (367, False), (692, False)])
def test_no_day_is_proposed_that_the_form_refuses(desk, receptionist, actor, customer, facial, days, is_proposed):
    for times in (2, 1):
        record(builders.actor_of(actor.staff, actor.now - timedelta(days=days * times)), customer, line(facial))
    page = desk.get(store(desk, receptionist, [customer], [{"item": facial}]))
    (proposed,) = page.context["next_visits"]
    assert proposed["on"] == (days_before(actor, -days) if is_proposed else None)
    text = page.content.decode()
    assert f"usually every {days} days" in text
    assert ("not booked yet" in text) is not is_proposed
    link = html.unescape(re.search(r'href="(/visits/expected/new/[^"]*)"', text)[1])
    shown = desk.get(link).context
    keys = {"operation": shown["operation_key"], "operation_here": shown["operation_here"]}
    on = shown["form"].initial["on"]
    assert desk.post(link, keys | {"customer": customer.pk, "on": on.isoformat(), "channel": "shop"}).status_code == 302


def test_who_is_expected_already_and_who_has_no_usual_interval(desk, stranger, actor, customer, facial):
    friend = builders.make_customer(branch=customer.branch)

    def expect(by, who, days):
        plan = {"actor": by, "branch": by.branch, "customer": who, "on": days_before(by, -days)}
        return arrivals.expect_visit(key=uuid.uuid4(), **plan)

    expected = expect(actor, customer, 9)
    expect(actor, customer, 10)
    expect(actor, customer, 0)
    expect(builders.actor_of(stranger, actor.now), customer, 1)
    arrivals.move_visit(actor=actor, visit=expect(actor, customer, 2), to="cancelled")
    guests = [GuestEntry(each, (line(facial),)) for each in (customer, None)]
    guests.insert(1, GuestEntry(friend, (line(facial, unit_price_fen=0),)))  # a free visit makes no interval at all
    bill = record(actor, customer, guests=guests, paid=[("cash", 76_000)])
    url = f"/visits/{bill.visits.first().pk}/saved/"
    page = desk.get(url)
    assert [visit.customer for visit in page.context["visits"]] == [customer, friend, None]
    with counted() as before:
        desk.get(url)
    expect(actor, builders.make_customer(branch=actor.branch), 3)
    with counted() as after:
        desk.get(url)
    assert after == before
    hers, friends = page.context["next_visits"]
    assert hers["expected"] == expected
    assert (friends["expected"], friends["usual"], friends["on"]) == (None, "", None)
    assert "&amp;on=" not in page.content.decode()


def test_another_branchs_visit_is_no_pattern(desk, stranger, customer, facial):
    theirs = builders.actor_of(stranger)
    visit = record(theirs, builders.make_customer(branch=theirs.branch), line(facial)).visits.get()
    assert desk.get(f"/visits/expected/new/?customer={customer.pk}&like={visit.pk}").status_code == 404
