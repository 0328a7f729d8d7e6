"""The access log: who saw or exported whom, between two days, for those who keep it."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from customers.card.search import queries as cards
from customers.log import services
from customers.log.models import AccessEntry, AccessReason
from customers.log.services import FindLimitReached, guests_told, log_find, log_guests
from tests import builders, naughty
from tests.archives.reading import counted
from tests.marks import several_writers

URL = "/privacy/log/"
TURNED = {"day_from": "2026-11-11", "day_to": "2026-11-10"}


def enter(staff, customer=None, action="view", at=None, **fields):
    entry = AccessEntry(
        user=staff.user, branch=staff.branch, action=action, customer_id=customer.pk if customer else None, **fields
    )
    if at:
        field = AccessEntry._meta.get_field("at")
        field.auto_now_add, entry.at = False, at
        try:
            entry.save()
        finally:
            field.auto_now_add = True
    else:
        entry.save()
    return entry


def shown(response):
    return [entry.pk for entry, *_rest in response.context["rows"]]


@pytest.fixture
def keeper(manager):
    return builders.client_of(manager)


def url_of(client):
    from django.urls import reverse

    return reverse("privacy:log")


def test_the_keeper_reads_who_looked_at_what_and_why(keeper, receptionist, customer):
    entry = enter(receptionist, customer, "reveal", field="health", address="10.0.0.7")
    AccessReason.objects.create(entry=entry, text="投诉处理")
    html = keeper.get(url_of(keeper)).content.decode()
    for text in ("林晓彤", "张晓梅", customer.card_no, "Field revealed", "State of health", "投诉处理", "10.0.0.7"):
        assert text in html


@pytest.mark.parametrize(("role", "status"), [("receptionist", 403), ("beautician", 403), ("manager", 200), ("owner", 200)])
def test_who_may_read_it(role, status, request):
    client = builders.client_of(request.getfixturevalue(role))
    assert client.get(url_of(client)).status_code == status


def test_a_manager_reads_what_happened_at_the_branch_and_to_its_customers(
    keeper, owner, receptionist, stranger, customer, other_branch
):
    elsewhere = builders.make_customer(branch=other_branch, name="王外人", card_no="X1")
    here = enter(receptionist, customer)
    ours_there = enter(stranger, customer, "guest")
    theirs_here = enter(receptionist, elsewhere, "guest")
    theirs_there = enter(stranger, elsewhere)
    response = keeper.get(url_of(keeper))
    assert shown(response) == [theirs_here.pk, ours_there.pk, here.pk]
    html = response.content.decode()
    assert "王*" in html
    assert "王外人" not in html  # a guest's name stays with her branch
    boss = builders.client_of(owner)
    assert shown(boss.get(url_of(boss))) == [theirs_there.pk, theirs_here.pk, ours_there.pk, here.pk]


def test_filters_answer_who_saw_or_exported_whom_between_two_days(keeper, receptionist, manager, customer, branch, monkeypatch):
    other = builders.make_customer(branch=branch, name="赵雪萌", card_no="X1")
    evening = datetime(2026, 11, 10, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    first = enter(receptionist, customer, at=evening)
    second = enter(manager, customer, "export", at=evening + timedelta(minutes=1))
    third = enter(receptionist, other, "reveal", field="phone", at=evening + timedelta(days=3))
    get = lambda **query: shown(keeper.get(url_of(keeper), query))  # noqa: E731
    assert get(customer="张晓梅") == get(customer="zhangxm") == [second.pk, first.pk]
    assert get(customer="6621", sort="oldest") == [first.pk, second.pk]
    assert get(customer=customer.card_no, action="export") == [second.pk]
    assert get(user=receptionist.pk) == [third.pk, first.pk]
    assert get(field="phone") == [third.pk]
    assert get(day_from="2026-11-10", day_to="2026-11-10") == [first.pk]
    assert get(day_from="2026-11-11") == [third.pk, second.pk]
    assert get(customer="nobody") == []
    monkeypatch.setattr(cards, "ids_matching", lambda actor, words: None)  # as where too many fit
    assert get(customer="张晓梅") == [second.pk, first.pk]


def test_an_erased_card_is_still_in_the_log(keeper, receptionist, customer):
    entry = enter(receptionist, customer)
    number = customer.pk
    customer.phones.all().delete()
    customer.delete()
    response = keeper.get(url_of(keeper))
    assert shown(response) == [entry.pk]
    assert f"card erased (#{number})" in response.content.decode()
    assert shown(keeper.get(url_of(keeper), {"customer": f"#{number}"})) == [entry.pk]
    enter(receptionist, action="export", field="customers")  # with nobody's card
    assert shown(keeper.get(url_of(keeper), {"customer": "#x"})) == shown(keeper.get(url_of(keeper), {"customer": "#99"})) == []


@pytest.mark.parametrize("query", [{"nonsense": "1"}, {"action": "x"}, {"day_from": "yesterday"}, {"user": "999999"}, TURNED])
def test_an_invalid_filter_shows_nothing(keeper, receptionist, customer, query):
    enter(receptionist, customer)
    response = keeper.get(url_of(keeper), query)
    assert response.context["listing"].errors
    assert shown(response) == []


@naughty.some_and_all
def test_naughty_strings_in_filters(keeper, receptionist, customer, strings):
    enter(receptionist, customer)
    for words in strings:
        response = keeper.get(url_of(keeper), {"customer": words.encode("utf-8", "surrogatepass")})
        assert response.status_code == 200
        assert "<x-probe" not in response.content.decode()


def test_the_number_of_queries_is_the_same_for_one_and_for_many(
    keeper, receptionist, branch, customer, django_assert_max_num_queries
):
    enter(receptionist, customer)
    counts = []
    for n in range(2):
        keeper.get(url_of(keeper))
        with django_assert_max_num_queries(15) as queries:
            keeper.get(url_of(keeper))
        counts.append(len(queries))
        for i in range(12):
            enter(receptionist, builders.make_customer(branch=branch, name=f"赵{i}", card_no=f"X{n}{i}"))
    assert counts[0] == counts[1]


def test_who_never_had_a_log_in_is_nobody_to_ask_about(keeper, receptionist, branch):
    builders.make_staff(branch=branch, name="无账号", login=False)
    choices = [
        str(label) for _value, label in keeper.get(url_of(keeper)).context["listing"].filterset.form.fields["user"].choices
    ]
    assert "林晓彤" in choices
    assert "无账号" not in choices


def test_no_more_cards_are_read_than_stand_there(keeper, receptionist, branch, customer):
    enter(receptionist, customer)
    keeper.get(url_of(keeper))
    with counted() as few:
        keeper.get(url_of(keeper))
    for n in range(9):
        builders.make_customer(branch=branch, name=f"赵{n}")
    with counted() as many:
        keeper.get(url_of(keeper))
    assert many == few


def test_of_guests_the_person_was_told_within_the_hour(receptionist, manager, customer, branch):
    told, passed, long_ago, by_another = (builders.make_customer(branch=branch) for _n in range(4))
    enter(receptionist, told, "elsewhere")
    enter(receptionist, passed, "guest")
    enter(receptionist, customer, "view")
    enter(receptionist, customer, "find")
    enter(receptionist, long_ago, "guest", at=timezone.now() - timedelta(minutes=61))
    enter(manager, by_another, "guest")
    actor = builders.actor_of(receptionist)
    assert guests_told(actor) == {told.pk, passed.pk}
    assert log_guests(actor=actor, ids=[told.pk, long_ago.pk]) == {told.pk, long_ago.pk}
    assert AccessEntry.objects.filter(action="elsewhere").count() == 2  # who was told of is not written down again


def test_what_others_found_or_missed_counts_against_nobody_else(receptionist, manager, customer, branch, settings):
    settings.FINDS_AN_HOUR = settings.FIND_MISSES_AN_HOUR = 1
    enter(manager, builders.make_customer(branch=branch), "find")
    enter(manager, None, "find")
    log_find(actor=builders.actor_of(receptionist), ids=[customer.pk])
    with pytest.raises(FindLimitReached):
        log_find(actor=builders.actor_of(receptionist), ids=[])


def test_whom_nobody_is_is_no_customer_found(receptionist, customer, settings):
    """A number that is nobody's counts among the misses alone."""
    settings.FINDS_AN_HOUR = 1
    actor = builders.actor_of(receptionist)
    log_find(actor=actor, ids=[])
    log_find(actor=actor, ids=[customer.pk])
    assert [entry.customer_id for entry in AccessEntry.objects.order_by("pk")] == [None, customer.pk]


def test_the_log_cannot_be_changed(receptionist, customer):
    from django.db import DatabaseError, transaction

    entry = enter(receptionist, customer)
    for act in (lambda: AccessEntry.objects.update(action="export"), entry.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert AccessEntry.objects.get().action == "view"


@several_writers
@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_none_is_told_of_more_guests_than_may_be(branch, settings, monkeypatch):
    """On PostgreSQL the person's row is locked; SQLite has one writer at a time, which needs no test of ours."""
    settings.GUESTS_AN_HOUR = 3
    monkeypatch.setattr(services, "guests_told", lambda actor: (guests_told(actor), time.sleep(0.1))[0])  # all have read by then
    clerk = builders.make_staff(branch=builders.make_branch(), role="receptionist")
    guests = [builders.make_customer(branch=branch).pk for _n in range(8)]
    barrier, told = threading.Barrier(8), []

    def ask(pk):
        barrier.wait()
        told.extend(log_guests(actor=builders.actor_of(clerk), ids=[pk]))
        connections.close_all()

    threads = [threading.Thread(target=ask, args=[pk]) for pk in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3
    assert AccessEntry.objects.filter(action="elsewhere").count() == 3
