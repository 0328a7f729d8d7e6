"""Settings of a real installation, read in a process of their own."""

import json
import os
import re
import stat
import subprocess
import sys

import pytest
from django.conf import settings as present
from django.core.exceptions import ImproperlyConfigured

from salon.storage.secret import read_or_make_secret

ROOT = present.BASE_DIR
ASK = """
import json, salon.settings as s
names = json.loads({names!r})
print(json.dumps({{name: getattr(s, name, None) for name in names}}))
"""


def python(*args, **environment):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run([sys.executable, *args], cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False)


def settings_with(names, tmp_path, **environment):
    asked = python("-c", ASK.format(names=json.dumps(names)), SALON_DATA_DIR=str(tmp_path / "data"), **environment)
    assert asked.returncode == 0, asked.stderr
    return json.loads(asked.stdout)


COOKIES = ["SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"]
COOKIES += ["SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"]


def test_with_tls_cookies_and_headers_insist_on_it(tmp_path):
    names = [*COOKIES, "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DEBUG"]
    found = settings_with(names, tmp_path, SALON_PUBLIC_URL="https://salon.example/")
    assert found == {
        "SESSION_COOKIE_NAME": "__Host-sid",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SAMESITE": "Strict",
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]", "salon.example"],
        "CSRF_TRUSTED_ORIGINS": ["https://salon.example"],
        "DEBUG": False,
    }


def test_without_tls_cookies_work_on_loopback(tmp_path):
    found = settings_with([*COOKIES, "SECURE_HSTS_SECONDS", "DEBUG"], tmp_path)
    assert found["SESSION_COOKIE_NAME"] == "sid"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is found["DEBUG"] is False
    assert found["SECURE_HSTS_SECONDS"] is None


def test_the_frameworks_own_check_for_deployment_finds_what_we_chose(tmp_path):
    """W008: the proxy that ends TLS redirects, not Django. W021: no salon belongs into browsers' preload lists."""
    environment = {"SALON_DATA_DIR": str(tmp_path / "data"), "SALON_PUBLIC_URL": "https://salon.example"}
    checked = python("manage.py", "check", "--deploy", "--fail-level", "DEBUG", **environment)
    assert set(re.findall(r"\((\w+\.[EWICD]\d+)\)", checked.stderr)) == {"security.W008", "security.W021"}, checked.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SALON_DEBUG", "maybe"),
        ("SALON_PLAIN_HTTP", "2"),
        ("SALON_LANGUAGE", "xx"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("SALON_SECRET_KEY", "too short"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(tmp_path, name, value):
    asked = python("-c", "import salon.settings", SALON_DATA_DIR=str(tmp_path / "data"), **{name: value})
    assert asked.returncode != 0
    assert name in asked.stderr
    assert "ImproperlyConfigured" in asked.stderr


def test_the_data_folder_is_the_owners_alone(tmp_path):
    settings_with(["DEBUG"], tmp_path)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


# --- The signing key --------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    key = read_or_make_secret(tmp_path / "secret-key")
    assert len(key) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert read_or_make_secret(tmp_path / "secret-key") == key
    assert read_or_make_secret(tmp_path / "other") != key


@pytest.mark.parametrize("content", ["", "\n", "short", "x" * 39])
def test_a_short_key_is_refused(tmp_path, content):
    (tmp_path / "secret-key").write_text(content)
    with pytest.raises(ImproperlyConfigured, match="too short"):
        read_or_make_secret(tmp_path / "secret-key")


def test_a_thread_of_the_server_keeps_its_connection(tmp_path):
    """Opening one means reading the schema and a page of settings: two milliseconds of every request."""
    found = settings_with(["DATABASES"], tmp_path)["DATABASES"]["default"]
    assert found["ENGINE"] == "django.db.backends.sqlite3"
    assert found["CONN_MAX_AGE"] is None
    assert settings_with(["DATABASES"], tmp_path, DATABASE_URL="postgres://u:p@h/d")["DATABASES"]["default"]["CONN_MAX_AGE"] == 60


def test_how_often_somebody_may_ask_whose_a_number_is(settings):
    """An hour and person, unless the installation says otherwise; whole masked values a day."""
    assert (settings.GUESTS_AN_HOUR, settings.FINDS_AN_HOUR) == (30, 30)
    assert (settings.FIND_MISSES_AN_HOUR, settings.REVEALS_A_DAY) == (120, 60)
