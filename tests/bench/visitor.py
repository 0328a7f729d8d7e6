"""Asking a live salon and timing it: over one connection that stays open, as a browser does."""

import http.client
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass
class Answer:
    """A timed answer."""

    ms: float
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Visitor:
    """A logged-in browser with one connection that it keeps."""

    def __init__(self, port, session):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = secrets.token_hex(16)
        self.cookies = {"csrf": self.token, "sid": session}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.connection.close()

    def get(self, path, **headers):
        return self._ask("GET", path, None, headers)

    def post(self, path, data):
        return self._ask("POST", path, urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method, path, body, headers):
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "X-CSRFToken": self.token}
        began = time.perf_counter()
        self.connection.request(method, path, body, sent | {k.replace("_", "-"): v for k, v in headers.items()})
        response = self.connection.getresponse()
        answer = Answer((time.perf_counter() - began) * 1000, response.status, response.headers, response.read())
        answer.ms = (time.perf_counter() - began) * 1000
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def timed(self, path, **headers):
        """Milliseconds of a GET that must succeed. Raises RuntimeError for any other answer."""
        answer = self.get(path, **headers)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.body[:500]!r}")
        return answer.ms


@dataclass(frozen=True)
class Effort:
    """How much is measured: all of it for figures, little for the test that this still runs."""

    searches: int = 1_000  # for each role
    visits: int = 500  # of the customer whose card is opened
    today: int = 60  # visits of the day on the desk
    pages: int = 30  # times a page is opened
    saves: int = 300
    people: int = 10
    think_seconds: float = 5.0  # a usual visit takes up to twenty seconds to enter; these people are four times as fast
    warm_up: int = 5
    every_filter: int = 1  # of the list's filters and orders: each, or each of so many
    runs: int = 3  # of what takes long
    waiting_saves: int = 1_000  # of each run in which the longest wait is looked for
    waiting_seconds: float = 0.01  # between two of these
    imported: int = 800_000  # rows of the file at most; else one for each customer


def visitor_of(salon, username):
    """A Visitor of a running salon, logged in."""
    return Visitor(salon.port, salon.call("tests.live:session_of", username=username))
