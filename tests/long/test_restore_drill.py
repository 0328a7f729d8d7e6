"""Only a backup that was restored counts: taken while people save, everything lost, restored, and the same salon is there.

And whoever restores may be killed at any moment: the salon is then the old one or the new one.
"""

import json
import os
import random
import subprocess
import tarfile
import threading
import time

import pytest

from tests import live, spawner
from tests.long import desk
from tests.salon.backups import content

pytestmark = pytest.mark.long

SHOP, SAVERS = "tests.long.desk:open_shop", 4
PASSPHRASE = "日出江花红胜火"


class Savers:
    """People who record visits, one after the other, until they are told to stop; `waits` holds how long each save took."""

    def __init__(self, salon, keys):
        self.visitor, self.shop, self.keys = salon.visitor("reception"), salon.call("tests.long.desk:shop_ids"), iter(keys)
        self.waits, self.refused, self.lock, self.over = [], [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._work) for _ in range(SAVERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _work(self):
        while not self.over.is_set():
            with self.lock:
                key = next(self.keys)
            data = desk.form(self.shop, key, desk.customer_of(self.shop, key))
            began = time.monotonic()
            page = self.visitor.post("/visits/new/", data)
            with self.lock:
                self.waits.append((began, time.monotonic() - began))
                if page.status != 302:
                    self.refused.append(page.status)

    def p95(self, begin, end):
        """The 95th percentile of the saves begun within a stretch of time, in milliseconds, and their number."""
        waits = sorted(wait for began, wait in self.waits if begin <= began < end)
        return (waits[int(len(waits) * 0.95)] * 1000 if waits else 0), len(waits)


def manifest_of(path, folder):
    """The manifest of a plain backup."""
    with tarfile.open(path) as archive:
        return json.load(archive.extractfile("manifest.json"))


def test_the_drill(tmp_path, capsys):
    with live.running(SHOP) as salon:
        content.add_pictures(salon, {f"portraits/{n}.webp": os.urandom(50_000) for n in range(200)})
        with Savers(salon, salon.call("tests.long.desk:mint_keys", count=20_000)) as savers:
            time.sleep(5)
            begin = time.monotonic()
            content.backup(salon, tmp_path / "x.tar", SALON_BACKUP_PASSPHRASE="")
            end = time.monotonic()
            content.backup(salon, tmp_path / "locked.tar", SALON_BACKUP_PASSPHRASE=PASSPHRASE)
            time.sleep(1)
        assert savers.refused == []
        idle, during = savers.p95(0, begin), savers.p95(begin, end)
        with capsys.disabled():
            print(  # noqa: T201
                f"\n  saves before the backup: {idle[1]}, p95 {idle[0]:.0f} ms; "
                f"during it ({end - begin:.1f} s): {during[1]}, p95 {during[0]:.0f} ms"
            )
        assert during[1] > 0, "nobody saved while the backup was made: it held them up"
        assert salon.stop() == 0
        pictures = content.media(salon)
        told = manifest_of(tmp_path / "x.tar", tmp_path)
        assert told["rows"]["archives_visit"] < salon.sql("SELECT count(*) FROM archives_visit")[0][0]

        for path, secret in ((tmp_path / "x.tar", ""), (tmp_path / "locked.tar", PASSPHRASE)):
            content.wipe(salon)
            done = salon.manage("restore", path, SALON_BACKUP_PASSPHRASE=secret)
            assert done.returncode == 0, done.stderr
            first = content.everything(salon)
            assert first["media"] == pictures
            if not secret:
                assert {name: count for name, (count, _) in first["tables"].items()} == told["rows"]
            found = salon.call("tests.long.desk:account")
            assert found["half"] == [], "a visit is in the backup only by half"
            assert found["visits"] > 0
            assert salon.manage("check_data").returncode == 0
            # A backup of what was restored, restored once more: every table to the byte, which proves the hashes too.
            again = content.backup(salon, tmp_path / f"again{secret}.tar", SALON_BACKUP_PASSPHRASE=secret)
            content.wipe(salon)
            assert salon.manage("restore", again, SALON_BACKUP_PASSPHRASE=secret).returncode == 0
            assert content.everything(salon) == first
            salon.start()
            login = {"username": "reception", "password": "correct horse battery"}
            assert salon.visitor().post("/login/", login).status == 302
            assert salon.visitor().post("/login/", login | {"password": "wrong"}).status == 422
            assert salon.visitor().get("/healthz/").status == 200
            assert salon.stop() == 0


# --- Killed while restoring -------------------------------------------------------------------------------------------

POINTS = (
    "extract", "check_database", "keep_present", "add_media before", "add_media half", "add_media after",
    "database before", "database after", "remove_media half",
)  # fmt: skip


@pytest.fixture
def two_salons(tmp_path):
    """A salon that has gone on since its backup was made: (salon, backup, content then, content now)."""
    with live.installed(template=live.prepared("tests.live_acts:shop")) as salon:
        content.add_pictures(salon, {"portraits/old.webp": b"old", "portraits/both.webp": b"both", "x/one.webp": b"1"})
        path = content.backup(salon, tmp_path / "x.tar")
        old = state(salon)
        salon.call("tests.salon.backups.acts:add_branch")
        content.add_pictures(salon, {f"portraits/new{n}.webp": b"new" for n in range(3)})
        for name in ("portraits/old.webp", "x/one.webp"):
            (salon.data_dir / "media" / name).unlink()
        yield salon, path, old, state(salon)


def state(salon):
    """Tables and pictures; without the note that a backup was made, which is written when it has been."""
    found = content.everything(salon)
    found["tables"].pop("salon_backup")
    return found


def judge(salon, backup, present):
    """Which salon is there: "backup" or "present". Every picture its database may name must be there with it."""
    found = state(salon)
    named = {name: digest for name, digest in found["media"].items() if not name.startswith((".", "portraits/.", "x/."))}
    for word, whole in (("backup", backup), ("present", present)):
        if found["tables"] == whole["tables"] and found["objects"] == whole["objects"]:
            assert whole["media"].items() <= named.items(), f"pictures of the {word} salon are missing"
            return word
    raise AssertionError("neither the old salon nor the new one")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_of_a_restore(two_salons, point):
    salon, path, backup, present = two_salons
    command = ["tests/long/killed_restore.py", "restore", str(path), "--yes"]
    done = spawner.run(command, env=salon.variables() | {"KILL_AT": point}, timeout=300)
    assert done.returncode == -9, done
    settle(salon)
    expected = "backup" if point in ("database after", "remove_media half") else "present"
    assert judge(salon, backup, present) == expected
    salon.start()
    assert salon.visitor().get("/healthz/").status == 200
    assert salon.stop() == 0
    assert salon.manage("restore", path, "--yes").returncode == 0  # and the next restore is not held up by it
    assert state(salon)["media"] == backup["media"]
    assert judge(salon, backup, present) == "backup"


def settle(salon):
    """Until PostgreSQL has noticed that its clients are gone."""
    until = time.monotonic() + 30
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while salon.database_url and salon.sql(others)[0][0] and time.monotonic() < until:
        time.sleep(0.1)


def go_on(salon):
    """Let a salon that was restored go on: its new state."""
    salon.call("tests.salon.backups.acts:add_branch")
    content.add_pictures(salon, {"portraits/newer.webp": os.urandom(9)})
    present = state(salon)
    present["media"] = {name: digest for name, digest in present["media"].items() if "/." not in f"/{name}"}
    return present


def test_killed_at_any_moment_of_a_restore(two_salons):
    salon, path, backup, present = two_salons
    chance, seen = random.Random(20261122), []
    began = time.monotonic()
    assert salon.manage("restore", path, "--yes").returncode == 0
    usual, present = time.monotonic() - began, go_on(salon)
    for _round in range(12):
        process = spawner.start(["manage.py", "restore", str(path), "--yes"], env=salon.variables())
        try:
            process.wait(chance.uniform(0.1, 1.0) * usual)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        settle(salon)
        seen.append(judge(salon, backup, present))
        if seen[-1] == "backup":
            present = go_on(salon)
    assert "present" in seen, "no restore was killed before its end; the rounds prove nothing"
