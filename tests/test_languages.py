"""Every page, for everybody, in both Chinese scripts: no English is left, and no character of the other script.

Pages are read as they open and as they answer a form that is empty or full of nonsense, so that the words of libraries
(form errors, widgets, dates) are seen too. What every role reads is read in simplified characters; the other script, made of the
same entries of the catalogue, is read by the beautician, and by all in the long suite.
"""

import re
from collections import Counter

import pytest
from django.db import transaction
from django.test import Client

from salon import access
from salon.accounts.models import User
from tests import builders
from tests.addresses import Samples, addresses
from tests.marks import once
from tests.reading import Page, latin, of_other_script, words_of

LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
ADDRESSES = addresses()
# Latin letters a Chinese page may show: names of things that are called so, keys, files, and what the tests stored.
LATIN = re.compile(
    r"JPEG|PNG|WebP|HEIC|CSV|\.xlsx|\.xls|UTF-8|GB18030|MB|cron|Windows|README\.md|docs/backup\.md|English|Cookie|Enter|Ctrl|Alt|Esc|Tab|Delete|Excel"
    r"|demo-logins\.txt|JA-\d+|JA\d+|Staff \d+|Branch \d+|user\d+|reception|beauty|manager|owner|sgbs"
    r"|otpauth\S+|http\S+|nonsense|visits\.csv"
)
# Data of the tests, written in simplified characters; languages are named in their own.
DATA = re.compile(r"静安店|徐汇店|林晓彤|陈美娟|顾敏|顾|晓彤|沈老板|顾客\d+|项目\d+|面护|雅容|简体中文|繁體中文|繁体中文|简单")
TYPED = {"input", "text", "search", "tel", "number", "password", "textarea"}
ON_EVERY_PAGE = ("/logout/", "/language/")
NONSENSE = {"number": "1e", "date": "31.31.2026", "time": "25:61", "hidden": "nonsense", "email": "nonsense", "file": ""}


@pytest.fixture(autouse=True)
def no_backup_is_made(monkeypatch):
    """The crawl presses that button, too: what becomes of it is told in the language of who pressed."""
    monkeypatch.setattr("salon.backups.asked.start", lambda: None)


@pytest.fixture
def people(branch, receptionist, beautician, manager, owner):
    return {"receptionist": receptionist, "beautician": beautician, "manager": manager, "owner": owner}


@pytest.fixture
def samples(branch, receptionist, beautician, owner):
    return Samples(branch=branch, receptionist=receptionist, beautician=beautician, owner=owner)


def answers(client, url, page, *, with_forms):
    """The page itself, and its answers to its own forms sent empty and full of nonsense. Nothing sent is kept."""
    opened = undone(client.get, url)
    yield "", opened
    if not with_forms:
        return
    if page.write and not page.read:
        yield from sent(client, url, {})
    elif "text/html" in opened["Content-Type"]:
        for form in Page(opened.content.decode()).forms:
            action = form["action"] or url
            if form["method"] == "post" and action not in ON_EVERY_PAGE:
                yield from sent(client, action, form["fields"])
        yield "odd filter", undone(client.get, f"{url}?sort=nonsense&page=0&nonsense=1")


def sent(client, url, fields):
    tokens = {"csrfmiddlewaretoken", "operation"}
    kept = {name: value for name, (kind, value) in fields.items() if name in tokens or name.endswith(("_FORMS", "-id"))}
    odd = {name: NONSENSE.get(kind, "!?") for name, (kind, _value) in fields.items()}
    yield "empty", undone(client.post, url, kept)
    yield "nonsense", undone(client.post, url, odd | kept)
    long = {name: "9" * 3000 if kind in TYPED else value for name, (kind, value) in fields.items()}
    yield "too much", undone(client.post, url, long | kept)


def undone(send, *args):
    """The response to a request, followed to its end, whose writes are rolled back."""
    with transaction.atomic():
        response = send(*args, follow=True)
        if response.streaming:
            b"".join(response)  # a download closes its file once it was read to its end
        transaction.set_rollback(True)
    return response


def read(response):
    """The words of a response, or None if it is no page."""
    if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
        return None
    return words_of(response.content.decode())


def everything_read(language, roles, people, samples):
    """(role, address and what was sent, status, words) over all pages and roles; a form is sent by one of those who may."""
    User.objects.update(language=language)
    for address in ADDRESSES:
        page, url = access.PAGES[address.name], samples.url(address)
        for role in (None, *roles) if page.public else sorted((page.read | page.write) & set(roles)):
            client = builders.client_of(people[role]) if role else Client()
            client.cookies["language"] = language
            sends = role == (None if page.public else "owner") and url not in ON_EVERY_PAGE
            for what, response in answers(client, url, page, with_forms=sends):
                if (words := read(response)) is not None:
                    yield role, f"{address.name} {what}", response.status_code, words


READERS = [
    ("zh-hans", access.ROLES),
    ("zh-hant", (access.BEAUTICIAN,)),
    pytest.param("zh-hant", tuple(role for role in access.ROLES if role != access.BEAUTICIAN), marks=pytest.mark.long),
]


@once
@pytest.mark.parametrize(("language", "roles"), READERS, ids=["zh-hans", "zh-hant", "zh-hant, the others"])
def test_no_page_speaks_english_or_the_other_script(language, roles, people, samples):
    found, statuses = {}, Counter()
    for role, name, status, words in everything_read(language, roles, people, samples):
        statuses[status] += 1
        for text in words:
            bare = DATA.sub(" ", text)
            if latin(bare, LATIN) or of_other_script(bare, language):
                found.setdefault(text, f"{name} ({role})")
    assert "\n".join(f"{where}: {text}" for text, where in found.items()) == ""
    assert statuses[200] > (20 if roles == (access.BEAUTICIAN,) else 100)  # the walk reached the pages
    assert statuses[422] > (30 if access.OWNER in roles else 0)  # and the forms refused


@pytest.mark.parametrize(("language", "tag"), [*LANGUAGES.items(), ("en", "en")])
def test_a_page_names_its_language_and_the_choice_is_kept(language, tag, receptionist):
    client = builders.client_of(receptionist)
    client.post("/language/", {"language": language, "next": "/"})
    assert Page(client.get("/").content.decode()).lang == tag
    assert client.cookies["language"].value == language
    elsewhere = builders.client_of(receptionist)  # another browser, without the cookie
    assert Page(elsewhere.get("/").content.decode()).lang == tag
    client.logout()
    client.cookies["language"] = language
    assert Page(client.get("/login/").content.decode()).lang == tag
