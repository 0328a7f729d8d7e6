"""What links begin with: SALON_PUBLIC_URL, else what the server listens on, never what a request says."""

import re
from io import StringIO

import pytest
import segno
from django.core.management import call_command

from salon import address
from tests import live
from tests.builders import client_of
from tests.marks import once


@pytest.fixture(autouse=True)
def nothing_noted(settings, monkeypatch, tmp_path):
    """A process that does not serve, and a data directory in which no server has noted where it listens."""
    settings.DATA_DIR, settings.HAS_PUBLIC_URL = tmp_path, False
    monkeypatch.setattr(address, "_listening", "")


@pytest.mark.parametrize(
    ("host", "names", "expected"),
    [
        ("127.0.0.1", [], "http://127.0.0.1:8123"),
        ("::1", [], "http://[::1]:8123"),
        ("192.168.1.10", [], "http://192.168.1.10:8123"),
        ("0.0.0.0", ["127.0.0.1", "[::1]", ".example", "192.168.1.10"], "http://192.168.1.10:8123"),
        ("::", ["localhost", "*"], "http://127.0.0.1:8123"),
    ],
)
@once
def test_links_carry_what_the_server_listens_on(settings, monkeypatch, host, names, expected):
    settings.ALLOWED_HOSTS = names
    address.listen_at(host, 8123)
    assert address.public_url() == expected
    monkeypatch.setattr(address, "_listening", "")
    assert address.public_url() == expected, "a command, another process, finds what the server has noted"


@once
def test_the_address_that_was_set_wins(settings):
    settings.HAS_PUBLIC_URL, settings.PUBLIC_URL = True, "https://salon.example"
    address.listen_at("127.0.0.1", 8123)
    assert address.public_url() == "https://salon.example"


@pytest.mark.parametrize(
    "noted", ["", "evil.example", "javascript:alert(1)", "http://:99999", "http://[x", "颜册", "https://x:1", "http://x"]
)
@once
def test_what_is_no_address_is_not_taken(settings, noted):
    (settings.DATA_DIR / address.FILE).write_text(noted, encoding="utf-8")
    assert address.public_url() == settings.PUBLIC_URL == "http://127.0.0.1:8000"


def test_the_host_header_chooses_no_link(owner, receptionist, settings, monkeypatch):
    drawn, make = [], segno.make
    monkeypatch.setattr(segno, "make", lambda text, **how: drawn.append(text) or make(text, **how))
    settings.ALLOWED_HOSTS = ["*"]
    address.listen_at("127.0.0.1", 8123)
    page = client_of(owner).post(f"/shop/staff/{receptionist.pk}/invite/", headers={"host": "evil.example:99"}).content.decode()
    (link,) = re.findall(r'id="link" value="([^"]+)"', page)
    assert link.startswith("http://127.0.0.1:8123/join/")
    assert "evil.example" not in page
    assert f'data-copy="{link}"' in page, "what the button copies is the link"
    assert drawn == [link], "and so does the picture a phone reads"


def test_a_command_makes_a_link_to_the_server_that_runs(db):
    address.listen_at("127.0.0.1", 8123)
    said = StringIO()
    call_command("invite_owner", stdout=said)
    assert "http://127.0.0.1:8123/join/" in said.getvalue()


@once
def test_the_server_notes_its_port():
    with live.installed(template=live.prepared()) as salon:
        salon.start()
        assert (salon.data_dir / address.FILE).read_text() == f"http://127.0.0.1:{salon.port}\n"
        assert f"Links to pass on begin with http://127.0.0.1:{salon.port};" in salon.log
