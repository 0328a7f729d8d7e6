"""The connections of the web server: how long a sender may take, how many there may be, and who gives way when there is no room.

A request costs a thread only when all of it has arrived, so a slow sender holds nothing but its connection; these rules see to
it that connections are never all held by such senders.
"""

import ipaddress
import logging
import time
from collections import deque
from dataclasses import dataclass

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

from salon.serving.bodies import NoRoom, Request

logger = logging.getLogger("salon.serving.connections")

MAX_BODY = 12 * 1024 * 1024
REFUSED = "salon.refused"  # in the environment of a request that was not received whole: TOO_LARGE, TOO_SLOW or NO_ROOM
TOO_LARGE, TOO_SLOW = 413, 408
LOGGED_EVERY = 60  # seconds
JUST_COME = 2  # seconds
SETTINGS = {
    "threads": 8,
    "max_request_body_size": MAX_BODY,
    "max_request_header_size": 32 * 1024,
    "cleanup_interval": 1,  # seconds between two looks at all connections
    "backlog": 256,
    "asyncore_use_poll": True,
    "ident": None,  # no Server header
}


@dataclass(frozen=True)
class Limits:
    """What senders may take: seconds, bytes a second, numbers of connections."""

    header_seconds: float = 15  # for all headers, from the first byte; of a new connection from its beginning
    body_rate: float = 16 * 1024  # at least, over any `body_window` seconds
    body_window: float = 15
    body_seconds: float = 600  # for all of a body, however fast
    idle_seconds: float = 60  # between two requests, and for a reader who takes nothing
    connections: int = 400
    connections_an_address: int = 100


class Body:
    """The progress of one body: how many bytes had come at each look, as far back as the window reaches."""

    def __init__(self, limits, now):
        self.limits, self.began = limits, now
        self.looks = deque([(now, 0)])

    def is_too_slow(self, now, received):
        """Note how many bytes have come by now; True if that is too few."""
        limits, looks = self.limits, self.looks
        looks.append((now, received))
        while len(looks) > 1 and now - looks[1][0] >= limits.body_window:
            looks.popleft()
        seconds, came = now - looks[0][0], received - looks[0][1]
        return now - self.began > limits.body_seconds or (
            seconds >= limits.body_window and came < limits.body_rate * limits.body_window
        )


class RequestTimeout(Error):
    code, reason = TOO_SLOW, "Request Timeout"


class Refusal(WSGITask):
    """A request that was not received whole. The product says why on a page of its own."""

    def execute(self):
        self.set_close_on_finish()  # what comes next on this connection is the rest of what was sent
        super().execute()

    def get_environment(self):
        return super().get_environment() | {REFUSED: self.request.error.code}


def _error_task(channel, request):
    is_ours = isinstance(request.error, (RequestEntityTooLarge, RequestTimeout, NoRoom))
    return (Refusal if is_ours else ErrorTask)(channel, request)


