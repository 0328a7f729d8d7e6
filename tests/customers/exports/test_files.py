"""Files made in the background: one's own, checked again when they are taken, logged, gone after an hour."""

import stat
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from customers.card.lists import views as list_views
from customers.exports import services, shelf, work
from customers.log.models import AccessEntry
from salon import access
from salon.database import locks
from salon.spreadsheets import xlsx
from tests import builders, workbooks
from tests.builders import client_of

LIST, BEGIN = "/customers/files/", "/customers/files/begin/"
CUSTOMERS = {"page": "customers:export", "query": "q=%E7%8E%8B"}


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def begun(monkeypatch):
    """The files that were begun and wait for `make`."""
    waiting = []
    monkeypatch.setattr(work, "start", waiting.append)
    return waiting


@pytest.fixture
def make(begun):
    """Make what waits, as the process of work_export would."""

    def do():
        while begun:
            work.make(begun.pop(0).token, timezone.now)

    return do


@pytest.fixture
def boss(manager):
    return client_of(manager)


@pytest.fixture
def customers(branch):
    return [builders.make_customer(branch=branch, name=name) for name in ("王小美", "王琳", "李静")]


def held_by_another(*names):
    """Stands in for locks.held while another process holds these. (On PostgreSQL a session may take its own lock again.)"""
    ours = locks.held

    @contextmanager
    def held(name, **more):
        if name in names:
            yield False
        else:
            with ours(name, **more) as is_held:
                yield is_held

    return held


def the_job():
    (job,) = shelf.jobs()
    return job


def url_of(job):
    return f"{LIST}{job.token}/"


def test_a_long_list_is_made_in_the_background_and_taken(boss, manager, customers, make, begun, folder):
    assert boss.post(BEGIN, CUSTOMERS)["Location"] == LIST
    page = boss.get(LIST).content.decode()
    assert "Waiting to be made" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'hx-trigger="every 1s"' in boss.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert boss.get(url_of(the_job())).status_code == 404
    make()
    page = boss.get(LIST).content.decode()
    assert "http-equiv" not in page
    assert url_of(the_job()) in page
    assert not AccessEntry.objects.exists()
    response = boss.get(url_of(the_job()))
    assert response["Content-Type"] == xlsx.CONTENT_TYPE
    book = workbooks.opened(response)
    assert sorted(row["Customer"] for row in workbooks.records(book.worksheets[0])) == ["王小美", "王琳"]
    assert dict(workbooks.rows(book.worksheets[1]))["Exported by"] == manager.name
    entry = AccessEntry.objects.get()
    assert (entry.user, entry.action, entry.field) == (manager.user, "export", "customers")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")] if path.name != "work.lock"}
    assert {mode for name, mode in modes.items() if name.endswith((".xlsx", ".json"))} == {0o600}
    assert modes["exports"] == modes[the_job().token] == 0o700


def test_the_list_offers_the_background_when_it_is_long_and_the_file_when_not(boss, customers, monkeypatch):
    assert 'href="/customers/export/?q=' in boss.get("/customers/?q=王").content.decode()
    monkeypatch.setattr("salon.lists.LONG", 1)
    page = boss.get("/customers/?q=王").content.decode()
    assert 'href="/customers/export/' not in page
    assert f'action="{BEGIN}"' in page
    assert 'name="query" value="q=%E7%8E%8B"' in page
    response = boss.get("/customers/export/?q=王")  # somebody who kept the address
    assert "It is made in the background" in response.content.decode()
    assert '<a class="btn" href="/customers/?q=%E7%8E%8B">' in response.content.decode()  # the way back
    assert not AccessEntry.objects.exists()


def test_it_is_its_persons_alone(boss, owner, branch, customers, make):
    boss.post(BEGIN, CUSTOMERS)
    make()
    for other in (owner, builders.make_staff(branch=branch, role="manager")):
        client = client_of(other)
        assert client.get(url_of(the_job())).status_code == 404
        assert url_of(the_job()) not in client.get(LIST).content.decode()
    assert not AccessEntry.objects.exists()


def test_rights_are_checked_again(boss, manager, other_branch, customers, make, begun):
    boss.post(BEGIN, CUSTOMERS)
    make()
    here, job = manager.branch, the_job()
    manager.branch = other_branch
    manager.save()
    assert boss.get(url_of(job)).status_code == 403
    manager.branch = here
    manager.save()
    manager.user.groups.set([])
    assert boss.get(url_of(job)).status_code in (302, 403)
    assert not AccessEntry.objects.exists()


