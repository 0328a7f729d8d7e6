"""Small pictures out of photos somebody sent: decoded, upright, without metadata, encoded anew.

The only importer of Pillow and pillow-heif. Run as a program of its own (`python -m salon.photos.decoder`) it reads one photo
from standard input and writes the pictures made of it, one JSON text a line; pictures.py starts it so, with little memory and
time and none of our data (salon/processes/untrusted.py). It knows nothing of Django and says what is wrong by a code.
"""

import base64
import io
import json
import struct
import sys
from contextlib import suppress

from PIL import Image, ImageFile

from salon.photos import jpeg
from salon.processes import restrained
from salon.processes.restrained import Refused

QUALITY = 82
ORIENTATION = 0x0112  # in EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
BEGINNINGS = {b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"%PDF": "PDF"}  # known, and not read
STILL, MOVING = {b"heic", b"heix", b"heim", b"heis"}, {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"}
_UNREADABLE = (OSError, ValueError, TypeError, SyntaxError, EOFError, RuntimeError, LookupError, struct.error)


def pictures(content, limits):
    """{"picture": WebP bytes in base64, "width", "height"} for each of `limits["sides"]`, the longest side in pixels.

    `limits` also: the most bytes ("bytes"), million pixels by format ("megapixels") and scans of a JPEG ("scans").
    Raises Refused. What is smaller than a side keeps its size.
    """
    if len(content) > limits["bytes"]:
        raise Refused("bytes")
    kind = _kind(content)
    if kind == "JPEG" and jpeg.has_more_scans(content, limits["scans"]):
        raise Refused("scans")
    if kind == "HEIF":
        from pillow_heif import register_heif_opener  # as slow to begin as all the rest

        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    Image.MAX_IMAGE_PIXELS = None  # the limits are ours
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as image:
            _check(image, kind, limits)
            picture = _decoded(image, max(limits["sides"]))
    except _UNREADABLE:
        raise Refused("damaged") from None
    for side in limits["sides"]:
        yield _encoded(picture, side)


# --- What kind of file it is, by its content -----------------------------------------------------------------------------


def _kind(content):
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        return _kind_of_box(content)
    for beginning, name in BEGINNINGS.items():
        if content.startswith(beginning):
            raise Refused("kind", kind=name)
    begin = content[:4096].lower()
    if begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in begin:
        raise Refused("kind", kind="SVG")
    raise Refused("unknown")


def _kind_of_box(content):
    """HEIC, AVIF and films lie in the same container; what it says to hold tells them apart."""
    brand, size = content[8:12], min(int.from_bytes(content[:4]), 256)
    brands = {brand} | {content[at : at + 4] for at in range(16, size, 4)}
    if brand == b"avif" or (brand == b"mif1" and b"avif" in brands):
        raise Refused("kind", kind="AVIF")
    if brand in MOVING or not brands & STILL:
        raise Refused("moving")
    return "HEIF"


def _check(image, kind, limits):
    """What can be said before anything is decoded."""
    most = limits["megapixels"][kind]
    if image.width * image.height > most * 1_000_000:
        raise Refused("pixels", limit=most)
    # A JPEG of a phone often carries a second picture (depth, brightness), a HEIC its thumbnails: the first one is meant.
    if kind in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
        raise Refused("moving")


# --- What is made of it --------------------------------------------------------------------------------------------------


def _decoded(image, side):
    """An upright sRGB picture of at most `side` pixels, with nothing of the file's but its colours."""
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (side, side))  # decoded at a fraction of its size
    if image.mode in ("1", "P"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((side, side))
    profile = image.info.get("icc_profile")
    turn = None
    with suppress(Exception):  # a camera's odd note is no reason to refuse its picture
        turn = TURNS.get(image.getexif().get(ORIENTATION))
    picture = _in_srgb(_on_white(image), profile)
    if turn is not None:
        picture = picture.transpose(turn)
    return Image.frombytes("RGB", picture.size, picture.tobytes())


def _on_white(image):
    if not image.has_transparency_data:
        return image
    picture = image.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture)
    return paper


def _in_srgb(picture, profile):
    """Phones take pictures in more colours than a page shows; without this they come out pale."""
    if profile and picture.mode in ("L", "RGB", "CMYK"):
        from PIL import ImageCms

        with suppress(Exception):  # no profile one can use: its colours are taken as they are
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return picture.convert("RGB")


def _encoded(picture, side):
    if max(picture.size) > side:
        picture = picture.copy()
        picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY)
    return {"picture": base64.b64encode(out.getvalue()).decode(), "width": picture.width, "height": picture.height}


# --- The program ---------------------------------------------------------------------------------------------------------


def _messages(limits):
    yield from pictures(sys.stdin.buffer.read(limits["bytes"] + 1), limits)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    restrained.answer(_messages(given), given)
