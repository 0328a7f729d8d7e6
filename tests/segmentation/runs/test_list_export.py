"""The tier list as a workbook: the rows of the page and no others, with its figures, logged, at a constant cost."""

import pytest
from django.core.management import call_command

from customers.log.models import AccessEntry
from customers.privacy.queries import EXPORT_NAMES
from segmentation.runs import ladder
from segmentation.runs.recompute import recompute
from segmentation.runs.views import SORTS
from tests import builders, replicas, workbooks
from tests.segmentation.histories import day, make_customers, make_visits

PAGE, URL = "/tiers/customers/", "/tiers/customers/export/"


def exported(client, query=""):
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    return workbooks.opened(response)


def records(client, query=""):
    return workbooks.records(exported(client, query).worksheets[0])


@pytest.mark.parametrize(
    "query",
    [*(f"sort={sort}" for sort in SORTS), "tier=C", "segment=champion", "moved=up", "was=C&tier=A", "q=甲", "tier=B&f=5"],
)
def test_exactly_the_filtered_list_with_its_figures(query, salon, boss, head):
    for client in (boss, head):
        shown = client.get(f"{PAGE}?{query}").context["rows"]
        found = records(client, query)
        assert [row["Name"] for row in found] == [row.figures.customer.name for row in shown]
        for row, on_page in zip(found, shown, strict=True):
            figures, standing = on_page.figures, on_page.standing
            assert (row["Rank"], row["Cumulative share"]) == (standing.rank, pytest.approx(standing.share))
            assert (row["Tier"], row["R"], row["F"], row["M"]) == (figures.tier, figures.r, figures.f, figures.m)
            assert (row["Recency (days)"], row["Paid visit days"]) == (on_page.recency_days, figures.visit_days)
            assert round(row["Consumption"] * 100) == figures.consumption_fen
            assert row["Segment"] == figures.get_segment_display()
            assert row["Newcomers"] == ("provisional" if on_page.is_provisional else None)


def test_a_row_by_hand(salon, boss):
    (row,) = records(boss, "q=乙")
    assert {name: value for name, value in row.items() if name != "Tier since"} == {
        "Card number": "乙", "Name": "乙", "Recency (days)": 20, "Paid visit days": 2, "Consumption": 2000,
        "R": 4, "F": 5, "M": 4, "Segment": "Champion",
        "Rank": 2, "Cumulative share": 0.8, "ABC": "A", "Tier": "A", "Tier before": "C",
        "Newcomers": "provisional", "Home branch": "静安店",
    }  # fmt: skip
    assert f"{row['Tier since']:%Y-%m-%d}" == "2026-06-30"


def test_a_manager_takes_the_own_branch_and_no_phone(salon, head):
    found = records(head)
    assert [row["Name"] for row in found] == list("甲乙丙丁戊")
    assert [row["Rank"] for row in found] == [1, 2, 4, 6, 7]  # the company's
    assert not {"Phone", "Home branch"} & set(found[0])
    assert head.get(f"{URL}?branch={salon.there.pk}")["Location"] == f"{PAGE}?branch={salon.there.pk}"


def test_a_study_and_an_earlier_run(salon, boss):
    study = recompute(as_of=day("2026-06-30"), months=3)
    for run in (study, salon.before):
        shown = boss.get(f"{PAGE}?run={run.pk}").context["rows"]
        found = records(boss, f"run={run.pk}")
        assert [(row["Name"], row["Tier"], row["Rank"]) for row in found] == [
            (row.figures.customer.name, row.figures.tier, row.standing.rank) for row in shown
        ]
    assert {row["Tier since"] for row in records(boss, f"run={study.pk}")} == {None}
    assert boss.get(f"{URL}?run=99999").status_code == 404


def test_beyond_the_first_page_and_the_first_thousand(salon, boss, monkeypatch):
    monkeypatch.setattr("salon.lists.AT_A_TIME", 10)
    more = make_customers(salon.here, [f"n{n:02d}" for n in range(60)])
    make_visits(salon.here, [(who, day("2026-06-01"), [10_000 + n]) for n, who in enumerate(more.values())], serial=1000)
    recompute(as_of=day("2026-06-30"))
    ranks = [row["Rank"] for row in records(boss)]
    assert ranks == sorted(ranks)
    assert len(ranks) == 67


