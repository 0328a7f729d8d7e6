"""Photos to send: honest ones, and those made to hold a server."""

import io
import struct

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def upload(content, name="photo.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type)


def picture(kind="JPEG", size=(1200, 900), mode="RGB", **options):
    """The bytes of a picture of one colour."""
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else None).save(out, kind, **options)
    return out.getvalue()


def moving(kind):
    """The bytes of an animation of two pictures."""
    first, second = (Image.new("RGB", (40, 40), colour) for colour in ("red", "blue"))
    out = io.BytesIO()
    first.save(out, kind, save_all=True, append_images=[second], duration=100)
    return out.getvalue()


def layered_jpeg(scans, *, width=5000, height=4700, hidden=b""):
    """A progressive JPEG of 23 million pixels drawn in that many passes, each of ten bytes: 100 KB hold a decoder for 25 s.

    Its scans name the coefficients 1 to 63 and give nothing for them, but every block is visited in each. `hidden` stands
    in a comment, where markers mean nothing.
    """

    def part(marker, body):
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    one_code = bytes([1] + [0] * 15)  # a Huffman table of one code, one bit long
    return b"".join(
        (
            b"\xff\xd8",
            part(0xFE, hidden) if hidden else b"",
            part(0xDB, b"\0" + b"\1" * 64),
            part(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
            part(0xC4, b"\x00" + one_code + b"\x00"),
            part(0xC4, b"\x10" + one_code + b"\xe0"),
            part(0xDA, bytes([1, 1, 0, 0, 0, 0])),
            part(0xDA, bytes([1, 1, 0, 1, 63, 0])) * (scans - 1),
            b"\xff\xd9",
        )
    )
