"""The file of a backup: a tar archive, encrypted or not, whose last line is a checksum of everything before it.

    plain        manifest.json, the database, media/…
    encrypted    key.age (a key made for this file, locked by the passphrase), backup.tar.age (the same archive, locked by it)

So any byte changed or missing is found by one pass, also without the passphrase; nothing is held in memory but a buffer; and
whoever has lost this program opens a backup with `tar` and `age`. Nothing in a file is believed: a member must be an
ordinary file whose name, size and checksum the manifest gives.
"""

import hashlib
import io
import os
import tarfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pyrage
from django.utils.translation import gettext as _

from salon.backups.manifest import Manifest, Refused

KEY, LOCKED, MANIFEST = "key.age", "backup.tar.age", "manifest.json"
SEAL = "\nsalon-archive-backup sha256 {}\n"
SEAL_SIZE = len(SEAL.format("0" * 64))
CHUNK = 1 << 20
MAX_KEY, MAX_MANIFEST = 64 * 1024, 64 * 1024 * 1024
PAUSES = (0.5, 1, 1, 2, 2, 4, 4, 8, 8, 0)  # seconds between the tries to open a key on a busy computer


class TooBusy(Exception):
    """A key does not open because of what it would cost here and now, whatever the passphrase."""


def sha256_of(path, size=None):
    """SHA-256 of a file, or of its first `size` bytes, in hexadecimal."""
    digest, left = hashlib.sha256(), path.stat().st_size if size is None else size
    with open(path, "rb") as file:
        while data := file.read(min(CHUNK, left)):
            digest.update(data)
            left -= len(data)
    return digest.hexdigest()


# --- Writing ---------------------------------------------------------------------------------------------------------


def write(path, manifest, files, *, passphrase=""):
    """Write a backup to `path`, which must not exist: the manifest, then `files` (name → path). On the disk when it returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if passphrase:
            _write_locked(file, manifest, files, passphrase)
        else:
            _write_archive(file, manifest, files)
    with open(path, "ab") as file:
        file.write(SEAL.format(sha256_of(path)).encode())
        file.flush()
        os.fsync(file.fileno())
        _forget(file)


def _forget(file):
    """Let the system drop what it remembers of a file, so that reading it back reads the disk."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _header(name, size):
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _write_archive(file, manifest, files):
    content = manifest.to_json()
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT, bufsize=CHUNK) as archive:
        archive.addfile(_header(MANIFEST, len(content)), io.BytesIO(content))
        for name, path in files.items():
            with open(path, "rb") as source:
                archive.addfile(_header(name, manifest.members[name].size), source)


def _write_locked(file, manifest, files, passphrase):
    """The outer archive, by hand: how long the locked part gets is known when it is written."""
    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
    file.write(_header(KEY, len(key)).tobuf(tarfile.GNU_FORMAT) + key + _padding(len(key)))
    begins = file.tell()
    file.write(bytes(tarfile.BLOCKSIZE))
    with _pipe(lambda sink: _write_archive(sink, manifest, files)) as source:
        pyrage.encrypt_io(source, file, [identity.to_public()])
    file.flush()
    size = file.tell() - begins - tarfile.BLOCKSIZE
    file.write(_padding(size) + bytes(2 * tarfile.BLOCKSIZE))
    file.seek(begins)
    file.write(_header(LOCKED, size).tobuf(tarfile.GNU_FORMAT))


def _padding(size):
    return bytes(-size % tarfile.BLOCKSIZE)


@contextmanager
def _pipe(fill):
    """A file to read from, filled by `fill(sink)` in a thread of its own, whose error comes out here."""
    reading, writing = os.pipe()
    failed = []

    def work():
        with suppress(OSError), os.fdopen(writing, "wb") as sink:
            try:
                fill(sink)
            except BaseException as error:  # handed to the thread that reads
                failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    with os.fdopen(reading, "rb") as source:
        thread.start()
        try:
            yield source
            source.read()
        except BaseException:
            cause = failed[:1]
            source.close()  # or the thread would wait for ever for somebody to read
            thread.join()
            if cause:
                raise cause[0] from None
            raise
    thread.join()
    if failed:
        raise failed[0]


# --- Reading ---------------------------------------------------------------------------------------------------------


def check_whole(path):
    """Refuse a file that is no backup, or of which any byte is missing or changed."""
    try:
        size = path.stat().st_size - SEAL_SIZE
        with open(path, "rb") as file:
            begin = file.read(tarfile.BLOCKSIZE)
            file.seek(max(size, 0))
            seal = file.read()
    except OSError as error:
        raise Refused(_("%(file)s cannot be read: %(reason)s.") % {"file": path, "reason": error.strerror}) from None
    if begin.split(b"\0")[0] not in (MANIFEST.encode(), KEY.encode()):
        raise Refused(_("%s is not a backup of Salon Archive.") % path.name)
    before, _rest, after = SEAL.encode().partition(b"{}")
    if not (seal.startswith(before) and seal.endswith(after)):
        raise Refused(_("%s is cut off: its end is missing.") % path.name)
    if seal.decode("ascii", "replace") != SEAL.format(sha256_of(path, size)):
        raise Refused(_("%s is damaged: its checksum does not fit.") % path.name)


