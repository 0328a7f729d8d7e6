"""Photos somebody sent: small pictures made of them in a process of its own, or a sentence that says why not.

What comes out is encoded anew and holds nothing of what was sent but what one sees (decoder.py); the sent file is not
kept. One photo is decoded at a time and one request waits for its turn, so that photos never take the server's threads.
"""

import base64
import json
import threading
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from salon.photos import jpeg
from salon.processes import untrusted

MIB = 1 << 20
MAX_BYTES = 10 * MIB
WAITING = 2  # request threads that may be held by photos, the one whose photo is decoded among them
PATIENCE = 15  # seconds
LIMITS = {
    "bytes": MAX_BYTES,
    # A JPEG is decoded at a fraction of its size; the others whole, whatever is needed of them.
    "megapixels": {"JPEG": 50, "PNG": 25, "WEBP": 25, "HEIF": 25},
    "scans": 40,  # an ordinary progressive JPEG has ten
    "memory": 768 * MIB,
    "seconds": 8,
}
ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif"  # of a file input

REFUSALS = {
    "bytes": gettext_lazy("The photo is larger than 10 MB."),
    "pixels": gettext_lazy("The photo has more than %(limit)d million pixels."),
    "kind": gettext_lazy("This is a picture of the kind %(kind)s. Choose a JPEG, PNG, WebP or HEIC photo."),
    "moving": gettext_lazy("This picture moves. Choose a photo that stands still."),
    "unknown": gettext_lazy("This is no photo we can read. Choose a JPEG, PNG, WebP or HEIC file."),
    "damaged": gettext_lazy("The photo is damaged or not whole. Send it again, or choose another one."),
    "scans": gettext_lazy("The photo is put together in too many layers. Save it anew as an ordinary JPEG."),
    "large": gettext_lazy("The photo needs too much memory. Make it smaller, or save it as JPEG."),
    "late": gettext_lazy("Reading the photo took too long. Make it smaller, or save it as JPEG."),
    "busy": gettext_lazy("Other photos are being read just now. Choose the photo again and save in a moment."),
}

_places, _turn = threading.BoundedSemaphore(WAITING), threading.Lock()


def read(upload, sides):
    """WebP bytes of an uploaded photo for each of `sides`, the longest side in pixels. Raises ValidationError."""
    if upload.size > MAX_BYTES:
        raise refusal("bytes")
    if _has_too_many_scans(upload):
        raise refusal("scans")
    limits = json.dumps(LIMITS | {"sides": sides})
    try:
        with (
            _in_line(),
            untrusted.messages("salon.photos.decoder", limits, patience=PATIENCE, sent=upload.chunks()) as made,
        ):
            return [base64.b64decode(each["picture"]) for each in made]
    except untrusted.Refused as refused:
        raise refusal(refused.code, **refused.facts) from None
    except untrusted.Broke as broke:
        raise refusal("late" if broke.is_late else "damaged") from None


def refusal(code, **facts):
    """The ValidationError that says why a photo is not taken."""
    return ValidationError(str(REFUSALS.get(code, REFUSALS["damaged"])) % facts, code=code)


def _has_too_many_scans(upload):
    """Whether a decoder need not be started: it would say the same, but each start takes time from everybody's requests."""
    upload.seek(0)
    content = upload.read()
    upload.seek(0)
    return content.startswith(b"\xff\xd8\xff") and jpeg.has_more_scans(content, LIMITS["scans"])


@contextmanager
def _in_line():
    """Wait for one's turn, if there is a place to wait. Raises ValidationError at once if there is none."""
    if not _places.acquire(blocking=False):
        raise refusal("busy")
    try:
        with _turn:
            yield
    finally:
        _places.release()
