"""The web server: waitress in one process, and a stop that lets people's last clicks finish."""

import gc
import signal
import socket
import sys
import time

from waitress import wasyncore

from salon.serving.connections import SETTINGS, Limits, Listener

DRAIN_SECONDS = 20  # how long a stop waits for requests that are being answered


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
        sock.listen(SETTINGS["backlog"])
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


class Server:
    """Serves a WSGI application on a listening socket until it is told to stop; see Listener for the rest."""

    def __init__(self, application, sock, *, trusted_proxy=None, limits=None):
        self.listener = Listener(application, sock, limits=limits or Limits(), trusted_proxy=trusted_proxy)
        self.stopping = False

    def stop(self, *signal_and_frame):
        """Ask the loop to end; safe in a signal handler. Asked twice, end at once."""
        if self.stopping:
            sys.exit(130)
        self.stopping = True
        self.listener.pull_trigger()

    def run(self, ready):
        """Call `ready`, serve until SIGTERM or Ctrl-C, then let the requests in flight finish."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self.stop)
        keep_what_is_loaded()
        ready()
        self.serve()

    def serve(self):
        """Serve until `stop` is called, then let the requests in flight finish."""
        while not self.stopping:
            self._turn(timeout=1)
        self._drain()

    def _turn(self, timeout):
        wasyncore.loop(timeout=timeout, map=self.listener._map, use_poll=True, count=1)

    def _drain(self):
        wasyncore.dispatcher.close(self.listener)  # the listening socket only: new connections are refused
        until = time.monotonic() + DRAIN_SECONDS
        self._turn(timeout=0)  # what has arrived already counts as in flight
        while self._close_idle() and time.monotonic() < until:
            self._turn(timeout=0.1)
        self.listener.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(self.listener._map)

    def _close_idle(self):
        """Close connections that wait for nothing; the number of the others."""
        busy = 0
        for channel in list(self.listener.active_channels.values()):
            if channel.requests or channel.request or channel.total_outbufs_len:
                busy += 1
            else:
                channel.handle_close()
        return busy
