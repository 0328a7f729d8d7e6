"""All a role can ask of a salon, and the values that are kept from it: what tests/test_guessing.py compares, and its long form.

Lists, orders and filters are taken from the pages themselves, so a new one is asked too.
"""

import copy
import re
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from urllib.parse import urlencode

import django_filters as filters
import time_machine
from django.db import connection, transaction
from django.http import QueryDict
from django.urls import reverse

from archives.visits.bills.models import Payment
from archives.visits.models import Bill, Line, Visit
from customers.card.models import Address, Customer, Phone
from customers.card.search import lookup, queries
from customers.log.models import AccessEntry
from salon import access, guards, lists
from salon.spreadsheets import xlsx
from segmentation.runs.models import TierSpan
from segmentation.runs.recompute import recompute
from segmentation.scoring import rfm
from tests import builders, workbooks
from tests.addresses import addresses
from tests.archives.visits.recording import LineEntry, record

PHONES = ("13812346621", "13897586621")
SECOND = ("02155661788", "02155971788")
OTHER_PHONE, OTHER_SECOND, OTHER_CARD = "13899996621", "02199991788", "13799995432"  # masked they are alike
CARDS = ("13711215432", "13799835432")  # card numbers that are phones of their cards
SKINS = [key for key, _label in Customer.SKIN_TYPES]
OF_THE_CARD = ("customers:", "visits:")
SKIPPED = re.compile(r"shop:|imports:|healthz|log|join|language|second_factor|account|password")
CHANGING = re.compile(r'value="[^"]{16,}"|nonce="[^"]*"|csrf[^>]*>|[0-9a-f]{8}-[0-9a-f-]{27}|"X-CSRFToken": "[^"]*"')


# --- Two customers, and two whose card numbers are their phones ------------------------------------------------------------


def make_pair(branch, receptionist, beautician):
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


# --- One value of one of them is another: no other changes with it, so that no sum and no count stays as it was -----------


def change_number(phones, number):
    """The keys by which it is found follow."""
    row = phones.get()
    row.number = number
    row.set_keys()
    only(phones, number=row.number, digits=row.digits, digits_reversed=row.digits_reversed)


def only(queryset, **values):
    """Store the values in the one row of a queryset, whatever the product's own services say to that."""
    assert queryset.update(**values) == 1


def change_main_phone(first, _card):
    change_number(Phone.objects.filter(customer=first, is_main=True), OTHER_PHONE)


def change_second_phone(first, _card):
    change_number(Phone.objects.filter(customer=first, is_main=False), OTHER_SECOND)


def change_card_number(_first, card):
    change_number(Phone.objects.filter(customer=card), OTHER_CARD)
    only(Customer.objects.filter(pk=card.pk), card_no=OTHER_CARD)


def of_the_card(**values):
    return lambda first, _card: only(Customer.objects.filter(pk=first.pk), **values)


def of_the_address(**values):
    return lambda first, _card: only(Address.objects.filter(customer=first), **values)


@contextmanager
def unguarded():
    """What is waiting for the end of the transaction is looked at first: PostgreSQL changes no guard before that."""
    connection.check_constraints()
    with guards.suspended():
        yield
    connection.check_constraints()


def change_amount(first, _card):
    """What she was asked for and has paid, all along: a bill whose sums differ is no bill."""
    visit, fen = Visit.objects.filter(customer=first), 199_900
    bill = visit.get().bill_id
    with unguarded():
        only(visit, net_fen=fen)
        only(Bill.objects.filter(pk=bill), payable_fen=fen, paid_fen=fen)
        only(Line.objects.filter(visit__in=visit), unit_price_fen=fen, value_fen=fen, payable_fen=fen)
        only(Payment.objects.filter(bill=bill), amount_fen=fen)


def change_means(first, _card):
    with unguarded():
        only(Payment.objects.filter(bill__visits__customer=first), means="card")


def of_the_tier(**values):
    return lambda first, _card: only(TierSpan.objects.filter(customer=first), **values)


CHANGES = {  # {group of the policy that is kept from somebody: {value of it: what makes it another}}
    "phone": {"main": change_main_phone, "second": change_second_phone, "card number": change_card_number},
    "address": {"street": of_the_address(street="南大街88号"), "postcode": of_the_address(postcode="200999")},
    "place": {"district": of_the_address(district="浦东新区"), "community": of_the_address(community="新家园")},
    "wechat": {"wechat": of_the_card(wechat="wx_z9")},
    "birthday": {"year": of_the_card(birth_year=2001), "age band": of_the_card(age_band="65+")},
    "health": {"health": of_the_card(health="别的病")},
    "skin": {"skin": of_the_card(skin_type="dry", skin_order=SKINS.index("dry"))},
    "amount": {"amount": change_amount, "means": change_means},
    "consumption": {
        "sum": of_the_tier(consumption_fen=5_555_500),
        "days": of_the_tier(visit_days=9),
        "scores": of_the_tier(r=1, f=5, m=5, segment=rfm.CANNOT_LOSE),
    },
}  # fmt: skip


def kept_from(role):
    """{(group, value): what makes it another} of all that the policy keeps from a role."""
    kept = [group for group, by_role in access.VISIBILITY.items() if by_role[role] != access.FULL]
    return {(group, value): change for group in kept for value, change in CHANGES[group].items()}


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
    return fresh.errors, fresh.total, [identity(row) for row in fresh.rows]


def identity(row):
    """By what a row is told from others; an entry of the log by what it says, as its number is another each time."""
    return (row.action, row.field, row.customer_id) if isinstance(row, AccessEntry) else row.pk


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


def everything_seen(staff, pair, among=None):
    """{what was asked: the answer} of all that a person can ask, by whole numbers apart; of pages, those `among` these names.

    Asked twice, it is of one moment, and the log holds no more than the first time: what asking stores is undone.
    """
    with time_machine.travel(pair_known_at(), tick=False), transaction.atomic():
        seen = pages_and_lists(staff, pair, among) | searches(staff)
        assert not AccessEntry.objects.filter(action=AccessEntry.FIND, customer_id__isnull=False).exists()
        transaction.set_rollback(True)
    return seen


def differing(before, after):
    """{what was asked: both answers} where they differ."""
    assert before.keys() == after.keys()
    return {asked: (before[asked], after[asked]) for asked in before if before[asked] != after[asked]}


def pair_known_at():
    """The moment the pair was recorded, or just after: some pages count seconds from it."""
    return Visit.objects.latest("recorded_at").recorded_at + timedelta(seconds=1)


def pages_and_lists(staff, pair, among=None):
    """What the pages answer, and the lists on them."""
    client, seen = builders.client_of(staff), {}
    for asked, (name, places) in urls_of(staff.role, pair):
        if among and asked.partition(" ")[0] not in among:
            continue
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
