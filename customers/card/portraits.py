"""The customer's portrait: made of what is sent (salon/photos), stored before the row that names it, removed with it."""

import os
import uuid
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction

from salon.photos import pictures
from salon.storage import files

LONG_SIDE = 800
FOLDER = "portraits"


def read(upload):
    """WebP bytes of an uploaded photo, at most LONG_SIDE pixels, without metadata. Raises ValidationError."""
    [content] = pictures.read(upload, [LONG_SIDE])
    return content


def path_of(name):
    """Where a stored portrait lies."""
    return settings.MEDIA_ROOT / FOLDER / name


@contextmanager
def kept(content):
    """Write WebP bytes under a random name for a transaction to refer to; yields the name, or "" without content.

    The file is complete on the disk before the row names it, and is removed again if the block fails.
    """
    if not content:
        yield ""
        return
    name = f"{uuid.uuid4().hex}.webp"
    try:
        _write(path_of(name), content)
        yield name
    except BaseException:
        path_of(name).unlink(missing_ok=True)
        raise


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True, mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS)
    draft = path.with_name(f".{path.name}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, settings.FILE_UPLOAD_PERMISSIONS)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    files.sync_folder(path.parent)


def discard_after_commit(name):
    """Remove a portrait that no row will name once the transaction has committed."""
    if name:
        transaction.on_commit(lambda: path_of(name).unlink(missing_ok=True), robust=True)  # what is stored is stored
