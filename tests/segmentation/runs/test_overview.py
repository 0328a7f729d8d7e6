"""The overview: figures by hand for company and branch, links that lead to exactly these customers, studies, delay."""

import re
from dataclasses import astuple
from html import unescape

import pytest
from django.urls import reverse

from archives.visits.models import Visit
from salon.templatetags.salon import percent
from segmentation.runs import explain, queries, views
from segmentation.runs.models import FAILED, STARTED, TierRun
from segmentation.runs.recompute import recompute
from tests import builders
from tests.segmentation.histories import day, make_customers, make_visits

URL = "/tiers/"


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def groups(found):
    """{name: (heads, yuan, share of heads, share of consumption)} of those with heads."""
    return {
        name: (group.heads, group.spent_fen / 100, round(group.head_share, 4), round(group.spent_share, 4))
        for name, group in found.items()
        if group.heads
    }


def test_the_company_by_hand(salon):
    shown = queries.overview(salon.run)
    assert groups({"all": shown.all}) == {"all": (7, 10_000, 1, 1)}
    assert groups(shown.tiers) == {"A": (2, 8_000, 0.2857, 0.8), "B": (1, 1_000, 0.1429, 0.1), "C": (4, 1_000, 0.5714, 0.1)}
    assert {name: group.heads for name, group in shown.segments.items() if group.heads} == {
        "need_attention": 1, "champion": 1, "hibernating": 1, "lost": 1, "lapsed": 1, "about_to_sleep": 1, "new": 1,
    }  # fmt: skip
    cells = {(cell.r, cell.fm): cell.spent_fen / 100 for row in shown.grid for cell in row if cell.heads}
    assert cells == {(3, 3): 6_000, (4, 5): 2_000, (1, 2): 500, (1, 1): 100, (2, 2): 1_000, (5, 1): 400}
    assert [(row[0].r, [cell.fm for cell in row]) for row in shown.grid] == [(r, [1, 2, 3, 4, 5]) for r in (5, 4, 3, 2, 1)]
    assert shown.provisional == 6
    few = queries.concentration_of(salon.run, None, shown)
    assert [astuple(top) for top in few.tops] == [(1, 1, 0.6), (5, 1, 0.6), (10, 1, 0.6), (20, 2, 0.8)]
    assert (few.heads, few.point) == (2, (2 / 7, 0.8))


def test_half_a_year_after_the_first_paid_visit_nobody_is_provisional():
    firsts = [day(first) for first in ("2025-12-30", "2025-12-31")]
    assert [explain.is_provisional(first, day("2026-06-30")) for first in firsts] == [False, True]


def test_segments_without_anybody_are_not_listed(boss, salon):
    shown = boss.get(URL).context["segments"]
    assert len(shown) == 7
    assert all(group.heads for _name, group in shown)


def test_a_branch_by_hand(salon):
    """Its home customers with the company's tiers; shares of its own total."""
    shown = queries.overview(salon.run, salon.here)
    assert groups(shown.tiers) == {"A": (2, 8_000, 0.4, 0.9302), "C": (3, 600, 0.6, 0.0698)}
    assert shown.provisional == 4
    few = queries.concentration_of(salon.run, salon.here, shown)
    assert [(top.heads, round(top.share, 4)) for top in few.tops] == [(1, 0.6977)] * 4
    assert (few.heads, round(few.point[1], 4)) == (2, 0.9302)
    assert groups(queries.overview(salon.run, salon.there).tiers) == {
        "B": (1, 1_000, 0.5, 0.7143),
        "C": (1, 400, 0.5, 0.2857),
    }


def test_refunds_are_in_the_sum_and_not_in_the_shares_of_the_curve(salon):
    """The positive total of a branch is what its concentration is of, as ABC has it."""
    make_visits(salon.here, [(salon.people["丁"], day("2026-06-15"), [-30_000])], serial=50)
    run = recompute(as_of=day("2026-06-30"))
    shown = queries.overview(run, salon.here)
    assert shown.all.spent_fen == 830_000
    assert queries.concentration_of(run, salon.here, shown).total_fen == 850_000


# --- Moves ------------------------------------------------------------------------------------------------------------


