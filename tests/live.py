"""A real `manage.py serve` for tests: a process of its own, on a free port, with a data directory or database of its own.

    with live.running() as salon:                          # or the fixture `live_salon`, one for the whole run
        page = salon.visitor("receptionist").get("/")      # a plain HTTP client, logged in
        salon.call("tests.live_acts:shop")                 # a function run in a process that has this salon's database
        salon.sql("SELECT count(*) FROM salon_user")       # a look at it from outside
        salon.kill(); salon.start()                        # SIGKILL of exactly this process, and up again on the same data

On PostgreSQL (DATABASE_URL set, as `make test` does) each salon gets a database of its own there, dropped afterwards.
The first salon of a run is prepared by `serve` itself (migrations, static files); later ones begin with a copy of it,
whichever worker of the run asks (tests/shared.py).
"""

import functools
import http.client
import importlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests import shared, spawner

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180  # a machine may be busy
# The first is the same Chromium without windows: a third less work for the processor.
CHROMIUM_NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
)  # fmt: skip
CHROMIUM_PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
# What a browser test passes to Playwright's launch(executable_path=find_chromium(), args=CHROMIUM_ARGS).
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium():
    """The path of an installed Chromium or Chrome, or None."""
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return next((path for path in (*found, *CHROMIUM_PLACES) if path and os.access(path, os.X_OK)), None)


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def clean_environment(**more):
    """This process's environment without the product's and Django's settings, with English, and with `more`.

    Compiled code is kept in the virtual environment, whatever the machine says of it: hundreds of processes are started, and
    each would compile Django anew, which takes two seconds.
    """
    unwanted = ("SALON_", "DATABASE_", "DJANGO_", "PYTHONDONTWRITEBYTECODE", "PYTEST_CURRENT_TEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    ours = {"SALON_LANGUAGE": "en", "PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": f"{sys.prefix}/bytecode"}
    return kept | ours | {name: str(value) for name, value in more.items()}


@dataclass
class Page:
    """An HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Visitor:
    """A plain HTTP client of one live salon: no redirects followed, CSRF token sent along, cookies kept."""

    def __init__(self, port, session=""):
        self.port = port
        self.cookies = {"csrf": secrets.token_hex(16)} | ({"sid": session} if session else {})

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, data=None, **headers):
        """POST a form; values may be lists. Keyword arguments are headers, with _ for -."""
        body = urlencode(data or {}, doseq=True).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | headers)

    def ask(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own. Raises OSError or http.client.HTTPException if no answer comes."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "X-CSRFToken": self.cookies["csrf"]}
        sent |= {k.replace("_", "-"): v for k, v in (headers or {}).items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            page = Page(answer.status, answer.headers, answer.read())
        for line in page.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return page


@dataclass
class Salon:
    """One installation and its server process. `environment` overrides settings; `arguments` go to `serve`.

    `script` runs the server: manage.py, or a script of the tests that takes a guard out and goes on as manage.py does.
    """

    data_dir: Path
    database_url: str = ""
    environment: dict = field(default_factory=dict)
    arguments: tuple = ()
    script: str = "manage.py"
    port: int = 0
    process: object = None  # as spawner.start returns it
    _calls: object = None  # see `call`

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self):
        """The name of its PostgreSQL database."""
        return urlsplit(self.database_url).path.lstrip("/")

    @property
    def log(self):
        """Everything the server has printed so far, over all its starts."""
        file = self.data_dir.parent / f"{self.data_dir.name}.log"
        return file.read_text() if file.exists() else ""

    def variables(self):
        given = {"SALON_DATA_DIR": self.data_dir} | ({"DATABASE_URL": self.database_url} if self.database_url else {})
        return clean_environment(**given, **self.environment)

    def manage(self, *arguments, **more):
        """Run another manage.py command on the same data; a CompletedProcess with text output."""
        return spawner.run(["manage.py", *map(str, arguments)], env=self.variables() | more)

    def call(self, target, **arguments):
        """Call `module:function(**arguments)` in a process that has this salon's database; its result, through JSON.

        The product's own settings are in force (no test database). Raises RuntimeError with the traceback.
        """
        given = [target, json.dumps(arguments)]
        if spawner.CAN_FORK:
            done = spawner.run(given, env={}, at=self._caller())
        else:
            done = spawner.run(["-m", "tests.live", *given], env=self.variables())
        if done.returncode:
            raise RuntimeError(f"{target} failed:\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])

    def _caller(self):
        """The address of a process with Django set up for this salon, which forks for each call: a tenth of the time.

        A new one if what settings are read from has changed since: the environment, or the data directory's key.
        """
        key = self.data_dir / "secret-key"
        now = self.variables(), key.read_bytes() if key.exists() else b""
        if self._calls and (self._calls[0] != now or self._calls[2].poll() is not None):
            self.end_calls()
        if not self._calls:
            address = self.data_dir.parent / f"{secrets.token_hex(4)}.calls"
            with open(f"{address}.log", "w") as log:
                process = spawner.start(["-m", "tests.live", "--calls", address], env=now[0], stdout=log)
            self._calls = now, address, process
            spawner.await_socket(address, process)
        return self._calls[1]

    def end_calls(self):
        """End the process that waits for calls, as at the end of the salon."""
        if self._calls:
            self._calls[2].kill()
            self._calls[2].wait(timeout=40)
            self._calls = None

    def sql(self, statement):
        """Run one statement on the salon's database from outside; its rows, if it has any."""
        with closing(self.connect()) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def connect(self):
        """A connection of one's own to the salon's database, in autocommit: sqlite3's or psycopg's."""
        if self.database_url:
            import psycopg

            return psycopg.connect(self.database_url, autocommit=True)
        return sqlite3.connect(self.data_dir / "salon.sqlite3", isolation_level=None, timeout=30)

    def visitor(self, username=""):
        """A client; logged in if a user name is given (no password typed, the session is made in the database)."""
        return Visitor(self.port, self.call("tests.live:session_of", username=username) if username else "")

    def start(self):
        """Start `serve` and wait until it answers. Raises RuntimeError with its output if it does not."""
        self.port, before = self.port or free_port(), self.log
        command = [self.script, "serve", "--port", str(self.port), *self.arguments]
        with open(self.data_dir.parent / f"{self.data_dir.name}.log", "a") as log:
            self.process = spawner.start(command, env=self.variables(), stdout=log)
        until = time.monotonic() + START_SECONDS
        while "is ready at" not in self.log[len(before) :]:
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"serve did not start:\n{self.log}")
            time.sleep(0.05)
        return self

    def signal(self, name):
        """Send a signal, such as "SIGTERM", to exactly this process."""
        self.process.send_signal(getattr(signal, name))

    def stop(self):
        """SIGTERM, as a service manager does; the exit code."""
        self.signal("SIGTERM")
        return self.process.wait(timeout=40)

    def kill(self):
        """SIGKILL of exactly this process, as a crash does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(timeout=40)


def on_server(statement):
    """Run one statement on DATABASE_URL's PostgreSQL server, outside a transaction."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)