def test_a_role_that_may_read_the_list_no_more_gets_no_file(boss, customers, make, begun, monkeypatch):
    """As after an update that takes a right away while a file lies ready."""
    boss.post(BEGIN, CUSTOMERS)
    make()
    owners_only = replace(access.PAGES["customers:export"], read=frozenset({access.OWNER}))
    monkeypatch.setitem(access.PAGES, "customers:export", owners_only)
    assert boss.get(url_of(the_job())).status_code == 403
    the_job().store(state=shelf.MAKING)
    work.make(the_job().token, timezone.now)
    assert the_job().problem == "You may not take this list any more."
    assert not AccessEntry.objects.exists()


def test_a_file_made_in_another_role_or_at_another_branch_is_not_taken(
    boss, manager, owner, branch, other_branch, customers, make
):
    boss.post(BEGIN, CUSTOMERS)
    make()
    job, actor = the_job(), builders.actor_of(manager)
    assert services.may_take(actor, job)
    assert not services.may_take(actor, replace(job, role=access.OWNER))
    assert not services.may_take(actor, replace(job, branch=other_branch.pk))
    assert not services.may_take(actor, replace(job, user=owner.user.pk))
    anywhere = replace(job, user=owner.user.pk, role=access.OWNER, branch=other_branch.pk)
    assert services.may_take(builders.actor_of(owner), anywhere)  # wherever the owner looks from


def test_who_changed_role_since_gets_no_file(boss, manager, owner, customers, make):
    boss.post(BEGIN, CUSTOMERS)
    the_job().store(user=owner.user.pk)
    make()
    assert (the_job().state, the_job().problem) == (shelf.FAILED, "You may not take this list any more.")


def test_a_file_is_taken_only_when_all_is_known_of_it(boss, customers, make):
    boss.post(BEGIN, CUSTOMERS)
    make()
    the_job().store(state=shelf.MAKING)  # the file is in its place, a moment before that is written down
    assert boss.get(url_of(the_job())).status_code == 404


def test_what_is_done_or_unknown_is_not_made(boss, customers, make):
    boss.post(BEGIN, CUSTOMERS)
    make()
    ready = the_job()
    work.make(ready.token, timezone.now)
    work.make("nobodys", timezone.now)
    assert the_job() == ready


def test_others_files_and_those_of_lists_that_are_no_more_are_not_in_the_way(boss, owner, customers, begun):
    client_of(owner).post(BEGIN, CUSTOMERS)
    assert boss.post(BEGIN, CUSTOMERS).status_code == 302
    assert len(begun) == 2
    begun[1].store(page="gone:export")
    assert "progress" not in boss.get(LIST).content.decode()


def test_rights_are_checked_when_it_is_made(boss, manager, other_branch, customers, make):
    boss.post(BEGIN, CUSTOMERS)
    manager.branch = other_branch
    manager.save()
    make()
    assert (the_job().state, the_job().problem) == (shelf.FAILED, "You may not take this list any more.")
    assert not the_job().file.exists()


def test_somebody_who_owes_a_second_factor_at_log_in_has_it_made_all_the_same(branch, customers, begun, make):
    """The process has no session: who asked was verified then."""
    real = builders.make_staff(branch=branch, role="manager", is_demo=False)
    services.begin(actor=builders.actor_of(real, timezone.now()), kind=list_views.EXPORT, query="")
    make()
    assert the_job().state == shelf.READY


def test_an_hour_later_it_is_gone(boss, manager, customers, make, folder):
    boss.post(BEGIN, CUSTOMERS)
    make()
    url, now = url_of(the_job()), timezone.now()
    with time_machine.travel(now + timedelta(minutes=59), tick=False):
        call_command("prune_exports")
        assert len(shelf.jobs()) == 1
    with time_machine.travel(now + timedelta(minutes=61), tick=False):
        boss = client_of(manager)
        assert url not in boss.get(LIST).content.decode()
        assert boss.get(url).status_code == 404
        call_command("prune_exports")
        assert list(folder.glob("*")) == []


def test_whoever_comes_next_clears_away(boss, owner, customers, make, folder):
    boss.post(BEGIN, CUSTOMERS)
    make()
    old = the_job().store(done_at=(timezone.now() - timedelta(minutes=61)).isoformat())
    client_of(owner).post(BEGIN, CUSTOMERS)
    assert not old.folder.exists()
    assert len(shelf.jobs()) == 1