def test_who_moved_by_hand(salon):
    moves = queries.moves(salon.run)
    assert moves.since == salon.before
    assert moves.heads == {("C", "A"): 1, ("B", "C"): 1, ("", "C"): 1}
    assert [moves.count(kind) for kind in ("up", "down", "new")] == [1, 1, 1]
    assert [moves.net(tier) for tier in "ABC"] == [1, -1, 1]
    assert queries.moves(salon.run, salon.here).heads == {("C", "A"): 1, ("B", "C"): 1}
    assert queries.moves(salon.run, salon.there).heads == {("", "C"): 1}
    assert [(span.customer.name, span.before) for span in queries.movers(salon.run, "up")] == [("乙", "C")]
    assert [(span.customer.name, span.before) for span in queries.movers(salon.run, "down", salon.here)] == [("丙", "B")]
    assert queries.movers(salon.run, "up", salon.there) == []


@pytest.mark.usefixtures("either_way")
def test_of_those_who_moved_the_ones_who_spend_most_come_first(salon, monkeypatch):
    more = make_customers(salon.here, "辛壬癸")
    rows = [(more[who], day("2026-06-20"), [yuan * 100]) for who, yuan in (("辛", 400), ("壬", 400), ("癸", 900))]
    make_visits(salon.here, rows, serial=50)
    run = recompute(as_of=day("2026-06-30"))
    assert [span.customer.name for span in queries.movers(run, "new")] == ["癸", "壬", "辛"]
    monkeypatch.setattr(queries, "MOVERS_SHOWN", 2)
    assert [span.customer.name for span in queries.movers(run, "new")] == ["癸", "壬"]


def test_a_second_run_of_the_day_moves_nobody_once_more(salon):
    """Even when it writes her span anew: 乙 moved in the run before."""
    make_visits(salon.here, [(salon.people["乙"], day("2026-06-11"), [100])], serial=50)
    again = recompute(as_of=day("2026-06-30"))
    assert again.changed > 0
    assert queries.moves(again).heads == {}
    assert queries.moves(again).since == salon.run
    assert queries.moves(salon.run).heads == {("C", "A"): 1, ("B", "C"): 1, ("", "C"): 1}


def test_who_leaves_is_gone_and_who_comes_back_is_new(salon):
    Visit.objects.filter(customer=salon.people["庚"]).update(status="voided", voided_at="2026-07-01T00:00Z")
    gone = recompute(as_of=day("2026-06-30"))
    assert queries.moves(gone).heads == {("C", ""): 1}
    assert queries.moves(gone).net("C") == -1
    assert [queries.moves(gone, branch).heads for branch in (salon.here, salon.there)] == [{}, {("C", ""): 1}]
    make_visits(salon.there, [(salon.people["庚"], day("2026-06-21"), [40_000])], serial=60)
    assert queries.moves(recompute(as_of=day("2026-06-30"))).heads == {("", "C"): 1}


def test_moves_stand_by_the_tier_of_now_and_who_is_gone_comes_last():
    heads = {("A", ""): 1, ("", "B"): 2, ("C", "A"): 3, ("A", "B"): 4, ("B", "A"): 5}
    pairs = views._pairs(queries.Moves(None, heads))
    assert [pair[:3] for pair in pairs] == [("B", "A", 5), ("C", "A", 3), ("", "B", 2), ("A", "B", 4), ("A", "", 1)]
    assert [query and query.get("moved") for *_pair, query in pairs] == [None, None, "new", None, None]


def test_the_first_run_and_a_study_move_nobody(salon):
    assert queries.moves(salon.before) is None
    assert queries.moves(recompute(as_of=day("2026-06-30"), months=3)) is None


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_owner_sees_the_company(salon, boss):
    page = text_of(boss.get(URL))
    for words in (
        "2 customers",
        "80.0%",
        "¥\xa08,000",
        "begins at ¥\xa02,000.00",
        "begins at ¥\xa01,000.00",
        "all branches",
        ">12 months<",
    ):
        assert words in page, words
    assert "The best 20% of the customers bring 80% of the consumption" in page
    assert "Data as of 30 Jun 2026" in page
    assert ">12 months<" in page
    assert "Who moved since the run of 31 May 2026" in page
    assert "乙" in page
    assert "behind" not in page
    assert re.findall(r'<svg class="plot[^>]*aria-labelledby="chart-(\w+)-title', page) == ["few", "shares"]


