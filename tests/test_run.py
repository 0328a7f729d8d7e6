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

from tests import live, marks, parts, postgres, run


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


def test_what_is_skipped_for_a_reason_nobody_allowed_fails_in_ci_only(monkeypatch):
    reasons = {"about SQLite", "not run: strace is not installed", "not run: the published data is not here"}
    monkeypatch.setenv("CI", "true")
    assert run.skipped_without_leave(reasons) == reasons - {"about SQLite"}
    monkeypatch.delenv("CI")
    assert run.skipped_without_leave(reasons) == set()


def test_a_run_in_ci_with_such_a_skip_ends_with_a_fault(tmp_path, monkeypatch):
    """The hook of conftest.py, asked in a run of its own, with two processes as in CI: what the reporter has collected counts."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_sessionfinish\n")
    for reason, code in (("about SQLite", 0), ("not run: no such program", 1)):
        (tmp_path / "test_it.py").write_text(
            f"import pytest\n\n\n@pytest.mark.skip(reason={reason!r})\ndef test_it():\n    pass\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "--rootdir", tmp_path, "-c", "/dev/null", tmp_path]
        environment = live.clean_environment(CI="true", PYTHONPATH=live.ROOT, DJANGO_SETTINGS_MODULE="tests.settings")
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stdout
        assert ("not on the list" in done.stdout) == bool(code)


def test_the_reasons_that_are_allowed_are_the_marks():
    assert {marks.SAME, marks.SQLITE, marks.POSTGRESQL, marks.NO_SESSIONS} == run.MAY_SKIP


def test_what_the_short_suite_runs_on_both_databases_is_there():
    assert [place for place in [*parts.ON_BOTH, *parts.ON_SQLITE] if not (live.ROOT / "tests" / place).exists()] == []


def test_of_a_new_file_somebody_has_said_whether_it_runs_on_both_databases():
    paths = sorted(path.relative_to(parts.FOLDER).as_posix() for path in parts.FOLDER.rglob("test_*.py"))
    short = [path for path in paths if not path.startswith(("browser/", "long/"))]
    said = [path for path in short if parts.is_on_both(path)] + parts.ON_SQLITE
    assert sorted(said) == short


def test_a_part_reads_every_file_that_has_tests_of_it_and_hardly_others():
    """Which marks its tests have is known by pytest only after reading; so the files are asked for the words."""
    assert parts.files_of("not long") == parts.files_of("(long or not database) and not alone") == ["--ignore=tests/browser"]
    alone = parts.files_of("alone")
    assert {"tests/long/test_nothing_lost.py", "tests/salon/serving/test_connections.py"} <= set(alone)
    assert len(alone) < 8
    long = parts.files_of("long and not alone")
    assert {"tests/test_access.py", "tests/long/test_durability.py"} < set(long)
    assert not [path for path in long if path.startswith("tests/browser/")]
    both = parts.files_of("database and not long")
    assert {"tests/test_locks.py", "tests/archives/imports/test_live.py"} < set(both)
    assert "tests/test_access.py" not in both
    assert len(alone) < len(long) < len(both) < len(list(live.ROOT.glob("tests/**/test_*.py"))) / 2


def test_the_longest_begin_and_what_waits_behind_them_is_short():
    first, second = parts.FIRST[:2]
    scopes = [(path, path) for path in ["a", "b", "c", second, "d", "e", first, "f"]]
    assert [path for path, _scope in parts.arranged(scopes, 2)] == [first, second, "e", "f", "a", "b", "c", "d"]
    assert [path for path, _scope in parts.arranged(scopes, 1)] == [first, second, "a", "b", "c", "d", "e", "f"]


def test_one_failure_fails_the_run():
    done = [run.Part("SQLite", run.PASSED), run.Part("PostgreSQL", run.FAILED)]
    assert run.exit_code(done, in_ci=False) == 1
    assert run.exit_code(done[:1], in_ci=True) == 0


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
