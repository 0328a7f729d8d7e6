"""Folders and room on disks, for making backups and restoring them."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from salon.backups.manifest import Refused


@contextmanager
def workplace(folder, what):
    """A folder inside `folder` for the half-done things of `what`, removed afterwards, with those of processes that were killed.

    The caller holds the lock of `what`, so what is found there belongs to nobody.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob(f".{what}-*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{what}-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def files_below(folder):
    """{path below folder, with /: Path} of every ordinary file, but for names that begin with a dot (half written)."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts) and path.is_file() and not path.is_symlink():
            found[name.as_posix()] = path
    return found


def hold(files, folder):
    """The same files under other names in `folder`, where nobody deletes them: {name: Path}. What is gone already is left out."""
    held = {}
    for number, (name, path) in enumerate(files.items()):
        target = folder / f"{number}"
        try:
            link_or_copy(path, target)
        except FileNotFoundError:
            continue
        held[name] = target
    return held


def link_or_copy(path, target):
    """A second name for a file; a copy where that cannot be had."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links, or another one
        shutil.copyfile(path, target)


def size_of(path):
    """Bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def check_room(needs):
    """Refuse if a disk lacks room. `needs`: [(folder, bytes)]; folders on one disk are counted together."""
    disks = {}
    for folder, size in needs:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        place = disks.setdefault(there.stat().st_dev, [there, 0])
        place[1] += size
    for folder, size in disks.values():
        free = shutil.disk_usage(folder).free
        if free < size:
            facts = {"folder": folder, "needed": megabytes(size), "free": megabytes(free)}
            raise Refused(_("Not enough room in %(folder)s: about %(needed)s MB are needed, %(free)s MB are free.") % facts)


def megabytes(size):
    """Bytes as whole megabytes, rounded up."""
    return -(-size // 1_000_000)
