"""Pages of tiers where nobody has one yet, and where a test wants a history of its own from the first customer on."""

from customers.log.models import AccessEntry
from segmentation.runs.recompute import recompute
from tests import builders
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
