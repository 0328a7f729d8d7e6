"""The customer list as a workbook: the rows of the page and no others, masked, logged."""

import pytest
from django.urls import reverse

from customers.log.models import AccessEntry
from tests import builders, replicas, workbooks
from tests.builders import client_of

URL = "/customers/export/"


@pytest.fixture
def boss(manager):
    return client_of(manager)


def exported(client, query=""):
    response = client.get(URL + query)
    assert response.status_code == 200
    return workbooks.opened(response)


def names_of(book):
    return [record["Customer"] for record in workbooks.records(book.worksheets[0])]


def test_exactly_the_filtered_list_in_its_order(boss, branch, other_branch):
    for name in ("王小美", "李静", "王琳"):
        builders.make_customer(branch=branch, name=name)
    builders.make_customer(branch=other_branch, name="王外店")
    for query in ("", "?q=王", "?q=王&sort=pinyin", "?sort=strokes", "?q=没有这人"):
        page = boss.get(f"/customers/{query}")
        assert names_of(exported(boss, query)) == [row.name for row in page.context["listing"].rows], query


def test_beyond_the_first_page_and_the_first_thousand(boss, branch, monkeypatch):
    monkeypatch.setattr("salon.lists.AT_A_TIME", 10)
    for n in range(60):
        builders.make_customer(branch=branch, name=f"顾客{n}")
    assert len(names_of(exported(boss))) == 60


def test_phones_are_masked_and_card_numbers_are_text(boss, branch):
    builders.make_customer(branch=branch, name="张", phone="13812346621", card_no="4e135")
    (record,) = workbooks.records(exported(boss).worksheets[0])
    assert (record["Phone"], record["Card number"]) == ("138****6621", "4e135")
    response = boss.get(URL)
    assert b"13812346621" not in b"".join(response.streaming_content)


def test_a_name_is_never_a_formula(boss, branch):
    builders.make_customer(branch=branch, name="=1+1")
    book = exported(boss)
    assert workbooks.formulas(book) == []
    assert names_of(book) == ["=1+1"]


def test_an_invalid_filter_exports_nothing(boss, customer):
    response = boss.get(URL + "?colour=red")
    assert response["Location"] == "/customers/?colour=red"
    assert not AccessEntry.objects.filter(action="export").exists()


def test_it_is_logged_and_says_whose_it_is(boss, manager, customer):
    book = exported(boss, "?q=张")
    entry = AccessEntry.objects.get(action="export")
    assert (entry.user, entry.field, entry.customer_id) == (manager.user, "customers", None)
    facts = dict(workbooks.rows(book.worksheets[1]))
    assert facts["Exported by"] == manager.name
    assert facts["Name, phone or card number"] == "张"
    assert "Customer list" in boss.get(reverse("privacy:log")).content.decode()


def test_the_desk_takes_no_list_away(desk, customer):
    assert desk.get(URL).status_code == 403
    assert "Excel" not in desk.get("/customers/").content.decode()


def test_the_page_leads_to_it_with_its_filter(boss, customer):
    assert 'href="/customers/export/?q=%E5%BC%A0&amp;sort=pinyin"' in boss.get("/customers/?q=张&sort=pinyin").content.decode()


def test_as_many_queries_for_many_as_for_few(boss, branch, django_assert_max_num_queries):
    for n in range(5):
        builders.make_customer(branch=branch, name=f"顾客{n}")
    exported(boss)
    with django_assert_max_num_queries(14):
        exported(boss)
    for n in range(60):
        builders.make_customer(branch=branch, name=f"更多{n}")
    with django_assert_max_num_queries(14):
        assert len(names_of(exported(boss))) == 65


def test_it_is_read_from_a_copy_of_the_database(boss, monkeypatch):
    replicas.lag(monkeypatch)
    assert replicas.was_read(exported(boss))
