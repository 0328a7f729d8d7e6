"""Nobody reads on any page of the card what the policy keeps from the role: canaries in every sensitive field."""

from datetime import date, timedelta

import pytest
from django.template import Context, Template
from django.urls import reverse

from customers.card import services, sheets, show, state
from customers.card.editing import rows
from customers.card.models import Customer
from customers.card.querysets import SERVED_DAYS
from customers.card.search import old_numbers
from customers.card.services import RowEntry
from customers.log.models import AccessEntry
from salon import access
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.recording import line, record
from tests.customers.card.conftest import expect

PHONE, SECOND, ADDRESS, WECHAT = "13812346621", "02155667788", "南京西路秘密弄", "wx_canary_77"
PLACE, SKIN = "金丝雀花园", "Combination"  # where somebody lives, but for the door; what kind of skin
HEALTH, YEAR, BAND_DAY = "糖尿病金丝雀", 1987, date(2016, 4, 5)
PAGES = ("detail", "data", "history", "edit", "timeline", "safety_add")

# What must not stand on any page, per role. The owner and the manager read the birthday whole.
HIDDEN = {
    "receptionist": {PHONE, PHONE[3:7], SECOND, ADDRESS, WECHAT, HEALTH, str(YEAR), "2016"},
    "beautician": {
        PHONE,
        PHONE[:7],
        SECOND,
        PLACE,
        ADDRESS,
        ADDRESS[:1] + "****",
        WECHAT,
        WECHAT[:1] + "****",
        str(YEAR),
        "2016",
    },
    "manager": {PHONE, PHONE[3:7], SECOND, ADDRESS, WECHAT, HEALTH},
    "owner": {PHONE, PHONE[3:7], SECOND, ADDRESS, WECHAT, HEALTH},
}


@pytest.fixture
def card(manager, branch, beautician):
    actor = builders.actor_of(manager)
    card = services.create_card(
        actor=actor,
        branch=branch,
        fields={
            "name": "张晓梅", "wechat": WECHAT, "health": HEALTH, "birth_year": YEAR, "birth_month": 6, "birth_day": 1,
            "card_date": date(2024, 1, 1), "skin_type": "combination",
        },
        rows={
            "phones": [RowEntry({"number": PHONE}), RowEntry({"number": SECOND})],
            "addresses": [RowEntry({"city": "上海", "community": PLACE, "street": ADDRESS, "postcode": "200041"})],
        },
    )  # fmt: skip
    services.edit_card(actor=actor, customer=card, version=1, fields={"wechat": WECHAT + "b", "health": HEALTH + "b"})
    banded = {"birth_year": None, "age_band": "25-34", "age_band_on": BAND_DAY}
    services.edit_card(actor=actor, customer=card, version=2, fields=banded)
    back = {"birth_year": YEAR, "age_band": "", "age_band_on": None}
    services.edit_card(actor=actor, customer=card, version=3, fields=back)
    expect(card, beautician)
    return card


