"""A backup that somebody asks for on the page: one at a time, with its progress, and said what became of it."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from salon.backups import asked, taking
from salon.backups.manifest import Refused
from salon.backups.models import Backup
from salon.database import locks
from tests.builders import client_of
from tests.salon.nightly.making import make_backup

PAGE, BEGIN = "/shop/nightly/", "/shop/nightly/backup/"
AGAIN = {"HX-Request": "true"}
STAGES = "step {} of 3"


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def begun(monkeypatch):
    """The processes that were begun."""
    processes = []
    monkeypatch.setattr("salon.processes.background.start", lambda *command: processes.append(command))
    return processes


@pytest.fixture
def boss(manager):
    return client_of(manager)


@pytest.fixture
def whole(monkeypatch, folder):
    """Stands in for the backup itself, which tests/salon/backups/test_commands.py makes; what the page says at each stage."""

    def watch(page):
        def take(*, now, passphrase, note):
            for stage in (taking.COPYING, taking.WRITING, taking.READING):
                note(stage)
                seen.append(page())
            manifest = taking.Manifest(timezone.now(), "1", "sqlite", {}, {"a": 2}, {})
            return taking.Taken(folder / "salon-20261126-1200.backup", manifest, 4096, False)

        seen = []
        monkeypatch.setattr(taking, "take", take)
        return seen

    return watch


def page_of(client, **headers):
    return client.get(PAGE, headers=headers).content.decode()


def test_a_backup_is_made_while_its_progress_is_shown(boss, begun, whole):
    assert "Back up now" in page_of(boss)
    assert boss.post(BEGIN, {"after": "0"})["Location"] == PAGE
    assert begun == [("work_backup",)]
    waiting = page_of(boss)
    assert "about to begin" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting, "without JavaScript the page asks again by itself"
    seen = whole(lambda: page_of(boss, **AGAIN))
    asked.make(timezone.now)
    assert [STAGES.format(n) in page for n, page in enumerate(seen, start=1)] == [True] * 3
    assert all("<html" not in page for page in seen)
    done = page_of(boss)
    assert "read back whole" in done
    assert "salon-20261126-1200.backup" in done
    assert "Back up now" in done
    assert Backup.objects.get().rows == 2
    assert boss.get(PAGE, headers=AGAIN)["HX-Refresh"] == "true", "what has ended is shown as a whole page"


def test_a_form_that_is_sent_twice_begins_one(boss, begun, whole):
    boss.post(BEGIN, {"after": "0"})
    boss.post(BEGIN, {"after": "0"})
    assert len(begun) == 1, "one is being made"
    whole(str)
    asked.make(timezone.now)
    boss.post(BEGIN, {"after": "0"})
    boss.post(BEGIN)
    boss.post(BEGIN, {"after": "x"})
    assert len(begun) == 1, "the page is older than the newest backup"
    boss.post(BEGIN, {"after": str(Backup.objects.get().pk)})
    assert len(begun) == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("The disk is full."), "The disk is full."),
        (OperationalError("gone"), "The database did not answer."),
        (OSError(28, "no room"), "It is our fault"),
    ],
)
def test_what_goes_wrong_is_said_and_can_be_asked_again(boss, begun, monkeypatch, error, said):
    def take(**how):
        raise error

    boss.post(BEGIN, {"after": "0"})
    monkeypatch.setattr(taking, "take", take)
    asked.make(timezone.now)
    page = page_of(boss)
    assert "No backup was made." in page
    assert said in page
    assert Backup.objects.count() == 0
    boss.post(BEGIN, {"after": "0"})
    assert len(begun) == 2


def test_another_backup_at_work_is_said(boss, begun, monkeypatch):
    ours = locks.held

    @contextmanager
    def held(name, **more):
        if name == taking.LOCK:
            yield False
        else:
            with ours(name, **more) as is_held:
                yield is_held

    monkeypatch.setattr(locks, "held", held)
    boss.post(BEGIN, {"after": "0"})
    asked.make(timezone.now)
    assert "Another backup is being made" in page_of(boss)


def test_one_whose_process_is_gone_is_said_and_holds_nobody_up(boss, begun):
    boss.post(BEGIN, {"after": "0"})
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        page = page_of(boss)
        assert "was ended before it was whole" in page
        assert "Back up now" in page
        boss.post(BEGIN, {"after": "0"})
    assert len(begun) == 2


def test_one_is_abandoned_half_a_minute_after_it_was_asked_for_unless_it_ended(folder, db):
    now = timezone.now()
    one = asked.Asked(begun_at=(now - asked.BEGIN).isoformat(), language="en")
    assert one.is_abandoned(now)
    assert not one.is_abandoned(now - timedelta(seconds=1))
    for state in (asked.DONE, asked.FAILED):
        assert not replace(one, state=state).is_abandoned(now)


def test_what_is_done_or_was_never_asked_for_is_not_made(boss, begun, whole):
    asked.make(timezone.now)
    assert asked.last() is None
    whole(lambda: None)
    boss.post(BEGIN, {"after": "0"})
    asked.make(timezone.now)
    done, seen = asked.last(), whole(lambda: None)
    asked.make(timezone.now)
    assert (asked.last(), seen) == (done, [])


def test_the_note_of_an_older_backup_is_no_fault(boss, folder):
    for text in ("", "[]", "{}", '{"begun_at": "x", "language": "en"}', '{"begun_at": "2026-01-01T00:00:00+00:00"}'):
        (folder / asked.FILE).write_text(text)
        assert "Back up now" in page_of(boss)


def test_receptionists_ask_for_none(receptionist, begun):
    assert client_of(receptionist).post(BEGIN, {"after": "0"}).status_code == 403
    assert begun == []


def test_a_backup_of_the_night_is_the_newest(boss, begun):
    backup = make_backup(timezone.now())
    assert f'name="after" value="{backup.pk}"' in page_of(boss)
