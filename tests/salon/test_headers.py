"""What every answer carries: nothing of ours runs elsewhere, nothing of others runs here, nothing stays in a shared PC."""

import re

import pytest
from django.test import Client
from django.urls import path

from salon import access, urls
from tests.builders import client_of

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "manifest-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def boom(request):
    raise ValueError("boom")


urlpatterns = [*urls.urlpatterns, path("boom/", boom, name="boom")]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

# kind of answer: (who asks, method, address, more, status)
ANSWERS = {
    "a page": ("desk", "get", "/account/", {}, 200),
    "the log-in": ("anonymous", "get", "/login/", {}, 200),
    "JSON": ("anonymous", "get", "/healthz/", {}, 200),
    "a redirect to the log-in": ("anonymous", "get", "/account/", {}, 302),
    "a fragment's way to the log-in": ("anonymous", "get", "/account/", {"HTTP_HX_REQUEST": "true"}, 204),
    "a redirect after a form": ("desk", "post", "/account/", {"data": {"theme": "dark"}}, 302),
    "a wrong form": ("anonymous", "post", "/login/", {}, 422),
    "a dead link": ("anonymous", "get", "/join/x/", {}, 404),
    "an unknown address": ("desk", "get", "/nowhere/", {}, 404),
    "an unknown address, to a stranger": ("anonymous", "get", "/nowhere/", {}, 404),
    "a wrong method": ("desk", "delete", "/account/", {}, 405),
    "a wrong host": ("anonymous", "get", "/login/", {"HTTP_HOST": "evil.example"}, 400),
    "a forged form": ("strict", "post", "/account/", {}, 403),
    "a fault": ("desk", "get", "/boom/", {}, 500),
    "a missing slash": ("desk", "get", "/account", {}, 301),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_carries_the_headers(kind, receptionist, settings, monkeypatch):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(access.PAGES, "boom", access.READ)
    who, method, address, more, status = ANSWERS[kind]
    client = {
        "anonymous": Client(raise_request_exception=False),
        "desk": client_of(receptionist, raise_request_exception=False),
        "strict": client_of(receptionist, enforce_csrf_checks=True),
    }[who]
    response = getattr(client, method)(address, **more)
    assert response.status_code == status
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy == CSP
    assert "Content-Security-Policy-Report-Only" not in response
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    for device in ("camera", "geolocation", "microphone", "payment", "usb", "display-capture"):
        assert f"{device}=()" in response["Permissions-Policy"]
    if status != 301:  # answered before the frame header's middleware; the policy's frame-ancestors holds everywhere
        assert response.get("X-Frame-Options", "DENY") == "DENY"


def test_cookies_are_closed_to_scripts_and_other_sites(client, receptionist):
    client.get("/login/")
    response = client.post("/login/", {"username": "reception", "password": "correct horse battery"})
    session, csrf = response.cookies["sid"], response.cookies["csrf"]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Lax", "/")
    assert not session["max-age"], "the cookie ends with the browser"
    assert csrf["samesite"] == "Strict"
    assert not session["domain"]
    assert not csrf["domain"]


def test_pages_hold_no_inline_style_script_or_handler(desk, client):
    """The policy would block them silently; the page would just not work."""
    for page in (client.get("/login/"), desk.get("/account/"), desk.get("/account/password/"), desk.get("/nowhere/")):
        html = page.content.decode()
        assert not re.search(r"<[^>]+\s(?:style|on\w+)\s*=", html)
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", html), "nothing from elsewhere"