class Backup:
    """A backup that is being read, once, from beginning to end. `manifest` is known at once."""

    def __init__(self, name, archive, *, is_encrypted):
        self.name, self.is_encrypted = name, is_encrypted
        self._archive = iter(archive)
        self._open = archive.extractfile
        info = self._next()
        if info is None or info.name != MANIFEST or info.size > MAX_MANIFEST:
            raise self._refusal(_("it does not begin with its manifest"))
        self.manifest = Manifest.from_json(self._open(info).read(), self.name)

    def _refusal(self, why):
        return Refused(_("%(file)s is not a sound backup: %(why)s.") % {"file": self.name, "why": why})

    def _next(self):
        try:
            info = next(self._archive, None)
        except (tarfile.TarError, OSError, ValueError, EOFError):
            raise self._refusal(_("it is no readable archive")) from None
        if info is not None and info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise self._refusal(_("%r is not an ordinary file") % info.name)
        return info

    def verify(self):
        """Read everything and compare it with the manifest. Raises Refused."""
        self.extract(lambda _name: None)

    def extract(self, place):
        """Write every member to the path `place(name)` gives, or nowhere if that is None. Raises Refused at the first fault."""
        missing = dict(self.manifest.members)
        while (info := self._next()) is not None:
            wanted = missing.pop(info.name, None)
            if wanted is None:
                raise self._refusal(_("%r is in it, though not in its manifest, or twice") % info.name)
            if info.size != wanted.size or self._copy(info, place(info.name)) != wanted.sha256:
                raise self._refusal(_("%r is not what its manifest says") % info.name)
        if missing:
            raise self._refusal(_("%r is missing") % min(missing))

    def _copy(self, info, target):
        digest, source = hashlib.sha256(), self._open(info)
        if target:
            Path(target).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(target or os.devnull, "xb" if target else "wb") as file:
            while data := source.read(CHUNK):
                digest.update(data)
                file.write(data)
            if target:
                file.flush()
                os.fsync(file.fileno())
        return digest.hexdigest()


@contextmanager
def opened(path, *, passphrase=""):
    """A Backup, whole as it was written, for reading. `passphrase` may be a function, asked if one is needed. Raises Refused."""
    check_whole(path)
    with open(path, "rb") as file, tarfile.open(fileobj=file, mode="r|", bufsize=CHUNK) as outer:
        first = _member(outer, path)
        if first.name == MANIFEST:
            file.seek(0)
            with _archive_in(file, path) as archive:
                yield Backup(path.name, archive, is_encrypted=False)
            return
        identity = _unlock(outer.extractfile(first).read(MAX_KEY), passphrase, path.name)
        locked = _member(outer, path)
        if locked.name != LOCKED:
            raise Refused(_("%s is not a backup of Salon Archive.") % path.name)
        with (
            _pipe(lambda sink: _decrypt(outer.extractfile(locked), sink, identity, path.name)) as source,
            _archive_in(source, path) as archive,
        ):
            yield Backup(path.name, archive, is_encrypted=True)


def _decrypt(source, sink, identity, name):
    try:
        pyrage.decrypt_io(source, sink, [identity])
    except pyrage.DecryptError:
        raise Refused(_("%s is damaged: its encrypted part does not open.") % name) from None


@contextmanager
def _archive_in(source, path):
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK))
        except tarfile.TarError:
            raise Refused(_("%s is damaged: what is encrypted in it is no archive.") % path.name) from None
        yield archive


def _member(archive, path):
    try:
        info = archive.next()
    except tarfile.TarError:
        info = None
    if info is None or info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise Refused(_("%s is not a backup of Salon Archive.") % path.name)
    return info


def _unlock(key, passphrase, name):
    given = passphrase() if callable(passphrase) else passphrase
    if not given:
        raise Refused(_("%s is encrypted; set SALON_BACKUP_PASSPHRASE to the passphrase it was made with.") % name)
    try:
        return pyrage.x25519.Identity.from_str(_opened_in_time(key, given).decode())
    except TooBusy:
        text = _("%s does not open now: this computer is too busy or too slow. Try again when nothing else runs on it.")
        raise Refused(text % name) from None
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError):
        raise Refused(_("%s does not open with this passphrase.") % name) from None


def _opened_in_time(key, passphrase):
    """What a passphrase locks. Raises TooBusy, pyrage.DecryptError.

    age makes locking as slow as is bearable (a second) on the computer of that moment, and refuses to open what would take
    sixteen times as long at this one. So a busy moment is waited for to end.
    """
    for pause in PAUSES:
        try:
            return pyrage.passphrase.decrypt(key, passphrase)
        except pyrage.DecryptError as error:
            if "Excessive work" not in str(error):
                raise
        time.sleep(pause)
    raise TooBusy
