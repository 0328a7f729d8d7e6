"""Portraits: made of a photo that was sent (tests/salon/photos/test_pictures.py), stored before the row, removed with it."""

import errno
import io
import os
import stat
import threading
from pathlib import Path

import pytest
from django.db import DatabaseError, OperationalError
from django.urls import reverse
from PIL import Image

from customers.card import portraits, services
from customers.card.models import Customer
from salon.operations import Operation
from salon.photos import pictures
from salon.storage import files as files_of_the_house
from tests import builders, photos
from tests.customers.card import filling
from tests.photos import picture, upload

CREATE = "/customers/new/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT / portraits.FOLDER


def files(folder):
    return sorted(each.name for each in folder.glob("*")) if folder.exists() else []


def test_a_portrait_is_small_and_carries_nothing_but_what_one_sees():
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x0112] = 6  # lies on its side
    stored = portraits.read(upload(picture(exif=exif)))
    assert b"SECRET-CAMERA" not in stored
    image = Image.open(io.BytesIO(stored))
    assert (image.format, image.size) == ("WEBP", (600, 800))
    assert not image.getexif()


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


BAD = {
    "This is a picture of the kind SVG": b"<svg/>",
    "no photo we can read": b"x",
    "too many layers": photos.layered_jpeg(10_000),
    "This picture moves": photos.moving("WEBP"),
    "larger than 10 MB": b"\xff" * (10 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_bad_photo_is_said_at_its_field_and_nothing_typed_is_lost(desk, media, sentence):
    response = filling.send(desk, CREATE, {"name": "甲", "note": "怕冷", "photo": upload(BAD[sentence])})
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in response.context["entry"].form.errors["photo"][0]
    assert sentence in page
    assert "怕冷" in page
    assert "choose the photo again" in page
    assert files(media) == []
    assert not Customer.objects.exists()


def test_who_comes_while_photos_are_read_is_told_and_keeps_what_was_typed(desk, media, monkeypatch):
    """The two places are taken by others' photos; the same form goes through once there is room."""
    monkeypatch.setattr(pictures, "_places", threading.BoundedSemaphore(1))
    with pictures._in_line():
        response = filling.send(desk, CREATE, {"name": "甲", "note": "怕冷", "photo": upload(picture())})
    assert response.status_code == 422
    assert "save in a moment" in response.content.decode()
    assert "怕冷" in response.content.decode()
    assert not Customer.objects.exists()
    again = {"operation": response.context["operation_key"], "name": "甲", "note": "怕冷", "photo": upload(picture())}
    assert filling.send(desk, CREATE, again).status_code == 302
    assert Customer.objects.get().portrait in files(media)


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


def _no_room(*_args, **_how):
    raise OSError(errno.ENOSPC, "No space left on device")


def _no_room_in_the_database(*_args, **_how):
    raise OperationalError("database or disk is full")


FULL = {
    "the folder": (Path, "mkdir", _no_room),
    "the file": (os, "open", _no_room),
    "its content": (os, "fsync", _no_room),
    "its name": (Path, "replace", _no_room),
    "the folder's content": (files_of_the_house, "sync_folder", _no_room),
    "the row": (services._Write, "rows", _no_room_in_the_database),
}


@pytest.mark.parametrize("place", FULL)
@pytest.mark.parametrize("address", ["new", "edit"])
def test_a_full_disk_is_said_and_leaves_no_file_and_no_row(receptionist, customer, media, monkeypatch, address, place):
    desk = builders.client_of(receptionist, raise_request_exception=False)
    address = CREATE if address == "new" else reverse("customers:edit", args=[customer.pk])
    data = filling.inputs(desk.get(address)) | {"name": "甲"}
    monkeypatch.setattr(portraits, "read", lambda upload: b"RIFF")
    with monkeypatch.context() as patch:
        patch.setattr(*FULL[place])
        response = desk.post(address, data | {"photo": upload(b"x")})
    page = response.content.decode()
    assert response.status_code == 503
    assert "The disk is full" in page
    assert "Nothing was stored" in page
    assert files(media) == []
    assert list(Customer.objects.values_list("name", "portrait", "version")) == [("张晓梅", "", 1)]
    assert not Operation.objects.exists()
    assert desk.post(address, data | {"photo": upload(b"x")}).status_code == 302  # the same form, when there is room
    assert len(files(media)) == 1


def test_a_portrait_that_cannot_be_removed_does_not_undo_what_is_stored(
    desk, media, monkeypatch, django_capture_on_commit_callbacks
):
    """Some disks need room even for that; what was committed must not be said to be "not stored"."""
    filling.send(desk, CREATE, {"name": "甲", "photo": upload(picture())})
    edit = reverse("customers:edit", args=[Customer.objects.get().pk])
    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert filling.send(desk, edit, {"remove_photo": "on"}).status_code == 302
        patch.setattr(Path, "unlink", _no_room)
    assert len(callbacks) == 1
    assert Customer.objects.get().portrait == ""


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
