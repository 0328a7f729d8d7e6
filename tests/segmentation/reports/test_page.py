"""The owner's workbook taken from the overview: the same file as the command's, for the owner alone, logged."""

import re
from html import unescape
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from customers.log.models import AccessEntry
from segmentation.reports import views
from segmentation.reports.sales import Month
from segmentation.runs.recompute import recompute
from tests import builders, replicas, workbooks
from tests.archives.visits.recording import line, record
from tests.segmentation.histories import day, make_customers, make_visits

PAGE, URL = "/reports/", "/reports/workbook/"


@pytest.fixture(autouse=True)
def july():
    with time_machine.travel("2026-07-01 02:00:00Z", tick=False):
        yield


@pytest.fixture
def june(branch, other_branch):
    here, there = make_customers(branch, "甲乙"), make_customers(other_branch, "丙")
    make_visits(branch, [(here["甲"], day("2026-06-30"), [70_000]), (here["乙"], day("2026-05-31"), [20_000])])
    make_visits(other_branch, [(there["丙"], day("2026-06-01"), [10_000]), (None, day("2026-06-02"), [500])], serial=50)
    recompute(as_of=day("2026-06-30"))
    return here | there


@pytest.fixture
def boss(owner):
    return builders.client_of(owner)


def test_it_is_the_workbook_of_the_command(june, boss, tmp_path):
    response = boss.get(URL, {"month": "2026-06"})
    assert 'filename="salon-2026-06.xlsx"' in response["Content-Disposition"]
    taken = workbooks.opened(response)
    call_command("export_owner_workbook", "--month", "2026-06", "--output", str(tmp_path / "june.xlsx"))
    written = workbooks.opened(tmp_path / "june.xlsx")
    assert taken.sheetnames == written.sheetnames
    for name in written.sheetnames[:-1]:  # but who made it, above and in the last
        assert workbooks.rows(taken[name])[2:] == workbooks.rows(written[name])[2:], name
    assert [row["Customer"] for row in workbooks.records(taken["Visits"])] == ["丙", "Walk-in", "甲"]
    assert dict(workbooks.rows(taken["About this file"]))["Exported by"] == "沈老板"


def test_the_page_shows_the_month_by_means_by_staff_by_day_and_by_item(june, boss, owner, branch):
    """Services and products apart; figures by hand."""
    beautician = builders.make_staff(branch=branch, role="beautician", name="陈美娟")
    service, product = builders.make_item(name="光子嫩肤"), builders.make_item(name="眼霜", kind="product")
    actor = builders.actor_of(owner)
    lines = [line(service, unit_price_fen=30_000, shares=((beautician, 10_000),)), line(product, unit_price_fen=9_900)]
    record(actor, june["甲"], *lines, paid=[("alipay", 39_900)], on=day("2026-06-20"))
    page = boss.get(PAGE, {"month": "2026-06"}).content.decode()

    def row(heading, first):
        part = page.split(f'id="{heading}-title"', 1)[1].split("</section>", 1)[0]
        found = next(each for each in re.findall("<tr>(.*?)</tr>", part, re.DOTALL) if re.search(first, each))
        return [" ".join(unescape(re.sub("<[^>]+>", " ", cell)).split()) for cell in re.findall("<t[hd].*?</t[hd]>", found)]

    assert row("means", "Alipay")[:4] == ["Alipay", "399.00", "", "399.00"]
    assert row("staff", "陈美娟")[:5] == ["陈美娟", "静安店", "300.00", "0.00", "300.00"]
    assert row("days", ">20 ")[:5] == ["20 Sat", "300.00", "99.00", "399.00", "1"]
    assert row("items", "眼霜")[:3] == ["眼霜", "1", "99.00"]


def test_it_is_logged(june, boss, owner):
    workbooks.opened(boss.get(URL, {"month": "2026-06"}))
    entry = AccessEntry.objects.get(action="export")
    assert (entry.user, entry.field) == (owner.user, "workbook")
    assert "Owner&#x27;s workbook" in boss.get(reverse("privacy:log")).content.decode()


def test_without_a_month_it_is_this_one(june, boss):
    for typed in ({}, {"month": ""}):
        response = boss.get(URL, typed)
        assert "salon-2026-07.xlsx" in response["Content-Disposition"]
        assert workbooks.rows(workbooks.opened(response)["Summary"])[0][0] == "Salon Archive · July 2026, up to day 1 · Summary"


@pytest.mark.parametrize(
    "month", ["June", "2026-08", "2026-13", "2026", "0001-01", "9999-12", "2026-06-01", "２０２６-06", "\0", "1" * 999]
)
def test_a_wrong_month_is_said_on_the_page(month, june, boss):
    for url in (URL, PAGE):
        page = boss.get(url, {"month": month}, follow=True)
        assert page.redirect_chain == [(PAGE, 302)]
        assert "Choose a month, such as 2026-07." in page.content.decode()
    assert not AccessEntry.objects.filter(action="export").exists()


