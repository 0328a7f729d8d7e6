"""How many scans a JPEG has, found without decoding it: salon/photos/jpeg.py."""

import time

import pytest

from salon.photos import jpeg
from tests import photos
from tests.marks import once
from tests.photos import picture

pytestmark = once


def test_scans_are_counted_as_a_decoder_meets_them():
    scans = b"\xff\xda\0\2" * 60
    for content, count in [
        (picture(), 1),
        (photos.layered_jpeg(60), 60),
        (photos.layered_jpeg(3, hidden=scans), 3),  # a comment, as the small picture in EXIF is one
        (photos.layered_jpeg(3) + b"\0\2" + scans, 3),  # after its end: another picture, or a film
        (b"\xff\xd8\xff\xff\xff\xda\0\2", 1),  # with bytes that only fill
        (b"\xff\xd8" + b"\0" * (jpeg._WINDOW - 1) + b"\xff\xda\0\2", 1),  # half of it in each window
        (b"\xff\xd8\xff\xfe", 0),
        (b"\xff\xd8\xff", 0),
        (b"", 0),
    ]:
        assert not jpeg.has_more_scans(content, count)
        assert count == 0 or jpeg.has_more_scans(content, count - 1)
    assert jpeg.has_more_scans(picture(progressive=True), 5)
    assert not jpeg.has_more_scans(picture(progressive=True), 14)


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\xfe\0\2", b"\0"])
def test_counting_takes_little_whatever_was_sent(filling):
    """It is done where requests are answered: ten times as much takes ten times as long, or ends at the parts it has."""

    def seconds(size):
        content = b"\xff\xd8\xff\xe0\0\2" + filling * (size // len(filling))
        begun = time.thread_time()
        assert jpeg.has_more_scans(content, 40) == (filling == b"\xff\xfe\0\2")
        return time.thread_time() - begun

    small = min(seconds(1_000_000) for _ in range(3))
    assert min(seconds(10_000_000) for _ in range(3)) <= 15 * max(small, 0.001)
