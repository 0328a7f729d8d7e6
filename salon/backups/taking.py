"""Making a backup: database and media of one moment, written, read back, and only then given its name."""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salon.backups import container, folders, postgresql, retention, sqlite_files
from salon.backups.manifest import DATABASES, MEDIA, Manifest, Member, Refused
from salon.storage import data_directory, media
from salon.storage.files import sync_folder

LOCK = "backup"
# What is done, in this order; counted from 1.
STAGES = (
    gettext_lazy("The database is being copied"),
    gettext_lazy("The file is being written"),
    gettext_lazy("The file is being read back"),
)
COPYING, WRITING, READING = 1, 2, 3
MARGIN = 100_000_000  # bytes that stay free: the desk writes too


@dataclass(frozen=True)
class Taken:
    """A backup that was read back and found whole."""

    path: Path
    manifest: Manifest
    size: int
    is_encrypted: bool


def folder():
    """Where backups lie unless somebody says otherwise."""
    return settings.DATA_DIR / "backups"


def live_file():
    """The file of the SQLite database."""
    return Path(connection.settings_dict["NAME"]).absolute()


def take(*, now, output=None, passphrase="", prefix="salon", even_incomplete=False, note=lambda stage: None):
    """Make a backup and return it as Taken; the caller holds LOCK. `output` is a folder, or a file that does not exist yet.
    `note` is called with the number of each stage that begins.

    Raises Refused: no room, no pg_dump, a damaged database, another data directory than the database's, media files that are
    gone (unless `even_incomplete`), or a file that does not read back as it was written.
    """
    check_present()
    note(COPYING)
    path = _path_for(output, now, passphrase, prefix)
    _remove_drafts(path.parent)
    _check_room(path.parent)
    with folders.workplace(folder(), LOCK) as work, folders.workplace(settings.MEDIA_ROOT, LOCK) as held:
        files = _media(held / "1", known=())
        database, unpacked, rows, named = _copy_database(work)
        files |= _media(held / "2", known=files)  # and what came in meanwhile: the database may name it
        if not even_incomplete:
            _check_complete(named, files)
        name = DATABASES[connection.vendor]
        members = {name: Member(folders.size_of(database), container.sha256_of(database), unpacked)}
        members |= {each: Member(folders.size_of(file), container.sha256_of(file)) for each, file in files.items()}
        manifest = _manifest(now, rows, members)
        _write(path, manifest, {name: database} | files, passphrase, note)
    return Taken(path, manifest, folders.size_of(path), bool(passphrase))


def check_present():
    """Refuse where there is nothing to back up."""
    if connection.vendor == "sqlite" and not live_file().exists():
        raise Refused(_("There is no database yet: %s does not exist.") % live_file())
    if not MigrationRecorder(connection).has_table():
        raise Refused(_("The database is empty; there is nothing to back up."))
    if fault := data_directory.fault():
        raise Refused(fault)


def _check_complete(named, files):
    """Refuse if the database names media that are not there: who restores such a backup finds out too late."""
    if gone := sorted(name for name in named if f"{MEDIA}/{name}" not in files):
        refusal = _(
            "Media files that the database names are missing from %(folder)s: %(count)s, such as %(name)s; put them back, remove "
            "them where they are shown (check_data says where), or make a backup that lacks them with --without-lost-files."
        )
        raise Refused(refusal % {"count": len(gone), "folder": settings.MEDIA_ROOT, "name": gone[0]})


def _path_for(output, now, passphrase, prefix):
    target = Path(output).resolve() if output else folder()
    if output and not target.is_dir():
        if target.exists():
            raise Refused(_("%s exists already; choose another name.") % target)
        return target
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    at = localtime(now)
    while (path := target / retention.name_for(at, is_encrypted=bool(passphrase), prefix=prefix)).exists():
        at += timedelta(seconds=1)
    return path


def _draft_of(path):
    return path.with_name(f".{path.name}.part")


def _remove_drafts(target):
    """What backups that were killed have left half written."""
    for left in target.glob(".*.part"):
        if retention.read_name(left.name[1 : -len(".part")]):
            left.unlink(missing_ok=True)


def _check_room(target):
    """Room for the copy of the database, packed and unpacked, and for the backup itself."""
    pictures = sum(folders.size_of(path) for path in folders.files_below(settings.MEDIA_ROOT).values())
    database = _database_size()
    folders.check_room([(folder(), 2 * database), (target, database + pictures + MARGIN)])


def _database_size():
    if connection.vendor == "sqlite":
        return folders.size_of(live_file()) + folders.size_of(Path(f"{live_file()}-wal"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0] // 3  # a dump is packed and holds no index


def _media(target, known):
    """Links to the media files that are not `known` by name yet: {name in the backup: Path}."""
    target.mkdir()
    found = {f"{MEDIA}/{name}": path for name, path in folders.files_below(settings.MEDIA_ROOT).items()}
    return folders.hold({name: path for name, path in found.items() if name not in known}, target)


def _copy_database(work):
    """(file, its unpacked size, {table: rows}, paths of the media files it names)."""
    target = work / DATABASES[connection.vendor]
    if connection.vendor == "postgresql":
        return target, 0, *postgresql.copy(target, media.columns())
    copy = work / "copy.sqlite3"
    sqlite_files.copy(live_file(), copy)
    rows, named = sqlite_files.check(copy), sqlite_files.named_files(copy, media.columns())
    sqlite_files.pack(copy, target)
    return target, folders.size_of(copy), rows, named


def _manifest(now, rows, members):
    applied = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        applied.setdefault(app, []).append(name)
    return Manifest(
        made_at=now,
        product=product_version(),
        vendor=connection.vendor,
        server=".".join(map(str, connection.get_database_version())),
        migrations=applied,
        rows=rows,
        members=members,
        key=key_fingerprint(),
    )


def product_version():
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def key_fingerprint():
    """Tells two signing keys apart and says nothing about either."""
    return hashlib.sha256(b"salon-archive-key:" + settings.SECRET_KEY.encode()).hexdigest()[:16]


def _write(path, manifest, files, passphrase, note):
    """Write under another name, read it all back, and only then give it its own."""
    draft = _draft_of(path)
    draft.unlink(missing_ok=True)
    try:
        note(WRITING)
        container.write(draft, manifest, files, passphrase=passphrase)
        note(READING)
        with container.opened(draft, passphrase=passphrase) as backup:
            backup.verify()
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        raise Refused(_("%(file)s cannot be written: %(reason)s.") % {"file": path, "reason": error.strerror or error}) from None
    finally:
        draft.unlink(missing_ok=True)
