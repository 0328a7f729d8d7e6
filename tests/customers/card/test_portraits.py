"""Portraits: hostile until decoded, re-encoded without metadata, stored before the row, removed with it."""

import io
import random
import stat
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.urls import reverse
from PIL import Image

from customers.card import portraits, services
from customers.card.models import Customer
from tests import builders
from tests.customers.card import filling

CREATE = "/customers/new/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT / portraits.FOLDER


def picture(kind="JPEG", size=(1200, 900), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else None).save(out, kind, **options)
    return out.getvalue()


def upload(content, name="photo.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type)


def files(folder):
    return sorted(each.name for each in folder.glob("*")) if folder.exists() else []


MODES = {"JPEG": ["RGB", "L", "CMYK"], "PNG": ["RGB", "L", "RGBA", "LA", "P", "1", "I;16"], "WEBP": ["RGB", "RGBA"]}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_any_picture_becomes_a_small_webp(kind, mode):
    stored = Image.open(io.BytesIO(portraits.read(upload(picture(kind, mode=mode)))))
    assert (stored.format, stored.mode, max(stored.size)) == ("WEBP", "RGB", 800)


def test_metadata_is_left_behind_and_the_picture_turned_upright():
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x0112] = 6  # lies on its side
    sent = picture(size=(400, 200), exif=exif)
    assert b"SECRET-CAMERA" in sent
    stored = portraits.read(upload(sent))
    assert b"SECRET-CAMERA" not in stored
    assert Image.open(io.BytesIO(stored)).size == (200, 400)
    assert not Image.open(io.BytesIO(stored)).getexif()


def test_what_is_no_picture_is_refused():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    gif = picture("GIF")
    for content in (b"x", svg, gif, b"%PDF-1.4", picture()[:200], b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, picture("TIFF")):
        with pytest.raises(ValidationError):
            portraits.read(upload(content))


def test_size_is_judged_before_the_picture_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ValidationError, match="24 million"):
        portraits.read(upload(_png_of(6000, 4001)))
    big = upload(b"x")
    big.size = portraits.MAX_BYTES + 1
    with pytest.raises(ValidationError, match="10 MB"):
        portraits.read(big)


def _png_of(width, height):
    """A PNG whose header says it is that large, with no pixels behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    data = zlib.compress(b"\x00")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk
        + struct.pack(">I", len(data))
        + b"IDAT"
        + data
        + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    )


def test_gigantic_headers_are_refused_too():
    for side in (9_000, 12_000, 60_000):
        with pytest.raises(ValidationError):
            portraits.read(upload(_png_of(side, side)))


def test_broken_pictures_never_crash():
    chance = random.Random(7)
    whole = [picture("JPEG", size=(60, 40)), picture("PNG", size=(60, 40), mode="RGBA"), picture("WEBP", size=(60, 40))]
    outcomes = set()
    for n in range(400):
        content = bytearray(whole[n % 3])
        for _each in range(chance.randint(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            Image.open(io.BytesIO(portraits.read(upload(bytes(content[: chance.randint(20, len(content))]))))).load()
            outcomes.add("read")
        except ValidationError:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_create_replace_and_remove(desk, receptionist, media, django_capture_on_commit_callbacks):
    assert filling.send(desk, CREATE, {"name": "甲", "photo": upload(picture())}).status_code == 302
    customer = Customer.objects.get()
    first = customer.portrait
    assert files(media) == [first]
    assert stat.S_IMODE((media / first).stat().st_mode) == 0o600
    assert stat.S_IMODE(media.stat().st_mode) == 0o700
    edit = reverse("customers:edit", args=[customer.pk])
    with django_capture_on_commit_callbacks(execute=True):
        assert filling.send(desk, edit, {"photo": upload(picture("PNG"))}).status_code == 302
    customer.refresh_from_db()
    assert customer.portrait != first
    assert files(media) == [customer.portrait]
    with django_capture_on_commit_callbacks(execute=True):
        assert filling.send(desk, edit, {"remove_photo": "on"}).status_code == 302
    customer.refresh_from_db()
    assert customer.portrait == ""
    assert files(media) == []


def test_a_bad_photo_is_said_at_its_field(desk, media):
    response = filling.send(desk, CREATE, {"name": "甲", "photo": upload(b"<svg/>", "photo.jpg")})
    assert response.status_code == 422
    assert "no photo we can read" in response.content.decode()
    assert files(media) == []


def test_a_failed_save_leaves_no_file(receptionist, branch, media, customer, monkeypatch):
    actor, content = builders.actor_of(receptionist), portraits.read(upload(picture()))
    with pytest.raises(services.CardNumberTaken):
        services.create_card(actor=actor, branch=branch, fields={"name": "甲", "card_no": customer.card_no}, portrait=content)
    with pytest.raises(services.Stale):
        services.edit_card(actor=actor, customer=customer, version=99, fields={}, portrait=content)
    assert files(media) == []

    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(services._Write, "rows", fail)
    with pytest.raises(DatabaseError):
        services.create_card(actor=actor, branch=branch, fields={"name": "甲"}, portrait=content)
    assert files(media) == []


def test_a_full_disk_leaves_no_half_file(receptionist, branch, media, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(portraits.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        services.create_card(actor=builders.actor_of(receptionist), branch=branch, fields={"name": "甲"}, portrait=b"content")
    assert files(media) == []
    assert not Customer.objects.exists()


def test_served_only_to_who_may_see_the_card(desk, customer, stranger, beautician, owner, media, receptionist):
    url = reverse("customers:portrait", args=[customer.pk])
    assert desk.get(url).status_code == 404  # there is none
    content = portraits.read(upload(picture()))
    services.edit_card(actor=builders.actor_of(receptionist), customer=customer, version=1, fields={}, portrait=content)
    response = desk.get(url)
    assert response.content == content
    assert (response["Content-Type"], response["Cache-Control"]) == ("image/webp", "private, no-store")
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert builders.client_of(owner).get(url).status_code == 200
    assert builders.client_of(stranger).get(url).status_code == 404
    assert builders.client_of(beautician).get(url).status_code == 404
    customer.refresh_from_db()
    portraits.path_of(customer.portrait).unlink()
    assert desk.get(url).status_code == 404
