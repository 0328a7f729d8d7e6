"""The access table, proven: every address × everybody × every method.

Denied means denied before anything happens: no table changes. Reading changes nothing but the access log. What belongs to
another branch looks exactly like what does not exist.

Each role and nobody open every address over HTTP. Whether a method is allowed, one place decides by role, name and method
alone: it is asked directly about every address, and over HTTP about a few. The long suite sends every method to every address.
"""

import hashlib
import re
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch

from salon import access, errors
from salon.accounts import services
from salon.middleware import AccessTable
from tests import builders
from tests.addresses import OF_A_BRANCH, Samples, walk
from tests.addresses import addresses as all_addresses
from tests.marks import once

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
pytestmark = pytest.mark.django_db
# Nobody (however they failed to be somebody), the four roles, two of another branch, two who owe their second factor.
NOBODY = ("anonymous", "without_staff_record", "without_role", "deactivated")
HERE = access.ROLES
ELSEWHERE = ("receptionist elsewhere", "manager elsewhere")
UNVERIFIED = ("manager unverified", "owner unverified")
WRITABLE_WHILE_READING = {"django_session", "customers_accessentry"}
PROBED = {"healthz": {"salon_datadirectory"}}  # the one page that stores a row over itself, to see whether the database takes it
# A form that refuses to be empty for a reason of access, and who is refused by a rule finer than the table.
FORMS = {"customers:reveal": {"field": "phone"}}
REFUSED_BY_RULE = {"customers:reveal": {"beautician"}}  # no field a beautician sees masked; the page is there for fields to come
ADDRESSES = all_addresses()
BUILT = frozenset(address.name for address in ADDRESSES)


@pytest.fixture(scope="module")
def house(module_db):
    """Two branches with a member of staff for each role, made once: no test here keeps what it writes."""
    branch, other_branch = builders.make_branch(code="JA", name="静安店"), builders.make_branch(code="XH", name="徐汇店")
    staff = {role: builders.make_staff(branch=branch, role=role) for role in access.ROLES}
    return branch, other_branch, staff


@pytest.fixture(scope="module")
def people(house):
    branch, other_branch, staff = house

    def real(role):
        return builders.make_staff(branch=branch, role=role, is_demo=False)

    gone, bare = builders.make_staff(branch=branch, role="receptionist"), builders.make_staff(branch=branch, role="manager")
    services.deactivate_staff(actor=builders.actor_of(staff["owner"]), staff=gone)
    bare.user.groups.clear()
    return {
        **staff,
        "receptionist elsewhere": builders.make_staff(branch=other_branch, role="receptionist"),
        "manager elsewhere": builders.make_staff(branch=other_branch, role="manager"),
        "manager unverified": real("manager"),
        "owner unverified": real("owner"),
        "deactivated": gone,
        "without_role": bare,
    }


@pytest.fixture(scope="module")
def samples(house):
    branch, _other_branch, staff = house
    return Samples(branch=branch, **{role: staff[role] for role in ("receptionist", "beautician", "owner")})


@pytest.fixture(scope="module")
def client_for(people):
    """A client of one of the identities."""

    def make(identity, **kwargs):
        if identity == "anonymous":
            return Client(**kwargs)
        if identity == "without_staff_record":
            client = Client(**kwargs)
            client.force_login(builders.make_user(role="owner"), backend="salon.accounts.backend.StaffBackend")
            return client
        return builders.client_of(people[identity], **kwargs)

    return make


def role_of(identity):
    return identity.split()[0]


def methods_of(page):
    return ({"GET", "HEAD"} if page.read else set()) | ({"POST"} if page.write else set())


def expected(identity, page, method):
    """What the table says: "login", "code", 403, 405, or "in"."""
    if identity in NOBODY and not page.public:
        return "login"
    if method not in methods_of(page):
        return 405
    if page.public:
        return "in"
    if identity in UNVERIFIED and not page.before_second_factor:
        return "code"
    roles = page.write if method == "POST" else page.read
    return "in" if role_of(identity) in roles else 403


def outcome(response, is_fragment):
    """What the answer was, in the words of `expected`."""
    if response.streaming:
        b"".join(response)  # a download closes its file once it was read to its end
    if is_fragment and response.status_code == 204 and "HX-Redirect" in response:
        target = response["HX-Redirect"]
    elif not is_fragment and response.status_code == 302:
        target = response["Location"]
    else:
        return response.status_code if response.status_code in (403, 405) or response.status_code >= 500 else "in"
    if target.startswith("/login/code/?") or target == "/login/code/":
        return "code"
    return "login" if target.startswith("/login/?") or target == "/login/" else "in"


