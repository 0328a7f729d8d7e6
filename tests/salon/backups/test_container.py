"""The file of a backup: what went in comes out, and any fault is refused before anything is believed."""

import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from salon.backups import container
from salon.backups.manifest import Refused
from tests.marks import once
from tests.salon.backups.making import CONTENT, entry, forge, forged, make, manifest_of, member_as_json

pytestmark = once

PASSPHRASE = "天青色等烟雨 correct horse"


def read(path, folder, passphrase=""):
    """What a backup holds: {name: bytes}."""
    with container.opened(path, passphrase=passphrase) as backup:
        backup.extract(lambda name: folder / name)
        return {name: (folder / name).read_bytes() for name in backup.manifest.members}


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A backup locked by PASSPHRASE, to be read: a passphrase costs more than a second of work, each time it is used."""
    return make(tmp_path_factory.mktemp("locked"), passphrase=PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_what_went_in_comes_out(tmp_path, passphrase, locked):
    path = locked if passphrase else make(tmp_path)
    assert read(path, tmp_path / "out", passphrase) == CONTENT
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_tar_program_opens_a_plain_one(tmp_path):
    with tarfile.open(make(tmp_path)) as archive:
        assert archive.getnames() == ["manifest.json", *CONTENT]
        assert json.load(archive.extractfile("manifest.json"))["what"] == "salon-archive-backup"


def test_tar_and_age_open_an_encrypted_one(tmp_path, locked):
    """docs/backup.md promises it to whoever has lost the program; age itself is played by the library here."""
    import pyrage

    with tarfile.open(locked) as archive:
        key, content = (archive.extractfile(name).read() for name in ("key.age", "backup.tar.age"))
    identity = pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(key, PASSPHRASE).decode())
    (tmp_path / "inner.tar").write_bytes(pyrage.decrypt(content, [identity]))
    with tarfile.open(tmp_path / "inner.tar") as archive:
        assert archive.extractfile("database.dump").read() == CONTENT["database.dump"]


def test_nothing_of_an_encrypted_one_can_be_read(locked):
    raw = locked.read_bytes()
    assert b"the database" not in raw
    assert b"portraits" not in raw
    assert b"0001_initial" not in raw


def test_an_existing_file_is_not_overwritten(tmp_path):
    make(tmp_path)
    with pytest.raises(FileExistsError):
        make(tmp_path)


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_any_changed_byte_is_refused(tmp_path, passphrase, locked):
    path = Path(shutil.copy(locked, tmp_path / "copy")) if passphrase else make(tmp_path)
    good, chance = path.read_bytes(), random.Random(20261122)
    places = {0, 5, 512, 513, len(good) - 1, len(good) - 40, len(good) - 100, *chance.sample(range(len(good)), 200)}
    for place in places:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << chance.randrange(8)]) + good[place + 1 :])
        with pytest.raises(Refused):
            container.check_whole(path)
    path.write_bytes(good)
    container.check_whole(path)


def test_any_missing_end_is_refused(tmp_path):
    path = make(tmp_path)
    good = path.read_bytes()
    for length in (0, 1, 511, 512, 513, 5000, len(good) - 1, len(good) - container.SEAL_SIZE, len(good) // 2):
        path.write_bytes(good[:length])
        with pytest.raises(Refused, match=r"cut off|not a backup"):
            container.check_whole(path)
    path.write_bytes(good + b"x")
    with pytest.raises(Refused):
        container.check_whole(path)


def test_an_end_that_is_another_is_cut_off_and_no_damage(tmp_path):
    path = make(tmp_path)
    good = path.read_bytes()
    for end in (good[:-1] + b"x", good[: -container.SEAL_SIZE] + b"x" + good[1 - container.SEAL_SIZE :]):
        path.write_bytes(end)
        with pytest.raises(Refused, match="cut off"):
            container.check_whole(path)


def test_a_member_of_another_size_is_refused_before_it_is_written(tmp_path):
    placed = []
    path = forged(tmp_path / "lie.tar", **LIES["another size"])
    with pytest.raises(Refused, match="is not what its manifest says"), container.opened(path) as backup:
        backup.extract(placed.append)
    assert placed == []


def test_a_manifest_has_a_largest_size(tmp_path, monkeypatch):
    path = make(tmp_path)
    with tarfile.open(path) as archive:
        size = archive.next().size
    monkeypatch.setattr(container, "MAX_MANIFEST", size)
    with container.opened(path) as backup:
        backup.verify()
    monkeypatch.setattr(container, "MAX_MANIFEST", size - 1)
    with pytest.raises(Refused, match="does not begin with its manifest"), container.opened(path):
        pass


@pytest.mark.parametrize("entries", [[], [entry("notes.json", manifest_of({}).to_json())]], ids=["nothing", "another file"])
def test_what_was_locked_begins_with_its_manifest(tmp_path, entries):
    path = forge(tmp_path / "inner.tar", entries)
    with tarfile.open(path) as archive, pytest.raises(Refused, match="does not begin with its manifest"):
        container.Backup("x.tar", archive, is_encrypted=True)


def test_verifying_writes_nothing_and_sees_everything(tmp_path):
    with container.opened(make(tmp_path)) as backup:
        backup.verify()
    with pytest.raises(Refused), container.opened(forged(tmp_path / "lie.tar", **LIES["another content"])) as backup:
        backup.verify()


def test_a_key_and_nothing_locked_by_it_is_no_backup(tmp_path):
    for name, more in (("a.tar", []), ("b.tar", [entry("data.age", **LINK)])):
        path = forge(tmp_path / name, [entry("key.age", b"x"), *more])
        with pytest.raises(Refused), container.opened(path, passphrase=PASSPHRASE):
            pass


def test_a_link_for_a_key_is_no_backup_and_neither_is_an_archive_that_has_ended(tmp_path):
    path = forge(tmp_path / "a.tar", [entry("key.age", **LINK)])
    with pytest.raises(Refused, match="is not a backup of Salon Archive"), container.opened(path, passphrase=PASSPHRASE):
        pass
    with tarfile.open(forge(tmp_path / "b.tar", [])) as ended, pytest.raises(Refused, match="is not a backup of Salon Archive"):
        container._member(ended, path)


def test_wrong_passphrase_and_none(locked):
    for given, words in (("wrong", "does not open with this passphrase"), ("", "is encrypted; set SALON_BACKUP_PASSPHRASE")):
        with pytest.raises(Refused, match=words), container.opened(locked, passphrase=given):
            pass


def test_a_busy_moment_is_no_wrong_passphrase(locked, monkeypatch):
    """The work to lock a key is measured by the clock: what was locked in a calm moment may be too much for a busy one."""
    real, tries, slept = container.pyrage.passphrase.decrypt, [], []

    def busy_twice(key, passphrase):
        tries.append(passphrase)
        if len(tries) < 3:
            key = re.sub(rb"(-> scrypt \S+ )\d+", rb"\g<1>30", key)  # as if this computer were thousands of times slower
        return real(key, passphrase)

    monkeypatch.setattr(container, "pyrage", SimpleNamespace(**vars(container.pyrage)))
    container.pyrage.passphrase = SimpleNamespace(decrypt=busy_twice)
    monkeypatch.setattr(container.time, "sleep", slept.append)
    with container.opened(locked, passphrase=PASSPHRASE) as backup:
        assert backup.is_encrypted
    assert (len(tries), slept) == (3, list(container.PAUSES[:2]))
    monkeypatch.setattr(container, "PAUSES", (0, 0))
    tries.clear()
    with pytest.raises(Refused, match="too busy or too slow"), container.opened(locked, passphrase=PASSPHRASE):
        pass
    assert len(tries) == 2


def test_the_passphrase_is_asked_for_only_where_one_is_needed(tmp_path, locked):
    asked = []
    with container.opened(make(tmp_path), passphrase=lambda: asked.append(1)):
        assert asked == []
    with container.opened(locked, passphrase=lambda: asked.append(1) or PASSPHRASE):
        assert asked == [1]


def test_what_is_no_backup_is_called_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        archive.add(__file__, "manifest.txt")
    (tmp_path / "c.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(5000))
    (tmp_path / "d").touch()
    for name in ("a.zip", "b.tar", "c.sqlite3", "d"):
        with pytest.raises(Refused, match="is not a backup of Salon Archive"):
            container.check_whole(tmp_path / name)
    for name in ("gone", "."):
        with pytest.raises(Refused, match="cannot be read"):
            container.check_whole(tmp_path / name)


LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}
HARD_LINK = {"type": tarfile.LNKTYPE, "linkname": "database.dump"}
LIES = {
    "a member the manifest lacks": {"more": [entry("media/c.webp", b"x")]},
    "a name that leads out": {"more": [entry("../x", b"x")]},
    "an absolute name": {"more": [entry("/tmp/x", b"x")]},
    "the same member twice": {"more": [entry("database.dump", CONTENT["database.dump"])]},
    "a symbolic link": {"more": [entry("media/c", **LINK)]},
    "a hard link": {"more": [entry("media/c", **HARD_LINK)]},
    "a device": {"more": [entry("media/c", type=tarfile.CHRTYPE)]},
    "a folder": {"more": [entry("media/c", type=tarfile.DIRTYPE)]},
    "a missing member": {
        "content": {**CONTENT},
        "members": {n: member_as_json(d) for n, d in {**CONTENT, "media/z": b"z"}.items()},
    },
    "another content": {"members": {n: member_as_json(b"?" * len(d)) for n, d in CONTENT.items()}},
    "another size": {"members": {n: member_as_json(d + b"?") for n, d in CONTENT.items()}},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_archive_that_lies_is_refused(tmp_path, lie):
    path = forged(tmp_path / "lie.tar", **LIES[lie])
    with pytest.raises(Refused, match="is not a sound backup"), container.opened(path) as backup:
        backup.extract(lambda name: tmp_path / "out" / name)
    assert not (tmp_path / "x").exists()


def test_the_forgery_is_believed_where_it_tells_the_truth(tmp_path):
    """The control: it is the lie that is refused above, not the way the file was made."""
    assert read(forged(tmp_path / "true.tar"), tmp_path / "out") == CONTENT


def test_a_link_in_the_place_of_the_first_member(tmp_path):
    path = forge(tmp_path / "link.tar", [entry("manifest.json", **LINK)])
    with pytest.raises(Refused), container.opened(path):
        pass


def test_a_file_that_goes_while_it_is_written_is_an_error_and_no_hang(tmp_path):
    files = {name: tmp_path / "nowhere" for name in CONTENT}
    for passphrase in ("", PASSPHRASE):
        with pytest.raises(FileNotFoundError):
            container.write(tmp_path / f"x{passphrase[:1]}", manifest_of(CONTENT), files, passphrase=passphrase)


MEASURE = """
import pathlib, resource, sys, types
from salon.backups import container
from tests.salon.backups.making import Member, manifest_of, container
folder = pathlib.Path(sys.argv[1])
big = folder / "big"
with open(big, "wb") as file:
    file.truncate(300 << 20)
import dataclasses
manifest = dataclasses.replace(manifest_of({}), members={"database.dump": Member(300 << 20, container.sha256_of(big))})
# scrypt takes up to a gigabyte for a moment, whatever the size of the backup: what is measured is the stream.
pyrage = container.pyrage
container.pyrage = types.SimpleNamespace(**vars(pyrage))
container.pyrage.passphrase = types.SimpleNamespace(encrypt=lambda key, _: key, decrypt=lambda key, _: key)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for passphrase in ("", "x"):
    container.write(folder / f"b{passphrase}", manifest, {"database.dump": big}, passphrase=passphrase)
    with container.opened(folder / f"b{passphrase}", passphrase=passphrase) as backup:
        backup.verify()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_size(tmp_path):
    assert resource  # POSIX only, as this test
    done = subprocess.run([sys.executable, "-c", MEASURE, tmp_path], capture_output=True, text=True, check=True, timeout=300)
    grown = int(done.stdout)
    assert grown < 40 * 1024, f"{grown} KB"