def new_database(template=None):
    """The URL of a new database: "" (a SQLite file in the data directory), or one on DATABASE_URL's PostgreSQL server."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        return ""
    name = f"live_{secrets.token_hex(6)}"
    on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template0"}"')
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def install(template=None, **more):
    """A salon that was not started yet, with an empty data directory or a copy of a template's. Who installs it removes it."""
    folder = Path(tempfile.mkdtemp(prefix="salon-live-"))
    try:
        if template:
            shutil.copytree(template.data_dir, folder / "data")
        return Salon(folder / "data", new_database(template and template.database), **more)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove(salon):
    """Clear a salon away, whatever happened to it: its processes, database and files."""
    salon.end_calls()
    salon.kill()
    if salon.database:
        on_server(f'DROP DATABASE "{salon.database}" WITH (FORCE)')
    shutil.rmtree(salon.data_dir.parent, ignore_errors=True)


@contextmanager
def installed(*, template=None, environment=None, arguments=()):
    """A salon that was not started yet (`install`); cleared away afterwards."""
    salon = install(template, environment=dict(environment or {}), arguments=tuple(arguments))
    try:
        yield salon
    finally:
        remove(salon)


@functools.cache
def prepared(act=""):
    """A stopped salon to copy: one that `serve` prepared, then changed by `act` (see `Salon.call`). Made once in a run of tests.

    Its files and its database go with the run.
    """
    made = shared.made_once(f"salon-{act.replace(':', '-')}", functools.partial(_prepare, act))
    return Salon(Path(made["data_dir"]), made["database_url"])


def _prepare(act):
    salon = install(prepared() if act else None)
    try:
        if act:
            salon.call(act)
            salon.end_calls()
        else:
            salon.start()
            assert salon.stop() == 0, salon.log
        kept = shared.folder() / salon.data_dir.parent.name
        shutil.move(salon.data_dir.parent, kept)
        if salon.database:
            shared.note_database(salon.database)
    except BaseException:
        remove(salon)
        raise
    return {"data_dir": str(kept / "data"), "database_url": salon.database_url}


@contextmanager
def running(act="tests.live_acts:shop", *, script="manage.py", environment=None, arguments=()):
    """A live salon, started; cleared away afterwards, whatever happened to it in between. `act` gives it its first data."""
    with installed(template=prepared(act), environment=environment, arguments=arguments) as salon:
        salon.script = script
        yield salon.start()


# --- In the process that `Salon.call` starts -------------------------------------------------------------------------


def session_of(username):
    """Log a user in; the session cookie's value."""
    from django.conf import settings
    from django.test import Client

    from salon.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=username), backend="salon.accounts.backend.StaffBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def set_up():
    """Django with the product's own settings."""
    from salon.database import sqlite

    sqlite.use_bundled_library()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    import django

    django.setup()


def answer(target, arguments):
    """Print what a call returns."""
    module, _, name = target.partition(":")
    print(json.dumps(getattr(importlib.import_module(module), name)(**json.loads(arguments))))  # noqa: T201


def answer_calls(address):
    """Fork for each call that comes in at this address; what it imports is there for the next."""
    set_up()
    request, files = spawner.serve(address, before=_load)
    spawner.speak_into(files)
    spawner.run_to_the_end(answer, *request["arguments"])


def _load(request):
    from django.db import connections

    with suppress(Exception):  # the call itself says what is wrong
        importlib.import_module(request["arguments"][0].partition(":")[0])
    connections.close_all()  # none goes into two processes


if __name__ == "__main__":
    if sys.argv[1] == "--calls":
        answer_calls(sys.argv[2])
    else:
        set_up()
        answer(*sys.argv[1:])