def source_of(address):
    """Whom an address counts as: an IPv6 customer has a whole /64, and an IPv4 address may come dressed as IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))


class Channel(HTTPChannel):
    """A connection, with a clock for what it is sending. All but the tasks runs in the server's own thread."""

    error_task_class = staticmethod(_error_task)
    parser_class = Request

    def __init__(self, server, sock, addr, adj, map=None):
        self.limits = server.limits
        self.source = source_of(addr[0])
        self.free_since = time.monotonic()  # since when it has been connected, or was answered
        self.was_asked = False
        self.watched = self.begun = self.body = None  # the request being received, since when, and its body
        super().__init__(server, sock, addr, adj, map=map)
        server.admit(self)

    def received(self, data):
        now = time.monotonic()
        done = super().received(data)
        self._watch(now)
        return done

    def _watch(self, now):
        """Bring the clock in line with what is being received."""
        if self.requests or self.total_outbufs_len:  # nothing is read meanwhile, so nobody is slow
            self.free_since, self.watched = now, None
            return
        if self.request is not self.watched:
            self.watched, self.begun, self.body = self.request, now, None
        if self.request and self.request.headers_finished and not self.body:
            self.body = Body(self.limits, now)

    def look(self, now):
        """End it if it takes too long; True if it did."""
        if self.will_close or self.close_when_flushed:
            return False
        self._watch(now)
        if self.requests or self.total_outbufs_len:
            return False
        request = self.request
        if request is None or not request.headers_finished:
            if self.is_late(now):
                self.will_close = True
        elif self.body.is_too_slow(now, request.body_bytes_received):
            self.give_up()
        else:
            return False
        return self.will_close or bool(self.requests)

    def is_late(self, now):
        """True for headers that take too long, and for a connection that has been of no use for long."""
        limits = self.limits
        if not self.was_asked:
            return now - self.free_since > limits.header_seconds
        if self.request is not None and now - self.begun > limits.header_seconds:
            return True
        return now - self.free_since > limits.idle_seconds + limits.header_seconds * (self.request is not None)

    def give_up(self):
        """Answer the request as it is, with a page that says why, and close."""
        with self.requests_lock:
            request, self.request = self.request, None
            request.error, request.completed = RequestTimeout("too slow"), True
            self.requests.append(request)
        self.server.add_task(self)

    def readiness_to_leave(self, now):
        """Sorts connections by who gives way first: who has sent no whole headers for the longest time, then the slowest bodies,
        then whoever has only just come, then bodies that come as they should and readers; None while a request is answered.
        """
        if self.requests:
            return None
        request = self.request
        since = self.begun if request is not None and request is self.watched else self.free_since
        if self.total_outbufs_len:
            return (3, since)
        if now - since < JUST_COME:
            return (2, since)
        if request is None or not request.headers_finished:
            return (0, since)
        rate = request.body_bytes_received / (now - since)
        return (1, rate) if rate < self.limits.body_rate else (3, since)


class Listener(TcpWSGIServer):
    """Waitress on a listening socket of ours, with Limits.

    `trusted_proxy` is the address of the proxy that ends TLS: its X-Forwarded-For and -Proto are believed, nobody else's, and
    all its connections may be of different people, so they are not counted as one address's.
    """

    channel_class = Channel

    def __init__(self, application, sock, *, limits, trusted_proxy=None):
        self.limits = limits
        self.exempt = {source_of(trusted_proxy)} if trusted_proxy else set()
        self.closed, self.last, self.log_after = 0, "", 0
        proxy = (
            {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
            if trusted_proxy
            else {}
        )
        # Waitress counts the listening socket and its trigger too; one more is let in, for whom another gives way.
        most = {"connection_limit": limits.connections + 3, "channel_timeout": limits.idle_seconds}
        settings = Adjustments(sockets=[sock], **SETTINGS, **most, **proxy)
        where = (sock.family, sock.type, sock.proto, sock.getsockname())
        super().__init__(application, _sock=sock, adj=settings, bind_socket=False, sockinfo=where)

    def add_task(self, channel):
        """Waitress calls it for each request that has arrived."""
        channel.was_asked, channel.free_since = True, time.monotonic()
        super().add_task(channel)

    def maintenance(self, now):
        """Waitress calls it once in `cleanup_interval` seconds."""
        super().maintenance(now)
        moment = time.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.look(moment):
                self._note(channel)
        if self.closed and moment >= self.log_after:
            logger.warning(
                "%d connections closed that sent too slowly or were too many; the last from %s", self.closed, self.last
            )
            self.closed, self.log_after = 0, moment + LOGGED_EVERY

    def _note(self, channel):
        self.closed, self.last = self.closed + 1, channel.source

    def readable(self):
        """False while there is no room and nobody could give way: who comes then waits in the system's queue."""
        is_open = super().readable()
        return is_open and (len(self.active_channels) < self.limits.connections or self._first_to_leave() is not None)

    def admit(self, newcomer):
        """Make room for a new connection if there is none, of its own address or of all."""
        channels = list(self.active_channels.values())
        if newcomer.source not in self.exempt:
            own = [channel for channel in channels if channel.source == newcomer.source]
            if len(own) > self.limits.connections_an_address:
                self._dismiss(self._first_to_leave(own))
        if len(self.active_channels) > self.limits.connections:
            self._dismiss(self._first_to_leave())

    def _first_to_leave(self, channels=None):
        now = time.monotonic()
        channels = self.active_channels.values() if channels is None else channels
        ready = [(order, channel) for channel in channels if (order := channel.readiness_to_leave(now)) is not None]
        return min(ready, key=lambda pair: pair[0])[1] if ready else None

    def _dismiss(self, channel):
        if channel is not None:
            self._note(channel)
            channel.handle_close()
