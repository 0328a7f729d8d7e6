"""The search box's answer: what a hit shows, to whom, and the way to a new customer."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from customers.card.models import Customer, SafetyNote
from customers.log.models import AccessEntry
from customers.privacy.models import GuestPass
from salon import panels
from tests import builders, naughty

URL = "/customers/search/"


def ask(client, words, **extra):
    return client.get(URL, {"q": words}, headers={"HX-Request": "true"}, **extra)


@pytest.fixture
def allergic(customer):
    customer.called = "张姐"
    customer.save()
    acid = builders.make_tag("果酸")
    SafetyNote.objects.create(customer=customer, tag=acid, noted_on="2026-01-01")
    SafetyNote.objects.create(customer=customer, tag=builders.make_tag("旧的"), noted_on="2025-01-01", ended_on="2025-02-01")
    return customer


def test_a_hit_says_who_she_is_and_what_must_not_be_missed(desk, allergic):
    html = ask(desk, "zxm").content.decode()
    for shown in ("张晓梅", "张姐", allergic.card_no, "138****6621", "果酸", 'role="option"', allergic.get_absolute_url()):
        assert shown in html
    assert "13812346621" not in html
    assert "旧的" not in html
    assert "1 customer found" in html


def test_higher_floors_put_tier_and_hints_into_a_hit(desk, customer, monkeypatch):
    shown = {"customer.badge": ["A"], "customer.hints": [panels.Hint("46 days ago"), panels.Hint("due", "warn")]}
    monkeypatch.setattr(panels, "collect", lambda slot, actor, objects: {each.pk: shown.get(slot, []) for each in objects})
    html = ask(desk, "zxm").content.decode()
    assert 'class="tier tier-a"' in html
    assert "46 days ago" in html
    assert '<span class="chip warn">due</span>' in html


def test_a_beautician_sees_the_last_digits_only(beautician, customer, branch):
    actor = builders.actor_of(beautician)
    customer.visits.create(
        branch=branch, status="expected", expected_on=actor.today, day=actor.today, assigned=beautician, recorded_at=actor.now
    )
    html = ask(builders.client_of(beautician), "zxm").content.decode()
    assert "****6621" in html
    assert "138****" not in html
    assert "data-key" not in html  # may not make cards


@pytest.mark.parametrize(
    ("words", "query"),
    [("李雷", "?name=%E6%9D%8E%E9%9B%B7"), ("13800001111", "?phone=13800001111"), ("138", ""), ("a&b=c", "?name=a%26b%3Dc")],
)
def test_the_way_to_a_new_customer_takes_along_what_was_typed(desk, words, query):
    html = ask(desk, words).content.decode()
    assert f'href="{reverse("customers:create")}{query}"' in html
    assert 'data-key="N"' in html


def test_nothing_typed_answers_nothing(desk, customer):
    assert ask(desk, "").content == b""
    assert ask(desk, "  ").content == b""


def test_without_javascript_the_answer_is_a_page(desk, customer):
    page = desk.get(URL, {"q": "zxm"})
    html = page.content.decode()
    assert page.status_code == 200
    assert "<h1>" in html
    assert customer.get_absolute_url() in html
    assert 'role="option"' not in html
    assert desk.get(URL).status_code == 200


@naughty.some_and_all
def test_naughty_strings_are_answered_and_escaped(desk, customer, strings):
    for words in strings:
        for headers in ({"HX-Request": "true"}, {}):
            response = desk.get(URL, {"q": words.encode("utf-8", "surrogatepass")}, headers=headers)
            assert response.status_code == 200
            html = response.content.decode()
            assert "<x-probe" not in html
            assert "<script>alert" not in html
            assert "{{7*7}}" not in words or escape(words) in html  # and no 49


def test_naughty_names_are_shown_escaped(desk, branch):
    builders.make_customer(branch=branch, name="<x-probe>张", card_no="X1")
    html = ask(desk, "<x").content.decode()
    assert "&lt;x-probe&gt;张" in html
    assert "<x-probe" not in html


def test_the_number_of_queries_is_the_same_for_one_and_for_many(desk, branch, customer, django_assert_max_num_queries):
    ask(desk, "z")
    counts = []
    for n in range(2):
        with django_assert_max_num_queries(30) as queries:
            ask(desk, "z")
        counts.append(len(queries))
        for i in range(8):
            builders.make_customer(branch=branch, name=f"赵{i}", card_no=f"X{n}{i}", phone=f"1390000{n}{i:03d}")
    assert counts[0] == counts[1]


def test_a_guest_is_shown_without_name_number_or_link(stranger, customer):
    html = ask(builders.client_of(stranger), "13812346621").content.decode()
    assert "张*" in html
    assert "静安店" in html
    assert "Customer is here" in html
    assert "data-deliberate" in html
    for hidden in ("张晓梅", customer.card_no, customer.get_absolute_url(), "138****6621"):
        assert hidden not in html


def test_a_guest_who_is_here_can_be_opened_until_the_end_of_the_day(stranger, customer):
    client = builders.client_of(stranger)
    actor = builders.actor_of(stranger)
    assert not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists()
    answer = client.post("/customers/here/", {"phone": "138 1234 6621", "customer": customer.pk})
    assert (answer.status_code, answer["Location"]) == (302, customer.get_absolute_url())
    again = client.post("/customers/here/", {"phone": "13812346621", "customer": customer.pk}, headers={"HX-Request": "true"})
    assert (again.status_code, again["HX-Redirect"]) == (200, customer.get_absolute_url())
    assert GuestPass.objects.get().business_date == actor.today
    entry = AccessEntry.objects.get()
    assert (entry.action, entry.customer_id, entry.user, entry.branch) == ("guest", customer.pk, stranger.user, stranger.branch)
    assert Customer.objects.visible_to(actor).filter(pk=customer.pk).exists()
    assert "张晓梅" in ask(client, "zxm").content.decode()


@pytest.mark.parametrize("phone", ["", "6621", "1381234662", "13812346622", "138123466210", "x", "1" * 5000])
def test_only_the_whole_number_opens_a_guests_card(stranger, customer, phone):
    answer = builders.client_of(stranger).post("/customers/here/", {"phone": phone, "customer": customer.pk})
    assert answer.status_code == 404
    assert not GuestPass.objects.exists()
    assert not AccessEntry.objects.exists()


@pytest.mark.parametrize("pk", ["0", "x", "-1", "9" * 30, "½"])
def test_a_wrong_customer_opens_nothing(stranger, customer, pk):
    answer = builders.client_of(stranger).post("/customers/here/", {"phone": "13812346621", "customer": pk})
    assert answer.status_code == 404
    assert not GuestPass.objects.exists()


def test_a_number_a_family_shares_needs_to_be_told_who(stranger, customer, branch):
    builders.make_customer(branch=branch, name="张妈妈", card_no="X1", phone="13812346621")
    client = builders.client_of(stranger)
    assert ask(client, "13812346621").content.decode().count("张*") == 2
    assert client.post("/customers/here/", {"phone": "13812346621"}).status_code == 404
    assert client.post("/customers/here/", {"phone": "13812346621", "customer": customer.pk}).status_code == 302
    assert GuestPass.objects.get().customer == customer


def test_who_may_not_confirm_guests(beautician, other_branch, desk):
    guest = builders.make_customer(branch=other_branch, name="王五", card_no="X1", phone="13700000001")
    client = builders.client_of(beautician)
    assert "王*" not in ask(client, "13700000001").content.decode()
    assert client.post("/customers/here/", {"phone": "13700000001", "customer": guest.pk}).status_code == 403
    assert desk.get("/customers/here/").status_code == 405


def test_without_javascript_an_empty_search_is_a_page_and_as_one_types_nothing(desk):
    assert ask(desk, "").content == b""
    assert b"<h1" in desk.get(URL).content


def test_the_way_to_a_new_customer_says_the_number_or_the_name_that_was_typed(desk):
    said = [ask(desk, words).context["new"]["words"] for words in ("13912345678", "周末", "12")]
    assert said == ["13912345678", "周末", ""]
