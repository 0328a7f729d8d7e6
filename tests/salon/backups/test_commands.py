"""backup and restore as an operator runs them, on a salon of its own, on either database."""

import gzip
import hashlib
import json
import re
import sqlite3
import tarfile
import zipfile
from contextlib import closing

import pytest

from salon.backups import container, restoring, taking
from tests import live
from tests.marks import postgresql_only, sqlite_only
from tests.salon.backups import content
from tests.salon.backups.making import entry, forge, forged

ACTS = "tests.salon.backups.acts"
SHOP = "tests.live_acts:shop"
PASSPHRASE = "春眠不觉晓 correct horse"


@pytest.fixture
def salon():
    """A salon with a shop and pictures, not running."""
    with live.installed(template=live.prepared(SHOP)) as salon:
        content.add_pictures(salon)
        yield salon


@pytest.fixture
def empty():
    """A fresh installation: an empty data directory, and on PostgreSQL an empty database."""
    with live.installed() as salon:
        yield salon


def restore(salon, path, *options, **environment):
    return salon.manage("restore", path, *options, **environment)


def told(done):
    """The one line of a refusal."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def members(path):
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


@pytest.mark.parametrize("passphrase", ["", pytest.param(PASSPHRASE, marks=pytest.mark.long)])
def test_into_a_fresh_installation(salon, empty, tmp_path, passphrase):
    secret = {"SALON_BACKUP_PASSPHRASE": passphrase}
    path = content.backup(salon, tmp_path / "x.tar", **secret)
    before = content.everything(salon)
    done = restore(empty, path, **secret)
    assert done.returncode == 0, done.stderr
    assert "under another signing key" in done.stdout
    after = content.everything(empty)
    noted = before["tables"].pop("salon_backup"), after["tables"].pop("salon_backup")
    assert [count for count, _ in noted] == [1, 0]  # a backup is noted once it is made, so it cannot hold its own note
    assert after == before
    assert list(after["media"]) != []
    assert {p.stat().st_mode & 0o077 for p in empty.data_dir.rglob("*")} == {0}
    empty.start()
    assert empty.visitor().post("/login/", {"username": "receptionist", "password": "correct horse battery"}).status == 302


def test_into_a_salon_that_has_gone_on(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    then = content.everything(salon)
    then["tables"].pop("salon_backup")
    salon.call(f"{ACTS}:add_branch")
    (salon.data_dir / "media/portraits/a.webp").unlink()
    content.add_pictures(salon, {"portraits/new.webp": b"RIFF new"})
    later = content.everything(salon)

    done = restore(salon, path, "--yes")
    assert done.returncode == 0, done.stderr
    now = content.everything(salon)
    now["tables"].pop("salon_backup")
    assert now == then

    kept = re.search(r"kept in (\S+)", done.stdout)[1]
    assert "before-restore-" in kept
    assert restore(salon, kept, "--yes").returncode == 0  # and back again
    assert content.everything(salon) == later
    assert [p.name for p in salon.data_dir.rglob(".*") if p.name != ".sources"] == [], "half-done things remain"
    assert salon.manage("check_data").returncode == 0


def test_what_is_in_a_backup(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    held = members(path)
    manifest = json.loads(held["manifest.json"])
    assert manifest["rows"] == {name: count for name, (count, _) in content.tables(salon).items()} | {"salon_backup": 0}
    assert {name.removeprefix("media/"): hashlib.sha256(data).hexdigest() for name, data in held.items() if "media/" in name} == (
        content.media(salon)
    )
    assert manifest["migrations"]["salon"][0] == "0001_initial"
    secret = (salon.data_dir / "secret-key").read_text()
    raw = b"".join(held.values())
    if not salon.database_url:
        raw += gzip.decompress(held["database.sqlite3.gz"])
    assert secret.encode() not in raw
    assert salon.call(f"{ACTS}:recorded")["backups"] == [
        {
            "name": "x.tar",
            "size": path.stat().st_size,
            "is_encrypted": False,
            "rows": sum(manifest["rows"].values()),
            "media_files": 3,
        }
    ]


@pytest.mark.long
def test_where_backups_go_and_that_a_plain_one_is_warned_of(salon, tmp_path):
    done = salon.manage("backup")
    assert done.returncode == 0
    assert "not encrypted" in done.stderr
    (file,) = (salon.data_dir / "backups").iterdir()
    assert re.fullmatch(r"salon-\d{8}-\d{6}\.tar", file.name)
    assert file.stat().st_mode & 0o777 == 0o600
    done = salon.manage("backup", "--output", tmp_path, SALON_BACKUP_PASSPHRASE=PASSPHRASE)
    assert done.stderr == ""
    (other,) = tmp_path.iterdir()
    assert other.name.endswith(".age.tar")
    assert "exists already" in told(salon.manage("backup", "--output", other, SALON_BACKUP_PASSPHRASE=PASSPHRASE))


def test_an_empty_installation_has_nothing_to_back_up(empty):
    assert re.search(r"There is no database yet|The database is empty", told(empty.manage("backup", SALON_BACKUP_PASSPHRASE="x")))


def bad_files(salon, folder):
    """The files nobody should restore: {name: what the refusal says of it}."""
    good = content.backup(salon, folder / "good.tar")
    locked = content.backup(salon, folder / "locked.tar", SALON_BACKUP_PASSPHRASE="another passphrase")
    salon.call(f"{ACTS}:pretend_newer", is_newer=True)
    content.backup(salon, folder / "newer-schema.tar")
    salon.call(f"{ACTS}:pretend_newer", is_newer=False)
    raw, held = good.read_bytes(), members(good)
    manifest = json.loads(held.pop("manifest.json"))
    (folder / "truncated.tar").write_bytes(raw[: len(raw) * 2 // 3])
    (folder / "flipped.tar").write_bytes(raw[:9000] + bytes([raw[9000] ^ 4]) + raw[9001:])
    damaged = locked.read_bytes()
    (folder / "flipped-encrypted.tar").write_bytes(damaged[:-3000] + bytes([damaged[-3000] ^ 4]) + damaged[-2999:])
    with zipfile.ZipFile(folder / "foreign.zip", "w") as archive:
        archive.write(good, "backup.tar")
    with tarfile.open(folder / "foreign.tar", "w") as archive:
        archive.add(good, "backup.tar")
    forged(folder / "dots.tar", content=held, more=[entry("../dots", b"x")], **manifest)
    forged(folder / "link.tar", content=held, more=[entry("media/c", type=tarfile.SYMTYPE, linkname="/etc")], **manifest)
    forged(folder / "newer-format.tar", content=held, **manifest | {"format": 2})
    vendor, name = ("sqlite", "database.sqlite3.gz") if salon.database_url else ("postgresql", "database.dump")
    forged(folder / "other-vendor.tar", content={name: b"x"}, vendor=vendor)
    name = next(iter(name for name in held if name.startswith("database")))
    nonsense = held | {name: gzip.compress(b"nonsense") if name.endswith("gz") else b"nonsense"}
    forge(
        folder / "nonsense.tar",
        [entry("manifest.json", _manifest_for(manifest, nonsense)), *(entry(*e) for e in nonsense.items())],
    )
    return {
        "truncated.tar": "cut off",
        "flipped.tar": "checksum does not fit",
        "flipped-encrypted.tar": "checksum does not fit",
        "locked.tar": "does not open with this passphrase",
        "foreign.zip": "is not a backup",
        "foreign.tar": "is not a backup",
        "dots.tar": r"'\.\./dots' is in it",
        "link.tar": "is not an ordinary file",
        "newer-schema.tar": r"newer version of the product \(it has the migration salon\.9999_future\)",
        "newer-format.tar": "newer version of the product",
        "other-vendor.tar": "set DATABASE_URL accordingly",
        "nonsense.tar": r"damaged|cannot be read|does not unpack",
        "gone.tar": "cannot be read",
    }


def _manifest_for(manifest, held):
    told = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "unpacked": 8} for name, data in held.items()}
    return json.dumps(manifest | {"members": told}).encode()


@pytest.mark.long
def test_bad_files_are_refused_before_anything_is_touched(salon, tmp_path):
    expected = bad_files(salon, tmp_path)
    before = content.everything(salon)
    file = salon.data_dir / "salon.sqlite3"
    raw = file.read_bytes() if file.exists() else b""
    answers = salon.call(f"{ACTS}:refusals", files=[str(tmp_path / name) for name in expected], passphrase=PASSPHRASE)
    for name, words in expected.items():
        answer = answers[str(tmp_path / name)]
        assert answer.startswith("Nothing was restored. "), (name, answer)
        assert re.search(words, answer), (name, answer)
    assert content.everything(salon) == before
    assert raw == (file.read_bytes() if file.exists() else b"")
    assert not (salon.data_dir / "dots").exists()
    good = salon.call(f"{ACTS}:refusals", files=[str(tmp_path / "good.tar")], passphrase="")
    assert list(good.values()) == ["RESTORED"]  # the control


@pytest.mark.long
def test_refused_while_the_server_runs_and_allowed_when_it_has_stopped(salon, tmp_path):
    salon.start()
    path = content.backup(salon, tmp_path / "x.tar")  # a backup needs no stop
    assert "The server is running" in told(restore(salon, path, "--yes"))
    assert salon.visitor().get("/healthz/").status == 200
    assert salon.stop() == 0
    assert restore(salon, path, "--yes").returncode == 0
    salon.start()
    salon.kill()  # a server that died holds nothing
    assert restore(salon, path, "--yes").returncode == 0


@pytest.mark.long
def test_it_asks_before_it_replaces_and_only_checks_when_told_so(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    salon.call(f"{ACTS}:add_branch")
    before = content.everything(salon)
    assert "say --yes" in told(restore(salon, path))
    done = restore(salon, path, "--check")
    assert done.returncode == 0
    assert "Nothing was changed" in done.stdout
    assert content.everything(salon) == before


@pytest.mark.long
def test_an_older_backup_is_brought_up_to_date_by_the_server(salon, tmp_path):
    salon.call(f"{ACTS}:go_back")
    done = salon.manage("backup", "--output", tmp_path / "old.tar")
    assert done.returncode == 0, done.stderr
    assert "not noted" in done.stderr
    before = content.tables(salon)
    assert "salon_nightlyrun" not in before
    salon.start()  # the upgrade
    salon.stop()
    assert "salon_nightlyrun" in content.tables(salon)
    assert restore(salon, tmp_path / "old.tar", "--yes").returncode == 0
    assert content.tables(salon) == before  # the tables of the newer version are gone, too
    salon.start()
    assert salon.visitor().get("/healthz/").json() == {"status": "ok"}
    assert salon.log.count("Bringing the database up to date") == 2


@sqlite_only
def test_a_damaged_database_is_set_aside_and_replaced(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    file = salon.data_dir / "salon.sqlite3"
    raw = bytearray(file.read_bytes())
    raw[100:40_000] = b"\xff" * 39_900
    file.write_bytes(raw)
    (salon.data_dir / "salon.sqlite3-wal").write_bytes(b"not a log")
    done = restore(salon, path, "--yes")
    assert done.returncode == 0, done.stderr
    assert re.search(r"kept in \S+before-restore-", done.stdout)
    (aside,) = salon.data_dir.glob("before-restore-*")
    assert (aside / "salon.sqlite3").read_bytes() == raw
    assert (aside / "salon.sqlite3-wal").read_bytes() == b"not a log"
    salon.start()
    assert salon.visitor().get("/healthz/").status == 200


@sqlite_only
def test_refused_while_another_program_has_the_file_open(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    with closing(sqlite3.connect(salon.data_dir / "salon.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM salon_user").fetchone()
        assert "is open in another program" in told(restore(salon, path, "--yes"))
        other.execute("COMMIT")
    assert restore(salon, path, "--yes").returncode == 0


@postgresql_only
def test_refused_while_another_session_is_connected(salon, tmp_path):
    path = content.backup(salon, tmp_path / "x.tar")
    with closing(salon.connect()):
        assert "The database is in use (1 other connections)" in told(restore(salon, path, "--yes"))


@pytest.mark.long
@postgresql_only
def test_what_postgresql_does_not_take_leaves_everything_as_it_was(salon, tmp_path):
    """Something else in the database that the dump brings too: the transaction fails at its end, and all of it is undone."""
    salon.sql("CREATE SCHEMA other")
    salon.sql("CREATE TABLE other.thing (x int)")
    path = content.backup(salon, tmp_path / "x.tar")
    (salon.data_dir / "media/portraits/a.webp").unlink()
    before = content.everything(salon)
    assert "PostgreSQL did not take the backup: ERROR" in told(restore(salon, path, "--yes"))
    assert content.everything(salon) == before


def test_not_enough_room(salon, tmp_path, monkeypatch):
    from salon.backups import folders
    from salon.backups.manifest import Refused

    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _folder: folders.shutil._ntuple_diskusage(10, 9, 1_000_000))
    with pytest.raises(Refused, match="about 3 MB are needed, 1 MB are free"):
        folders.check_room([(tmp_path, 1_500_000), (tmp_path / "below" / "it", 1_500_000)])
    folders.check_room([(tmp_path, 1_000_000)])


def test_half_written_files_of_the_killed_are_cleared_away(salon):
    folder = salon.data_dir / "backups"
    folder.mkdir()
    for name in (".salon-20261122-031500.tar.part", ".mine.part"):
        (folder / name).write_text("half")
    assert salon.manage("backup").returncode == 0
    assert sorted(path.name for path in folder.glob(".*")) == [".mine.part"]


@sqlite_only
def test_two_at_once(salon, tmp_path):
    """The lock is the system's: a second backup is refused at once."""
    import fcntl

    with open(salon.data_dir / "backup.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "Another backup is being made" in told(salon.manage("backup", SALON_BACKUP_PASSPHRASE="x"))


@sqlite_only
@pytest.mark.django_db
def test_a_database_that_is_not_there_has_nothing_to_keep_and_is_not_made_by_looking(monkeypatch, tmp_path):
    file = tmp_path / "salon.sqlite3"
    monkeypatch.setattr(taking, "live_file", lambda: file)
    assert not restoring.has_data()
    file.touch()
    assert restoring.has_data()


def test_seal_is_of_a_fixed_size():
    assert len(container.SEAL.format("f" * 64).encode()) == container.SEAL_SIZE
