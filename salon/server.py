"""The web server: waitress in one process, and a stop that lets people's last clicks finish."""

import gc
import io
import signal
import socket
import sys
import time
from contextlib import suppress

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import InternalServerError, RequestEntityTooLarge

from salon import files

THREADS = 8
DRAIN_SECONDS = 20  # how long a stop waits for requests that are being answered
MAX_BODY = 12 * 1024 * 1024
REFUSED = "salon.refused"  # in the environment of a request the server did not take: one of the two
TOO_LARGE, NO_ROOM = "too large", "no room"
LIMITS = {
    "threads": THREADS,
    "max_request_body_size": MAX_BODY,
    "max_request_header_size": 32 * 1024,
    "channel_timeout": 60,
    "connection_limit": 400,
    "backlog": 256,
    "asyncore_use_poll": True,
    "ident": None,  # no Server header
}


def listen(host, port):
    """A listening socket, taken before anything else is done so that a port in use stops the start early. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(LIMITS["backlog"])
    except OSError:
        sock.close()
        raise
    return sock


def keep_what_is_loaded():
    """Take what is in memory now out of the search for garbage: it stays for as long as the process.

    Else one request in some hundreds waits until all of it, code, translations and forms, has been looked through again.
    """
    gc.collect()
    gc.freeze()


class Refusal(WSGITask):
    """A request whose body the server did not keep. The product says why on a page of its own."""

    def __init__(self, channel, request, why):
        super().__init__(channel, request)
        self.why = why

    def execute(self):
        self.set_close_on_finish()  # what comes next on this connection may be the rest of what was sent
        super().execute()

    def get_environment(self):
        return super().get_environment() | {REFUSED: self.why}


def _error_task(channel, request):
    match request.error:
        case RequestEntityTooLarge():
            return Refusal(channel, request, TOO_LARGE)
        case NoRoom():
            return Refusal(channel, request, NO_ROOM)
    return ErrorTask(channel, request)


class NoRoom(InternalServerError):
    """The body of a request did not fit on the disk."""


class _Nowhere:
    """A buffer that keeps nothing."""

    def append(self, data):
        pass

    def __len__(self):
        return 0

    def getfile(self):
        return io.BytesIO()

    def close(self):
        pass


class Request(HTTPRequestParser):
    """A request as it arrives. A long body goes into a file; on a full disk the rest is read and thrown away, so that the
    browser, which reads no answer before it has sent everything, gets one.
    """

    def received(self, data):
        try:
            return super().received(data)
        except OSError as error:
            if not files.is_full(error):
                raise
        self.error = NoRoom("no room for the body")
        if self.chunked:
            self.completed = True
            return len(data)
        with suppress(OSError):
            self.body_rcv.buf.close()
        self.body_rcv.buf = _Nowhere()
        return super().received(data)


class Channel(HTTPChannel):
    """A connection of waitress."""

    error_task_class = staticmethod(_error_task)
    parser_class = Request


class Server:
    """Serves a WSGI application on a listening socket until it is told to stop.

    `trusted_proxy` is the address of the proxy that ends TLS: its X-Forwarded-For and -Proto are believed, nobody else's.
    """

    def __init__(self, application, sock, *, trusted_proxy=None):
        proxy = (
            {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
            if trusted_proxy
            else {}
        )
        self.waitress = waitress.create_server(application, sockets=[sock], **LIMITS, **proxy)
        self.waitress.channel_class = Channel
        self.stopping = False

    def stop(self, *signal_and_frame):
        """Ask the loop to end; safe in a signal handler. Asked twice, end at once."""
        if self.stopping:
            sys.exit(130)
        self.stopping = True
        self.waitress.pull_trigger()

    def run(self, ready):
        """Call `ready`, serve until SIGTERM or Ctrl-C, then let the requests in flight finish."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self.stop)
        keep_what_is_loaded()
        ready()
        while not self.stopping:
            self._turn(timeout=1)
        self._drain()

    def _turn(self, timeout):
        wasyncore.loop(timeout=timeout, map=self.waitress._map, use_poll=True, count=1)

    def _drain(self):
        wasyncore.dispatcher.close(self.waitress)  # the listening socket only: new connections are refused
        until = time.monotonic() + DRAIN_SECONDS
        self._turn(timeout=0)  # what has arrived already counts as in flight
        while self._close_idle() and time.monotonic() < until:
            self._turn(timeout=0.1)
        self.waitress.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(self.waitress._map)

    def _close_idle(self):
        """Close connections that wait for nothing; the number of the others."""
        busy = 0
        for channel in list(self.waitress.active_channels.values()):
            if channel.requests or channel.request or channel.total_outbufs_len:
                busy += 1
            else:
                channel.handle_close()
        return busy