@contextmanager
def written_tables():
    """The tables a block writes to, whatever becomes of the rows."""
    tables = set()

    def watch(execute, sql, params, many, context):
        found = re.match(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', sql, re.IGNORECASE)
        if found:
            tables.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield tables


def fingerprint_of_tables():
    """SHA-256 of every row of every table but sessions and the access log."""
    digest = hashlib.sha256()
    for model in sorted(apps.get_models(include_auto_created=True), key=lambda m: m._meta.db_table):
        if model._meta.db_table not in WRITABLE_WHILE_READING and model._meta.managed and not model._meta.proxy:
            for row in model._base_manager.order_by("pk").values_list():
                digest.update(repr(row).encode())
    return digest.hexdigest()


# --- The table and the addresses are one ------------------------------------------------------------------------------


def test_every_address_is_in_the_table():
    assert BUILT - set(access.PAGES) == set()


def test_every_page_of_the_table_has_an_address():
    assert set(access.PAGES) - BUILT == set()


def test_views_open_to_strangers_are_the_public_pages():
    open_views = {each.name for each in ADDRESSES if not getattr(each.view, "login_required", True)}
    assert open_views == {name for name in BUILT if access.PAGES[name].public}


def test_no_view_is_exempt_from_the_check_against_forgery():
    assert [each.name for each in ADDRESSES if getattr(each.view, "csrf_exempt", False)] == []


def test_an_address_that_is_not_in_the_table_is_refused_to_everybody(people, client_for, monkeypatch):
    pages = {name: page for name, page in access.PAGES.items() if name not in ("account", "login")}
    monkeypatch.setattr(access, "PAGES", pages)
    for identity in (*HERE, *ELSEWHERE):
        assert client_for(identity).get("/account/").status_code == 403
        assert client_for(identity).get("/login/").status_code == 403
    assert client_for("anonymous").get("/login/").status_code == 403


def test_the_walk_sees_nested_addresses():
    """A control: the walk must not pass by being blind."""
    names = {each.name for each in walk(__import__("salon.urls", fromlist=["urls"]).urlpatterns)}
    assert {"login", "visits:detail", "account"} <= names
    assert {each.places for each in ADDRESSES if each.name == "visits:detail"} == {frozenset({"pk"})}


def test_the_watch_sees_a_write(client_for):
    """Another control: rows written and tables changed are noticed."""
    before = fingerprint_of_tables()
    with written_tables() as written:
        client_for("receptionist").post("/account/", {"theme": "dark", "language": ""})
    assert "salon_user" in written
    assert fingerprint_of_tables() != before


# --- Everybody at every door ------------------------------------------------------------------------------------------


def walk_as(identity, methods, samples, client):
    """Every address by these methods, but for forms the identity may send: what was answered otherwise than the table says."""
    deviations = []
    for address in ADDRESSES:
        page, url = access.PAGES[address.name], samples.url(address)
        for method in methods:
            want = expected(identity, page, method)
            if method == "POST" and want == "in":
                continue
            is_fragment = method not in ("GET", "HEAD", "POST")  # odd methods are sent as htmx does: both ways out are walked
            with written_tables() as written:
                headers = {"HX-Request": "true"} if is_fragment else {}
                got = outcome(client.generic(method, url, headers=headers), is_fragment)
            if got != want:
                deviations.append(f"{method} {url}: {got}, not {want}")
            if not written <= WRITABLE_WHILE_READING | PROBED.get(address.name, set()):
                deviations.append(f"{method} {url} wrote to {sorted(written)}")
    return deviations


@pytest.mark.parametrize("identity", ["anonymous", *HERE])
def test_every_address_is_opened(identity, samples, client_for):
    client, before = client_for(identity), fingerprint_of_tables()  # logging in is a write
    assert walk_as(identity, ("GET",), samples, client) == []
    assert fingerprint_of_tables() == before


@once  # who may is decided before the database is asked
@pytest.mark.long
@pytest.mark.parametrize("identity", [*NOBODY, *HERE, *ELSEWHERE, *UNVERIFIED])
def test_every_address_by_every_method(identity, samples, client_for):
    client, before = client_for(identity), fingerprint_of_tables()  # logging in is a write
    assert walk_as(identity, METHODS, samples, client) == []
    assert fingerprint_of_tables() == before


def decision(actor, name, method):
    """What the access table answers to somebody with a role, in the words of `expected`."""
    request = RequestFactory().generic(method, "/")
    request.resolver_match, request.actor = ResolverMatch(None, (), {}, url_name=name), actor
    try:
        response = AccessTable(None).process_view(request, None, (), {})
    except PermissionDenied:
        return 403
    return outcome(response, False) if response else "in"


@pytest.mark.parametrize("identity", [*HERE, *UNVERIFIED])
def test_every_method_is_decided_by_the_table(identity, people, monkeypatch):
    monkeypatch.setattr(errors, "not_allowed", lambda request, methods: HttpResponse(status=405))
    owes = identity in UNVERIFIED
    actor = access.Actor(**vars(builders.actor_of(people[identity])) | {"needs_second_factor": owes})
    wrong = [
        (method, address.name)
        for address in ADDRESSES
        for method in METHODS
        if decision(actor, address.name, method) != expected(identity, access.PAGES[address.name], method)
    ]
    assert wrong == []


@pytest.mark.parametrize("identity", [*NOBODY, *HERE, *ELSEWHERE, *UNVERIFIED])
@pytest.mark.parametrize("name", ["account", "shop:settings", "shop:staff_invite", "visits:move", "customers:export"])
def test_that_place_is_asked_by_every_request(identity, name, samples, client_for):
    """A page, a form, a file: each method, as htmx sends it, for every way of being somebody or nobody."""
    client, address = client_for(identity), next(each for each in ADDRESSES if each.name == name)
    for method in METHODS:
        want = expected(identity, access.PAGES[name], method)
        if want != "in":
            headers = {"HX-Request": "true"} if method not in ("GET", "HEAD", "POST") else {}
            with written_tables() as written:
                got = outcome(client.generic(method, samples.url(address), headers=headers), bool(headers))
            assert (method, got) == (method, want)
            assert written <= WRITABLE_WHILE_READING


@pytest.mark.parametrize("identity", ["anonymous", *HERE, "owner unverified"])
def test_a_form_sent_empty_is_answered(identity, samples, client_for):
    """Whoever may send a form gets an answer to an empty one: never a refusal, never a fault."""
    deviations = []
    for address in ADDRESSES:
        page = access.PAGES[address.name]
        if expected(identity, page, "POST") != "in":
            continue
        client = client_for(identity, raise_request_exception=False)
        with transaction.atomic():
            got = outcome(client.post(samples.url(address), FORMS.get(address.name, {})), False)
            transaction.set_rollback(True)
        allowed = {"in"} | ({"login"} if address.name in ("logout", "login", "language") else set())
        if role_of(identity) in REFUSED_BY_RULE.get(address.name, ()):
            allowed = {403}
        if got not in allowed:
            deviations.append(f"POST {address.name}: {got}")
    assert deviations == []


@pytest.mark.parametrize("identity", ["anonymous", "owner"])
def test_every_form_needs_its_token(identity, samples, client_for):
    client, deviations = client_for(identity, enforce_csrf_checks=True), []
    for address in ADDRESSES:
        page = access.PAGES[address.name]
        if page.write:
            with written_tables() as written:
                status = client.post(samples.url(address), {"a": "b"}).status_code
            if status != 403 or written - WRITABLE_WHILE_READING:
                deviations.append(f"POST {address.name}: {status} {written}")
    assert deviations == []


# --- Other branches ---------------------------------------------------------------------------------------------------


def body_of(response):
    """The body without what differs in any two answers: CSRF tokens."""
    return re.sub(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")\w+', rb"\1", response.content)


@pytest.mark.parametrize("identity", ELSEWHERE)
def test_what_belongs_to_another_branch_looks_like_nothing(identity, samples, client_for):
    client, deviations, walked = client_for(identity), [], 0
    before = fingerprint_of_tables()
    for address in ADDRESSES:
        if not (address.places and address.name.startswith(OF_A_BRANCH)):
            continue
        for method in methods_of(access.PAGES[address.name]):
            if expected(identity, access.PAGES[address.name], method) != "in":
                continue
            walked += 1
            hidden = client.generic(method, samples.url(address))
            for missing_url in samples.missing_urls(address):
                missing = client.generic(method, missing_url)
                if (hidden.status_code, body_of(hidden)) != (404, body_of(missing)) or missing.status_code != 404:
                    deviations.append(f"{method} {address.name}: {hidden.status_code}, missing {missing.status_code}")
    assert deviations == []
    assert walked > 0
    assert fingerprint_of_tables() == before


@pytest.mark.parametrize("role", HERE)
def test_what_is_missing_is_404_for_everybody(role, samples, client_for):
    client, deviations = client_for(role), []
    for address in ADDRESSES:
        page = access.PAGES[address.name]
        if not address.places or address.name == "join":
            continue
        for method in methods_of(page):
            if expected(role, page, method) == "in":
                for url in samples.missing_urls(address):
                    status = client.generic(method, url).status_code
                    if status != 404:
                        deviations.append(f"{method} {url}: {status}")
    assert deviations == []


@pytest.mark.parametrize("odd", [2**63, *(pytest.param(odd, marks=pytest.mark.long) for odd in (2**31, 2**64, int("9" * 400)))])
def test_odd_numbers_are_404(odd, samples, client_for):
    client, deviations = client_for("owner", raise_request_exception=False), []
    for address in ADDRESSES:
        page = access.PAGES[address.name]
        if "pk" not in address.places:
            continue
        url = samples.url(address).replace(f"/{samples.fill(address)['pk']}/", f"/{odd}/", 1)
        for method in methods_of(page):
            if expected("owner", page, method) == "in":
                status = client.generic(method, url).status_code
                if status != 404:
                    deviations.append(f"{method} {url[:60]}: {status}")
    assert deviations == []
