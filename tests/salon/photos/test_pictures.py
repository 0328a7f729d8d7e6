"""Photos are hostile until decoded, and decoded where they can hold nobody: salon/photos."""

import base64
import io
import os
import random
import struct
import subprocess
import sys
import threading
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from PIL import Image, ImageCms

from salon.photos import decoder, jpeg, pictures
from salon.processes import background, untrusted
from salon.processes.restrained import Refused
from tests import photos
from tests.marks import NO_SESSIONS, once
from tests.photos import picture, upload

pytestmark = once
LIMITS = pictures.LIMITS | {"sides": [800]}


def decoded(content, **limits):
    """The first picture made of a photo, by a call instead of a process."""
    made = next(decoder.pictures(content, LIMITS | limits))
    image = Image.open(io.BytesIO(base64.b64decode(made["picture"])))
    assert image.size == (made["width"], made["height"])
    return image


def refused(content, **limits):
    with pytest.raises(Refused) as refusal:
        list(decoder.pictures(content, LIMITS | limits))
    assert refusal.value.code in pictures.REFUSALS
    return refusal.value


# --- What is read --------------------------------------------------------------------------------------------------------

MODES = {
    "JPEG": ["RGB", "L", "CMYK"],
    "PNG": ["RGB", "L", "RGBA", "LA", "P", "1", "I;16"],
    "WEBP": ["RGB", "RGBA"],
    "HEIF": ["RGB", "RGBA", "L"],
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_any_photo_becomes_a_small_webp(kind, mode):
    made = decoded(picture(kind, mode=mode))
    assert (made.format, made.mode, made.size) == ("WEBP", "RGB", (800, 600))


def test_several_sizes_are_made_of_one_decoding_and_none_is_larger_than_what_was_sent():
    sizes = [(each["width"], each["height"]) for each in decoder.pictures(picture(), LIMITS | {"sides": [2400, 1080, 320]})]
    assert sizes == [(1200, 900), (1080, 810), (320, 240)]


def _two_colours():
    """Red on the left, blue on the right, 60 by 40."""
    image = Image.new("RGB", (60, 40), "red")
    image.paste("blue", (30, 0, 60, 40))
    return image


# Where red is after the turn a camera asks for: the corner of that quarter of the picture, and the size.
UPRIGHT = {1: ((5, 20), (60, 40)), 2: ((55, 20), (60, 40)), 3: ((55, 20), (60, 40)), 4: ((5, 20), (60, 40)),
           5: ((20, 5), (40, 60)), 6: ((20, 5), (40, 60)), 7: ((20, 55), (40, 60)), 8: ((20, 55), (40, 60))}  # fmt: skip


@pytest.mark.parametrize(("orientation", "expected"), UPRIGHT.items())
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_turned_as_its_camera_was_held(kind, orientation, expected):
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    _two_colours().save(out, kind, exif=exif)
    made, (place, size) = decoded(out.getvalue()), expected
    assert made.size == size
    red, _green, blue = made.getpixel(place)
    assert red > 200 > 60 > blue


def test_a_heic_is_turned_once_as_it_says_itself():
    """It has a mark of its own for that, and its EXIF, which says the same, is to be left alone."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    picture("HEIF", size=(8, 8))
    _two_colours().resize((120, 80)).save(out, "HEIF", exif=exif.tobytes())
    assert b"irot" in out.getvalue()
    made = decoded(out.getvalue())
    assert made.size == (80, 120)
    assert made.getpixel((40, 10))[0] > 200


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("profile", [SRGB, b"SECRET-PROFILE"], ids=["sRGB", "broken"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_metadata_is_left_behind(kind, profile):
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 48.0)
    sent = picture(kind, size=(300, 200), exif=exif, icc_profile=profile, xmp=b"SECRET-XMP")
    assert b"SECRET-CAMERA" in sent
    [made] = decoder.pictures(sent, LIMITS)
    content = base64.b64decode(made["picture"])
    image = Image.open(io.BytesIO(content))
    assert b"SECRET" not in content
    assert not image.getexif()
    assert {"icc_profile", "exif", "xmp"}.isdisjoint(image.info)
    assert decoder._decoded(Image.open(io.BytesIO(sent)), 800).info == {}  # whatever a later Pillow writes of it
    assert content[12:16] == b"VP8 "  # the simple container, which has room for nothing else


def test_colours_are_those_the_camera_saw():
    """A profile whose red and green are exchanged: as it stands in the file the picture is red, as it is meant green."""
    srgb = bytearray(SRGB)
    red, green = srgb.index(b"rXYZ"), srgb.index(b"gXYZ")
    srgb[red : red + 4], srgb[green : green + 4] = b"gXYZ", b"rXYZ"
    made = decoded(picture(icc_profile=bytes(srgb))).getpixel((400, 300))
    assert made[1] > made[0]
    assert decoded(picture(icc_profile=b"no profile")).getpixel((400, 300))[0] > 200


def test_a_phone_that_adds_a_second_picture_to_its_jpeg_is_understood():
    out = io.BytesIO()
    first, second = Image.new("RGB", (600, 400), "red"), Image.new("RGB", (60, 40), "blue")
    first.save(out, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(out.getvalue())).n_frames == 2
    assert decoded(out.getvalue()).size == (600, 400)


# --- What is refused -----------------------------------------------------------------------------------------------------


def _box(brand, *others):
    content = brand + b"\0\0\0\0" + b"".join(others)
    return struct.pack(">I", len(content) + 8) + b"ftyp" + content + bytes(40)


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
KINDS = {
    "GIF": lambda: picture("GIF"), "SVG": lambda: SVG, "TIFF": lambda: picture("TIFF"), "BMP": lambda: picture("BMP"),
    "PDF": lambda: b"%PDF-1.4", "AVIF": lambda: _box(b"avif", b"mif1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_are_refused_by_their_name(kind):
    refusal = refused(KINDS[kind]())
    assert (refusal.code, refusal.facts) == ("kind", {"kind": kind})


@pytest.mark.parametrize(("kind", "most"), [("JPEG", 50), ("PNG", 25), ("WEBP", 25), ("HEIF", 25)])
def test_each_kind_has_its_greatest_number_of_pixels(kind, most, monkeypatch):
    assert pictures.LIMITS["megapixels"][kind] == most
    monkeypatch.setitem(pictures.LIMITS["megapixels"], kind, 1)
    refusal = refused(picture(kind, size=(1200, 900)))
    assert (refusal.code, refusal.facts) == ("pixels", {"limit": 1})


def test_what_moves_is_refused():
    for content in (photos.moving("WEBP"), photos.moving("PNG"), _box(b"hevc"), _box(b"msf1"), _box(b"avis"), _box(b"qt  ")):
        assert refused(content).code == "moving"


def test_an_avif_under_the_name_of_its_family_is_one():
    assert refused(_box(b"mif1", b"miaf", b"avif")).facts == {"kind": "AVIF"}
    assert refused(_box(b"mif1", b"miaf", b"heic")).code == "damaged"  # a HEIC, with nothing in it


def test_what_is_no_picture_is_refused():
    assert {refused(content).code for content in (b"", b"x", b"<p>svg</p>", b"RIFF....AVI LIST")} == {"unknown"}
    for content in (
        picture()[:200],
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
        picture("HEIF")[:300],
    ):
        assert refused(content).code == "damaged"


def _png_of(width, height):
    """A PNG whose header says it is that large, with no pixels behind it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


@pytest.mark.parametrize("sides", [(6000, 4167), (9_000, 9_000), (60_000, 60_000)])
def test_size_is_judged_before_the_picture_is_decoded(monkeypatch, sides):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert refused(_png_of(*sides)).facts == {"limit": 25}


def test_a_photo_of_48_million_pixels_is_read_if_it_is_a_jpeg():
    assert decoded(picture(size=(8000, 6000), mode="L", quality=10)).size == (800, 600)
    assert refused(photos.layered_jpeg(3, width=10_000, height=5_001)).facts == {"limit": 50}


def test_broken_photos_never_crash():
    """Each is read, or refused by a code; what is worse than that ends the process it is read in."""
    chance, outcomes = random.Random(7), set()
    whole = [picture(kind, size=(60, 40)) for kind in MODES]
    for n in range(400):
        content = bytearray(whole[n % len(whole)])
        for _each in range(chance.randint(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            list(decoder.pictures(bytes(content[: chance.randint(20, len(content))]), LIMITS))
            outcomes.add("read")
        except Refused as refusal:
            outcomes.add(refusal.code)
    assert {"read", "damaged"} <= outcomes


# --- A JPEG of thousands of scans ----------------------------------------------------------------------------------------


def test_a_photo_of_too_many_scans_is_refused_at_once():
    bomb = photos.layered_jpeg(10_000)
    assert len(bomb) < 101_000
    begun = time.process_time()
    assert refused(bomb).code == "scans"
    assert time.process_time() - begun < 0.5
    few = photos.layered_jpeg(LIMITS["scans"], width=500, height=500)
    assert decoded(few).size == (500, 500)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit: the parent's patience is it")
def test_what_a_count_of_scans_does_not_see_is_stopped_by_the_clock(monkeypatch):
    """The real guard: whatever is found in a decoder to come, the process has little time."""
    monkeypatch.setitem(pictures.LIMITS, "scans", 10**6)
    monkeypatch.setitem(pictures.LIMITS, "seconds", 1)
    before = _seconds_of_children()
    assert refusal_of(photos.layered_jpeg(jpeg.MOST_PARTS - 10, width=7000, height=7000)) == "late"
    assert _seconds_of_children() - before < 3


def test_no_process_is_started_for_layers(monkeypatch):
    monkeypatch.setattr(untrusted, "messages", None)
    assert refusal_of(photos.layered_jpeg(10_000)) == "scans"
    with pytest.raises(TypeError):
        pictures.read(upload(picture()), [800])


def _seconds_of_children():
    import resource

    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


# --- The process ---------------------------------------------------------------------------------------------------------


def refusal_of(content):
    with pytest.raises(ValidationError) as refusal:
        pictures.read(upload(content), [800])
    return refusal.value.code


def test_a_photo_goes_through_the_process():
    large, small = pictures.read(upload(picture("HEIF")), [800, 320])
    assert [Image.open(io.BytesIO(each)).size for each in (large, small)] == [(800, 600), (320, 240)]


def test_memory_is_limited(monkeypatch):
    heavy = picture("PNG", size=(5000, 5000), compress_level=1)
    assert pictures.read(upload(heavy), [800])
    monkeypatch.setitem(pictures.LIMITS, "memory", 90 << 20)
    assert pictures.read(upload(picture("PNG", size=(90, 90))), [800])
    assert refusal_of(heavy) == "large"


def test_a_process_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE", 0.5)
    real = untrusted.lines
    monkeypatch.setattr(
        untrusted, "lines", lambda *_args, **how: real("timeit", "-n1", "-r1", "import time; time.sleep(60)", **how)
    )
    assert refusal_of(picture(size=(9, 9))) == "late"


def test_a_process_that_ends_before_it_has_read_all_is_a_sentence(monkeypatch):
    real = untrusted.lines
    script = "import os; os.close(0); os.kill(os.getpid(), 11)"
    monkeypatch.setattr(untrusted, "lines", lambda *_args, **how: real("timeit", "-n1", "-r1", script, **how))
    assert refusal_of(bytes(1 << 20)) == "damaged"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority instead")
def test_the_process_gives_way_from_its_first_line():
    with untrusted.lines("timeit", "-n1", "-r1", "import os; print(os.nice(0))") as lines:
        assert int(next(iter(lines))) >= background.NICE


@pytest.mark.skipif(not os.path.exists("/proc/self/autogroup"), reason=NO_SESSIONS)
def test_the_session_of_the_process_gives_way_as_sessions_are_what_linux_shares_by(monkeypatch):
    begun = Path("/proc/self/autogroup").read_text()
    with untrusted.lines("timeit", "-n1", "-r1", "print(open('/proc/self/autogroup').read())") as lines:
        assert next(iter(lines)).decode().split()[1:] == ["nice", str(background.NICE)]
    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # or the other tests would give way as well
    monkeypatch.setattr(os, "getsid", lambda _pid: 1)
    background.give_way()
    assert Path("/proc/self/autogroup").read_text() == begun  # of whoever began this session
    written = []
    monkeypatch.setattr(Path, "write_text", lambda self, text: written.append((str(self), text)))
    monkeypatch.setattr(os, "getsid", lambda _pid: os.getpid())
    background.give_way()
    assert written == [("/proc/self/autogroup", str(background.NICE))]


def test_the_process_begins_without_django():
    """A tenth of a second of processor time, not half a second."""
    script = "import sys, salon.photos.decoder; print(any(name.startswith('django') for name in sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_the_server_itself_loads_no_decoder():
    script = "import sys, salon.photos.pictures; print('PIL' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


# --- The line ------------------------------------------------------------------------------------------------------------


def test_two_requests_may_wait_and_the_next_is_told_to_come_again(monkeypatch):
    """One photo is decoded, one waits, and the third takes no thread from anybody."""
    go_on, at_work, most = threading.Event(), [], []

    @contextmanager
    def slow(*_args, **_how):
        at_work.append(1)
        most.append(len(at_work))
        go_on.wait(20)
        at_work.pop()
        yield iter(())

    monkeypatch.setattr(untrusted, "messages", slow)
    threads = [threading.Thread(target=pictures.read, args=(upload(b"x"), [800])) for _each in range(2)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 10
        while (pictures._places._value or not at_work) and time.monotonic() < until:
            time.sleep(0.01)
        assert refusal_of(b"x") == "busy"
    finally:
        go_on.set()
    for thread in threads:
        thread.join(20)
    assert most == [1, 1]  # one after the other
    assert pictures.read(upload(b"x"), [800]) == []  # and there is room again


def test_a_refused_photo_gives_its_place_back():
    for _each in range(pictures.WAITING + 1):
        assert refusal_of(b"x") == "unknown"


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_every_refusal_is_a_sentence_in_each_language(language):
    with translation.override(language):
        said = {code: pictures.refusal(code, kind="GIF", limit=25).messages[0] for code in pictures.REFUSALS}
    assert len(set(said.values())) == len(said)
    assert "GIF" in said["kind"]
    assert "25" in said["pixels"]
    if language != "en":
        assert all(any(char >= "\u4e00" for char in each) for each in said.values())
