"""What healthz, the notice and the page of nights and backups say, by what happened and when."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from salon.backups import asked, taking
from salon.nightly import queries, views
from salon.nightly.models import BROKEN_OFF, DONE, FAILED, RUNNING
from tests import builders
from tests.salon.nightly.making import make_backup, make_run

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PAGE = "/shop/nightly/"
NOTICE = 'class="banner"'


@pytest.fixture
def now():
    return timezone.now()


def health(staff, at):
    """(status, findings, warnings) of healthz, as a manager of that moment sees it."""
    with time_machine.travel(at, tick=False):
        page = builders.client_of(staff).get("/healthz/")
    body = page.json()
    nights = [code for code in body["warnings"] if not code.startswith("sqlite_")]
    assert body["status"] == ("ok" if page.status_code == 200 else "not ok")
    return page.status_code, body["findings"], nights


def test_nothing_yet_is_a_warning_for_two_days(manager, now):
    yet = ["no_nightly_run_yet", "no_backup_yet"]
    assert health(manager, now) == (200, [], yet)
    assert health(manager, now + 47 * HOUR) == (200, [], yet)
    assert health(manager, now + 49 * HOUR) == (503, ["nightly_overdue", "backup_overdue"], yet)


def test_an_installation_without_anybody_is_never_overdue(client, now):
    with time_machine.travel(now + 100 * HOUR, tick=False):
        assert client.get("/healthz/").status_code == 200


def test_an_upgraded_installation_gets_its_two_days_too(manager, now):
    """It has run for a year without these commands; the clock begins when it gets them."""
    type(manager.user).objects.update(created_at=now - timedelta(days=365))
    assert health(manager, now)[0] == 200
    app, name = queries.FIRST_MIGRATION
    assert MigrationRecorder.Migration.objects.filter(app=app, name=name).update(applied=now - 49 * HOUR) == 1
    assert health(manager, now)[0] == 503


def test_where_that_migration_is_not_noted_nothing_is_overdue(manager, now):
    """As after migrations were put together."""
    app, name = queries.FIRST_MIGRATION
    MigrationRecorder.Migration.objects.filter(app=app, name=name).delete()
    assert not queries.state(now + 49 * HOUR).needs_notice


@pytest.mark.usefixtures("either_way")
def test_both_must_be_younger_than_two_days(manager, now):
    make_run(now)
    make_backup(now)
    assert health(manager, now + 47 * HOUR) == (200, [], [])
    assert health(manager, now + 49 * HOUR)[:2] == (503, ["nightly_overdue", "backup_overdue"])
    make_run(now + 40 * HOUR)
    assert health(manager, now + 49 * HOUR)[:2] == (503, ["backup_overdue"])
    make_backup(now + 41 * HOUR)
    make_backup(now + 1 * HOUR)  # noted later, of an earlier moment
    assert health(manager, now + 49 * HOUR) == (200, [], [])


@pytest.mark.parametrize(("state", "warned"), [(DONE, False), (FAILED, True), (BROKEN_OFF, True), (RUNNING, False)])
def test_a_failed_night_is_a_warning(manager, now, state, warned):
    make_run(now - 24 * HOUR)
    make_backup(now)
    make_run(now, state)
    status, findings, warnings = health(manager, now + HOUR)
    assert (status, findings) == (200, [])
    assert ("nightly_step_failed" in warnings) is warned


def test_anonymous_sees_only_ok_or_not(client, manager, now):
    with time_machine.travel(now + 49 * HOUR, tick=False):
        page = client.get("/healthz/")
    assert (page.status_code, page.json()) == (503, {"status": "not ok"})


def notice(staff, at, url="/"):
    with time_machine.travel(at, tick=False):
        page = builders.client_of(staff).get(url)
    assert page.status_code == 200
    return NOTICE in page.content.decode()


def test_the_notice_is_for_managers_and_owner(receptionist, beautician, manager, owner, now):
    later = now + 49 * HOUR
    assert [notice(each, later) for each in (receptionist, beautician, manager, owner)] == [False, False, True, True]
    assert notice(owner, later, "/shop/")
    assert not notice(owner, later, "/customers/")  # it costs a query, and these two pages are enough
    assert not notice(owner, now)


def test_the_notice_says_what_is_wrong(owner, now):
    def said(at):
        with time_machine.travel(at, tick=False):
            return builders.client_of(owner).get("/").content.decode()

    assert "There is no backup yet." in said(now + 49 * HOUR)
    make_run(now, FAILED)
    make_backup(now)
    assert "The last nightly run did not succeed." in said(now)
    page = said(now + 49 * HOUR)
    assert "The last backup is from" in page
    assert "The nightly run last ended on" in page


@pytest.mark.usefixtures("either_way")
def test_the_page(manager, now):
    empty = builders.client_of(manager).get(PAGE)
    assert "Nobody has set up the nightly run yet" in empty.content.decode()
    make_run(now - 24 * HOUR, FAILED, [("backup", FAILED, "yesterday's reason")])
    make_run(now, DONE, [("recompute_tiers", DONE, "268 customers"), ("gone_command", DONE, "<b>")])
    make_backup(now, is_encrypted=True)
    page = builders.client_of(manager).get(PAGE).content.decode()
    assert "Tiers of the day that has ended" in page
    assert "268 customers" in page
    assert "&lt;b&gt;" in page
    assert "gone_command" in page
    assert "yesterday&#x27;s reason" not in page
    assert "not in the folder" in page


@pytest.mark.parametrize(
    ("run", "backup", "state", "needs"),
    [(48, 48, DONE, False), (49, 0, DONE, True), (0, 49, DONE, True), (0, 0, FAILED, True), (None, None, "", False)],
)
def test_what_needs_a_notice(now, run, backup, state, needs):
    run, backup = (hours and now - hours * HOUR for hours in (run, backup))
    assert queries.State(now, run or now, state, backup or now).needs_notice == needs


@pytest.mark.usefixtures("either_way")
def test_the_state_is_of_the_run_that_ended_last_and_of_the_first_who_came(manager, owner, now):
    ended = make_run(now - HOUR)
    make_run(now - 5 * HOUR)
    make_run(now, RUNNING)
    type(owner.user).objects.filter(pk=owner.user.pk).update(created_at=now - 3 * HOUR)
    type(manager.user).objects.filter(pk=manager.user.pk).update(created_at=now - 2 * HOUR)
    app, name = queries.FIRST_MIGRATION
    migrations = MigrationRecorder.Migration.objects
    migrations.filter(app=app, name=name).update(applied=now - 9 * HOUR)
    migrations.create(app="another", name=name, applied=now)
    state = queries.state(now)
    assert (state.run_at, state.run_state, state.since) == (ended.finished_at, RUNNING, now - 3 * HOUR)


@pytest.mark.parametrize(("stage", "told"), [(0, ""), (1, 0), (len(taking.STAGES), -1), (len(taking.STAGES) + 1, "")])
def test_where_a_backup_that_is_being_made_stands(manager, monkeypatch, stage, told):
    under_way = SimpleNamespace(is_at_work=lambda now: True, is_abandoned=lambda now: False, stage=stage)
    monkeypatch.setattr(asked, "last", lambda: under_way)
    shown = views._under_way(timezone.now())
    assert (shown["at_work"], shown["is_abandoned"]) == (True, False)
    assert shown["stage"] == (told if told == "" else taking.STAGES[told])
    under_way.is_at_work, under_way.is_abandoned = under_way.is_abandoned, under_way.is_at_work
    shown = views._under_way(timezone.now())
    assert (shown["at_work"], shown["is_abandoned"]) == (False, True)


def test_a_backup_is_begun_by_a_page_that_knows_the_newest(manager, now, monkeypatch):
    begun, client = [], builders.client_of(manager)
    monkeypatch.setattr(asked, "begin", lambda *, actor: begun.append(actor.user))
    make_backup(now - 2 * HOUR)
    newest = make_backup(now)
    make_backup(now - HOUR)  # noted later, of an earlier moment
    for after in ("0", "", str(newest.pk + 1)):
        assert client.post("/shop/nightly/backup/", {"after": after})["Location"] == PAGE
    assert begun == []
    client.post("/shop/nightly/backup/", {"after": newest.pk})
    assert begun == [manager.user]
    assert client.get(PAGE).context["newest"] == newest.pk


def test_of_the_folder_only_backups_are_counted_and_steps_stand_in_turn(manager, now, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    taking.folder().mkdir(parents=True)
    backup = make_backup(now)
    for name, size in ((backup.name, 7), ("notes.txt", 100)):
        (taking.folder() / name).write_bytes(b"x" * size)
    make_run(now, DONE, [(f"step{n}", DONE, "") for n in range(3)])
    context = builders.client_of(manager).get(PAGE).context
    assert (context["here"], context["here_bytes"], context["backups"]) == (1, 7, [(backup, True)])
    assert [step.name for _label, step in context["steps"]] == ["step0", "step1", "step2"]


def test_the_page_is_for_managers(desk, beautician, manager, owner):
    assert desk.get(PAGE).status_code == 403
    assert builders.client_of(beautician).get(PAGE).status_code == 403
    assert builders.client_of(manager).get(PAGE).status_code == 200
    assert builders.client_of(owner).get(PAGE).status_code == 200


def test_the_page_asks_a_constant_number_of_queries(manager, now, django_assert_num_queries):
    client = builders.client_of(manager)
    client.get(PAGE)
    make_run(now, DONE, [("backup", DONE, "")])
    make_backup(now)
    with django_assert_num_queries(7):
        client.get(PAGE)
    for n in range(20):
        make_run(now + n * HOUR, DONE, [("backup", DONE, ""), ("check_data", DONE, "")])
        make_backup(now + n * HOUR)
    with django_assert_num_queries(7):
        client.get(PAGE)


def test_the_notice_costs_one_query(owner, django_assert_num_queries, now):
    with django_assert_num_queries(1):
        queries.state(now)
