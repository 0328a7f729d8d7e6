"""Nobody guesses what is masked: of two salons that differ in masked values only, a role sees the same.

Two customers exchange what the policy keeps from a role: their phones (the masks are alike), addresses, years of birth, amounts
and so on. Every page, export, list, order, count and filter the role may use, and every search, must answer as before. Lists,
orders and filters are taken from the pages themselves, so a new one is asked too; a group of the policy that nobody exchanges
here fails the test.
"""

import copy
import re
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from urllib.parse import urlencode

import django_filters as filters
import pytest
import time_machine
from django.db import connection, transaction
from django.http import QueryDict
from django.urls import reverse

from archives.visits.models import Bill, Line, Visit
from archives.visits.payment_models import Payment
from customers.card import lookup, queries
from customers.card.models import Address, Customer, Phone
from customers.log.models import AccessEntry
from salon import access, guards, lists, xlsx
from segmentation.runs.models import TierSpan
from segmentation.runs.recompute import recompute
from tests import builders, workbooks
from tests.addresses import addresses
from tests.archives.visits.recording import LineEntry, record

PHONES = ("13812346621", "13897586621")
SECOND = ("02155661788", "02155971788")
CARDS = ("13711215432", "13799835432")  # card numbers that are phones of their cards
OF_THE_CARD = ("customers:", "visits:")
SKIPPED = re.compile(r"shop:|imports:|privacy:log|healthz|log|join|language|second_factor|account|password")
CHANGING = re.compile(r'value="[^"]{16,}"|nonce="[^"]*"|csrf[^>]*>|[0-9a-f]{8}-[0-9a-f-]{27}|"X-CSRFToken": "[^"]*"')


# --- Two customers who exchange -------------------------------------------------------------------------------------------


@pytest.fixture
def pair(branch, receptionist, beautician):
    """Two customers of the branch, served by the beautician today, and two more whose card numbers are their phones."""
    desk, made = builders.actor_of(receptionist), []
    for n, name in enumerate(("王丽", "王莉")):
        customer = builders.make_customer(
            branch=branch, name=name, card_no=f"JA-00001{n}", phone=PHONES[n], wechat=f"wx_{'ab'[n]}9", health=f"金丝雀{n}",
            birth_year=(1961, 1987)[n], birth_month=desk.today.month, birth_day=desk.today.day, skin_type=("oily", "dry")[n],
            age_band=("18-24", "55-64")[n],
        )  # fmt: skip
        Phone.objects.create(customer=customer, number=SECOND[n])
        Address.objects.create(
            customer=customer, city="上海", district=("静安区", "徐汇区")[n], community=("阳光花园", "月亮湾")[n],
            street=("南京路1号", "南山路9号")[n], postcode=("200041", "200239")[n],
        )  # fmt: skip
        made.append(customer)
    for n, name in enumerate(("赵一", "赵二")):
        made.append(builders.make_customer(branch=branch, name=name, card_no=CARDS[n], phone=CARDS[n]))
    for n, customer in enumerate(made):
        item = builders.make_item(name=f"护理{n}")
        line = LineEntry(item=item, unit_price_fen=(12_300, 98_700, 500, 600)[n], shares=((beautician, 10_000),))
        means = ("wechat", "cash", "alipay", "card")[n]
        record(desk, customer, line, paid=[(means, line.value_fen)])
    recompute(as_of=desk.today)
    TierSpan.objects.update(tier="A", abc="A")
    return made


def exchange(queryset, key, *columns):
    """Exchange columns of the two rows of a queryset, which are told apart by `key`."""
    (a, *of_a), (b, *of_b) = queryset.order_by("pk").values_list(key, *columns)
    for pk, values in ((a, of_b), (b, of_a)):
        queryset.model.objects.filter(**{key: pk}).update(**dict(zip(columns, values, strict=True)))


def exchange_phones(first, second, third, fourth):
    of_two = Phone.objects.filter(customer__in=[first, second])
    exchange(of_two.filter(is_main=True), "pk", "number", "digits", "digits_reversed")
    exchange(of_two.filter(is_main=False), "pk", "number", "digits", "digits_reversed")
    exchange(Phone.objects.filter(customer__in=[third, fourth]), "pk", "number", "digits", "digits_reversed")
    number, other = Customer.objects.get(pk=third.pk).card_no, Customer.objects.get(pk=fourth.pk).card_no
    for pk, value in ((third.pk, "between"), (fourth.pk, number), (third.pk, other)):
        Customer.objects.filter(pk=pk).update(card_no=value)


