"""What visit entry shows and starts with."""

import json
import uuid
from datetime import time

import pytest

from archives.visits.bills.entries import GuestEntry
from archives.visits.desk import arrivals
from archives.visits.models import Visit
from customers.card.models import SafetyNote
from customers.log.models import AccessEntry
from tests import builders
from tests.archives.visits.entering import days_before
from tests.archives.visits.recording import line, record

URL = "/visits/new/"


@pytest.fixture
def eyes(db):
    return builders.make_item(name="眼部护理", price_fen=30_000, minutes=40)


def page_of(client, query):
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    return response


def lines_of(response):
    """(item, quantity, price, discount, reason, people) of each line the page starts with."""
    return [
        (f.item_shown, f["quantity"].value(), f["price"].value(), f["discount"].value(), f["reason"].value(), f.people)
        for f in response.context["form"].lines
    ]


def data_of(response, number=0):
    return response.context["form"].guests[number].card.data


def test_nobody_named_asks_who_first(desk):
    page = page_of(desk, "").content.decode()
    assert "Who was here?" in page
    assert "?walkin=1" in page


def test_the_head_says_who_she_is_and_what_she_does_not_tolerate(desk, actor, customer, facial):
    acid = builders.make_tag("果酸")
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on=actor.today)
    retired = builders.make_tag("酒精")
    SafetyNote.objects.create(customer=customer, tag=retired, noted_on=days_before(actor, 9), ended_on=actor.today)
    guest = GuestEntry(customer, (line(facial),), next_note="下次主推 眼部精华")
    record(actor, customer, guests=[guest], paid=[("wechat", 38_000)])
    response = page_of(desk, f"customer={customer.pk}")
    page = response.content.decode()
    assert "张晓梅" in page
    assert "果酸" in page
    assert "酒精" not in page
    assert "下次主推 眼部精华" in page
    assert data_of(response)["tags"] == {acid.pk: "果酸"}


def test_last_times_note_of_every_guest_stands_at_her_name(desk, actor, customer, facial):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    acid = builders.make_tag("果酸")
    SafetyNote.objects.create(customer=friend, tag=acid, noted_on=actor.today)
    for who, note in ((customer, "怕冷"), (friend, "力度轻一点")):
        record(actor, who, guests=[GuestEntry(who, (line(facial),), next_note=note)], paid=[("cash", 38_000)])
    several = page_of(desk, f"customer={customer.pk}&customer={friend.pk}").content.decode()
    added = desk.get(f"{URL}guest/?customer={friend.pk}&number=1").content.decode()
    for page in (several, added):
        hers = page[page.index('data-guest="1"') :].partition("</li>")[0]
        assert ("力度轻一点" in hers, "果酸" in hers) == (True, True)
    assert several.index("力度轻一点") < several.index("data-lines")
    assert several.count("怕冷") == 1  # the page's head says it


def test_repeat_brings_items_people_and_standing_discounts_at_todays_prices(
    desk, actor, customer, beautician, manager, facial, eyes
):
    shares = ((beautician, 6_000), (manager, 4_000))
    bought = [
        line(facial, discount_fen=3_800, discount_reason="member", shares=shares),
        line(eyes, discount_fen=5_000, discount_reason="complaint", quantity_milli=2_000),
    ]
    record(actor, customer, *bought, on=days_before(actor, 2), paid=[("alipay", sum(each.value_fen for each in bought))])
    facial.price_fen = 40_000
    facial.save()
    response = page_of(desk, f"customer={customer.pk}")
    assert lines_of(response) == []
    repeat = data_of(response)["repeat"]
    assert [(each["item"], each["price"], each["discount"], each["reason"]) for each in repeat] == [
        (facial.pk, "400.00", "40", "member"),
        (eyes.pk, "300.00", "", ""),
    ]
    assert repeat[0]["people"] == [(beautician.pk, "60"), (manager.pk, "40")]
    assert response.context["form"].head["rest"].value() == "alipay"
    without_script = page_of(desk, f"customer={customer.pk}&repeat=1")
    assert [each[0] for each in lines_of(without_script)] == [facial, eyes]
    assert lines_of(without_script)[1][1] == "2"


def test_who_served_her_with_an_item_the_last_time_is_known(desk, actor, customer, beautician, manager, facial, eyes):
    record(actor, customer, line(facial, shares=((manager, 10_000),)), on=days_before(actor, 3))
    record(actor, customer, line(eyes, shares=((manager, 10_000),)), on=days_before(actor, 2))
    record(actor, customer, line(facial, shares=((beautician, 7_000), (manager, 3_000))), on=days_before(actor, 1))
    staff = data_of(page_of(desk, f"customer={customer.pk}"))["staff"]
    assert staff == {facial.pk: [[beautician.pk, "70"], [manager.pk, "30"]], eyes.pk: [[manager.pk, ""]]}


