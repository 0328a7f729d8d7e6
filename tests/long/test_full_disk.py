"""A real server on a disk that fills up: every save and every upload says so, nothing is half there, and room is enough to go on.

The disk is a small one in memory, with the data directory and the folder for passing files in it; mounting it needs root.
On PostgreSQL only the files are on it: what a full disk of its own does is tests/salon/storage/test_full_disk.py.
"""

import io
import os
import random
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests import live, photos
from tests.customers.card import filling
from tests.marks import sqlite_only

pytestmark = pytest.mark.long

ACTS = "tests.long.test_full_disk"
ROOM = 24 << 20  # beyond what is there at first
IMPORT = "/customers/imports/new/customers/"


def session_of_an_old_hand():
    """A session whose last request was two minutes ago, so that the next one wants to be noted."""
    from django.contrib.sessions.backends.db import SessionStore

    from salon.middleware import SEEN

    key = live.session_of("manager")
    session = SessionStore(key)
    session[SEEN] = session["since"] = int(time.time()) - 120
    session.save()
    return key


def account():
    """What the database holds: names and portraits of cards, imports, and operations."""
    from customers.card.models import Customer
    from customers.imports.models import ImportRun
    from salon.operations import Operation

    return {
        "cards": sorted(Customer.objects.values_list("name", flat=True)),
        "portraits": sorted(Customer.objects.exclude(portrait="").values_list("portrait", flat=True)),
        "imports": sorted(ImportRun.objects.values_list("pk", flat=True)),
        "operations": Operation.objects.count(),
    }


@contextmanager
def on_a_small_disk():
    """A live salon whose data directory is a disk of its own; yields (salon, the file that fills it)."""
    with live.installed(template=live.prepared("tests.live_acts:shop")) as salon:
        disk = salon.data_dir.parent / "disk"
        disk.mkdir()
        used = sum(file.stat().st_size for file in salon.data_dir.rglob("*") if file.is_file())
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={used + ROOM}", "tmpfs", disk], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("not run: mounting a disk is not permitted")
        try:
            shutil.copytree(salon.data_dir, disk, dirs_exist_ok=True)
            (disk / "passing").mkdir()
            salon.data_dir, salon.environment = disk, {"TMPDIR": disk / "passing"}
            yield salon.start(), disk / "ballast"
        finally:
            salon.kill()
            subprocess.run(["umount", "--lazy", disk], check=True)


