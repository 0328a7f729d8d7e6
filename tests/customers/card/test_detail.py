"""The card: who this is at a glance, the timeline and its pages, and what it costs."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archives.visits.models import DONE, Bill, Line, StaffShare, Visit, VisitNote
from customers.card import services, sheets
from customers.card.models import Customer, Phone
from customers.card.services import RowEntry
from salon import access, panels
from salon.shop.models import Item
from tests import builders

HEAD_SLOTS = ("customer.badge", "customer.why", "customer.facts", "customer.actions", "customer.tabs", "customer.hints")
OWN_QUERIES = 14  # session, user, groups, customer, access entry (savepoint included), safety notes, phone, family, referrals …


def text_of(response):
    return response.content.decode()


def make_visits(customer, staff, count, first=date(2025, 1, 1), receipts="R"):
    """Finished visits, one a day, each with a line, a share and a note."""
    item, now = Item.objects.first() or builders.make_item(name="水光补水"), builders.actor_of(staff).now
    days = [first + timedelta(days=n) for n in range(count)]
    same = {"branch": customer.branch, "recorded_at": now}
    bills = Bill.objects.bulk_create(
        Bill(receipt_no=f"{receipts}{n}", business_date=day, payable_fen=100, paid_fen=100, **same) for n, day in enumerate(days)
    )
    same |= {"customer": customer, "status": DONE, "net_fen": 100, "has_positive_line": True, "done_at": now}
    visits = Visit.objects.bulk_create(
        Visit(bill=bill, receipt_no=bill.receipt_no, day=bill.business_date, business_date=bill.business_date, **same)
        for bill in bills
    )
    same = {"item": item, "kind": item.kind, "item_name": item.name, "unit_price_fen": 1, "value_fen": 1, "payable_fen": 1}
    lines = Line.objects.bulk_create(Line(visit=visit, position=1, **same) for visit in visits)
    StaffShare.objects.bulk_create(StaffShare(line=line, staff=staff, value_fen=1) for line in lines)
    VisitNote.objects.bulk_create(VisitNote(visit=visit, text=f"note-{n}-", at=now) for n, visit in enumerate(visits))
    Customer.objects.filter(pk=customer.pk).update(last_visit_on=max(days))
    return visits


def test_the_head_says_who_this_is(desk, customer, branch, beautician, receptionist):
    actor = builders.actor_of(receptionist)
    services.edit_card(
        actor=actor,
        customer=customer,
        version=1,
        fields={"called": "张姐", "responsible": beautician, "card_date": date(2019, 3, 2)},
    )
    services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")
    page = text_of(desk.get(customer.get_absolute_url()))
    head = page[page.index("card-head") : page.index('class="tabs"')]
    for words in (
        "张晓梅",
        "张姐",
        "果酸",
        "138****6621",
        customer.card_no,
        "静安店",
        "陈美娟",
        "2 Mar 2019",
        "Record a visit",
    ):
        assert words in head
    assert f"?customer={customer.pk}" in head
    assert 'data-key="V"' in head
    assert 'data-key="E"' in head
    assert 'aria-current="page"' in page


def test_the_beautician_has_no_buttons_she_may_not_press(beautician, customer, expected):
    page = text_of(builders.client_of(beautician).get(customer.get_absolute_url()))
    assert reverse("customers:edit", args=[customer.pk]) not in page
    assert reverse("customers:history", args=[customer.pk]) not in page
    assert reverse("customers:safety_add", args=[customer.pk]) in page


def test_beside_the_timeline(desk, customer, branch, receptionist):
    actor = builders.actor_of(receptionist)
    soon = actor.today + timedelta(days=3)
    friend, guest = builders.make_customer(branch=branch, name="王芳"), builders.make_customer(branch=branch, name="李娜")
    fields = {
        "interests": "旅行", "note": "力度轻", "skin_type": "dry", "birth_month": soon.month, "birth_day": soon.day,
        "referred_by": friend,
    }  # fmt: skip
    family = [RowEntry({"relation": "女儿", "name": "李小雨", "birth_month": 6, "birth_day": 1})]
    services.edit_card(actor=actor, customer=customer, version=1, fields=fields, rows={"family": family})
    Customer.objects.filter(pk=guest.pk).update(referred_by=customer)
    page = text_of(desk.get(customer.get_absolute_url()))
    assert "Dry" not in page  # the skin is for those who treat it
    for words in ("旅行", "力度轻", "in 3 days", "女儿", "李小雨", "1 Jun", "王芳", "李娜"):
        assert words in page


def test_slots_of_higher_floors_are_shown(desk, customer, monkeypatch):
    monkeypatch.setattr(panels, "_panels", {slot: list(each) for slot, each in panels._panels.items()})
    values = {
        "customer.badge": "A",
        "customer.why": panels.Why("Why tier A", "8,420.00 in 12 months", "Come again", "R3 F5 M5", "/why/"),
        "customer.facts": panels.Fact("Balance", "1,260.00", "bonus 310", "warn"),
        "customer.actions": panels.Action("Follow up", "/follow-up/", "phone", "F"),
        "customer.tabs": panels.Tab("Diagnosis", "/diagnosis/", "diagnosis"),
        "customer.hints": [panels.Hint("quiet room", "warn"), panels.Hint("on lists alone", on_card=False)],
    }
    for slot, value in values.items():
        panels._panels.setdefault(slot, [])
        panels.register(slot, "test", lambda actor, customers, value=value: {c.pk: value for c in customers}, budget=0)
    page = text_of(desk.get(customer.get_absolute_url()))
    assert 'class="tier tier-a tier-large"' in page
    shown = (
        "Why tier A",
        "8,420.00",
        "Come again",
        "R3 F5 M5",
        "Balance",
        "bonus 310",
        "/follow-up/",
        "/diagnosis/",
        "quiet room",
    )
    for words in shown:
        assert words in page
    assert "on lists alone" not in page


# --- the timeline ----------------------------------------------------------------------------------------------------


def test_the_timeline_is_never_empty(desk, customer):
    page = text_of(desk.get(customer.get_absolute_url()))
    assert "Card made" in page


def test_pages_of_the_timeline_neither_repeat_nor_skip(desk, customer, beautician, receptionist):
    make_visits(customer, beautician, 120, first=date(2024, 1, 2))
    actor = builders.actor_of(receptionist)
    services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸", noted_on=date(2024, 2, 1))
    url, seen = reverse("customers:timeline", args=[customer.pk]), []
    before = None
    while True:
        query = {"before": str(before)} if before else {}
        response = desk.get(url, query, headers={"HX-Request": "true"})
        seen += [(event.on, event.kind, event.serial) for event in response.context["events"]]
        before = response.context["older"]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 122
    assert seen == sorted(seen, reverse=True)
    assert seen[-1][1] == "card"


def test_the_first_page_leads_on_with_and_without_javascript(desk, customer, beautician):
    make_visits(customer, beautician, 60)
    page = desk.get(customer.get_absolute_url())
    older = f"{reverse('customers:timeline', args=[customer.pk])}?before={page.context['older']}"
    assert older in text_of(page)
    fragment = desk.get(older, headers={"HX-Request": "true"})
    assert "<html" not in text_of(fragment)
    assert "note-9-" in text_of(fragment)
    assert "note-10-" not in text_of(fragment)
    whole = desk.get(older)
    assert "<html" in text_of(whole)
    assert "note-9-" in text_of(whole)


def test_kinds_filter(desk, customer, beautician):
    make_visits(customer, beautician, 3)
    url = reverse("customers:timeline", args=[customer.pk])
    visits = desk.get(url, {"kind": "visit"})
    assert "note-1-" in text_of(visits)
    assert "Card made" not in text_of(visits)
    card = desk.get(url, {"kind": "card"}, headers={"HX-Request": "true", "HX-Target": "timeline"})
    assert "note-1-" not in text_of(card)
    assert "Card made" in text_of(card)
    assert 'id="timeline"' in text_of(card)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "nonsense"},
        {"before": "x"},
        {"before": "2026-01-01"},
        {"before": "2026-13-01.card.1"},
        {"before": "2026-01-01.card.x"},
    ],
)
def test_an_odd_question_is_not_found(desk, customer, query):
    assert desk.get(reverse("customers:timeline", args=[customer.pk]), query).status_code == 404
    assert desk.get(customer.get_absolute_url(), query).status_code == 404


def test_a_huge_number_in_the_address_is_no_crash(desk, customer):
    response = desk.get(reverse("customers:timeline", args=[customer.pk]), {"before": f"2026-01-01.visit.{10**30}"})
    assert response.status_code in (200, 404)


def test_five_hundred_visits_cost_no_more_queries_than_five(desk, customer, beautician):
    url = customer.get_absolute_url()
    make_visits(customer, beautician, 5)
    desk.get(url)
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    make_visits(customer, beautician, 495, first=date(2022, 1, 1), receipts="M")
    with CaptureQueriesContext(connection) as many:
        response = desk.get(url)
    assert len(response.context["events"]) == 50
    assert len(many) == len(few)
    budgets = sum(panel.budget for slot in (*HEAD_SLOTS, panels.TIMELINE) for panel in panels.registered(slot))
    assert len(many) <= OWN_QUERIES + budgets


@pytest.mark.parametrize("role", access.ROLES)
def test_each_role_opens_each_page_it_may(request, role, customer, expected):
    client = builders.client_of(request.getfixturevalue(role))
    for page in ("detail", "data", "timeline"):
        assert client.get(reverse(f"customers:{page}", args=[customer.pk])).status_code == 200


def facts_of(staff, customer):
    """{label: what is said} of all sheets of a card, as a person reads them."""
    return {fact.label: fact.values for sheet in sheets.of(builders.actor_of(staff), customer) for fact in sheet.facts}


def test_the_age_is_counted_from_the_year_of_birth_else_as_it_was_stated_for_who_sees_the_birthday(
    customer, owner, receptionist, beautician
):
    today = builders.actor_of(owner).today
    customer.birth_year, customer.birth_month, customer.birth_day = today.year - 30, today.month, today.day
    assert facts_of(owner, customer)["Age"] == ("30",)
    customer.birth_year, customer.age_band, customer.age_band_on = None, "25-34", date(2025, 3, 1)
    assert "stated" in facts_of(owner, customer)["Age"][0]
    customer.age_band = ""
    assert "Age" not in facts_of(owner, customer)
    customer.birth_year = today.year - 30
    seen = {staff: access.visibility(builders.actor_of(staff), "birthday") for staff in (owner, receptionist, beautician)}
    assert access.FULL in seen.values()
    assert set(seen.values()) != {access.FULL}
    for staff, visibility in seen.items():
        assert ("Age" in facts_of(staff, customer)) == (visibility == access.FULL)


def test_of_several_phones_the_main_one_is_marked(customer, owner):
    Phone.objects.create(customer=customer, number="13987650457")
    marked = [each.endswith(str(Phone._meta.get_field("is_main").verbose_name)) for each in facts_of(owner, customer)["phones"]]
    assert marked == [True, False]