@pytest.mark.parametrize("role", access.ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_canaries(request, card, role, page):
    client = builders.client_of(request.getfixturevalue(role))
    response = client.get(reverse(f"customers:{page}", args=[card.pk]))
    if role not in access.PAGES[f"customers:{page}"].read:
        assert response.status_code == 403
        return
    assert response.status_code == 200
    content = response.content.decode()
    assert [secret for secret in HIDDEN[role] if secret in content] == []
    assert "张晓梅" in content


@pytest.mark.parametrize("role", access.ROLES)
def test_what_each_role_does_read(request, card, role):
    """The control: the pages do show what the policy allows, so the canaries above do not pass for want of a page."""
    client = builders.client_of(request.getfixturevalue(role))
    content = client.get(reverse("customers:data", args=[card.pk])).content.decode()
    assert ("****6621" if role == "beautician" else "138****6621") in content
    assert ("1 Jun 1987" in content) == (role in access.MANAGERS)
    assert "1 Jun" in content
    assert (HEALTH in content) == (role == "beautician")
    assert (f"{WECHAT[0]}****" in content) == (role != "beautician")
    assert (PLACE in content) == (role != "beautician")
    assert (SKIN in content) == (role != "receptionist")


@pytest.mark.parametrize("page", PAGES)
def test_other_branches_and_strangers_to_her_find_nothing(card, stranger, branch, page):
    url = reverse(f"customers:{page}", args=[card.pk])
    assert builders.client_of(stranger).get(url).status_code == 404
    idle = builders.make_staff(branch=branch, role="beautician", name="没服务过")
    assert builders.client_of(idle).get(url).status_code in (403, 404)
    assert not AccessEntry.objects.filter(user__in=[stranger.user, idle.user]).exists()


def test_a_field_is_revealed_to_who_sees_it_masked_and_asks_and_only_where_something_is(card, receptionist, owner):
    offered = lambda staff: {fact.reveal for sheet in sheets.of(builders.actor_of(staff), card) for fact in sheet.facts}  # noqa: E731
    assert offered(receptionist) - {""} == {"phone", "address", "wechat"}
    assert offered(owner) - {""} == {"phone", "address", "wechat", "health"}
    card.wechat = card.health = ""
    assert offered(receptionist) - {""} == {"phone", "address"}
    assert offered(owner) - {""} == {"phone", "address"}


def test_a_portrait_is_shown_of_who_has_one_to_who_may_see_it(card, owner, monkeypatch):
    shown = Template("{% load card %}{% shows_portrait who as is_shown %}{{ is_shown }}")
    of = lambda who: shown.render(Context({"actor": builders.actor_of(owner), "who": who}))  # noqa: E731
    assert [of(who) for who in (None, card)] == ["False", "False"]
    card.portrait = "portraits/x.webp"
    assert of(card) == "True"
    monkeypatch.setattr(show, "sees_portrait", lambda actor, customer: False)
    assert of(card) == "False"


def test_the_owner_reads_every_branch(owner, other_branch):
    far = builders.make_customer(branch=other_branch)
    assert builders.client_of(owner).get(far.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("page", ["detail", "data", "history", "edit", "timeline", "safety_add"])
def test_opening_a_page_of_the_card_is_logged_and_writes_nothing_else(desk, receptionist, card, page):
    version = Customer.objects.get(pk=card.pk).version
    desk.get(reverse(f"customers:{page}", args=[card.pk]))
    entry = AccessEntry.objects.get()
    assert (entry.user, entry.customer_id, entry.action) == (receptionist.user, card.pk, AccessEntry.VIEW)
    assert entry.address == "127.0.0.1"
    assert Customer.objects.get(pk=card.pk).version == version


@pytest.mark.parametrize("pk", [0, 10**12, 10**30])
def test_cards_that_are_not_there(desk, pk):
    for page in PAGES:
        assert desk.get(reverse(f"customers:{page}", args=[pk])).status_code == 404


def test_of_a_row_only_what_one_may_not_read_starts_empty(receptionist, beautician):
    desk, helper = builders.actor_of(receptionist), builders.actor_of(beautician)
    kinds = rows.PhoneRow, rows.AddressRow, rows.FamilyRow
    assert [rows.concealed_columns(each, desk) for each in kinds] == [("number",), ("street", "postcode"), ()]
    assert rows.concealed_columns(rows.AddressRow, helper) == (*state.PLACE_PARTS, "street", "postcode")


def test_what_may_not_be_read_at_all_is_told_from_what_is_not_there(beautician, receptionist):
    kind, empty = state.ROW_KINDS[state.ADDRESSES], dict.fromkeys(state.ADDRESS_PARTS, "")
    for staff, shown, cell in ((beautician, "****", "****"), (receptionist, "上海", "上海")):
        actor = builders.actor_of(staff)
        assert show.shown_row(actor, kind, empty | {"city": "上海"}) == shown
        assert show.shown_cell(actor, kind, "city", "上海") == cell
        assert (show.shown_row(actor, kind, empty), show.shown_cell(actor, kind, "city", "")) == ("", "")


def test_where_nothing_is_stored_there_is_nothing_to_ask_for(manager, branch, card):
    actor = builders.actor_of(manager)

    def asked_for(customer):
        return {fact.reveal for sheet in sheets.of(actor, customer) for fact in sheet.facts} - {""}

    assert asked_for(builders.make_customer(branch=branch)) == set()
    assert asked_for(Customer.objects.get(pk=card.pk)) == {"phone", "address", "wechat", "health"}


def test_an_old_number_is_masked_where_it_is_her_phone(manager, branch):
    actor = builders.actor_of(manager)
    cards = [builders.make_customer(branch=branch, phone=PHONE, old_no=number) for number in (PHONE, "V-77")]
    assert [old_numbers.shown(actor, card) for card in cards] == ["138****6621", "V-77"]


def test_names_are_read_of_those_alone_who_are_named(receptionist, beautician, manager):
    with counted() as read:
        assert show.Names(builders.actor_of(receptionist)).of("responsible", beautician.pk) == "陈美娟"
    assert read == [1]


@pytest.mark.parametrize(("days", "may_open"), [(SERVED_DAYS, True), (SERVED_DAYS + 1, False)])
def test_a_beautician_opens_whom_she_served_within_thirty_days(customer, receptionist, beautician, days, may_open):
    actor = builders.actor_of(beautician)
    then = builders.actor_of(receptionist, now=actor.now - timedelta(days=days))
    record(then, customer, line(builders.make_item())).visits.update(assigned=beautician)
    assert Customer.objects.visible_to(actor).exists() == may_open
