"""Whatever is sent to an address, the answer is a page, never a fault of ours. tests/hostile.py finds what there is to send."""

import random
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import pytest
from django.db import connection, transaction
from django.urls import Resolver404, resolve

from customers.imports import work
from salon import access
from salon.backups import asked as asked_backup
from tests import builders, hostile
from tests.addresses import Samples, addresses
from tests.marks import postgresql_only

SEED = 20_261_121
# 5,000 in all, each another one. PostgreSQL, which refuses more (NUL, ranges, kinds), is asked most.
PARTS = {"postgresql": [range(2_000), range(2_000, 4_000)], "sqlite": [range(4_000, 5_000)]}
ALL = 5_000
VARIANTS = 4  # of one address: as it is, and as links and forms of other pages lead there
ADDRESSES = {address.name: address for address in addresses()}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Request:
    """What is sent: to an address, as a role, with pairs in the query and in the body."""

    role: str
    address: str
    method: str
    path: str
    query: list = field(default_factory=list)
    body: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)

    @property
    def pairs(self):
        return self.body if self.method == "POST" else self.query


class Sender:
    """Sends requests, each in a transaction that is taken back, and collects the faults."""

    def __init__(self, people, samples, asked):
        self.samples, self.asked, self.faults = samples, asked, []
        self.clients = {role: builders.client_of(staff, raise_request_exception=False) for role, staff in people.items()}
        self.cookies = {role: f"sid={client.cookies['sid'].value}" for role, client in self.clients.items()}

    def honest(self, most):
        """What honest browsers send: each page as one of its roles, links with a query, forms as they are filled.

        At most so many of one address.
        """
        found, waiting = {}, list(self._pages())
        for request in waiting:
            variants = found.setdefault((request.address, request.method), [])
            is_new = sorted(request.pairs) not in [sorted(each.pairs) for each in variants]
            if len(variants) >= most or not is_new:
                continue
            variants.append(request)
            response = self.send(request)
            if request.method == "GET" and response and response.get("Content-Type", "").startswith("text/html"):
                waiting += self._of_page(request, response.content.decode())
        return [each for variants in found.values() for each in variants]

    def _pages(self):
        for n, name in enumerate(ADDRESSES):
            roles = [role for role in self.clients if self._may_read(role, name)]
            if roles:
                yield self._plain(roles[n % len(roles)], name)

    def _plain(self, role, name):
        asks_whom = name in ("visits:create", "visits:expect", "visits:guest")
        query = [("customer", str(self.samples.places["customers:"]["pk"]))] if asks_whom else []
        return Request(role, name, "GET", self.samples.url(ADDRESSES[name]), query)

    def _may_read(self, role, name):
        return role in (access.PAGES[name].read or ())

    def _of_page(self, request, html):
        forms, links = hostile.read_page(request.path, html)
        for form in forms:
            if form.address != "logout":
                sent = {"body": form.filled} if form.method == "POST" else {"query": form.filled}
                yield Request(request.role, form.address, form.method, form.path, **sent)
        for link in links:
            parts = urlsplit(link)
            try:
                name = resolve(parts.path).view_name
            except Resolver404:
                continue
            if self._may_read(request.role, name):
                yield Request(request.role, name, "GET", parts.path, parse_qsl(parts.query, keep_blank_values=True))

    def send(self, request, spoiled=None, kind=FORM):
        """Send a request, `spoiled`: with (name, escaped value) in place of what it says there. The response; None: a fault."""
        query = _encoded(request.query, spoiled if request.method == "GET" else None)
        body = _encoded(request.body, spoiled if request.method == "POST" else None)
        if kind == "multipart":
            kind, body = _as_multipart(body)
        more = {"HTTP_COOKIE": self.cookies[request.role]} | request.headers
        if "HTTP_COOKIE" in request.headers:
            more["HTTP_COOKIE"] = f"{self.cookies[request.role]}; {request.headers['HTTP_COOKIE']}"
        client, self.asked.address = self.clients[request.role], (request.address, request.method)
        try:
            with transaction.atomic():
                response = client.generic(
                    request.method, request.path, body, content_type=kind, QUERY_STRING=query.decode("latin-1"), **more
                )
                if response.status_code == 302 and request.method == "POST":  # what was stored is shown, too
                    stored = client.get(response["Location"], HTTP_COOKIE=self.cookies[request.role])
                    response = stored if stored.status_code >= 500 else response
                if response.streaming:
                    b"".join(response)
                transaction.set_rollback(True)
        except Exception as error:  # noqa: BLE001 - outside of Django's own handling, so a fault as well
            outcome = repr(error)
        else:
            if response.status_code < 500:
                return response
            outcome = f"{response.status_code} {getattr(response, 'exc_info', None) and response.exc_info[1]!r}"
        where = f"{request.role} {request.method} {request.path[:120]}?{query.decode('latin-1')[:300]}"
        self.faults.append(f"{outcome[:300]}\n  {where}\n  {kind} {body[:500]!r}\n  {str(request.headers)[:300]}")
        return None


