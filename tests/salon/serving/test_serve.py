"""`serve` as a process: it answers, refuses to start in one sentence, and stops without dropping anybody."""

import gc
import os
import re
import signal
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest

from salon import access, guards
from salon.serving.server import DRAIN_SECONDS, Server, listen
from tests import live
from tests.marks import once

SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


@pytest.fixture
def salon():
    """An installed salon that is not running and has no data."""
    with live.installed(template=live.prepared()) as salon:
        yield salon


@pytest.fixture
def salon_with_shop():
    """The same with one branch and a demo log-in per role."""
    with live.installed(template=live.prepared("tests.live_acts:shop")) as salon:
        yield salon


def content(salon):
    """Every table's number of rows."""
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" if salon.database_url else SQLITE_TABLES
    return {name: salon.sql(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in salon.sql(names)}


def triggers(salon):
    names = "SELECT tgname FROM pg_trigger" if salon.database_url else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return {name for (name,) in salon.sql(names)}


def refusal(salon, *arguments, **environment):
    """The one line with which `serve` refuses to start; asserts that it is one and that the exit code is not 0."""
    done = salon.manage("serve", "--port", live.free_port(), *arguments, **environment)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


# --- Answering -------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_signals():
    """`Server.run` answers signals itself; afterwards this process does again, and all of its garbage is looked for."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    gc.unfreeze()


def test_no_request_waits_until_all_that_is_loaded_is_searched_for_garbage(own_signals):
    def ready():
        kept.append(gc.get_freeze_count())
        server.stop()

    gc.collect()  # what other tests have left is no longer there when the server begins
    kept, loaded = [], len(gc.get_objects())
    server = Server(lambda environ, start_response: [], listen("127.0.0.1", 0))
    server.run(ready)
    assert kept[0] > 0.5 * loaded  # it counts what is there by then; without the freezing it is 0


def test_answers_when_it_says_so(live_salon):
    page = live_salon.visitor().get("/healthz/")
    assert (page.status, page.json()) == (200, {"status": "ok"})
    assert "Server" not in page.headers
    assert "Traceback" not in live_salon.log


@once
def test_static_files_are_hashed_compressed_and_kept_for_ever(live_salon):
    manifest = live_salon.data_dir / "static" / "staticfiles.json"
    name = re.search(r'"css/app.css": "([^"]+)"', manifest.read_text())[1]
    assert re.fullmatch(r"css/app\.[0-9a-f]{12}\.css", name)
    page = live_salon.visitor().get(f"/static/{name}", Accept_Encoding="br")
    assert page.status == 200
    assert page.headers["Content-Encoding"] == "br"
    assert "immutable" in page.headers["Cache-Control"]
    assert not (live_salon.data_dir / "static" / "css" / "app.css").exists()  # a name without hash is never asked for


@once
def test_a_body_over_the_limit_is_refused(live_salon):
    with closing(socket.create_connection(("127.0.0.1", live_salon.port), timeout=30)) as sock:
        sock.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 12582913\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(65536), b""))  # until the server closes: the body was not read
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Too large" in answer
    assert b"</html>" in answer


@once
def test_a_body_over_the_limit_is_refused_where_nobody_says_how_much_will_come(live_salon):
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with closing(socket.create_connection(("127.0.0.1", live_salon.port), timeout=30)) as sock, suppress(ConnectionError):
        sock.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n" + 13 * chunk)
        answer = sock.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413 ")


def test_files_are_for_the_owner_only(live_salon):
    for file in live_salon.data_dir.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_second_start_prepares_nothing_again(salon):
    salon.start()
    assert "Preparing" not in salon.log
    assert "Bringing" not in salon.log
    assert "invite_owner" in salon.log  # nobody can log in yet: it says how to begin


@once
def test_the_first_start_makes_the_demo_salon_and_each_start_says_how_to_log_in(salon):
    salon.arguments = ("--seed-if-empty",)
    salon.start()
    file = salon.data_dir / "demo-logins.txt"
    assert file.stat().st_mode & 0o777 == 0o600
    logins = [line.split() for line in file.read_text().splitlines()]
    assert [role for role, _, _ in logins] == list(access.ROLES)
    _, username, password = logins[0]
    assert salon.visitor().post("/login/", {"username": username, "password": password}).status == 302
    assert salon.visitor().post("/login/", {"username": username, "password": "not " + password}).status == 422
    salon.stop()
    salon.start()
    assert salon.log.count("Making the demo salon") == 1
    for _, username, password in logins:
        assert len(re.findall(rf"^ +{username} +{password} ", salon.log, re.MULTILINE)) == 2


# --- Refusing to start -----------------------------------------------------------------------------------------------


@once
def test_refuses_a_port_in_use(salon):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        said = refusal(salon, "--port", str(other.getsockname()[1]))
    assert "Cannot listen on 127.0.0.1" in said


@once
def test_refuses_a_data_directory_that_cannot_be_made(salon, tmp_path):
    (tmp_path / "file").touch()
    assert "data directory" in refusal(salon, SALON_DATA_DIR=str(tmp_path / "file" / "data"))


@once
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which nobody may write")
def test_refuses_a_data_directory_that_cannot_be_written(salon):
    assert "cannot be written" in refusal(salon, SALON_DATA_DIR="/proc", SALON_SECRET_KEY="x" * 50)


def test_refuses_a_database_that_is_newer_and_leaves_it_alone(salon):
    salon.sql("INSERT INTO django_migrations (app, name, applied) VALUES ('customers', '0099_next_year', CURRENT_TIMESTAMP)")
    before = content(salon)
    assert "has the migration customers.0099_next_year" in refusal(salon)
    assert content(salon) == before


@once
def test_refuses_a_file_that_is_no_database(salon, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear customer, " * 1000)
    said = refusal(salon, DATABASE_URL=f"sqlite:///{tmp_path / 'letter.txt'}")
    assert "The database does not answer: file is not a database" in said


@once
def test_refuses_a_server_that_does_not_answer(salon):
    said = refusal(salon, DATABASE_URL=f"postgres://nobody@127.0.0.1:{live.free_port()}/none")
    assert "The database does not answer" in said


@once
def test_refuses_the_network_without_tls(salon):
    assert "SALON_PLAIN_HTTP=1" in refusal(salon, "--host", "0.0.0.0")


def test_refuses_the_network_while_demo_users_exist(salon_with_shop):
    assert "demo log-ins" in refusal(salon_with_shop, "--host", "0.0.0.0", SALON_PLAIN_HTTP="1")
    assert "demo log-ins" in refusal(salon_with_shop, "--host", "0.0.0.0", SALON_PUBLIC_URL="https://salon.example")


@once
def test_refuses_to_show_the_demo_salon_to_the_network(salon):
    assert "demo salon" in refusal(salon, "--host", "0.0.0.0", "--seed-if-empty", SALON_PLAIN_HTTP="1")


@once
@pytest.mark.parametrize(
    "setting", ["SALON_TIME_ZONE=Mars/Olympus", "SALON_LANGUAGE=tlh", "SALON_DEBUG=maybe", "DATABASE_URL=mysql://x/y"]
)
def test_refuses_settings_it_does_not_understand(salon, setting):
    name, _, value = setting.partition("=")
    assert name in refusal(salon, **{name: value})


@once
def test_serves_the_network_when_told_that_it_is_trusted(salon):
    salon.environment["SALON_PLAIN_HTTP"] = "1"
    salon.arguments = ("--host", "0.0.0.0")
    salon.start()
    assert salon.visitor().get("/healthz/").status == 200


# --- Behind TLS ------------------------------------------------------------------------------------------------------


@once
def test_only_the_trusted_proxy_says_whether_a_request_came_by_tls(salon):
    salon.environment |= {"SALON_PUBLIC_URL": "https://salon.example", "SALON_ALLOWED_HOSTS": "127.0.0.1"}
    salon.start()
    assert "Strict-Transport-Security" in salon.visitor().get("/healthz/", X_Forwarded_Proto="https").headers
    assert "Strict-Transport-Security" not in salon.visitor().get("/healthz/").headers
    salon.stop()
    salon.environment["SALON_TRUSTED_PROXY"] = "192.0.2.1"
    salon.start()
    assert "Strict-Transport-Security" not in salon.visitor().get("/healthz/", X_Forwarded_Proto="https").headers


# --- Repairing and stopping ------------------------------------------------------------------------------------------


def test_brings_guards_back_that_were_dropped(salon):
    guard = guards.registered()[0]
    salon.sql(f'DROP TRIGGER "{guard.name}"' + (f' ON "{guard.table}"' if salon.database_url else ""))
    assert guard.name not in triggers(salon)
    salon.start()
    assert guard.name in triggers(salon)
    assert salon.visitor().get("/healthz/").status == 200


def refuses_connections(salon):
    try:
        socket.create_connection(("127.0.0.1", salon.port), timeout=5).close()
    except (ConnectionRefusedError, ConnectionResetError):  # the latter as it closes, with us in its queue
        return True
    return False


def wait_until(condition, seconds=10):
    """True as soon as the condition holds, False if it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def writers_waiting(salon):
    """Hold what every write to a session needs, until the block ends."""
    with closing(salon.connect()) as holder:
        holder.execute("BEGIN" if salon.database_url else "BEGIN IMMEDIATE")
        if salon.database_url:
            holder.execute("LOCK TABLE django_session IN EXCLUSIVE MODE")
        yield
        holder.execute("ROLLBACK")


def test_a_save_that_was_under_way_is_answered_before_it_stops(salon_with_shop):
    salon = salon_with_shop.start()
    visitor, answers = salon.visitor("manager"), []
    request = threading.Thread(target=lambda: answers.append(visitor.get("/healthz/")))  # writes the session's idle stamp
    with writers_waiting(salon):
        request.start()
        time.sleep(1)
        assert request.is_alive()
        salon.signal("SIGTERM")
        assert wait_until(lambda: refuses_connections(salon))
        assert salon.process.poll() is None
    request.join(timeout=30)
    assert [page.status for page in answers] == [200]
    assert salon.process.wait(timeout=30) == 0
    assert "Traceback" not in salon.log


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_stops_at_once_when_only_idle_connections_are_open(salon, name):
    salon.start()
    with closing(socket.create_connection(("127.0.0.1", salon.port), timeout=5)) as idle:
        idle.sendall(b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
        salon.signal(name)
        assert salon.process.wait(timeout=DRAIN_SECONDS - 5) == 0