def exchange_address(*four):
    exchange(Address.objects.filter(customer__in=four), "pk", "street", "postcode")


def exchange_place(*four):
    exchange(Address.objects.filter(customer__in=four), "pk", "district", "community")


def of_the_card(*columns):
    return lambda first, second, *_rest: exchange(Customer.objects.filter(pk__in=[first.pk, second.pk]), "pk", *columns)


def exchange_amounts(first, second, *_rest):
    visits = Visit.objects.filter(customer__in=[first, second])
    bills = visits.values("bill")
    connection.check_constraints()
    with guards.suspended():
        exchange(visits, "pk", "net_fen")
        exchange(Bill.objects.filter(pk__in=list(bills.values_list("bill", flat=True))), "pk", "payable_fen", "paid_fen")
        exchange(Line.objects.filter(visit__in=visits), "pk", "unit_price_fen", "value_fen", "payable_fen")
        exchange(Payment.objects.filter(bill__in=list(bills.values_list("bill", flat=True))), "pk", "amount_fen", "means")


def exchange_consumption(first, second, *_rest):
    spans = TierSpan.objects.filter(customer__in=[first, second])
    exchange(spans, "pk", "consumption_fen", "r", "f", "m", "segment", "visit_days")


EXCHANGES = {  # each group of the policy that is kept from somebody
    "phone": exchange_phones,
    "address": exchange_address,
    "place": exchange_place,
    "wechat": of_the_card("wechat"),
    "birthday": of_the_card("birth_year", "age_band", "age_band_on"),
    "health": of_the_card("health"),
    "skin": of_the_card("skin_type", "skin_order"),
    "amount": exchange_amounts,
    "consumption": exchange_consumption,
}


# --- All a role can ask ---------------------------------------------------------------------------------------------------


@cache
def guesses():
    """Beginnings, ends and middles of the numbers, alone and beside a name: all that somebody guesses by, but the whole."""
    words, (number, other) = {"z", "王", "wl", "6621", "1788", "5432", "JA-1"}, PHONES
    words |= {number[:4], number[:5], other[:7], number[:10], number[-5:], other[-7:], number[3:7], other[3:8]}
    words |= {SECOND[0][:6], SECOND[1][:9], SECOND[0][-6:], CARDS[0][:4], CARDS[1][:10], CARDS[0][-5:]}
    words |= {f"王丽 {number[:7]}", f"王{other[3:7]}", f"wl{number[:5]}", f"{other[:3]} {other[3:8]}"}
    return sorted(words | {"wx_a", "南京路", "200041", "1961", "阳光", "月亮", "金丝雀0"})


def values_for(form_field):
    """What is put into one input of a filter."""
    if choices := getattr(form_field, "choices", None):
        return [getattr(key, "value", key) for key, _label in choices][:8]
    if isinstance(form_field, filters.fields.ModelChoiceField):
        return list(form_field.queryset.values_list("pk", flat=True)[:10])
    name = type(form_field).__name__
    if "Date" in name:
        return ["1974-01-01", "2024-01-01"]
    if name in ("DecimalField", "IntegerField", "FloatField", "YuanField"):
        return ["5", "500", "1974"]
    return guesses()


def with_values(found, data):
    """The list as it answers other parameters: (errors, count, rows in order)."""
    original = found.filterset

    def again(data, *, queryset, request):
        fresh = copy.copy(original)
        fresh.data, fresh.is_bound, fresh.queryset, fresh.request = data, True, queryset, request
        fresh.filters = {name: copy.copy(each) for name, each in original.filters.items()}
        for each in fresh.filters.values():
            each.parent = fresh
        for cached in ("_form", "_qs"):
            fresh.__dict__.pop(cached, None)
        return fresh

    request = SimpleNamespace(GET=QueryDict(urlencode(data)), actor=original.request.actor)
    fresh = lists.listing(request, again, original.queryset.all(), sorts=found.sorts, default=found.sort, size=10)
    return fresh.errors, fresh.total, [row.pk for row in fresh.rows]


def asked_of_lists(found):
    """{parameters: answer} of a list: each order, and each value of each filter."""
    answers = {("sort", key): with_values(found, {"sort": key}) for key in found.sorts}
    for name, form_field in found.filterset.form.fields.items():
        for value in values_for(form_field):
            if value not in ("", None):
                answers[name, str(value)] = with_values(found, {name: value})
    return answers