def test_an_expected_visit_starts_with_what_was_planned(desk, actor, customer, beautician, facial, eyes):
    visit = arrivals.expect_visit(
        actor=actor,
        key=uuid.uuid4(),
        branch=actor.branch,
        customer=customer,
        on=actor.today,
        at=time(10),
        items=[facial, eyes],
        assigned=beautician,
        channel="phone",
    )
    for query in (f"visit={visit.pk}", f"customer={customer.pk}"):  # also where her card was opened instead
        response = page_of(desk, query)
        assert response.context["form"].guests[0]["visit"].value() == visit.pk
        assert [(item, people) for item, _q, _p, _d, _r, people in lines_of(response)] == [
            (facial, [(beautician.pk, "")]),
            (eyes, [(beautician.pk, "")]),
        ]
    assert page_of(desk, f"visit={visit.pk}").context["form"].head["channel"].value() == "phone"


def test_an_expected_visit_of_another_day_is_left_alone(desk, actor, customer, facial):
    tomorrow = days_before(actor, -1)
    arrivals.expect_visit(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, on=tomorrow, items=[facial])
    response = page_of(desk, f"customer={customer.pk}")
    assert response.context["form"].guests[0]["visit"].value() is None
    assert lines_of(response) == []


def test_a_correction_starts_with_the_bill_as_it_is(desk, actor, customer, beautician, facial, eyes):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    shared = ((beautician, 10_000),)
    first = line(facial, discount_fen=3_000, discount_reason="complaint", remark="来晚了", unit_price_fen=39_900, shares=shared)
    guests = [GuestEntry(customer, (first,), next_note="下次"), GuestEntry(friend, (line(eyes, quantity_milli=500),))]
    bill = record(actor, None, guests=guests, paid=[("cash", 10_000), ("card", 41_900)], payer=friend)
    response = page_of(desk, f"replaces={bill.visits.order_by('pk').last().pk}")
    form = response.context["form"]
    assert lines_of(response) == [
        (facial, "1", "399.00", "30", "complaint", [(beautician.pk, "")]),
        (eyes, "0.5", "300.00", "", "", [("", "")]),
    ]
    assert [each["guest"].value() for each in form.lines] == [0, 1]
    assert form.lines[0]["remark"].value() == "来晚了"
    assert form.guests[0]["next_note"].value() == "下次"
    assert [str(form.head[name].value()) for name in ("pay-cash", "pay-card", "rest")] == ["100.00", "None", "card"]
    assert (str(form.head["payer"].value()), form.head["replaces"].value()) == ("1", bill.pk)
    assert 'value="100.00"' in response.content.decode()
    assert bill.receipt_no in response.content.decode()


def test_a_correction_keeps_a_payer_who_was_not_served(desk, actor, customer, facial):
    husband = builders.make_customer(branch=customer.branch, name="李强")
    bill = record(actor, customer, line(facial), payer=husband)
    response = page_of(desk, f"replaces={bill.visits.get().pk}")
    head = response.context["form"].head
    assert (head["payer"].value(), head["payer_card"].value()) == ("other", husband.pk)
    assert f'name="payer_card" value="{husband.pk}"' in response.content.decode()


def test_several_customers_can_be_named_in_the_address(desk, customer):
    friend = builders.make_customer(branch=customer.branch, name="李婷")
    response = page_of(desk, f"customer={customer.pk}&customer={friend.pk}&customer={customer.pk}")
    assert [guest.card.customer for guest in response.context["form"].guests] == [customer, friend]


def test_who_looked_is_written_down(desk, receptionist, customer):
    page_of(desk, f"customer={customer.pk}")
    desk.get(f"/visits/new/guest/?customer={customer.pk}&number=1")
    page_of(desk, "walkin=1")
    entries = AccessEntry.objects.filter(customer_id=customer.pk, user=receptionist.user)
    assert list(entries.values_list("action", flat=True)) == ["view", "view"]
    assert AccessEntry.objects.count() == 2


def test_one_more_customer_comes_as_a_part_of_the_page(desk, actor, customer, facial):
    visit = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, items=[facial])
    response = desk.get(f"/visits/new/guest/?customer={customer.pk}&number=3")
    page = response.content.decode()
    assert f'name="guests-3-customer" value="{customer.pk}"' in page
    assert f'name="guests-3-visit" value="{visit.pk}"' in page
    data = json.loads(page.split('type="application/json">')[1].split("</script>")[0])
    assert [each["item"] for each in data["planned"]] == [facial.pk]
    walk_in = desk.get("/visits/new/guest/?number=x").content.decode()
    assert 'name="guests-1-customer"' in walk_in


def test_names_are_text_never_markup(desk, actor, facial):
    nasty = builders.make_customer(branch=actor.branch, name='</script><img src=x onerror="alert(1)">', called="<b>")
    builders.make_item(name="</script><script>alert(2)</script>")
    page = page_of(desk, f"customer={nasty.pk}").content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page


def test_the_page_costs_the_same_after_a_hundred_visits(
    desk, actor, customer, beautician, facial, eyes, django_assert_max_num_queries
):
    record(actor, customer, line(facial, shares=((beautician, 10_000),)), on=days_before(actor, 3))
    desk.get(f"{URL}?customer={customer.pk}")
    with django_assert_max_num_queries(30) as first:
        page_of(desk, f"customer={customer.pk}")
    for _n in range(5):
        record(actor, customer, line(facial, shares=((beautician, 10_000),)), line(eyes), on=days_before(actor, 2))
    with django_assert_max_num_queries(len(first)):
        page_of(desk, f"customer={customer.pk}")
    assert Visit.objects.count() == 6
