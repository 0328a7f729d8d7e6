"""`make test` and `make test-long`: lint, the whole suite on SQLite and on a real PostgreSQL, and in a real browser.

    python -m tests.run [--long | --lint]

Every part runs, whatever failed before it, and the last lines say what ran where. What cannot run here (no Chromium, no
PostgreSQL) is called "not run"; in CI that is a failure. TEST_DATABASE_URL names a PostgreSQL server to use.
Standard library only.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests import live, parts, postgres

ROOT = Path(__file__).resolve().parent.parent
PART_SECONDS = 40 * 60  # a part that takes longer hangs
PASSED, FAILED, NOT_RUN = "passed", "FAILED", "not run"
# Why a test may be skipped in CI: it runs on the other database (tests/marks.py), or this kernel has no such thing.
MAY_SKIP = {
    "the same whatever the database; run on SQLite", "about SQLite", "about PostgreSQL",
    "not run: the processor is not shared by sessions here",
}  # fmt: skip
LINTERS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["djlint", "--lint", "--quiet", "templates"])


@dataclass(frozen=True)
class Part:
    """One line of the summary."""

    name: str
    outcome: str
    detail: str = ""
    seconds: float = 0

    def __str__(self):
        took = f"{self.seconds:6.0f} s" if self.outcome != NOT_RUN else " " * 8
        return f"  {self.name:<12} {self.outcome:<8} {took}  {self.detail}".rstrip()


def say(*lines):
    print(*lines, sep="\n", flush=True)  # noqa: T201


def run(module, *arguments, **variables):
    """Run `python -m module …` in a clean environment, its output shown; True if it succeeded in time."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, env=live.clean_environment(**variables))
    try:
        return process.wait(PART_SECONDS) == 0
    except subprocess.TimeoutExpired:
        say(f"{module} hangs: stopped after {PART_SECONDS // 60} minutes.")
        return False
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # pytest then tears its fixtures down
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def in_ci():
    return os.environ.get("CI", "").lower() in {"1", "true"}


def skipped_without_leave(reasons):
    """Those reasons for which no test may be skipped in CI; elsewhere none: pytest tells them, and the run goes on."""
    return {reason for reason in reasons if reason not in MAY_SKIP} if in_ci() else set()


def timed(name, detail, work):
    """Do one part and time it."""
    say("", f"===== {name} =====")
    began = time.monotonic()
    outcome = PASSED if work() else FAILED
    return Part(name, outcome, detail, time.monotonic() - began)


def lint():
    return all([run(*command) for command in LINTERS])


def suite(marks, *, workers, browser=False, **variables):
    """One run of pytest, with a temporary folder of its own that is gone afterwards, whatever the tests leave in it.

    What is not run is not read either.
    """
    folder = tempfile.mkdtemp(prefix="salon-tests-")
    os.chmod(folder, 0o711)  # noqa: S103 - run by root, a PostgreSQL server inside belongs to somebody else
    try:
        # A module keeps its worker; the longest begin first (tests/conftest.py), so that none is left over for one worker.
        parallel = ("-n", str(workers), "--dist", "loadscope", "--no-loadscope-reorder") if workers > 1 else ()
        files = ["tests/browser"] if browser else parts.files_of(marks)
        return run("pytest", "-m", marks, *files, *parallel, TMPDIR=folder, SALON_DATA_DIR=f"{folder}/data", **variables)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def on_sqlite(marks, workers):
    from salon.database import sqlite

    sqlite.use_bundled_library()
    version = ".".join(map(str, sqlite.library_version()))
    return timed("SQLite", f"SQLite {version}", lambda: suite(marks, workers=workers))


def on_postgresql(marks, workers, *, durable):
    name = "PostgreSQL"
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        where = urlsplit(given)
        detail = f"the server of TEST_DATABASE_URL ({where.hostname}:{where.port or 5432})"
        return timed(name, detail, lambda: suite(marks, workers=workers, DATABASE_URL=given))
    try:
        with postgres.running(durable=durable) as server:
            detail = f"PostgreSQL {server.version}, {server.source}"
            return timed(name, detail, lambda: suite(marks, workers=workers, DATABASE_URL=server.url))
    except postgres.NoServer as reason:
        say("", f"PostgreSQL: not run ({reason})")
        return Part(name, NOT_RUN, str(reason))


def in_browser(marks):
    path = live.find_chromium()
    if not path:
        say("", "browser tests: not run (Chromium is not installed)")
        return Part("browser", NOT_RUN, "Chromium is not installed")
    return timed("browser", path, lambda: suite(marks, workers=3, browser=True))


def everything():
    yield timed("lint", "ruff, djlint", lint)
    yield on_sqlite("not long", workers=4)
    yield on_postgresql("database and not long", workers=4, durable=False)
    yield in_browser("not long")


def everything_long():
    """What `everything` leaves out; both together are every test, on both databases.

    A long test waits most of its time, so six run beside each other, but for those that measure a wait.
    """
    yield on_sqlite("long and not alone", workers=6)
    yield on_postgresql("(long or not database) and not alone", workers=6, durable=False)
    yield on_sqlite("alone", workers=1)
    yield on_postgresql("alone", workers=1, durable=True)
    yield in_browser("long")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="the tests marked long instead")
    parser.add_argument("--lint", action="store_true", help="only lint")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    if options.lint:
        sys.exit(0 if lint() else 1)
    done = list(everything_long() if options.long else everything())
    say("", "What ran where:", *map(str, done))
    sys.exit(exit_code(done, in_ci=in_ci()))


def exit_code(done, *, in_ci):
    """1 if anything failed, or in CI if anything did not run."""
    return int(any(part.outcome == FAILED or (in_ci and part.outcome == NOT_RUN) for part in done))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
