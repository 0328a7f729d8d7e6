"""What healthz, the notice and the page of nights and backups say, by what happened and when."""

from datetime import timedelta

import pytest
import time_machine
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from salon.nightly import queries
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


def test_both_must_be_younger_than_two_days(manager, now):
    make_run(now)
    make_backup(now)
    assert health(manager, now + 47 * HOUR) == (200, [], [])
    assert health(manager, now + 49 * HOUR)[:2] == (503, ["nightly_overdue", "backup_overdue"])
    make_run(now + 40 * HOUR)
    assert health(manager, now + 49 * HOUR)[:2] == (503, ["backup_overdue"])
    make_backup(now + 41 * HOUR)
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