def test_it_holds_all_branches_so_only_the_owner_takes_it(june, boss, manager, desk, beautician):
    for client in (builders.client_of(manager), desk, builders.client_of(beautician)):
        assert client.get(URL, {"month": "2026-06"}).status_code == 403
        assert client.get(PAGE, {"month": "2026-06"}).status_code == 403
        assert f'href="{PAGE}"' not in client.get("/").content.decode()
    html = boss.get(PAGE, {"month": "2026-06"}).content.decode()
    assert f'href="{URL}?month=2026-06"' in html
    assert 'value="2026-06" max="2026-07"' in html
    assert 'href="?month=2026-05"' in html
    assert 'href="?month=2026-07"' in html
    assert f'href="{PAGE}"' in boss.get("/").content.decode()


def test_the_page_says_what_grew_and_what_fell(june, boss):
    """June: 805 yuan after 200 in May, and nothing a year before."""
    html = boss.get(PAGE, {"month": "2026-06"}).content.decode().replace("\xa0", " ")
    assert "Consumption ¥ 805.00: 302.5% more than in May 2026 (¥ 605.00); nothing to compare with in June 2025." in html
    assert "3 visits of 2 customers, 2 new, ¥ 268.33 for each visit. Visits grew by 200.0% from 1 in May 2026." in html
    assert "徐汇店" in html
    fell = boss.get(PAGE, {"month": "2026-07"}).content.decode()
    assert "July 2026, up to day 1" in fell
    assert "100.0% less than in June 2026, up to day 1" in fell  # the first of June against the first of July
    assert ">2026-06, up to day 1<" in fell
    assert "June 2026 ¥" not in fell
    assert "June 2026 805; July 2026, up to day 1 0" in fell
    picture, table = re.search(r'<svg class="plot.*?</svg>', fell, re.DOTALL)[0], fell.split("Consumption by month</caption>")[1]
    assert re.findall(r">(Jun|Jul)( 1–1)?<", picture) == [("Jun", ""), ("Jul", " 1–1")]
    assert re.findall(r">(Jun|Jul)(?: 1–1)?</th><td[^>]*>([^<]*)<", table) == [("Jun", "805"), ("Jul", "0")]


@pytest.mark.parametrize(("long", "is_long"), [(6, False), (5, True)])
def test_a_workbook_of_more_rows_than_so_many_is_made_in_the_background(june, boss, owner, monkeypatch, long, is_long):
    """Three visits of June, and three customers of the current run."""
    monkeypatch.setattr(views, "LONG", long)
    assert views.rows_of(Month.parse("2026-06")) == 6
    assert boss.get(PAGE, {"month": "2026-06"}).context["is_long"] == is_long
    asked = SimpleNamespace(GET={"month": "2026-06"}, actor=builders.actor_of(owner))
    assert views.prepared(asked).is_long == is_long


def test_the_page_costs_as_many_queries_for_many_as_for_few(june, branch, boss, django_assert_max_num_queries):
    boss.get(PAGE, {"month": "2026-06"})
    counts = []
    for number in range(2):
        with django_assert_max_num_queries(40) as made:
            boss.get(PAGE, {"month": "2026-06"})
        counts.append(len(made))
        more = make_customers(branch, [f"{number}-{n}" for n in range(30)])
        make_visits(branch, [(who, day("2026-06-05"), [100]) for who in more.values()], serial=1000 * (number + 1))
    assert counts[0] == counts[1]


def test_as_many_queries_for_many_as_for_few(june, branch, boss, django_assert_max_num_queries):
    workbooks.opened(boss.get(URL, {"month": "2026-06"}))
    counts = []
    for number in range(2):
        with django_assert_max_num_queries(60) as made:
            workbooks.opened(boss.get(URL, {"month": "2026-06"}))
        counts.append(len(made))
        more = make_customers(branch, [f"{number}-{n}" for n in range(30)])
        make_visits(branch, [(who, day("2026-06-05"), [100]) for who in more.values()], serial=1000 * (number + 1))
        recompute(as_of=day("2026-06-30"))
    assert counts[0] == counts[1]


def test_page_and_workbook_are_read_from_a_copy_of_the_database(june, boss, monkeypatch, tmp_path):
    replicas.lag(monkeypatch)
    assert replicas.was_read(boss.get(PAGE, {"month": "2026-06"}))
    assert replicas.was_read(workbooks.opened(boss.get(URL, {"month": "2026-06"})))
    call_command("export_owner_workbook", "--month", "2026-06", "--output", str(tmp_path / "june.xlsx"))
    assert replicas.was_read(workbooks.opened(tmp_path / "june.xlsx"))
