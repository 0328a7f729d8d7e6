"""The tier list: filters that are exact or refused, orders, words that explain, three states, and what it costs."""

import pytest

from archives.visits.models import Visit
from customers.card.models import Phone
from customers.card.search import queries as cards
from segmentation.runs.recompute import recompute
from segmentation.runs.views import SORTS
from tests import builders, naughty
from tests.segmentation.histories import day, make_customers, make_visits

URL = "/tiers/customers/"


def names(response):
    return "".join(row.figures.customer.name for row in response.context["rows"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "甲乙己丙庚丁戊"),
        ("sort=rank", "甲乙己丙庚丁戊"),
        ("sort=consumption", "戊丁庚丙己乙甲"),
        ("sort=recency", "戊丁丙己甲乙庚"),
        ("sort=visit_days", "乙庚己丁丙甲戊"),
        ("tier=A", "甲乙"),
        ("tier=C", "丙庚丁戊"),
        ("segment=lapsed", "戊"),
        ("segment=champion", "乙"),
        ("r=1", "丙丁"),
        ("f=5", "乙"),
        ("m=5", "甲"),
        ("fm=2", "己丙"),
        ("r=1&fm=2", "丙"),
        ("moved=up", "乙"),
        ("moved=down", "丙"),
        ("moved=new", "庚"),
        ("was=C", "乙"),
        ("was=C&tier=A", "乙"),
        ("was=B&moved=up", ""),
        ("was=B&moved=down&tier=C", "丙"),
        ("was=A", ""),
        ("provisional=no", "戊"),
        ("provisional=yes", "甲乙己丙庚丁"),
        ("top=1", "甲"),
        ("top=20", "甲乙"),
        ("top=100", "甲乙己丙庚丁戊"),
        ("rank_to=2", "甲乙"),
        ("rank_from=3&rank_to=4", "己丙"),
        ("rank_from=7", "戊"),
        ("rank_from=9", ""),
        ("rank_to=99", "甲乙己丙庚丁戊"),
        ("spent_from=500&spent_to=1000", "己丙"),
        ("spent_from=1,000.01", "甲乙"),
        ("spent_to=-0.01", ""),
        ("away_from=41", "甲己丙丁戊"),
        ("away_from=42", "己丙丁戊"),
        ("away_to=10", "庚"),
        ("away_from=41&away_to=41", "甲"),
        ("away_from=87&away_to=87", "己"),
        ("days_from=2", "乙"),
        ("days_to=0", "戊"),
        ("q=甲", "甲"),
        ("tier=C&moved=new&sort=recency", "庚"),
    ],
)
def test_filters_and_orders(query, shown, salon, boss):
    response = boss.get(f"{URL}?{query}")
    assert response.context["listing"].errors == []
    assert names(response) == shown
    assert response.context["listing"].total == len(shown)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "甲乙丙丁戊"),
        ("tier=B", ""),
        ("top=20", "甲"),
        ("top=21", "甲乙"),
        ("rank_from=4", "丙丁戊"),
        ("q=己", ""),
        ("moved=new", ""),
    ],
)
def test_a_manager_has_the_own_branch(query, shown, salon, head):
    """Ranks are the company's, the best percent of the branch."""
    assert names(head.get(f"{URL}?{query}")) == shown


def test_the_owner_may_choose_a_branch(salon, boss):
    assert names(boss.get(URL, {"branch": salon.there.pk})) == "己庚"
    assert names(boss.get(URL, {"branch": salon.there.pk, "top": 50})) == "己"
    assert names(boss.get(URL, {"branch": salon.here.pk, "top": 20})) == "甲"


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1", "tier=D", "segment=x", "r=6", "fm=0", "moved=sideways", "was=D", "provisional=maybe", "top=0", "top=101",
        "top=x", "top=1.5", "rank_from=0", "rank_to=-1", "spent_from=x", "spent_to=1e99", "away_from=-1", "away_to=99999999",
        "days_from=x", "branch=99999", "sort=name", "page=0", "q=" + "z" * 61, "tier=A&tiers=B",
    ],
)  # fmt: skip
def test_an_unknown_or_invalid_filter_shows_nothing(query, salon, boss):
    response = boss.get(f"{URL}?{query}")
    assert response.status_code == 200
    assert response.context["listing"].errors
    assert names(response) == ""
    assert "甲" not in response.content.decode()


def test_a_manager_cannot_ask_for_another_branch(salon, head):
    response = head.get(URL, {"branch": salon.there.pk})
    assert response.context["listing"].errors
    assert names(response) == ""


def test_where_nobody_could_have_moved_nobody_is_asked(salon, boss):
    """The first run and studies have no filter for moves."""
    study = recompute(as_of=day("2026-06-30"), months=3)
    for run in (salon.before, study):
        assert names(boss.get(URL, {"run": run.pk})) != ""
        assert boss.get(URL, {"run": run.pk, "moved": "up"}).context["listing"].errors


def test_whose_figures_alone_changed_in_a_second_run_of_the_day_has_not_moved(salon, boss):
    make_visits(salon.here, [(salon.people["乙"], day("2026-06-11"), [100])], serial=50)
    recompute(as_of=day("2026-06-30"))
    assert names(boss.get(URL, {"was": "A"})) == ""


