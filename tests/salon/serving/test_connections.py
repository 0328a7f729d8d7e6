"""Slow senders: they are cut off in time, honest ones are not, and no number of them keeps others out."""

import re
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from types import SimpleNamespace

import pytest

from salon.serving.connections import Body, Channel, Limits, Listener, TcpWSGIServer, source_of
from salon.serving.server import Server, listen
from tests.marks import once

pytestmark = once
SHORT = Limits(
    header_seconds=1, body_rate=1000, body_window=1, body_seconds=4, idle_seconds=2, connections=12, connections_an_address=5
)
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
LENGTH = re.compile(rb"Content-Length: (\d+)")
HALF = b"GET /login/ HTTP/1.1\r\nHost: here\r\nX-Half"


def application(environ, start_response):
    """Answers with the number of bytes that were sent; /slow takes a second over it."""
    if environ.get("salon.refused"):
        start_response(f"{environ['salon.refused']} Refused", [("Content-Length", "0")])
        return [b""]
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    body = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def serving(limits=SHORT, **options):
    """The address of a server with these limits, in a thread of this process."""
    sock = listen("127.0.0.1", 0)
    server = Server(application, sock, limits=limits, **options)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield sock.getsockname()
    finally:
        server.stop()
        thread.join(30)


@pytest.fixture(scope="module")
def server():
    with serving() as address:
        yield address


def connect(address, source="127.0.0.1"):
    return socket.create_connection(address, timeout=10, source_address=(source, 0))


def answer(sock):
    """The first line of an answer, all of which is read; b"" if the server closes."""
    said = b""
    try:
        while b"Content-Length: " not in said or len(said.partition(b"\r\n\r\n")[2]) < int(LENGTH.search(said)[1]):
            said += sock.recv(4096) or b"Content-Length: 0"
    except ConnectionError:
        return b""
    return said.partition(b"\r\n")[0] if said.startswith(b"HTTP") else b""


def seconds_until_closed(sock, *, sending=b"", every=0.3):
    """How long the server lets somebody go on who sends a little now and then."""
    began = time.monotonic()
    sock.settimeout(every)
    while time.monotonic() - began < 10:
        try:
            if not sock.recv(4096):
                break
        except TimeoutError:
            try:
                sock.sendall(sending)
            except ConnectionError:
                break
        except ConnectionError:
            break
    return time.monotonic() - began


# --- One sender ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "goes_on"),
    [(b"", b""), (HALF, b""), (HALF, b"x"), (b"\r\n\r\n", b"\r\n\r\n")],
    ids=["nothing", "half", "drop by drop", "empty lines"],
)
def test_headers_have_little_time(server, begin, goes_on):
    with closing(connect(server)) as sock:
        sock.sendall(begin)
        assert 0.9 < seconds_until_closed(sock, sending=goes_on) < 3.5


@pytest.mark.parametrize("begin", [b"", HALF], ids=["idle", "half a request"])
def test_a_connection_that_was_answered_may_be_idle_for_a_while(server, begin):
    with closing(connect(server)) as sock:
        sock.sendall(GET)
        assert answer(sock) == b"HTTP/1.1 200 OK"
        time.sleep(1.3)  # longer than headers may take
        sock.sendall(GET)
        assert answer(sock) == b"HTTP/1.1 200 OK"
        sock.sendall(begin)
        assert 0.9 < seconds_until_closed(sock) < 4.5


