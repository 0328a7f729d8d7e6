"""A form with a part that cannot be read is refused whole: Django drops the part, and the rest would be saved."""

import io
import tempfile

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, FakePayload, encode_multipart

from customers.card.models import Customer
from salon.serving.bodies import is_readable
from tests.customers.card.filling import inputs
from tests.photos import picture, upload

GBK = "自拍.jpg".encode("gbk")


def body_of(fields):
    return encode_multipart(BOUNDARY, fields)


def environ(body, content_type=MULTIPART_CONTENT):
    return {"CONTENT_TYPE": content_type, "wsgi.input": io.BytesIO(body)}


@pytest.mark.parametrize("name", ["自拍.jpg".encode(), b"plain.jpg", b"", GBK, b"\xff.jpg", b"a\xed\xa0\x80.jpg"])
@pytest.mark.parametrize("in_a_file", [True, False])
def test_a_part_is_readable_if_its_head_is_utf_8(name, in_a_file):
    body = body_of({"name": "甲", "photo": upload(b"\xff\xd8" * 9000), "note": "怕冷"})
    body = body.replace(b"photo.jpg", name)
    assert name in body
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        sent = environ(body) | ({"wsgi.input": file} if in_a_file else {})
        assert is_readable(sent) == (name not in (GBK, b"\xff.jpg", b"a\xed\xa0\x80.jpg"))
        assert sent["wsgi.input"].read() == body  # nothing of it is used up


def test_other_bodies_and_broken_ones_are_not_judged():
    bad = body_of({"name": "x"}).replace(b'"name"', b'"\xff"')
    assert not is_readable(environ(bad))
    assert is_readable(environ(bad, "application/x-www-form-urlencoded"))
    assert is_readable(environ(bad, "multipart/form-data"))
    assert is_readable(environ(bad, MULTIPART_CONTENT.replace("form-data", "mixed")))
    assert is_readable(environ(bad) | {"wsgi.input": FakePayload(bad)})  # what can be read once is left to whom it is for
    assert is_readable(environ(b"", MULTIPART_CONTENT))
    assert is_readable({"CONTENT_TYPE": MULTIPART_CONTENT})
    assert is_readable({})
    headless = b"--" + BOUNDARY.encode() + b"\r\n" + b"\xff" * 5000
    assert is_readable(environ(headless))  # no head ends there: it is a body that Django refuses itself


def test_a_body_of_nothing_but_boundaries_takes_no_time():
    """Twelve megabytes, of which only as many parts are looked at as a form may have."""
    looked = []

    class Counted(bytes):
        def find(self, *args):
            looked.append(args)
            return super().find(*args)

    class Body(io.BytesIO):
        def getvalue(self):
            return Counted(super().getvalue())

    assert is_readable(environ(b"") | {"wsgi.input": Body((b"--" + BOUNDARY.encode() + b"\r\n") * 400_000)})
    assert len(looked) < 5000


def test_a_card_with_a_photo_whose_name_cannot_be_read_is_not_saved_without_it(desk):
    url = "/customers/new/"
    data = {name: value for name, value in inputs(desk.get(url)).items() if name != "photo"} | {"name": "甲"}
    body = body_of(data | {"photo": upload(picture())})
    for name, status in ((GBK, 400), (b"me.jpg", 302)):
        sent = body.replace(b"photo.jpg", name)
        answer = desk.generic("POST", url, sent, MULTIPART_CONTENT, **{"wsgi.input": io.BytesIO(sent)})
        assert answer.status_code == status
        assert Customer.objects.exclude(portrait="").count() == (status == 302)
    assert Customer.objects.count() == 1


def test_without_looking_it_would_be_saved_without_it(desk, monkeypatch):
    """The control: what Django makes of it."""
    monkeypatch.setattr("salon.serving.bodies.is_readable", lambda environ: True)
    url = "/customers/new/"
    data = {name: value for name, value in inputs(desk.get(url)).items() if name != "photo"} | {"name": "甲"}
    sent = body_of(data | {"photo": upload(picture())}).replace(b"photo.jpg", GBK)
    assert desk.generic("POST", url, sent, MULTIPART_CONTENT, **{"wsgi.input": io.BytesIO(sent)}).status_code == 302
    assert not Customer.objects.get().portrait
