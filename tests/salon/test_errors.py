"""Error pages: plain words, the way on, what was typed, and nothing a stranger could use."""

import logging
import re
import sqlite3
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.backends.sqlite3.base import Database
from django.http import Http404
from django.test import Client
from django.urls import path
from django.views.decorators.debug import sensitive_post_parameters

from salon import access, errors, operations, urls
from tests.builders import client_of, make_branch, make_staff

SECRET = "13812346621 s3cret-setting"
RAISED = {}


def fault(request, kind):
    raise RAISED[kind]


urlpatterns = [*urls.urlpatterns, path("fault/<kind>/", fault, name="fault")]
urlpatterns.append(path("sealed/<kind>/", sensitive_post_parameters()(fault), name="sealed"))
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@pytest.fixture(autouse=True)
def _faulty_pages(settings, monkeypatch):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(access.PAGES, "fault", access.ALL_FORM)
    monkeypatch.setitem(access.PAGES, "sealed", access.ALL_FORM)
    RAISED.clear()


@pytest.fixture
def page(receptionist):
    """The receptionist's answer from a page that raises an exception."""
    client = client_of(receptionist, raise_request_exception=False)

    def get(exception, method="get", *args, where="fault", **kwargs):
        RAISED["it"] = exception
        return getattr(client, method)(f"/{where}/it/", *args, **kwargs)

    return get


