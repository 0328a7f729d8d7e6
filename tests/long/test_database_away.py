"""A PostgreSQL server that is started anew, does not confirm, lags behind, or is reached through a pooler.

These tests start a server of their own: the suite's must not be stopped.
"""

import os
import re
import shutil
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from salon.database import locks
from salon.database.locks import SERVING
from tests import live, postgres, spawner
from tests.marks import once

pytestmark = [pytest.mark.long, once]


@pytest.fixture(scope="module")
def server():
    try:
        with postgres.running(durable=True) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", server.url)  # where tests.live makes its databases
            yield server
    except postgres.NoServer as reason:
        pytest.skip(f"not run: no PostgreSQL ({reason})")


@pytest.fixture(scope="module")
def first(server):
    """A salon that was prepared once, to copy."""
    with live.installed() as salon:
        salon.start()
        assert salon.stop() == 0
        salon.call("tests.live_acts:shop")
        yield salon


@pytest.fixture
def salon(first):
    with live.installed(template=first) as salon:
        yield salon


def within(seconds, condition):
    """True as soon as the condition holds; an error counts as not yet."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(Exception):
            if condition():
                return True
        time.sleep(0.05)
    return False


def locked(salon):
    """How many sessions hold the lock that keeps restores out."""
    where = f"mode = 'ShareLock' AND (classid::bigint << 32 | objid::bigint) = {locks.number_of(SERVING)}"
    return salon.sql(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND {where}")[0][0]


# --- Started anew ----------------------------------------------------------------------------------------------------


def test_restores_are_kept_out_after_a_restart_too(server, salon, tmp_path):
    backup = tmp_path / "x.tar"
    assert salon.manage("backup", "--output", backup).returncode == 0
    visitor = salon.start().visitor()
    desk = salon.visitor("receptionist")
    assert visitor.get("/healthz/").status == 200
    assert locked(salon) >= 2
    server.restart(after=1)
    assert within(5, lambda: locked(salon) == 1), "nobody asks, and the lock is held again"
    assert within(5, lambda: visitor.get("/healthz/").status == 200)
    assert locked(salon) == 2, "whoever answers holds it, too"
    assert within(5, lambda: desk.get("/").status == 200), "who was logged in still is"
    assert "The server is running; stop it first." in salon.manage("restore", backup, "--yes").stderr


def test_whoever_was_away_when_a_restore_began_ends(server, salon):
    visitor = salon.start().visitor()
    for _attempt in range(5):  # the server may be quicker
        server.restart()
        with closing(salon.connect()) as restore:
            (is_held,) = restore.execute(f"SELECT pg_try_advisory_lock({locks.number_of(SERVING)})").fetchone()
            if is_held:
                with suppress(OSError):  # it may have stopped
                    assert visitor.get("/healthz/").status == 503
                assert salon.process.wait(timeout=40) == 1
                break
        time.sleep(3)
    assert "Stopped. A backup is being restored into this salon; start again when that has ended." in salon.log
    assert salon.start().visitor().get("/healthz/").status == 200


# --- It does not confirm ---------------------------------------------------------------------------------------------


def test_healthz_says_so_when_a_standby_that_must_confirm_is_down(server, salon):
    visitor = salon.start().visitor()
    assert visitor.get("/healthz/").status == 200
    before = salon.sql("SELECT * FROM salon_datadirectory")
    try:
        salon.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        salon.sql("SELECT pg_reload_conf()")
        time.sleep(5.5)  # the last outcome stands for so long
        began = time.monotonic()
        assert visitor.get("/healthz/").status == 503
        assert time.monotonic() - began < 8
    finally:
        salon.sql("ALTER SYSTEM RESET synchronous_standby_names")
        salon.sql("SELECT pg_reload_conf()")
    assert within(15, lambda: visitor.get("/healthz/").status == 200)
    assert salon.sql("SELECT * FROM salon_datadirectory") == before


# --- It lags behind --------------------------------------------------------------------------------------------------


@contextmanager
def standby_of(server):
    """The URL of a standby that follows the server."""
    program = server.bindir / "pg_basebackup"
    if not program.exists():
        pytest.skip("not run: PostgreSQL's pg_basebackup is not installed")
    given = urlsplit(server.url)
    with closing(connect(server.url)) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone()
        assert data
    environment = postgres.environment() | {"PGPASSWORD": given.password}
    target = server.folder / "standby"
    subprocess.run(
        [program, "-h", "127.0.0.1", "-p", str(given.port), "-U", "salon", "-D", target, "-R", "-X", "stream", "-c", "fast"],
        cwd=server.folder, env=environment, check=True, capture_output=True, **server.identity,
    )  # fmt: skip
    process, port = postgres.start(server.bindir, server.folder, server.identity, durable=False, data="standby")
    try:
        yield given._replace(netloc=f"{given.username}:{given.password}@127.0.0.1:{port}").geturl()
    finally:
        postgres.stop(process)
        shutil.rmtree(target, ignore_errors=True)


def connect(url):
    import psycopg

    return psycopg.connect(url, autocommit=True)


def test_a_standby_that_lags_is_told_and_then_not_read(server, salon):
    assert salon.manage("recompute_tiers").returncode == 0
    with standby_of(server) as url, closing(connect(url)) as standby:
        salon.environment["DATABASE_REPLICA_URL"] = urlsplit(url)._replace(path=f"/{salon.database}").geturl()
        salon.environment["SALON_REPLICA_LAG_SECONDS"] = "12"
        owner = salon.start().visitor("owner")
        assert within(10, lambda: "As of 20" not in owner.get("/tiers/").text)
        standby.execute("SELECT pg_wal_replay_pause()")
        moment = time.monotonic()
        time.sleep(0.5)
        salon.sql("UPDATE salon_shop SET name = 'later'")
        time.sleep(7)
        assert re.search(r"As of 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d: this is read from a copy", owner.get("/tiers/").text)
        assert "data as of 20" in told_by(owner)
        time.sleep(max(0, 16 - (time.monotonic() - moment)))
        assert "As of 20" not in owner.get("/tiers/").text, "beyond the limit the database itself is read"
        assert "replica_is_behind" in owner.get("/healthz/").json()["warnings"]
        standby.execute("SELECT pg_wal_replay_resume()")
        assert within(10, lambda: "replica_is_behind" not in owner.get("/healthz/").json()["warnings"])


def told_by(visitor):
    """Everything in the workbook of the tiers, in small letters."""
    from io import BytesIO

    from openpyxl import load_workbook

    book = load_workbook(BytesIO(visitor.get("/tiers/customers/export/").body), read_only=True)
    return " ".join(str(cell).lower() for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)


# --- Through a pooler ------------------------------------------------------------------------------------------------


@contextmanager
def pooler(server, folder, *, mode, ignored=""):
    """The URL of the server through pgbouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        pytest.skip("not run: pgbouncer is not installed")
    given, port = urlsplit(server.url), live.free_port()
    folder.mkdir(exist_ok=True)
    (folder / "users.txt").write_text(f'"{given.username}" "{given.password}"\n')
    ignored = f"ignore_startup_parameters = {ignored}\n" if ignored else ""
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={given.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = plain\nauth_file = {folder}/users.txt\npool_mode = {mode}\n{ignored}"
    )
    os.chmod(folder, 0o711)  # noqa: S103 - pgbouncer does not run as root
    for file in folder.iterdir():
        file.chmod(0o644)
    process = subprocess.Popen(
        [program, "-q", folder / "pgbouncer.ini"], preexec_fn=spawner.die_with_parent, cwd=folder, **postgres.unprivileged()
    )
    try:
        url = given._replace(netloc=f"{given.username}:{given.password}@127.0.0.1:{port}").geturl()
        assert within(10, lambda: connect(url).close() is None), "pgbouncer does not answer"
        yield url
    finally:
        process.terminate()
        process.wait(10)


def refusal(salon, url):
    """The one line with which `serve` refuses to start through this pooler."""
    reached = urlsplit(url)._replace(path=f"/{salon.database}").geturl()
    done = salon.manage("serve", "--port", live.free_port(), DATABASE_URL=reached)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_real_pooler(server, salon):
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="salon-pooler-", dir="/tmp"))
    try:
        with pooler(server, folder, mode="transaction") as url:
            assert "ignore_startup_parameters = options" in refusal(salon, url)
        with pooler(server, folder, mode="transaction", ignored="options") as url:
            assert "pool_mode = session" in refusal(salon, url)
        with pooler(server, folder, mode="session", ignored="options") as url:
            said = refusal(salon, url)
            assert "does not keep lock_timeout" in said
            for command in re.search(r"connect anew: (.*)\.$", said)[1].split("; "):
                salon.sql(command)
        with pooler(server, folder, mode="session", ignored="options") as url:
            salon.database_url = urlsplit(url)._replace(path=f"/{salon.database}").geturl()
            assert salon.start().visitor().get("/healthz/").status == 200
            salon.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
