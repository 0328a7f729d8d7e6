"""`nightly` as cron runs it, in a process of its own."""

import os
import re

import pytest

from tests import live
from tests.salon.backups import content
from tests.salon.backups.acts import recorded

ACTS = "tests.salon.backups.acts"


@pytest.fixture
def salon():
    with live.installed(template=live.prepared("tests.live_acts:shop")) as salon:
        content.add_pictures(salon)
        yield salon


def test_a_night(salon):
    done = salon.manage("nightly")
    assert done.returncode == 0, done.stderr
    for step in ("recompute_tiers", "check_data", "clearsessions", "backup", "prune_backups"):
        assert re.search(rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {step}: done in \d+\.\d s", done.stdout, re.MULTILINE), done.stdout
    found = salon.call(f"{ACTS}:{recorded.__name__}")
    assert found["runs"][0]["state"] == "done"
    assert len(found["backups"]) == 1
    assert len(list((salon.data_dir / "backups").iterdir())) == 1


def test_a_night_on_which_the_disk_does_not_take_the_backup(salon):
    (salon.data_dir / "backups").write_text("a file where the folder should be")
    done = salon.manage("nightly")
    assert done.returncode == 1
    assert "Failed: backup" in done.stderr
    steps = dict(salon.call(f"{ACTS}:recorded")["runs"][0]["steps"])
    assert steps.pop("backup") == "failed"
    assert set(steps.values()) == {"done"}


def test_two_nights_at_once_are_one(salon):
    """The second says so and ends well; the lock of the first, killed, holds nobody up."""
    import fcntl

    if salon.database_url:
        key = "('x' || substr(encode(sha256('nightly'), 'hex'), 1, 16))::bit(64)::bigint"
        with salon.connect() as other:
            other.execute(f"SELECT pg_advisory_lock({key})")
            done = salon.manage("nightly")
    else:
        with open(salon.data_dir / "nightly.lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = salon.manage("nightly")
    assert done.returncode == 0
    assert "Another nightly run is at work" in done.stdout
    assert salon.call(f"{ACTS}:recorded")["runs"] == []
    assert "recompute_tiers: done" in salon.manage("nightly").stdout


def test_damage_is_found(salon):
    name = salon.sql(
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'guard_archives_line%'"
        if salon.database_url
        else "SELECT name FROM sqlite_master WHERE name LIKE 'guard_archives_line%'"
    )[0][0]
    salon.sql(f'DROP TRIGGER "{name}"' + (" ON archives_line" if salon.database_url else ""))
    done = salon.manage("check_data")
    assert done.returncode == 1
    assert "guards_differ" in done.stderr
    assert os.linesep * 3 not in done.stderr
