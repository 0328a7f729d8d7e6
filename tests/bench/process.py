"""A command of the product in a process of its own, as cron starts it: how long it took there, and how much memory.

Measured inside that process, after Python and Django have been loaded: at a small salon loading would hide the work, and memory
is promised "above the process before". Processes that it starts itself are looked at from outside.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench import memory
from tests.live import ROOT
from tests.spawner import die_with_parent

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Outcome:
    """What came out of a measured process.

    `seconds` of the work, `process_seconds` with the loading before; memory in MiB above what was resident before the work,
    None where the system does not tell; `children_mb` is the most that processes it started held together.
    """

    seconds: float
    process_seconds: float
    mb: float | None
    children_mb: float
    result: object = field(repr=False)


def command(salon, *arguments):
    """Run a manage.py command on a salon's data; the result of the Outcome is what it said."""
    return call(salon.variables(), "tests.bench.process:run_command", arguments=[str(each) for each in arguments])


def call(variables, target, **arguments):
    """Run `module:function(**arguments)` in a process with these environment variables. Raises RuntimeError if it fails."""
    began = time.perf_counter()
    with started(variables, target, **arguments) as process, _watched(process.pid) as seen:
        out, _nothing = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{target} {arguments} ended with {process.returncode}; see its messages above")
    told = json.loads(out.splitlines()[-1])
    return Outcome(process_seconds=time.perf_counter() - began, children_mb=max(seen), **told)


@contextmanager
def started(variables, target, **arguments):
    """The process of `call`, its standard input and output open; killed when the block is left before its end."""
    command_line = [sys.executable, "-m", "tests.bench.process", target, json.dumps(arguments)]
    process = subprocess.Popen(
        command_line, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=die_with_parent if os.name == "posix" else None,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


@contextmanager
def _watched(pid):
    """A list that grows by the MiB which the process's own children hold, every moment until the block ends."""
    seen, ended = [0.0], threading.Event()

    def look():
        while not ended.wait(LOOK_SECONDS):
            seen.append(_held_by_children(pid))

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield seen
    finally:
        ended.set()
        watch.join()


def _held_by_children(pid):
    import psutil

    try:
        children = psutil.Process(pid).children(recursive=True)
        return sum(child.memory_info().rss for child in children) / 2**20
    except psutil.Error:  # one of them has just ended
        return 0.0


# --- In the measured process ------------------------------------------------------------------------------------------


def run_command(arguments):
    """call_command with what a command line says; what it printed."""
    import io

    from django.core.management import call_command

    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def main(target, arguments):
    import importlib

    from salon.database import sqlite

    sqlite.use_bundled_library()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    import django

    django.setup()
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    memory.forget_peak()
    before, began = memory.resident(), time.perf_counter()
    result = function(**arguments)
    seconds, peak = time.perf_counter() - began, memory.peak()
    print(json.dumps({"seconds": seconds, "mb": None if before is None else peak - before, "result": result}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
