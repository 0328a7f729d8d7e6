"""Tiers on the pages of lower floors: the letter for everybody, what it rests on for those who may see what she spends."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from archives.visits.models import Visit
from customers.card.models import Phone
from customers.imports.models import ImportRun
from customers.imports.views import NOTES
from salon import access, panels
from segmentation.runs import panels as tiers
from segmentation.runs.models import SEGMENT_NAMES
from segmentation.runs.recompute import recompute
from tests import builders
from tests.segmentation.histories import day

LETTER_ONLY = ("receptionist", "beautician")


@pytest.fixture
def served(salon, beautician, receptionist):
    """乙, whom the beautician is going to serve today: A by two visits that together are 2,000.00."""
    customer = salon.people["乙"]
    Phone.objects.create(customer=customer, number="13912346621", is_main=True)
    actor = builders.actor_of(receptionist)
    Visit.objects.create(
        branch=salon.here, customer=customer, status="expected", expected_on=actor.today, day=actor.today, assigned=beautician,
        recorded_at=actor.now,
    )  # fmt: skip
    return customer


def pages(client, customer):
    urls = [customer.get_absolute_url(), "/customers/", "/customers/?q=6621", "/customers/search/?q=6621", "/", "/visits/today/"]
    found = {url: client.get(url) for url in urls}
    assert {url: response.status_code for url, response in found.items()} == dict.fromkeys(urls, 200)
    return {url: response.content.decode() for url, response in found.items()}


@pytest.mark.parametrize("role", access.ROLES)
def test_the_letter_stands_wherever_she_is_shown(role, served, request):
    client = builders.client_of(request.getfixturevalue(role))
    for url, page in pages(client, served).items():
        assert 'class="tier tier-a' in page, url


@pytest.mark.parametrize("role", LETTER_ONLY)
def test_the_desk_sees_the_letter_and_nothing_it_rests_on(role, served, request):
    """No amount of the period, no rank, no share, no score, no segment, no link to the figures, on no page."""
    client = builders.client_of(request.getfixturevalue(role))
    segments = {str(name) for name in SEGMENT_NAMES.values()} - {"New"}
    for url, page in pages(client, served).items():
        said = re.sub(r"<[^>]*>", " ", page.rpartition("<main")[2].partition("</main>")[0])
        for secret in (*segments, "2,000.00", "rank", "cumulative", "R 4", "Segment", "begins at", "before C", "since"):
            assert secret not in said, (url, secret)
        assert "/tiers/" not in page
        assert 'name="segment"' not in page
    refused = client.get("/customers/", {"segment": "champion"})
    assert refused.context["listing"].errors


@pytest.mark.parametrize("role", ["manager", "owner"])
def test_managers_see_why(role, served, request):
    client = builders.client_of(request.getfixturevalue(role))
    found = pages(client, served)
    card = found[served.get_absolute_url()]
    for words in (
        "A: 2,000.00 in 12 months, rank 2 of 7, cumulative share 80.0%",
        "A since 30 Jun 2026, before C",
        "R 4 · F 5 · M 4",
    ):
        assert words in card, words
    assert "Segment" in found["/customers/"]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("few", [1, 1_000])
def test_the_list_of_customers_can_be_asked_for_a_tier(salon, desk, head, monkeypatch, few):
    """Whether few have it or too many to be named to the database one by one."""
    monkeypatch.setattr(tiers, "FEW", few)
    names = lambda response: sorted(customer.name for customer, _badge, _cells in response.context["rows"])  # noqa: E731
    assert names(desk.get("/customers/", {"tier": "A"})) == sorted("甲乙")
    assert names(desk.get("/customers/", {"tier": "B"})) == []
    assert names(head.get("/customers/", {"segment": "lapsed"})) == ["戊"]
    assert head.get("/customers/", {"tier": "D"}).context["listing"].errors


def test_of_a_guest_from_another_branch_the_figures_stay_at_home(salon, head, boss, manager):
    guest = salon.people["己"]
    actor = builders.actor_of(manager)
    guest.guest_passes.create(branch=salon.here, business_date=actor.today, user=manager.user)
    page = head.get(guest.get_absolute_url()).content.decode()
    assert 'class="tier tier-b' in page
    assert "rank" not in page
    assert "1,000.00 in 12 months" not in page
    assert "1,000.00 in 12 months" in boss.get(guest.get_absolute_url()).content.decode(), "the owner is at home everywhere"


def test_a_study_changes_nothing_on_lower_pages(served, head):
    before = head.get(served.get_absolute_url()).content.decode().split("</section>")[0]
    assert recompute(as_of=day("2026-06-30"), months=1).is_study
    after = head.get(served.get_absolute_url()).content.decode().split("</section>")[0]
    without_tokens = lambda page: re.sub(r'value="[\w-]{40,}"|"X-CSRFToken": "\w+"', "", page)  # noqa: E731
    assert without_tokens(before) == without_tokens(after)


def test_an_import_says_that_tiers_do_not_know_it_until_they_were_computed(salon, manager, django_assert_num_queries):
    client, at = builders.client_of(manager), timezone.now()
    done = ImportRun.objects.create(
        kind="visits", branch=salon.here, user=manager.user, file_name="visits.csv", state=ImportRun.DONE, created_at=at,
        started_at=at, finished_at=at + timedelta(minutes=1),
    )  # fmt: skip
    note = "Tiers do not know what was stored yet"
    assert note in client.get(done.get_absolute_url()).content.decode()
    with time_machine.travel(at + timedelta(hours=20)):
        recompute(as_of=day("2026-07-01"))
    assert note not in client.get(done.get_absolute_url()).content.decode()
    (panel,) = panels.registered(NOTES)
    with django_assert_num_queries(panel.budget):
        assert panel.show(builders.actor_of(manager), [done]) == {}
