"""Many files at once: one of a branch is worked on, two in all; the others wait in line and see their place."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from archives.visits.models import Visit
from customers.imports import services, work
from customers.imports.models import ImportRun
from salon import operations
from tests import builders
from tests.archives.reading import counted
from tests.customers.imports.sending import Browser, send

pytestmark = pytest.mark.django_db
ROW = "日期,金额\n2024-01-05,1\n"


@pytest.fixture
def managers(branch, other_branch):
    branches = [branch, other_branch, builders.make_branch(code="PD")]
    return [builders.make_staff(branch=each, role="manager") for each in branches]


@pytest.fixture
def upload(django_capture_on_commit_callbacks):
    """Send a file as a staff member; what is begun waits in the fixture `waiting`."""

    def upload(staff):
        with django_capture_on_commit_callbacks(execute=True):
            assert send(builders.client_of(staff), ROW).status_code == 302
        return ImportRun.objects.latest("pk")

    return upload


def states(runs):
    return [ImportRun.objects.get(pk=run.pk).state for run in runs]


def end(waiting, run):
    """The work of an import ends."""
    step = next(each for each in waiting if each[0] == run.pk)
    waiting.remove(step)
    work.do(ImportRun.objects.select_related("branch", "user").get(pk=run.pk), *step[1:], timezone.now)


def test_one_of_a_branch_is_at_work_and_the_next_when_it_is_done(managers, upload, waiting):
    runs = [upload(managers[0]) for _n in range(3)]
    assert states(runs) == ["reading", "to_read", "to_read"]
    assert [pk for pk, *_step in waiting] == [runs[0].pk]
    end(waiting, runs[0])
    assert states(runs) == ["ready", "reading", "to_read"]
    end(waiting, runs[1])
    end(waiting, runs[2])
    assert states(runs) == ["ready", "ready", "ready"]
    assert waiting == []


def test_two_are_at_work_in_all_and_nobody_is_passed_without_need(managers, upload, waiting):
    first, again, second, third = (upload(managers[n]) for n in (0, 0, 1, 2))
    assert states([first, again, second, third]) == ["reading", "to_read", "reading", "to_read"]
    end(waiting, second)  # the second of the first branch still has to wait for the first
    assert states([first, again, second, third]) == ["reading", "to_read", "ready", "reading"]
    end(waiting, first)
    assert states([first, again, second, third]) == ["ready", "reading", "ready", "reading"]


def test_who_waits_sees_the_place(managers, upload, waiting):
    runs = [upload(managers[0]) for _n in range(4)]
    client = builders.client_of(managers[0])
    said = [client.get(run.get_absolute_url()).content.decode() for run in runs]
    assert ["Waiting: place" in page for page in said] == [False, True, True, True]
    assert [f"place {n} in line" in page for n, page in enumerate(said)] == [False, True, True, True]
    assert "Waiting to be read" in client.get("/customers/imports/").content.decode()


def test_looking_again_writes_nothing_by_get_and_calls_the_next_by_post(managers, upload, waiting, monkeypatch):
    """The process of the first was killed with the server: whoever waits and asks calls the next."""
    first, second = upload(managers[0]), upload(managers[0])
    ImportRun.objects.filter(pk=first.pk).update(started_at=timezone.now() - timedelta(minutes=1))
    client = builders.client_of(managers[0])
    url = f"{second.get_absolute_url()}progress/"
    client.get(url)
    client.get(second.get_absolute_url())
    assert states([second]) == ["to_read"]
    answer = client.post(url, headers={"HX-Request": "true"})
    assert (states([second]), answer["HX-Refresh"]) == (["reading"], "true")
    assert client.post(url).status_code == 302


def test_a_process_that_is_known_to_be_gone_keeps_nobody_waiting(managers, upload, waiting):
    first, second = upload(managers[0]), upload(managers[0])
    work.move_on(ended=first.pk)
    assert states([second]) == ["reading"]


def test_who_waits_can_give_up(managers, upload, waiting, django_capture_on_commit_callbacks):
    runs = [upload(managers[0]) for _n in range(3)]
    client = builders.client_of(managers[0])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{runs[1].get_absolute_url()}drop/").status_code == 302
    assert states(runs) == ["reading", "dropped", "to_read"]
    assert runs[2].place == 1


def test_who_gave_up_a_colleagues_import_is_told_on_its_page(managers, upload, waiting, owner):
    run = upload(managers[0])
    ImportRun.objects.update(state="ready")
    builders.client_of(owner).post(f"{run.get_absolute_url()}drop/")
    run.refresh_from_db()
    assert (run.state, run.dropped_by) == ("dropped", owner.user)
    assert re.search(r"was given up\..*沈老板", builders.client_of(managers[0]).get(run.get_absolute_url()).content.decode())


def test_storing_waits_in_line_too(managers, upload, waiting, finish, django_capture_on_commit_callbacks):
    its = Browser(managers[0], finish, django_capture_on_commit_callbacks)
    run = its.bring(ROW)
    other = upload(managers[0])
    with django_capture_on_commit_callbacks(execute=True):
        key = operations.new_key(managers[0].user, services.STORE)
        its.client.post(f"{run.get_absolute_url()}store/", {"operation": key})
    assert states([run, other]) == ["to_store", "reading"]
    assert "Waiting: place 1" in its.page(run)
    finish()
    assert states([run, other]) == ["done", "ready"]
    assert Visit.objects.count() == 1


def test_a_branch_does_not_fill_the_line_for_ever(managers, upload, waiting, monkeypatch):
    monkeypatch.setattr(services, "MOST_IN_LINE", 2)
    for _n in range(3):
        upload(managers[0])
    answer = send(builders.client_of(managers[0]), ROW)
    assert answer.status_code == 409
    assert "Many files of this branch wait" in answer.content.decode()
    assert ImportRun.objects.count() == 3
    upload(managers[1])


def test_the_line_is_read_and_locked_without_those_that_are_done(managers, upload, waiting):
    for _n in range(3):
        end(waiting, upload(managers[0]))
    upload(managers[0])
    with counted() as rows:
        work.move_on()
    assert rows == [1]