def test_two_clicks_are_one_file_and_another_list_waits(boss, customers, begun):
    for _click in range(2):
        assert boss.post(BEGIN, CUSTOMERS).status_code == 302
    assert len(begun) == 1
    response = boss.post(BEGIN, CUSTOMERS | {"query": ""})
    assert response.status_code == 409
    assert "Another file of yours is being made." in response.content.decode()


def test_a_process_that_died_is_told_and_does_not_block(boss, customers, begun, monkeypatch):
    boss.post(BEGIN, CUSTOMERS)
    job = the_job()
    job.store(begun_at=(timezone.now() - timedelta(seconds=31)).isoformat())
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(locks, "held", held_by_another(job.lock))
        assert not the_job().is_abandoned(timezone.now())
    page = boss.get(LIST).content.decode()
    assert "The server was stopped before this file was ready." in page
    assert "http-equiv" not in page
    assert boss.post(BEGIN, CUSTOMERS).status_code == 302
    assert len(begun) == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("gone"), "The database did not answer."),
        (OSError(28, "No space left on device"), "The file could not be written: No space left on device"),
        (ZeroDivisionError(), "It is our fault, not yours"),
    ],
)
def test_what_goes_wrong_is_said(error, said, boss, customers, make, monkeypatch):
    boss.post(BEGIN, CUSTOMERS)

    def fail(*_any):
        raise error

    monkeypatch.setattr(work, "_make", fail)
    make()
    assert said in boss.get(LIST).content.decode()
    assert not the_job().file.exists()


def test_an_invalid_filter_or_page_begins_nothing(boss, customers, begun):
    for query in ("colour=red", "status=nonsense&q=1", "sort=x"):
        assert boss.post(BEGIN, CUSTOMERS | {"query": query})["Location"] == f"/customers/?{query}"
    for page in ("", "nonsense", "customers:list", "healthz"):
        assert boss.post(BEGIN, {"page": page}).status_code == 404
    assert boss.post(BEGIN, {"page": "reports:workbook", "query": "month=2026-01"}).status_code == 403
    assert boss.get(f"{LIST}..%2F..%2Fetc/").status_code == 404
    assert begun == []


def test_two_at_a_time_the_others_wait_in_line(boss, customers, make, monkeypatch):
    boss.post(BEGIN, CUSTOMERS)
    slept = []
    monkeypatch.setattr(locks, "held", held_by_another("exports-0", "exports-1"))
    monkeypatch.setattr(work, "PATIENCE", 1)
    monkeypatch.setattr(work.time, "sleep", slept.append)
    make()
    assert len(slept) == 2
    assert the_job().state == shelf.FAILED


def test_progress_is_shown_in_rows(boss, customers, begun):
    boss.post(BEGIN, CUSTOMERS)
    the_job().note_progress(1200, 4800)
    page = boss.get(LIST).content.decode()
    assert "row 1,200 of 4,800" in page
    assert '<progress class="import-progress" value="1200" max="4800"' in page


@pytest.mark.parametrize(("every", "rows"), [(0, [0, 100, 200]), (1, [0, 200]), (60, [0])])
def test_progress_is_noted_while_rows_are_written_but_not_too_often(
    boss, customers, begun, make, monkeypatch, branch, every, rows
):
    for number in range(250):
        builders.make_customer(branch=branch, name=f"王{number}")
    noted, ticks = [], count()
    monkeypatch.setattr(work, "EVERY", every)
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: next(ticks), sleep=None))
    monkeypatch.setattr(shelf.Job, "note_progress", lambda self, done, whole: noted.append((done, whole)))
    boss.post(BEGIN, CUSTOMERS)
    make()
    assert noted == [(done, 252) for done in rows]


def test_no_more_than_five_are_kept_for_one_person(boss, customers, make):
    for number in range(7):
        boss.post(BEGIN, CUSTOMERS | {"query": f"q={number}"})
        make()
    assert len(shelf.jobs()) == 5
    assert shelf.jobs()[0].query == "q=6"


def test_the_work_is_a_process_of_its_own(boss, customers, monkeypatch):
    started = []
    monkeypatch.setattr("salon.processes.background.start", lambda *command, **how: started.append((command, how)))
    boss.post(BEGIN, CUSTOMERS)
    ((command, how),) = started
    assert command == ("work_export", the_job().token)
    waited, job = [], the_job()
    monkeypatch.setattr(work.time, "sleep", waited.append)
    how["afterwards"]()
    assert waited == [3601]
    assert not job.folder.exists()
    how["afterwards"]()  # somebody else has removed it