def _encoded(pairs, spoiled):
    """Query or body as bytes; a name that is not there is added."""
    sent = [(hostile.escaped(name), hostile.escaped(value)) for name, value in pairs]
    if spoiled:
        name, value = hostile.escaped(spoiled[0]), spoiled[1]
        sent = [(each, value if each == name else kept) for each, kept in sent]
        if name not in dict(sent):
            sent.append((name, value))
    return b"&".join(name + b"=" + value for name, value in sent)


def _as_multipart(body):
    parts = []
    for n, pair in enumerate(body.split(b"&")):
        name, _is, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
        name = name.replace(b'"', b"").replace(b"\r", b"").replace(b"\n", b"")
        of_file = (b"", b"", b'; filename="a.csv"', b'; filename="\xff\x00"')[n % 4]
        parts.append(b'--x\r\nContent-Disposition: form-data; name="' + name + b'"' + of_file + b"\r\n\r\n" + value + b"\r\n")
    return "multipart/form-data; boundary=x", b"".join(parts) + b"--x--\r\n"


def deck(honest, asked, choose):
    """[(request, (name, value) or None, content type)]: each name of each address spoiled by several values, and each header."""
    by_address = {}
    for request in honest:
        by_address.setdefault((request.address, request.method), []).append(request)
    cards = []
    for (name, method), requests in by_address.items():
        seen = {(n, v) for request in requests for n, v in request.pairs} | {(n, "") for n in asked.of((name, method))}
        known = {n for n, _v in seen}
        more = [(n, "") for n in hostile.names_for(ADDRESSES[name].view.__module__) if n not in known]
        for most, pairs in ((10, dict(sorted(seen)).items()), (1, more)):
            for n, filled in pairs:
                cards += [(choose.choice(requests), (n, value), FORM) for value in hostile.values(choose, n, filled, most)]
        for header in hostile.headers():
            for value in hostile.header_values(choose, header, 4 if header == "HTTP_REFERER" else 1):
                request = choose.choice(requests)
                headers = {header: value} | ({"HTTP_HX_REQUEST": "true"} if "_HX_" in header else {})
                cards.append((Request(**vars(request) | {"headers": headers}), None, FORM))
        if method == "POST":
            kinds = choose.sample([*hostile.CONTENT_TYPES, "multipart"], 4)
            cards += [(choose.choice(requests), None, kind) for kind in [*kinds, "multipart"]]
        for pk in (0, 2**31, 2**63, "9" * 60):
            path = requests[0].path
            for place in ADDRESSES[name].places:
                path = path.replace(str(dict(resolve(path).kwargs).get(place)), str(pk))
            cards.append((Request(**vars(requests[0]) | {"path": path}), None, FORM))
    choose.shuffle(cards)
    return cards


def each_name_first(cards):
    """The cards so that the first ones ask every name of every address once; and how many those are."""
    firsts, others, seen = [], [], set()
    for card in cards:
        request, spoiled, _kind = card
        place = spoiled and (request.address, request.method, spoiled[0])
        (others if place in seen or not place else firsts).append(card)
        seen.add(place)
    return firsts + others, len(firsts)


@pytest.fixture
def sender(branch, receptionist, beautician, manager, owner, monkeypatch, tmp_path, settings):
    monkeypatch.setattr(work, "start", lambda run, *step: None)
    monkeypatch.setattr(asked_backup, "start", lambda: None)
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    samples = Samples(branch=branch, receptionist=receptionist, beautician=beautician, owner=owner)
    people = {"receptionist": receptionist, "beautician": beautician, "manager": manager, "owner": owner}
    return Sender(people, samples, hostile.Asked(monkeypatch))


