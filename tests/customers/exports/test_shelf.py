"""The shelf of files made in the background: what is abandoned, what is listed, and what is cleared away."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from customers.exports import services, shelf
from salon.database import locks
from tests import builders

pytestmark = pytest.mark.django_db  # a lock is the database's on PostgreSQL
NOW = timezone.now()


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return shelf.root()


def put(began=timedelta(), **changes):
    """A Job that was begun so long ago."""
    fields = {"user": 1, "role": "manager", "branch": 1, "page": "customers:export", "query": "", "language": "en"}
    return shelf.open_new(**fields, begun_at=(NOW - began).isoformat()).store(**changes)


def test_the_page_asks_again_only_while_somebody_makes_a_file(manager):
    client = builders.client_of(manager)
    mine = {"user": manager.user.pk, "role": "manager", "branch": manager.branch_id}
    put(shelf.BEGIN, **mine, state=shelf.MAKING)  # given up
    put(**mine, state=shelf.READY)
    assert client.get("/customers/files/").context["is_working"] is False
    put(NOW - timezone.now(), **mine, state=shelf.MAKING)  # just now, however long ago this module was read
    assert client.get("/customers/files/").context["is_working"] is True


@pytest.mark.parametrize(
    ("began", "state", "is_abandoned"),
    [
        (shelf.BEGIN, shelf.MAKING, True),
        (shelf.BEGIN - timedelta(seconds=1), shelf.MAKING, False),  # its process may be on its way
        (shelf.BEGIN, shelf.READY, False),
        (shelf.BEGIN, shelf.FAILED, False),
    ],
)
def test_a_file_is_abandoned_when_nobody_makes_it(began, state, is_abandoned):
    job = put(began, state=state)
    assert job.is_abandoned(NOW) == is_abandoned
    job.clear()
    assert not job.is_abandoned(NOW)  # what is gone is not brought back by a lock


def test_they_are_listed_the_newest_first_and_strangers_not(root):
    minutes = (3, 1, 5, 2, 4)
    for each in minutes:
        put(timedelta(minutes=each))
    (root / "stray").mkdir()
    (root / "note.txt").touch()
    assert [job.begun for job in shelf.jobs()] == [NOW - timedelta(minutes=each) for each in sorted(minutes)]


def test_what_is_older_than_an_hour_is_cleared_away(root, monkeypatch):
    hour = shelf.KEPT
    kept = [
        put(hour, state=shelf.READY, done_at=(NOW - hour + timedelta(seconds=1)).isoformat()),
        put(hour - timedelta(seconds=1)),
        put(2 * hour),  # still being made, below
    ]
    for gone in (
        put(2 * hour, state=shelf.READY, done_at=(NOW - hour).isoformat()),
        put(2 * hour, state=shelf.FAILED),
        put(2 * hour),  # and nobody makes it
    ):
        assert gone.folder.is_dir()
    strays = {"new": hour - timedelta(seconds=1), "old": hour + timedelta(seconds=1), "just": hour}
    for name, age in strays.items():
        (root / name).mkdir()
        at = int((NOW - age).timestamp()) if name != "just" else (NOW - age).timestamp()
        os.utime(root / name, (at, at))
    (root / "file").touch()
    os.utime(root / "file", (0, 0))
    with locks.held(kept[-1].lock):
        monkeypatch.setattr(shelf.Job, "is_abandoned", lambda job, now: job.state == shelf.MAKING and job.token != kept[-1].token)
        assert shelf.prune(NOW) == 4
    assert {path.name for path in root.iterdir()} == {*(job.token for job in kept), "new", "just", "file"}


def test_whoever_waits_for_hours_still_sees_that_it_is_being_made(manager):
    mine = {"user": manager.user.pk}
    made = [put(2 * shelf.KEPT, **mine, state=state) for state in (shelf.MAKING, shelf.READY)]
    listed = services.mine(builders.actor_of(manager, NOW))
    assert [job.token for job in listed] == [made[0].token]


def test_a_file_is_listed_until_the_very_moment_at_which_it_is_cleared_away(manager):
    mine = {"user": manager.user.pk, "state": shelf.READY}
    put(shelf.KEPT, **mine)
    kept = put(shelf.KEPT - timedelta(seconds=1), **mine)
    assert services.mine(builders.actor_of(manager, NOW)) == [kept]
    assert shelf.prune(NOW) == 1


@pytest.mark.parametrize(("length", "kept"), [(100, True), (20_000, False)])
def test_a_filter_that_is_none_leads_back_to_the_list_which_says_so_unless_no_address_is_as_long(manager, length, kept):
    """Before, a query of 20,000 characters was an address Django refuses to lead to, and an error in the log."""
    query = f"tier=nonsense&q={'x' * length}"
    back = builders.client_of(manager).post("/customers/files/begin/", {"page": "customers:export", "query": query})
    assert (back.status_code, back["Location"]) == (302, f"/customers/?{query}" if kept else "/customers/")