@pytest.mark.parametrize(
    ("exception", "status", "words"),
    [
        (PermissionDenied(), 403, "Not for your role"),
        (Http404(), 404, "Not found"),
        (errors.Conflict("The visit was voided."), 409, "The visit was voided."),
        (operations.KeyConflict(), 409, "used already"),
        (operations.BadKey(), 409, "out of date"),
        (OperationalError("database is locked"), 503, "The database is busy"),
        (OperationalError("database or disk is full"), 503, "The disk is full"),
        (InterfaceError("connection already closed"), 503, "The database is busy"),
        (sqlite3.OperationalError("database is locked"), 503, "The database is busy"),
        (ValueError(SECRET), 500, "Something broke"),
        (DatabaseError(SECRET), 500, "Something broke"),
    ],
)
def test_each_fault_has_its_page(page, exception, status, words):
    response = page(exception)
    text = response.content.decode()
    assert response.status_code == status
    assert words in text
    assert SECRET not in text
    assert "Traceback" not in text
    assert response["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert ("Retry-After" in response) == (status == 503)


def test_a_fragment_gets_a_fragment(page):
    response = page(Http404(), HTTP_HX_REQUEST="true")
    assert response.status_code == 404
    assert "<html" not in response.content.decode()
    assert 'role="alert"' in response.content.decode()


def test_what_was_stored_already_leads_to_its_result(page):
    response = page(operations.AlreadyDone("/account/"), "post")
    assert (response.status_code, response["Location"]) == (302, "/account/")
    response = page(operations.AlreadyDone("/account/"), "post", HTTP_HX_REQUEST="true")
    assert response["HX-Redirect"] == "/account/"


def test_who_is_logged_in_keeps_the_frame_and_the_way_back(page, client):
    text = page(Http404(), HTTP_REFERER="http://testserver/account/?a=1&b=2").content.decode()
    assert 'class="side"' in text
    assert 'href="/account/?a=1&amp;b=2"' in text
    text = client.get("/nowhere/").content.decode()
    assert 'class="side"' not in text
    assert "To the log-in" in text


@pytest.mark.parametrize(
    "referer",
    [
        "http://evil.example/x",
        "http://testserver//evil.example",
        "http://testserver?evil",
        "javascript:alert(1)",
        "http://[bad",
        "//x",
        "",
    ],
)
def test_the_way_back_never_leaves_the_house(page, referer):
    text = page(Http404(), HTTP_REFERER=referer).content.decode()
    assert "Back to the page before" not in text
    assert "evil" not in text


def test_a_fault_has_a_number_that_stands_in_the_log(page, caplog):
    text = page(ValueError(SECRET)).content.decode()
    number = next(r.args[0] for r in caplog.records if r.name == "salon.errors")
    assert f"fault {number}" in text
    assert 'class="side"' not in text, "after a fault of ours nothing but the request is relied on"


# --- What was typed is kept -------------------------------------------------------------------------------------------


def test_a_busy_database_costs_nobody_an_entry(page):
    typed = {"name": '张三 "x" <b>', "note": "two\nlines", "tags": ["1", "2"]}
    text = page(OperationalError("database is locked"), "post", typed).content.decode()
    assert 'action="/fault/it/"' in text
    assert '<input type="hidden" name="name" value="张三 &quot;x&quot; &lt;b&gt;">' in text
    assert '<input type="hidden" name="note" value="two\nlines">' in text
    assert text.count('name="tags"') == 2
    assert text.count("csrfmiddlewaretoken") >= 1
    assert "Send it again" in text


@contextmanager
def somebody_else_writing():
    """Another connection holds the write lock (SQLite) or the table (PostgreSQL), and nobody waits long."""
    if connection.vendor == "sqlite":
        other = Database.connect(connection.settings_dict["NAME"], uri=True, isolation_level=None)
        hold, options = "BEGIN IMMEDIATE", []
    else:
        other = connection.copy()
        other.set_autocommit(False)
        hold, options = "LOCK TABLE salon_user IN EXCLUSIVE MODE", ["SET lock_timeout = '200ms'"]
    with connection.cursor() as cursor:
        for option in options:
            cursor.execute(option)
    try:
        other.cursor().execute(hold)
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.django_db(transaction=True)
def test_a_form_that_met_a_locked_database_is_sent_again_from_the_error_page():
    staff = make_staff(branch=make_branch(), role="receptionist")
    client = client_of(staff)
    client.get("/account/")
    with somebody_else_writing():
        response = client.post("/account/", {"theme": "dark", "language": "zh-hant"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "The database is busy" in response.content.decode()
    typed = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.content.decode()))
    assert client.post("/account/", typed).status_code == 302
    staff.user.refresh_from_db()
    assert (staff.user.theme, staff.user.language) == ("dark", "zh-hant")


def test_a_page_that_could_not_be_read_can_be_tried_again(page):
    text = page(OperationalError("database is locked"), "get", {"q": "a"}).content.decode()
    assert 'href="/fault/it/?q=a"' in text
    assert "Send it again" not in text


def test_passwords_and_files_are_not_written_into_a_page(page, tmp_path):
    text = page(OperationalError(), "post", {"password": SECRET}, where="sealed").content.decode()
    assert SECRET not in text
    (tmp_path / "a.txt").write_text("x")
    with (tmp_path / "a.txt").open() as file:
        assert "Send it again" not in page(OperationalError(), "post", {"file": file}).content.decode()


def test_a_forged_form_is_not_offered_again(receptionist):
    client = client_of(receptionist, enforce_csrf_checks=True)
    response = client.post("/fault/it/", {"name": "planted by another site"})
    assert response.status_code == 403
    assert "The page is out of date" in response.content.decode()
    assert "planted" not in response.content.decode()


# --- Before any page is reached ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anonymous", "receptionist"])
def test_a_wrong_host_is_400(who, request):
    client = Client() if who == "anonymous" else client_of(request.getfixturevalue(who))
    request.getfixturevalue("db")
    response = client.get("/account/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "The browser sent something odd" in response.content.decode()
    assert "evil" not in response.content.decode()


def test_a_body_too_large_is_413(desk, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = desk.post("/account/", {"theme": "x" * 2000})
    assert response.status_code == 413
    assert "Too large" in response.content.decode()


def test_too_many_fields_are_413(desk, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10
    assert desk.post("/account/", {f"f{n}": "x" for n in range(20)}).status_code == 413


@pytest.mark.parametrize("body", [b"", b"--x\r\nno headers", b"\x00\xff" * 50])
def test_a_garbled_upload_is_refused_kindly(desk, body):
    response = desk.post("/account/", body, content_type="multipart/form-data; boundary=x")
    assert response.status_code in (302, 400, 422)
    response = desk.post("/account/", body, content_type="multipart/form-data")
    assert response.status_code == (400 if body else 302)


@pytest.mark.parametrize("address", ["/nowhere/", "/%00/", "/" + "x" * 3000, "/static/../salon/settings.py", "/%ff/"])
def test_an_unknown_address_is_404(desk, client, address):
    for each in (desk, client):
        assert each.get(address).status_code == 404


@pytest.mark.parametrize(
    "address", ["/visits/export/?day_from=x&q=" + "张" * 3000, "/visits/?q=" + "x" * 9_000, "/" + "x" * 9_000]
)
def test_an_address_no_page_has_is_told_so_and_redirects_nowhere(desk, client, address):
    for each in (desk, client):
        response = each.get(address)
        assert response.status_code == 414
        assert "This address is longer than any page" in response.content.decode()


def test_nobody_is_led_on_to_such_an_address(desk):
    assert desk.post("/language/", {"language": "en", "next": "/visits/?q=" + "x" * 20_000})["Location"] == "/"


def test_a_button_is_not_a_page(desk):
    response = desk.get("/logout/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "This is not a page" in response.content.decode()


class NoDatabase:
    """Every query fails, as when the server is gone."""

    def __call__(self, execute, sql, params, many, context):
        raise OperationalError("could not connect to server")


def test_without_a_database_there_is_still_a_page(receptionist, client, caplog):
    caplog.set_level(logging.CRITICAL)
    for each in (client_of(receptionist, raise_request_exception=False), client):
        with connection.execute_wrapper(NoDatabase()):
            response = each.get("/login/")
        assert response.status_code == 503
        assert "The database is busy" in response.content.decode()
        assert response["Retry-After"] == "5"
    with connection.execute_wrapper(NoDatabase()):
        assert client.get("/healthz/").json() == {"status": "not ok"}


@pytest.mark.parametrize("exception", [Http404(), ValueError(SECRET), OperationalError("database is locked")])
def test_an_error_page_asks_the_database_nothing(page, exception, django_assert_num_queries):
    page(exception)
    with django_assert_num_queries(3):  # who asks: session, user with staff and branch, groups
        page(exception)


def test_when_the_error_page_itself_breaks_there_is_a_last_word(page, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(errors, "render", broken)
    response = page(ValueError(SECRET))
    assert response.status_code == 500
    assert b"Something broke" in response.content
    assert SECRET.encode() not in response.content


def test_a_bad_host_header_takes_one_line_of_the_log(client, db, monkeypatch):
    """Anybody can send one, as often as they like."""
    (console,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    written = StringIO()
    monkeypatch.setattr(console, "stream", written)
    for host in ("evil.example", "http://[x", "a\\nERROR forged"):
        assert client.get("/", HTTP_HOST=host).status_code == 400
    assert len(written.getvalue().splitlines()) == 3
    assert "Traceback" not in written.getvalue()
