"""The test run itself: what cannot run is said and never counts as passed; servers come and go without a trace."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import live, postgres, run


def no_server(**options):
    raise postgres.NoServer("none here")


def test_a_missing_postgresql_is_called_not_run(monkeypatch, capsys):
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "running", no_server)
    part = run.on_postgresql("not long", 1, durable=False)
    assert "PostgreSQL: not run (none here)" in capsys.readouterr().out
    assert (run.exit_code([part], in_ci=False), run.exit_code([part], in_ci=True)) == (0, 1)
    assert "not run" in str(part)


def test_a_missing_chromium_is_called_not_run(monkeypatch, capsys):
    monkeypatch.setattr(live, "find_chromium", lambda: None)
    part = run.in_browser("browser")
    assert "browser tests: not run (Chromium is not installed)" in capsys.readouterr().out
    assert (run.exit_code([part], in_ci=False), run.exit_code([part], in_ci=True)) == (0, 1)


def test_one_failure_fails_the_run():
    parts = [run.Part("SQLite", run.PASSED), run.Part("PostgreSQL", run.FAILED)]
    assert run.exit_code(parts, in_ci=False) == 1
    assert run.exit_code(parts[:1], in_ci=True) == 0


@pytest.mark.skipif(not postgres.binaries(), reason="not run: no PostgreSQL here")
def test_a_server_ends_even_when_the_run_that_started_it_is_killed():
    script = "from tests import postgres; import time\nwith postgres.running() as s: print(s.url, flush=True); time.sleep(60)"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # run by root, the server belongs to somebody else
        environment = os.environ | {"TMPDIR": folder}
        command = [sys.executable, "-c", script]
        with subprocess.Popen(command, cwd=live.ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            port = urlsplit(process.stdout.readline()).port
            assert is_open(port)
            process.kill()
        until = time.monotonic() + 20
        while time.monotonic() < until and list(Path(folder).glob("*/data/postmaster.pid")):  # it goes last
            time.sleep(0.1)
        assert not is_open(port)
        assert not list(Path(folder).glob("*/data/postmaster.pid"))


def is_open(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