def test_who_waits_for_an_answer_is_not_slow(server):
    """Half of the next request came with this one: its time begins when it can be read."""
    with closing(connect(server)) as sock:
        sock.sendall(GET.replace(b"/", b"/slow", 1) + HALF)
        assert answer(sock) == b"HTTP/1.1 200 OK"
        time.sleep(0.5)
        sock.sendall(b": 1\r\n\r\n")
        assert answer(sock) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("headers", [POST % 100_000, POST.split(b"Content")[0] + b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_comes_drop_by_drop_is_refused_in_words(server, headers):
    drop = b"1\r\nx\r\n" if b"chunked" in headers else b"x" * 100
    with closing(connect(server)) as sock:
        sock.sendall(headers)
        for _ in range(12):
            time.sleep(0.3)
            try:
                sock.sendall(drop)
            except ConnectionError:
                break
            sock.setblocking(False)
            try:
                said = sock.recv(4096)
                break
            except BlockingIOError:
                sock.setblocking(True)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in said


def test_a_body_over_a_slow_but_honest_line_goes_through(server):
    with closing(connect(server)) as sock:
        sock.sendall(POST % 3500)
        for _ in range(7):
            sock.sendall(b"x" * 500)
            time.sleep(0.4)
        assert answer(sock) == b"HTTP/1.1 200 OK"


def test_a_body_that_never_ends_is_refused(server):
    with closing(connect(server)) as sock:
        sock.sendall(POST % 1_000_000)
        began = time.monotonic()
        sock.settimeout(0.2)
        said = b""
        while not said and time.monotonic() - began < 10:
            try:
                sock.sendall(b"x" * 500)
                said = sock.recv(4096)
            except TimeoutError:
                pass
        assert said.startswith(b"HTTP/1.1 408 ")
        assert 3.5 < time.monotonic() - began < 6.5


def sent_at(rate, seconds, *, pause=(0, 0)):
    """True if a body that comes at so many bytes a second is called too slow; it stands still from … to …."""
    body, received = Body(Limits(), 0), 0
    for now in range(1, seconds + 1):
        received += 0 if pause[0] < now <= pause[1] else rate
        if body.is_too_slow(now, received):
            return True
    return False


def test_what_the_product_calls_too_slow():
    ten_megabytes = 10_000_000
    assert not sent_at(20_000, ten_megabytes // 20_000)  # a photo at 160 kbit/s, 500 s
    assert not sent_at(16 * 1024, 599)
    assert sent_at(16 * 1024 - 100, 15)
    assert sent_at(100_000, 601)
    assert not sent_at(100_000, 60, pause=(20, 30))
    assert sent_at(100_000, 60, pause=(20, 36))


def test_what_the_product_allows():
    limits = Limits()
    assert (limits.header_seconds, limits.connections, limits.connections_an_address) == (15, 400, 100)
    assert (limits.body_rate, limits.body_window, limits.body_seconds) == (16 * 1024, 15, 600)


# --- Many ------------------------------------------------------------------------------------------------------------


@contextmanager
def half_sent(address, number, source="127.0.0.1", begin=HALF):
    with ExitStack() as stack:
        socks = []
        for _ in range(number):
            socks.append(stack.enter_context(closing(connect(address, source))))
            with suppress(ConnectionError):  # it may be closed at once
                socks[-1].sendall(begin)
        yield socks


def is_open(sock):
    sock.setblocking(False)
    try:
        return bool(sock.recv(4096))
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


LONG = Limits(connections=12, connections_an_address=5)


def test_one_address_has_its_share_and_the_longest_waiting_gives_way():
    with serving(LONG) as address, half_sent(address, 9) as socks:
        time.sleep(0.3)
        assert [is_open(sock) for sock in socks] == [False] * 4 + [True] * 5
        with closing(connect(address, "127.0.0.2")) as other, closing(connect(address)) as same:
            for sock in (other, same):
                sock.sendall(GET)
                assert answer(sock) == b"HTTP/1.1 200 OK"


def test_the_trusted_proxy_is_not_one_address():
    with serving(LONG, trusted_proxy="127.0.0.1") as address, half_sent(address, 9) as socks:
        time.sleep(0.3)
        assert all(map(is_open, socks))


@pytest.mark.parametrize("begin", [HALF, POST % 5000])
def test_when_all_connections_are_taken_the_slowest_gives_way(begin):
    with ExitStack() as stack:
        address = stack.enter_context(serving(LONG))
        for number in range(2, 7):
            stack.enter_context(half_sent(address, 4, f"127.0.0.{number}", begin))
        with closing(connect(address)) as sock:
            sock.sendall(GET)
            assert answer(sock) == b"HTTP/1.1 200 OK"


def test_who_is_being_answered_does_not_give_way():
    with serving(LONG) as address, half_sent(address, 5, begin=GET.replace(b"/", b"/slow", 1)) as socks:
        time.sleep(0.2)  # until they have been read
        with half_sent(address, 3):
            assert [answer(sock) for sock in socks] == [b"HTTP/1.1 200 OK"] * 5


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("localhost", "localhost"),
    ],
)
def test_whom_an_address_counts_as(address, source):
    assert source_of(address) == source


# --- What a connection knows of itself, at second 100 ------------------------------------------------------------------

HEADERS = SimpleNamespace(headers_finished=False)
SLOW, GOOD = (SimpleNamespace(headers_finished=True, body_bytes_received=received) for received in (0, 100_000))


def knowing(**more):
    channel = Channel.__new__(Channel)
    known = {"requests": [], "request": None, "watched": None, "begun": 0, "free_since": 0, "body": None, "was_asked": True}
    vars(channel).update(known | {"total_outbufs_len": 0, "limits": SHORT} | more)
    return channel


@pytest.mark.parametrize(
    ("known", "rank"),
    [
        ({"requests": [HEADERS]}, None),
        ({}, (0, 0)),
        ({"request": HEADERS, "watched": HEADERS, "begun": 50}, (0, 50)),
        ({"request": HEADERS, "begun": 50, "free_since": 40}, (0, 40)),
        ({"request": SLOW, "watched": SLOW, "begun": 50}, (1, 0)),
        ({"request": GOOD, "watched": GOOD, "begun": 50}, (3, 50)),
        ({"free_since": 98.5}, (2, 98.5)),
        ({"free_since": 98.5, "total_outbufs_len": 9}, (3, 98.5)),
        ({"request": SLOW, "watched": SLOW, "begun": 98.5}, (2, 98.5)),
    ],
)
def test_who_gives_way_first(known, rank):
    assert knowing(**known).readiness_to_leave(100) == rank


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        ({}, True),
        ({"will_close": True}, False),
        ({"close_when_flushed": True}, False),
        ({"total_outbufs_len": 9}, False),  # it reads what it asked for, and is not read from meanwhile
        ({"requests": [HEADERS]}, False),
        ({"free_since": 98.5}, False),  # two seconds may it be idle
        ({"was_asked": False, "free_since": 98.5}, True),
        ({"request": HEADERS, "watched": HEADERS, "begun": 98.5}, True),
        ({"request": HEADERS, "watched": HEADERS, "begun": 99.5, "free_since": 97.5}, False),
        ({"request": HEADERS, "watched": HEADERS, "begun": 99.5, "free_since": 96.5}, True),
    ],
)
def test_who_is_ended(known, ends):
    channel = knowing(**known)
    assert channel.look(100) is ends
    assert channel.will_close is (ends or "will_close" in known)


