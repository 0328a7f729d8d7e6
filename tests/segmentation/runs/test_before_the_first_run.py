"""Pages of tiers where nobody has one yet, and where a test wants a history of its own from the first customer on."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from customers.log.models import AccessEntry
from segmentation.runs import metrics, panels, queries
from segmentation.runs.models import TierRun
from segmentation.runs.recompute import recompute
from segmentation.scoring import abc
from tests import builders
from tests.archives.reading import counted
from tests.segmentation.histories import day, make_customers, make_visits
from tests.segmentation.runs.test_list import names
from tests.segmentation.runs.test_overview import text_of

OVERVIEW, LIST = "/tiers/", "/tiers/customers/"


def test_before_the_first_run(boss, morning):
    page = text_of(boss.get(OVERVIEW))
    assert "Nobody has a tier yet" in page
    assert "Tiers have never been computed; they should be as of 30 Jun 2026." in page
    assert "Nobody has a tier yet" in text_of(boss.get(LIST))


def test_a_run_of_nobody(boss, morning):
    recompute(as_of=day("2026-06-30"))
    page = text_of(boss.get(OVERVIEW))
    assert "No consumption in the period" in page
    assert "<img" not in page


def test_before_the_first_run_there_is_nothing_to_take(boss):
    assert boss.get(f"{LIST}export/")["Location"].startswith(LIST)
    assert not AccessEntry.objects.exists()


def test_before_the_first_run_pages_are_as_they_were(morning, branch, desk, manager, customer):
    for client in (desk, builders.client_of(manager)):
        page = client.get(customer.get_absolute_url()).content.decode()
        assert 'class="tier' not in page
        assert client.get("/customers/", {"tier": "A"}).context["listing"].total == 0


def test_what_was_stored_since_the_current_run_is_not_counted_yet(morning, branch):
    at = timezone.now()
    imports = [SimpleNamespace(pk=pk, finished_at=at + pk * timedelta(hours=1)) for pk in (-1, 0, 1)]
    assert set(panels.not_counted_yet(None, imports)) == {-1, 0, 1}
    recompute(as_of=day("2026-06-30"))
    TierRun.objects.update(started_at=at)
    assert set(panels.not_counted_yet(None, imports)) == {1}


def test_of_whom_no_run_knows_nothing_is_explained(morning, branch, manager):
    known = make_customers(branch, "甲")
    make_visits(branch, [(known["甲"], day("2026-06-01"), [500])])
    recompute(as_of=day("2026-06-30"))
    newcomer = builders.make_customer(branch=branch)
    assert set(panels.why(builders.actor_of(manager), [known["甲"], newcomer])) == {known["甲"].pk}


def test_where_nobody_paid_in_the_period_no_tier_begins_anywhere(morning, branch, boss):
    lapsed = make_customers(branch, "甲")["甲"]
    make_visits(branch, [(lapsed, day("2024-06-01"), [500])])
    recompute(as_of=day("2026-06-30"))
    (row,) = boss.get(LIST).context["rows"]
    assert row.told.text == "C: 0.00 in 12 months, rank 1 of 1, cumulative share 100.0%"
    assert row.told.keeps == []


def test_for_one_card_the_figures_of_nobody_else_are_read(morning, branch, manager):
    people = make_customers(branch, "甲乙丙")
    make_visits(branch, [(who, day("2026-06-01"), [500]) for who in people.values()])
    recompute(as_of=day("2026-06-30"))
    with counted() as rows:
        assert panels.why(builders.actor_of(manager), [people["甲"]])
    assert rows == [3]  # the run, her figures, where they stand


@pytest.mark.usefixtures("either_way")
def test_runs_are_told_the_latest_first(morning):
    for as_of in ("2026-06-28", "2026-06-29", "2026-06-30"):
        recompute(as_of=day(as_of))
    assert [run.as_of.day for run in queries.latest_runs()] == [30, 29, 28]


def test_bounds_are_days_and_numbers_and_what_is_not_known_is_left_out(db):
    classes = abc.Bounds(8_000, 1_000, total=10_000)
    bounds = metrics.Bounds(r=(day("2026-01-31"), None), f=(2, 3), m=(100, 200), abc=classes, universe=2, scored=2, ladder=[])
    assert bounds.as_json() == {"r": ["2026-01-31", None], "f": [2, 3], "m": [100, 200], "abc": [8_000, 1_000]}
    values = metrics._Values()
    sql = metrics._score_case("last_paid_on", bounds.r, values)
    assert (values, sql.count("WHEN last_paid_on >= %s")) == ([day("2026-01-31")], 1)
    values = metrics._Values()
    assert "WHEN consumption_fen" not in metrics._abc_case(abc.Bounds(None, None, total=0), values)
    assert values == []


def test_equals_are_in_or_out_together(branch, morning, boss):
    people = make_customers(branch, "甲乙丙丁戊")
    rows = [(who, day("2026-06-01"), [fen]) for who, fen in zip(people.values(), (500, 400, 400, 400, 100))]
    make_visits(branch, rows)
    recompute(as_of=day("2026-06-30"))
    assert names(boss.get(LIST, {"top": 30})) == "甲丁丙乙"
    assert names(boss.get(LIST, {"rank_to": 2})) == "甲丁丙乙"
    assert names(boss.get(LIST, {"rank_to": 3})) == "甲丁丙乙"
    assert names(boss.get(LIST, {"rank_from": 3})) == "戊"
    ranks = [row.standing.rank for row in boss.get(LIST).context["rows"]]
    assert ranks == [1, 2, 2, 2, 5]
