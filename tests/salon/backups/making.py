"""Small backups for the tests of the file format, without a database; and whole ones that lie."""

import atexit
import dataclasses
import functools
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from salon.backups import container
from salon.backups.manifest import Manifest, Member

CONTENT = {"database.dump": b"the database" * 100, "media/portraits/a.webp": bytes(range(256)) * 40, "media/b.webp": b""}


def manifest_of(content, **fields):
    members = {name: Member(len(data), hashlib.sha256(data).hexdigest()) for name, data in content.items()}
    known = {"made_at": datetime(2026, 11, 21, 3, 15, tzinfo=UTC), "product": "0.1.0", "vendor": "postgresql"}
    known |= {"migrations": {"salon": ["0001_initial"]}, "rows": {"salon_user": 3}, "members": members}
    return Manifest(**known | fields)


def make(folder, *, passphrase="", name="backup.tar"):
    """A backup of CONTENT written the usual way. A locked one is written once in a run and copied: scrypt takes a second."""
    if passphrase:
        return shutil.copy(_locked(passphrase), folder / name)
    return _write(folder, name, "")


@functools.cache
def _locked(passphrase):
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return _write(folder, "backup.tar", passphrase)


def _write(folder, name, passphrase):
    files = {}
    for number, (member, data) in enumerate(CONTENT.items()):
        files[member] = folder / f"{name}.{number}"
        files[member].write_bytes(data)
    container.write(folder / name, manifest_of(CONTENT), files, passphrase=passphrase)
    return folder / name


def entry(name, data=b"", **fields):
    """A member of an archive, with whatever it claims to be."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def forge(path, entries):
    """A file with any members at all and a seal that fits: its maker meant it so."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    with open(path, "ab") as file:
        file.write(container.SEAL.format(container.sha256_of(path)).encode())
    return path


def forged(path, *, content=CONTENT, more=(), manifest=None, **fields):
    """A backup that differs from a sound one in `more` entries, in fields of its manifest (as JSON), or in all of that."""
    told = json.loads(manifest_of(content).to_json()) | fields
    written = json.dumps(told).encode() if manifest is None else manifest
    members = [entry(name, data) for name, data in content.items()]
    return forge(path, [entry("manifest.json", written), *members, *more])


def member_as_json(data=b""):
    return dataclasses.asdict(Member(len(data), hashlib.sha256(data).hexdigest()))
