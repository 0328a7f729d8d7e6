"""The customer's portrait: what is sent is decoded, made small, and encoded anew; nothing of the sent file is kept."""

import io
import os
import struct
import uuid
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from salon.files import sync_folder

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 24_000_000
LONG_SIDE = 800
FOLDER = "portraits"
_UNREADABLE = (
    OSError,  # includes UnidentifiedImageError
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read(upload):
    """WebP bytes of an uploaded picture, at most LONG_SIDE pixels, without metadata. Raises ValidationError."""
    if upload.size > MAX_BYTES:
        raise ValidationError(_("The photo is larger than 10 MB."))
    try:
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(_("The photo has more than 24 million pixels."))
            image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded at a fraction of its size
            return _encode(image)
    except _UNREADABLE:
        raise ValidationError(_("This is no photo we can read. Take a JPEG, PNG or WebP file.")) from None


def _encode(image):
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONG_SIDE, LONG_SIDE))
    if upright.has_transparency_data:
        picture = upright.convert("RGBA")
        upright = Image.new("RGB", picture.size, "white")
        upright.paste(picture, mask=picture)
    out = io.BytesIO()
    upright.convert("RGB").save(out, "WEBP", quality=82)
    return out.getvalue()


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
    _write(name, content)
    try:
        yield name
    except BaseException:
        path_of(name).unlink(missing_ok=True)
        raise


def _write(name, content):
    folder = settings.MEDIA_ROOT / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS)
    draft = folder / f".{name}.part"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, settings.FILE_UPLOAD_PERMISSIONS)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def discard_after_commit(name):
    """Remove a portrait that no row will name once the transaction has committed."""
    if name:
        transaction.on_commit(lambda: path_of(name).unlink(missing_ok=True))
