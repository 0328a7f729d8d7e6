"""From a clean checkout to the first page: `make run`, cold and warm."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.figure import Figure
from tests.live import ROOT, Visitor, clean_environment, free_port

PATIENCE = 600


def seconds_to_first_page(checkout):
    """Run `make run` in a checkout until its log-in page answers 200; the seconds it took."""
    port, began = free_port(), time.monotonic()
    with open(checkout / "bench.log", "a") as log:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=checkout,
            env=clean_environment(),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        while process.poll() is None and time.monotonic() - began < PATIENCE:
            try:
                if Visitor(port).get("/login/").status == 200:
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"make run gave no page:\n{(checkout / 'bench.log').read_text()}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # make and what it started: our own session
        process.wait(30)


def measure():
    """Clone the committed state into an empty folder and start it twice."""
    folder = Path(tempfile.mkdtemp(prefix="salon-bench-"))
    try:
        checkout = folder / "checkout"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        yield Figure(
            "make run, cold to first page", seconds_to_first_page(checkout), 60, "s", "fresh clone, nothing installed, once"
        )
        yield Figure("make run, warm to first page", seconds_to_first_page(checkout), 5, "s", "the same again")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