def fill(ballast):
    """Write until the disk takes no further byte."""
    with open(ballast, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def noise(side):
    """A photo of many bytes: 0.8 MB at 1000 pixels, 3 MB at 2000."""
    out, chance = io.BytesIO(), random.Random(side)
    Image.frombytes("RGB", (side, side), chance.randbytes(side * side * 3)).save(out, "JPEG", quality=90)
    return photos.upload(out.getvalue())


def table(rows):
    lines = "".join(f"顾客{n},1390000{n:04d}\n" for n in range(rows))
    return photos.upload(("姓名,手机\n" + lines).encode(), "guests.csv", "text/csv")


class Desk:
    """Somebody who fills in forms beforehand, so that each can be sent when the time comes."""

    def __init__(self, salon, forms):
        self.visitor = salon.visitor("manager")
        self.bodies = {}
        for name, (address, more) in forms.items():
            inputs = filling.inputs(self.visitor.get(address)) if "new/c" not in address else self._key(address)
            self.bodies[name] = (address, encode_multipart(BOUNDARY, inputs | more))

    def _key(self, address):
        page = self.visitor.get(address).text
        return {"operation": page.partition('name="operation" value="')[2].partition('"')[0]}

    def send(self, name):
        address, body = self.bodies[name]
        return self.visitor.ask("POST", address, body, {"Content-Type": MULTIPART_CONTENT})


FORMS = {
    "card": ("/customers/new/", {"name": "只有名字"}),
    "small photo": ("/customers/new/", {"name": "小照片", "photo": photos.upload(photos.picture())}),
    "photo the server keeps in a file": ("/customers/new/", {"name": "中照片", "photo": noise(1000)}),
    "photo Django keeps in a file": ("/customers/new/", {"name": "大照片", "photo": noise(2000)}),
    "small table": (IMPORT, {"file": table(300)}),
    "table Django keeps in a file": (IMPORT, {"file": table(70_000)}),
}
PAGES = ["/", "/customers/", "/customers/search/?q=%E5%BC%A0", "/visits/", "/customers/imports/", "/account/"]


def files_in(folder):
    return sorted(file.name for file in folder.rglob("*") if file.is_file()) if folder.exists() else []


def test_a_full_disk_is_said_costs_nothing_and_is_over_when_there_is_room():
    with on_a_small_disk() as (salon, ballast):
        desk = Desk(salon, FORMS)
        first = filling.inputs(desk.visitor.get("/customers/new/")) | {"name": "先来"}
        assert desk.visitor.post("/customers/new/", first).status == 302
        reader = live.Visitor(salon.port, salon.call(f"{ACTS}:session_of_an_old_hand"))
        before = salon.call(f"{ACTS}:account")
        fill(ballast)
        _every_upload_says_so(desk)
        for address in PAGES:
            page = reader.get(address)
            assert page.status == 200, (address, page.status)
        _nothing_is_half_there(salon, before)
        ballast.unlink()
        begun = time.monotonic()
        for name in FORMS:
            assert desk.send(name).status == 302, name
            assert time.monotonic() - begun < 10 or name != "card"
        after = salon.call(f"{ACTS}:account")
        assert set(after["cards"]) >= {"先来", "只有名字", "小照片", "中照片", "大照片"}
        assert files_in(salon.data_dir / "media") == after["portraits"]
        assert len(after["portraits"]) == 3
        if not salon.database_url:
            assert salon.sql("PRAGMA integrity_check") == [("ok",)]


def _every_upload_says_so(desk):
    """The same page for all: of the disk, of what is to be done, and to come again."""
    for name in FORMS:
        page = desk.send(name)
        if name == "card" and page.status == 302:
            continue  # the database had room in its log, or is elsewhere
        assert page.status == 503, (name, page.status, page.text[:2000])
        assert "The disk is full" in page.text, name
        assert "Nothing was stored" in page.text, name
        assert page.headers["Retry-After"] == "5"


def _nothing_is_half_there(salon, before):
    after = salon.call(f"{ACTS}:account")
    new = set(after["cards"]) - set(before["cards"])
    assert new <= {"只有名字"}
    assert after["operations"] == before["operations"] + len(new)
    assert after["imports"] == before["imports"]
    assert after["portraits"] == []
    for folder in ("media", "imports", "passing"):
        assert [name for name in files_in(Path(salon.data_dir) / folder) if not name.startswith("etilqs")] == [], folder
    assert [folder for folder in (salon.data_dir / "imports").glob("*") if folder.name.isdigit()] == []


@sqlite_only
def test_the_database_alone_meets_a_full_disk():
    """Saves without files, until the log of SQLite finds no more room: each is stored and said to be, or neither."""
    with on_a_small_disk() as (salon, ballast):
        visitor = salon.visitor("manager")
        forms = [filling.inputs(visitor.get("/customers/new/")) | {"name": f"顾客{n}", "note": "长" * 900} for n in range(60)]
        fill(ballast)
        answers = [visitor.post("/customers/new/", form) for form in forms]
        stored = [form["name"] for form, page in zip(forms, answers, strict=True) if page.status == 302]
        refused = [(form, page) for form, page in zip(forms, answers, strict=True) if page.status != 302]
        assert refused
        assert all(page.status == 503 and "The disk is full" in page.text for _form, page in refused)
        assert all("What you typed is kept here" in page.text for _form, page in refused)
        os.truncate(ballast, 0)
        begun = time.monotonic()
        assert visitor.post("/customers/new/", refused[0][0]).status == 302
        assert time.monotonic() - begun < 10
        assert salon.call(f"{ACTS}:account")["cards"] == sorted([*stored, refused[0][0]["name"]])
        assert salon.sql("PRAGMA integrity_check") == [("ok",)]