def test_the_standing_of_everybody_is_that_of_each(salon):
    """Both ways of computing rank and share say the same, also of amounts that are equal, nothing or negative."""
    amounts = [700, 700, 700, 1, 0, -500, 99_999_999]
    people = make_customers(salon.here, [f"p{n}" for n in range(len(amounts))])
    make_visits(salon.here, [(who, day("2026-06-01"), [1, fen - 1]) for who, fen in zip(people.values(), amounts)], serial=50)
    for run in (recompute(as_of=day("2026-06-30")), recompute(as_of=day("2026-06-30"), months=2)):
        everybody = ladder.Everybody(run)
        found = ladder.standings(run, list(run.figures().values_list("consumption_fen", flat=True)))
        assert len(found) >= 8
        assert {amount: everybody[amount] for amount in found} == found


def test_text_is_text(salon, boss):
    """A name is never a formula, a card number never a figure."""
    odd = builders.make_customer(branch=salon.here, name="=1+1", card_no="4e135")
    make_visits(salon.here, [(odd, day("2026-06-01"), [100])], serial=50)
    recompute(as_of=day("2026-06-30"))
    book = exported(boss, "q=4e135")
    assert workbooks.formulas(book) == []
    (row,) = workbooks.records(book.worksheets[0])
    assert (row["Card number"], row["Name"]) == ("4e135", "=1+1")


def test_it_is_logged_and_says_what_it_is(salon, head, manager):
    book = exported(head, f"tier=A&run={salon.run.pk}")
    entry = AccessEntry.objects.get(action="export")
    assert (entry.user, entry.field, entry.customer_id) == (manager.user, "tiers", None)
    assert entry.field in EXPORT_NAMES
    facts = dict(workbooks.rows(book.worksheets[1]))
    assert facts["Exported by"] == manager.name
    assert (facts["Tier"], facts["Data as of"], facts["Order"]) == ("A", "2026-06-30", "Best rank")
    assert facts["ABC"].endswith("B ≥ ¥\xa01,000.00 · A ≥ ¥\xa02,000.00")
    assert "[invalid name]" not in facts


def test_an_invalid_filter_exports_nothing(salon, boss):
    for query in ("tier=D", "colour=red", "top=0"):
        assert boss.get(f"{URL}?{query}")["Location"] == f"{PAGE}?{query}"
    assert not AccessEntry.objects.filter(action="export").exists()


def test_neither_desk_nor_beautician_takes_it(salon, desk, beautician):
    for client in (desk, builders.client_of(beautician)):
        assert client.get(URL).status_code == 403
    assert not AccessEntry.objects.exists()


def test_the_page_leads_to_it_with_its_filter(salon, head):
    assert f'href="{URL}?tier=A&amp;sort=recency"' in head.get(f"{PAGE}?tier=A&sort=recency").content.decode()
    assert URL not in head.get(f"{PAGE}?tier=D").content.decode()


def test_as_many_queries_for_many_as_for_few(salon, boss, django_assert_max_num_queries):
    exported(boss)
    counts = []
    for number in range(2):
        with django_assert_max_num_queries(14) as made:
            exported(boss)
        counts.append(len(made))
        more = make_customers(salon.here, [f"{number}-{n}" for n in range(30)])
        rows = [(who, day("2026-06-01"), [100 * n + 50]) for n, who in enumerate(more.values())]
        make_visits(salon.here, rows, serial=1000 * (number + 1))
        recompute(as_of=day("2026-06-30"))
    assert counts[0] == counts[1]


def test_pages_and_files_are_read_from_a_copy_of_the_database(salon, boss, monkeypatch, tmp_path):
    replicas.lag(monkeypatch)
    assert all(replicas.was_read(boss.get(page)) for page in ("/tiers/", PAGE))
    assert replicas.was_read(exported(boss, ""))
    call_command("export_tiers", "--output", str(tmp_path / "tiers.xlsx"))
    assert replicas.was_read(workbooks.opened(tmp_path / "tiers.xlsx"))