@pytest.mark.parametrize("run", ["x", "99999", "-1", "1.5"])
def test_a_run_that_is_not_there_is_not_found(run, salon, boss):
    assert boss.get(URL, {"run": run}).status_code == 404


def test_three_states(salon, boss, morning):
    assert "Nothing matches" in boss.get(URL, {"tier": "B", "f": "5"}).content.decode()
    Visit.objects.update(status="voided", voided_at="2026-07-01T00:00Z")
    recompute(as_of=day("2026-06-30"))
    assert "nobody has a tier" in boss.get(URL).content.decode()


def test_a_filter_is_kept_while_looking_at_a_study(salon, boss):
    study = recompute(as_of=day("2026-06-30"), months=3)
    html = boss.get(URL, {"run": study.pk, "tier": "A"}).content.decode()
    assert f'<input type="hidden" name="run" value="{study.pk}">' in html
    assert f'href="?run={study.pk}"' in html
    assert f'href="/tiers/?run={study.pk}"' in html
    assert "More filters" in html
    assert " open>" not in html.split('class="more-filters"')[1][:20]


def test_each_tier_is_explained(salon, head):
    html = head.get(URL, {"q": "乙"}).content.decode()
    for words in (
        "A: 2,000.00 in 12 months, rank 2 of 7, cumulative share 80.0%; A begins at 2,000.00; B begins at 1,000.00",
        "This is the amount at which A begins.",
        "This holds while everybody else stays as they are.",
        "A since 30 Jun 2026, before C",
        "provisional",
        "4 5 4",
        "20 days",
    ):
        assert words in html, words


def test_the_card_leads_to_its_row(salon, head):
    customer = salon.people["丙"]
    html = head.get(customer.get_absolute_url()).content.decode()
    assert "C: 500.00 in 12 months, rank 4 of 7, cumulative share 95.0%" in html
    assert "With ¥\xa0500.00 more it would be B." in html
    assert "This holds while everybody else stays as they are." in html
    assert '<span class="chip">provisional</span>' in html
    assert "provisional" not in head.get(salon.people["戊"].get_absolute_url()).content.decode()
    assert f"{URL}?q={customer.card_no}" in html.replace("%E4%B8%99", customer.card_no)
    assert names(head.get(URL, {"q": customer.card_no})) == "丙"


FILTERS = ("q", "tier", "top", "rank_from", "spent_from", "away_to", "sort", "page", "")


@naughty.some_and_all
def test_naughty_strings_in_filters(strings, salon, boss):
    """Each in one of the filters, in turn; in the long suite each in all of them at once too."""
    for turn, words in enumerate(strings):
        every = [FILTERS] if strings is naughty.NAUGHTY else []
        for filled in ([FILTERS[turn % len(FILTERS)]], *every):
            typed = {(name or words[:20]).encode("utf-8", "replace"): words.encode("utf-8", "replace") for name in filled}
            response = boss.get(URL, typed)
            assert response.status_code == 200
            assert "<x-probe" not in response.content.decode()


def test_the_number_of_queries_is_the_same_for_few_and_for_many(salon, boss, django_assert_max_num_queries):
    counts = []
    for number in range(2):
        boss.get(URL)
        with django_assert_max_num_queries(16) as made:
            boss.get(URL)
        counts.append(len(made))
        more = make_customers(salon.here, [f"{number}-{n}" for n in range(30)])
        rows = [(who, day("2026-06-01"), [100 * n + 50]) for n, who in enumerate(more.values())]
        make_visits(salon.here, rows, serial=1000 * (number + 1))
        recompute(as_of=day("2026-06-30"))
    assert counts[0] == counts[1]


def test_pages_neither_repeat_nor_skip(salon, boss):
    more = make_customers(salon.here, [f"n{n:02d}" for n in range(60)])
    make_visits(salon.here, [(who, day("2026-06-01"), [10_000]) for who in more.values()], serial=1000)
    recompute(as_of=day("2026-06-30"))
    for sort in SORTS:
        seen = []
        for page in (1, 2, 3):
            seen += [row.figures.customer_id for row in boss.get(URL, {"sort": sort, "page": page}).context["rows"]]
        assert len(seen) == len(set(seen)) == 67


@pytest.mark.parametrize("many", [False, True])
def test_a_phone_number_finds_her_too(salon, boss, monkeypatch, many):
    """Whether few fit or too many to be named to the database one by one."""
    Phone.objects.create(customer=salon.people["丁"], number="13912346621", is_main=True)
    if many:
        monkeypatch.setattr(cards, "ids_matching", lambda actor, words: None)
    assert names(boss.get(URL, {"q": "6621"})) == "丁"
    assert "13912346621" not in boss.get(URL, {"q": "6621"}).content.decode().replace('value="6621"', "")


def test_a_builder_of_ours_is_a_customer_without_a_tier(salon, boss):
    """The control: who has not paid is in no run."""
    builders.make_customer(branch=salon.here, name="壬")
    recompute(as_of=day("2026-06-30"))
    assert "壬" not in names(boss.get(URL))
