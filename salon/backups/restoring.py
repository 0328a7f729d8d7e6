"""Restoring: everything is read, checked and laid ready beside the live data first; then it is put in place.

Whoever is killed on the way leaves the salon as it was or as it is in the backup. Media files have names of their own, so those
of the backup are added first, the database is exchanged in one step, and only then what the backup does not know is removed.
"""

import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from salon.backups import container, folders, postgresql, retention, sqlite_files, taking
from salon.backups.manifest import MEDIA, Manifest, Refused, check_fits
from salon.database import locks
from salon.database.locks import SERVING
from salon.storage import data_directory
from salon.storage.files import sync_folder

LOCKS = (SERVING, taking.LOCK, "nightly")


@dataclass
class Ready:
    """A backup laid out beside the live data, found whole and fitting; nothing live has been touched."""

    path: Path
    manifest: Manifest
    is_encrypted: bool
    database: Path
    media: Path


@contextmanager
def alone():
    """Hold every lock of those who work on the data. Raises Refused while a server, a backup or a nightly run is at work."""
    with ExitStack() as stack:
        for name in LOCKS:
            if not stack.enter_context(locks.held(name)):
                raise Refused(_IN_USE[name]())
        if connection.vendor == "postgresql":
            postgresql.check_alone()
        yield


_IN_USE = {
    SERVING: lambda: _("The server is running; stop it first."),
    taking.LOCK: lambda: _("A backup is being made or restored; try again when that has ended."),
    "nightly": lambda: _("The nightly run is at work; try again when it has ended."),
}


@contextmanager
def prepared(path, *, passphrase=""):
    """Read a backup, check all of it, lay it ready; yields Ready. Raises Refused for anything that is not as it should be."""
    database_folder = taking.live_file().parent if connection.vendor == "sqlite" else taking.folder()
    with (
        container.opened(path, passphrase=passphrase) as backup,
        ExitStack() as stack,
    ):
        manifest = backup.manifest
        check_fits(manifest, path.name, vendor=connection.vendor, known=MigrationLoader(None).disk_migrations)
        _check_room(manifest, database_folder)
        work = stack.enter_context(folders.workplace(database_folder, "restore"))
        media = stack.enter_context(folders.workplace(settings.MEDIA_ROOT, "restore"))
        places = {manifest.database: work / "database"}
        backup.extract(lambda name: places.get(name) or media / name.removeprefix(f"{MEDIA}/"))
        database = _check_database(work, manifest)
        yield Ready(path, manifest, backup.is_encrypted, database, media)


def _check_room(manifest, database_folder):
    stored = manifest.members[manifest.database]
    unpacked = stored.unpacked or 3 * stored.size
    folders.check_room([(database_folder, stored.size + unpacked), (settings.MEDIA_ROOT, manifest.media_bytes + taking.MARGIN)])


def _check_database(work, manifest):
    """The database laid ready, unpacked, whole, and with the rows and migrations that the manifest says."""
    stored = work / "database"
    if manifest.vendor == "postgresql":
        postgresql.check(stored)
        return stored
    ready = work / "database.sqlite3"
    sqlite_files.unpack(stored, ready, manifest.members[manifest.database].unpacked)
    stored.unlink()
    if sqlite_files.check(ready) != manifest.rows or sqlite_files.migrations(ready) != manifest.migrations:
        raise Refused(_("The database in the backup is not what its manifest says."))
    return ready


def has_data():
    """True if there is something that a restore would replace."""
    if connection.vendor == "sqlite" and not taking.live_file().exists():
        return False
    try:
        return MigrationRecorder(connection).has_table()
    except DatabaseError:
        return True  # damaged, or not ours


def keep_present(*, now, passphrase="", even_unsaved=False):
    """Back up what is there now; returns where it is kept: a backup, a folder with a damaged SQLite database, or None.

    Raises Refused if it cannot be kept, unless `even_unsaved`.
    """
    if not has_data():
        return None
    if connection.vendor == "sqlite":
        connections.close_all()
        if not sqlite_files.is_sound(taking.live_file()):
            return _set_aside(now)
    try:
        return taking.take(now=now, passphrase=passphrase, prefix=retention.SAFETY_PREFIX, even_incomplete=True).path
    except Refused as reason:
        if even_unsaved:
            return None
        refusal = _("What is there now cannot be backed up first: %s Use --without-safety-copy to replace it all the same.")
        raise Refused(refusal % reason) from None


def _set_aside(now):
    """Keep a damaged SQLite database, and its log, in a folder; media stay, as nobody knows which belong to it."""
    folder = taking.live_file().parent / f"{retention.SAFETY_PREFIX}-{localtime(now).strftime(retention.STAMP)}"
    folder.mkdir(mode=0o700)
    sqlite_files.set_aside(taking.live_file(), folder)
    return folder


def put_in_place(ready, *, keep_other_media=False):
    """Replace the live data by what was laid ready. Media first, then the database in one step, then what is left over goes."""
    before = set(folders.files_below(settings.MEDIA_ROOT))
    try:
        _add_media(ready)
        _exchange_database(ready)
    except BaseException:
        _remove_media(set(ready.manifest.media) - before)
        raise
    if not keep_other_media:
        _remove_media(before - set(ready.manifest.media))


def _exchange_database(ready):
    if ready.manifest.vendor == "postgresql":
        postgresql.restore(ready.database, ready.manifest.rows, data_directory.make_id_here())
        return
    sqlite_files.give_data_directory(ready.database, data_directory.make_id_here())
    connections.close_all()
    sqlite_files.end_log(taking.live_file())
    sqlite_files.swap_in(ready.database, taking.live_file())


def _add_media(ready):
    touched = set()
    for name in ready.manifest.media:
        target = settings.MEDIA_ROOT / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS)
        os.replace(ready.media / name, target)
        target.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        touched.add(target.parent)
    for folder in touched:
        sync_folder(folder)


def _remove_media(names):
    for name in names:
        with suppress(OSError):  # gone, or held open by somebody on Windows: it is in nobody's way
            (settings.MEDIA_ROOT / name).unlink()