def send_many(sender, part):
    honest = sender.honest(VARIANTS)
    assert not sender.faults, sender.faults
    cards, names = each_name_first(deck(honest, sender.asked, random.Random(SEED)))
    assert 3_000 < names <= ALL < len(cards), "the parts together ask every name of every address"
    for request, spoiled, kind in cards[part.start : part.stop]:
        sender.send(request, spoiled, kind)
    text = f"{len(sender.faults)} of {len(part)} requests (of {len(cards)} that could be sent, seed {SEED}):\n\n"
    assert not sender.faults, text + "\n\n".join(sender.faults[:40])


@pytest.mark.long
class TestSomeRequests:  # a class is a scope of its own: another worker may take the other
    def test_none_is_a_fault_of_ours(self, sender):
        send_many(sender, PARTS[connection.vendor][0])


@pytest.mark.long
@postgresql_only
class TestOtherRequests:
    def test_none_is_a_fault_of_ours(self, sender):
        send_many(sender, PARTS[connection.vendor][1])


def test_the_parts_are_all_and_nothing_twice():
    assert sorted(n for parts in PARTS.values() for part in parts for n in part) == list(range(ALL))


def test_the_names_are_found_in_the_code():
    """A handful of each kind, as a check on the reader, not a list to keep."""
    visits = hostile.names_for("archives.visits.views")
    assert {"day_from", "customer", "sort", "page", "reason", "means"} <= set(visits)
    assert {"before", "kind"} <= set(hostile.names_for("customers.card.views"))
    assert {"name", "phone"} <= set(hostile.names_for("customers.card.editing.views"))
    assert {"shown_total", "to", "on"} <= set(hostile.names_for("archives.visits.desk.views"))
    assert {"HTTP_REFERER", "HTTP_HX_CURRENT_URL", "HTTP_X_BACKGROUND", "HTTP_COOKIE"} <= set(hostile.headers())


# --- What once was a fault, request by request -------------------------------------------------------------------------

ENDS_OF_TIME = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00Z", "1899-12-31T23:00:00Z"]


@pytest.mark.parametrize("before", ENDS_OF_TIME)
def test_the_ends_of_time_are_no_moments_of_a_history(desk, customer, before):
    assert desk.get(f"/customers/{customer.pk}/history/", {"before": before}).status_code == 404


@pytest.mark.parametrize("before", ["0001-01-01.visit.1", "9999-12-31.visit.1", "2026-11-21.visit." + "9" * 5000])
def test_nor_of_a_timeline(desk, customer, before):
    assert desk.get(f"/customers/{customer.pk}/timeline/", {"before": before}).status_code == 404


@pytest.mark.parametrize("query", [{"day_from": "0001-01-01"}, {"day_to": "9999-12-31"}])
def test_the_access_log_goes_from_one_end_to_the_other(owner, query):
    assert builders.client_of(owner).get("/customers/privacy/log/", query).status_code == 200


@pytest.mark.parametrize("referer", ["http://[x", "http://[::1]:x/", "http://testserver:x/", "http://\u2100/", "//", "/"])
def test_a_referer_nobody_can_read_leads_to_the_desk(desk, branch, receptionist, beautician, owner, referer):
    samples = Samples(branch=branch, receptionist=receptionist, beautician=beautician, owner=owner)
    path = samples.url(ADDRESSES["visits:move"])
    response = desk.post(path, {"to": "arrived"}, HTTP_REFERER=referer.encode().decode("latin-1"))
    assert (response.status_code, response["Location"]) == (302, "/")


def test_an_id_of_any_length_is_no_choice(desk, customer):
    sent = {"customer": customer.pk, "on": "2026-11-21", "items": ["9" * 60, "1" * 19], "channel": "phone"}
    assert desk.post("/visits/expected/new/", sent).status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_that_is_not_of_our_time_is_refused_in_words(desk, customer, day):
    page = desk.post("/visits/expected/new/", {"customer": customer.pk, "on": day, "channel": "phone"})
    assert page.status_code == 422
    assert "Enter a day between 1900 and 2199." in page.content.decode()