def test_the_pictures_show_the_figures_of_their_tables(salon, boss):
    """Also of a tier that gave back more than it spent, whose bar hangs below zero."""
    make_visits(salon.here, [(salon.people["丁"], day("2026-06-15"), [-300_000])], serial=50)
    recompute(as_of=day("2026-06-30"))
    context = boss.get(URL, {"branch": salon.here.pk}).context
    few, shares, shown = context["pareto"], context["shares"], context["shown"]
    assert few.point == context["few"].point
    assert few.classes[-1] == ("C", 1.0)
    figures = [(each.head_share, each.spent_share) for each in shown.tiers.values()]
    assert list(zip(*(each.values for each in shares.series))) == figures
    assert [texts for _tier, texts in shares.rows] == [(percent(heads), percent(spent)) for heads, spent in figures]
    assert [bar.is_negative for bar in shares.bars] == [False] * 5 + [True]


def test_what_a_tier_is_called_stands_at_its_letter(salon, boss):
    boss.post("/language/", {"language": "zh-hans"})
    sheets = text_of(boss.get(URL)).split('<section class="sheet kpi"')[1:4]
    said = [re.search(r'<span class="label">([^<]+)</span>', sheet)[1] for sheet in sheets]
    assert said == ["关键顾客", "主要顾客", "普通顾客"]
    assert [re.search(r'class="tier tier-(.)', sheet)[1] for sheet in sheets] == ["a", "b", "c"]


def test_the_owner_may_look_at_one_branch(salon, boss):
    builders.make_branch(code="ZZ", name="0")
    response = boss.get(URL, {"branch": salon.there.pk})
    assert response.context["branches"][0].code == "ZZ", "by name"
    page = text_of(response)
    assert "71.4%" in page
    assert "乙" not in page
    assert f"branch={salon.there.pk}" in page


def test_the_manager_sees_the_own_branch_whatever_the_address_says(salon, head):
    for query in ({}, {"branch": salon.there.pk}):
        page = text_of(head.get(URL, query))
        assert "93.0%" in page
        assert "静安店" in page
        assert "徐汇店" not in page
        assert "Shown are the home customers of 静安店" in page


@pytest.mark.parametrize("query", [{"branch": "99999"}, {"branch": "x"}, {"run": "99999"}, {"run": "x"}, {"run": "-1"}])
def test_what_is_not_there_is_not_found(query, salon, boss):
    assert boss.get(URL, query).status_code == 404


@pytest.mark.parametrize("who", ["boss", "head"])
@pytest.mark.parametrize("which", ["now", *(pytest.param(w, marks=pytest.mark.long) for w in ("before", "study", "all time"))])
def test_every_figure_leads_to_exactly_its_customers(who, which, salon, request):
    client = request.getfixturevalue(who)
    recomputed = {"study": {"months": 3}, "all time": {"months": None}}
    run = {"now": salon.run, "before": salon.before}.get(which) or recompute(as_of=day("2026-06-30"), **recomputed[which])
    page = text_of(client.get(URL, {} if which == "now" else {"run": run.pk}))
    links = re.findall(r'<a [^>]*href="(/tiers/customers/[^"]*)"[^>]*>(.*?)</a>', page)
    checked = 0
    for url, inner in links:
        listing = client.get(unescape(url)).context["listing"]
        assert listing.errors == []
        figure = re.match(r"[\d,]+", re.sub(r"<[^>]*>", "", inner))
        if figure:
            assert listing.total == int(figure[0].replace(",", "")), url
            checked += 1
    assert checked >= 10
    segments = re.findall(r'<th scope="row"><a class="row-link" href="([^"]*segment=[^"]*)">.*?<td class="num">(\d+)</td>', page)
    assert segments
    for url, heads in segments:
        assert client.get(unescape(url)).context["listing"].total == int(heads)


def test_the_number_of_queries_is_the_same_for_few_and_for_many(salon, boss, head, django_assert_max_num_queries):
    for client, most in ((boss, 26), (head, 22)):
        counts = []
        for round_ in range(2):
            client.get(URL)
            with django_assert_max_num_queries(most) as queries_made:
                client.get(URL)
            counts.append(len(queries_made))
            if round_ == 0:
                more = make_customers(salon.here, [f"{most}-{n}" for n in range(30)])
                rows = [(who, day("2026-06-01"), [100 * n + 50]) for n, who in enumerate(more.values())]
                make_visits(salon.here, rows, serial=most * 100)
                recompute(as_of=day("2026-06-30"))
        assert counts[1] <= counts[0]  # names of movers are not asked for where nobody moved