def content_of(response):
    """What somebody reads of an answer, without keys that differ each time; of a workbook all but the page of definitions."""
    if not response.streaming:
        return CHANGING.sub("", response.content.decode(errors="replace"))
    content = b"".join(response)
    if response["Content-Type"] != xlsx.CONTENT_TYPE:
        return content
    sheets = [workbooks.rows(sheet) for sheet in workbooks.opened(content)]
    return [[tuple(map(str, row)) for row in rows] for rows in sheets[:-1]]


def urls_of(role, pair):
    visits = dict(Visit.objects.filter(customer__in=pair).values_list("customer", "pk"))
    for address in addresses():
        if role not in access.PAGES[address.name].read or SKIPPED.match(address.name):
            continue
        if not address.places:
            yield f"/{address.name}", [address.name, {}]
        elif address.name.startswith(OF_THE_CARD) and address.places == {"pk"} and "portrait" not in address.name:
            for customer in (pair[0], pair[2]):
                pk = customer.pk if address.name.startswith("customers:") else visits[customer.pk]
                yield f"/{address.name} {customer.pk}", [address.name, {"pk": pk}]


def everything_seen(staff, pair):
    """{what was asked: the answer} of all that a person can ask, by whole numbers apart. Asked twice, it is of one moment."""
    with time_machine.travel(pair_known_at(), tick=False):
        return pages_and_lists(staff, pair) | searches(staff)


def pair_known_at():
    """The moment the pair was recorded, or just after: some pages count seconds from it."""
    return Visit.objects.latest("recorded_at").recorded_at + timedelta(seconds=1)


def pages_and_lists(staff, pair):
    client, seen = builders.client_of(staff), {}
    for asked, (name, places) in urls_of(staff.role, pair):
        response = client.get(reverse(name, kwargs=places))
        seen[asked] = (response.status_code, content_of(response))
        if found := response.context and response.context.get("listing"):
            seen |= {(asked, *what): answer for what, answer in asked_of_lists(found).items()}
    return seen


def searches(staff):
    client, actor, seen = builders.client_of(staff), builders.actor_of(staff), {}
    for words in guesses():
        hits = queries.search(actor, words)
        seen["search", words] = [(hit.customer.pk, hit.is_guest, hit.number[-4:]) for hit in hits]
        cards, is_sure = lookup.people(actor, words)
        seen["people", words] = ([card.pk for card in cards], is_sure)
    for words in ("6621", "王", PHONES[0][:10]):
        seen["page", words] = content_of(client.get("/customers/search/", {"q": words}, headers={"HX-Request": "true"}))
    return seen


MANAGERS_LATER = [pytest.param(role, marks=pytest.mark.long) if role in access.MANAGERS else role for role in access.ROLES]


@pytest.mark.parametrize("role", MANAGERS_LATER)
def test_what_is_masked_makes_no_difference_to_anything_a_role_can_ask(role, pair, request, settings):
    settings.FIND_MISSES_AN_HOUR = 100_000  # numbers in the making are asked here without number
    staff = request.getfixturevalue(role)
    before = everything_seen(staff, pair)
    kept = [group for group, by_role in access.VISIBILITY.items() if by_role[role] != access.FULL]
    with transaction.atomic():
        for group in kept:
            EXCHANGES[group](*pair)
    after = everything_seen(staff, pair)
    assert before.keys() == after.keys()
    assert {asked: (before[asked], after[asked]) for asked in before if before[asked] != after[asked]} == {}
    assert len(before) > 200
    assert not AccessEntry.objects.filter(action=AccessEntry.FIND, customer_id__isnull=False).exists()


def test_a_difference_would_be_seen(pair, manager):
    """The control: what a role does see makes a difference, in a page, an order and a filter."""
    before = pages_and_lists(manager, pair)
    for group in ("skin", "place", "consumption"):
        EXCHANGES[group](*pair)
    after = pages_and_lists(manager, pair)
    differing = {asked for asked in before if before[asked] != after[asked]}
    names = {asked[1:] if isinstance(asked, tuple) else asked for asked in differing}
    assert {("sort", "skin"), ("skin_type", "dry"), ("community", "阳光"), ("spent_from", "500"), "/customers:list"} <= names


def test_every_group_that_is_kept_from_somebody_is_exchanged():
    kept = {group for group, by_role in access.VISIBILITY.items() if set(by_role.values()) != {access.FULL}}
    assert kept == EXCHANGES.keys()