def test_the_clock_of_a_connection_stands_while_it_is_answered():
    channel = knowing(total_outbufs_len=9, request=HEADERS, watched=HEADERS)
    channel.look(100)
    assert (channel.free_since, channel.watched) == (100, None)
    channel.total_outbufs_len = 0
    assert channel.look(100.5) is False
    assert (channel.watched, channel.begun) == (HEADERS, 100.5)


def test_nobody_is_let_in_while_it_is_full_and_everybody_is_being_answered(monkeypatch):
    monkeypatch.setattr(TcpWSGIServer, "readable", lambda self: True)
    server = Listener.__new__(Listener)
    vars(server).update(limits=SHORT, active_channels={n: knowing(requests=[HEADERS]) for n in range(SHORT.connections)})
    assert not server.readable()
    server.active_channels[0] = knowing()
    assert server.readable()
    del server.active_channels[0]
    assert server.readable()


# --- The product -----------------------------------------------------------------------------------------------------


def test_a_page_of_the_product_says_it(client):
    page = client.get("/", **{"salon.refused": 408})
    assert page.status_code == 408
    assert b"too slowly" in page.content
    assert client.get("/", **{"salon.refused": 413}).status_code == 413


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize("begin", [HALF, POST.replace(b"/ ", b"/login/ ") % 50_000], ids=["headers", "bodies"])
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"], ids=["our own address", "another address"])
def test_the_log_in_page_answers_during_the_attack(live_salon, begin, source):
    visitor, longest = live_salon.visitor(), 0
    with half_sent(("127.0.0.1", live_salon.port), 420, source, begin):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            began = time.monotonic()
            assert visitor.get("/login/").status == 200
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.1)
    assert longest < 2, longest