def test_nothing_is_read_from_visits(salon, boss, django_assert_max_num_queries):
    """Tiers are read from what the run left; a page never adds up visits."""
    with django_assert_max_num_queries(60) as made:
        boss.get(URL)
        boss.get("/tiers/customers/", {"moved": "up", "top": 50})
    assert made.captured_queries
    assert [query["sql"] for query in made.captured_queries if "archives_" in query["sql"]] == []


# --- Studies and delay ------------------------------------------------------------------------------------------------


def test_a_study_is_marked_and_leaves_the_tiers_in_force(salon, boss, head):
    study = recompute(as_of=day("2026-06-30"), months=3)
    for client in (boss, head):
        for url in (URL, "/tiers/customers/"):
            page = text_of(client.get(url, {"run": study.pk}))
            assert "This is a study." in page
            assert "Visits are taken as corrected since, up to " in page
            assert "This is a study." not in text_of(client.get(url))
    page = text_of(boss.get(URL, {"run": study.pk}))
    assert "3 months" in page
    assert "Who moved" not in page
    assert f"run={study.pk}" in text_of(boss.get(URL))
    assert groups(queries.overview(study).tiers)["A"][:2] == (2, 7_900)


def test_an_earlier_run_can_be_opened(salon, boss):
    response = boss.get(URL, {"run": salon.before.pk})
    page = text_of(response)
    assert "This is an earlier run." in page
    assert response.context["scope"] == {"run": salon.before.pk}, "where its figures lead"
    assert boss.get(URL).context["scope"] == {}
    assert "They are shown as they were computed, " in page
    assert "75.0%" in page


def test_a_page_says_over_what_a_run_went_and_how_long_it_took(salon, boss):
    TierRun.objects.filter(pk=salon.run.pk).update(started_at="2026-07-01T00:00:00Z", finished_at="2026-07-01T00:00:01.5Z")
    context = boss.get(URL).context
    assert (context["period"], context["seconds"]) == ("12 months", 1.5)


def test_a_run_that_is_not_finished_cannot_be_opened(salon, boss):
    run = TierRun.objects.create(as_of=day("2026-06-30"), status=STARTED, started_at="2026-07-01T00:00Z")
    assert boss.get(URL, {"run": run.pk}).status_code == 404


@pytest.mark.parametrize("url", [URL, "/tiers/customers/"])
def test_a_nightly_run_that_is_behind_is_said(url, salon, owner, manager, morning):
    for moment, behind in (("2026-07-01 15:59:00Z", False), ("2026-07-01 16:01:00Z", True)):  # around midnight in Shanghai
        morning.move_to(moment)
        for staff in (owner, manager):
            page = text_of(builders.client_of(staff).get(url))
            late = "The tiers are 1 day behind: they should be as of 1 Jul 2026 and are as of 30 Jun 2026."
            assert (late in page, "recompute_tiers" in page) == (behind, behind)


@pytest.mark.parametrize(
    ("status", "words"), [(STARTED, "A run is working just now"), (FAILED, "The last run failed")], ids=["working", "failed"]
)
def test_what_became_of_the_run_that_is_missing(status, words, salon, owner, morning):
    morning.move_to("2026-07-03 02:00:00Z")
    finished = None if status == STARTED else "2026-07-03T00:00Z"
    TierRun.objects.create(as_of=day("2026-07-02"), status=status, started_at="2026-07-03T00:00Z", finished_at=finished)
    page = text_of(builders.client_of(owner).get(URL))
    assert "The tiers are 2 days behind" in page
    assert words in page


@pytest.mark.parametrize("role", ["receptionist", "beautician"])
def test_not_for_the_desk(role, salon, request):
    client = builders.client_of(request.getfixturevalue(role))
    assert client.get(URL).status_code == 403
    assert client.get("/tiers/customers/").status_code == 403
    assert reverse("tiers:overview") not in text_of(client.get("/"))


def test_the_navigation_leads_there(salon, head):
    assert f'href="{URL}"' in text_of(head.get("/"))
    assert 'aria-current="page"' in text_of(head.get(URL))
