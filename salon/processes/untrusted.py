"""Work on what strangers sent, in a process of its own: it gets none of our settings, gives way to people's requests, and
its end harms nobody. What runs in it uses restrained.py: salon/spreadsheets/tables.py and salon/photos/decoder.py.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

from django.conf import settings

from salon.processes import background

KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
OUT_OF_TIME = {-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)} - {0}


class TookTooLong(Exception):
    """The work took more computing than it may."""


class Broke(Exception):
    """The process ended before its work; `is_late` if it took too long."""

    def __init__(self, is_late):
        self.is_late = is_late
        super().__init__("took too long" if is_late else "ended early")


class Refused(Exception):
    """What was sent is not read: `code` says why, `facts` fill in the words."""

    def __init__(self, code, facts):
        self.code, self.facts = code, facts
        super().__init__(code)


def take_at_most(memory):
    """Let this process have so many bytes and no more; where the system has no such limit: as many as it takes."""
    with suppress(ImportError):
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory, hard))


@contextmanager
def messages(module, *arguments, patience=None, sent=()):
    """Run `python -m module arguments` and give what it says (restrained.answer), one dict after another, until its end.

    Raises Refused and Broke from the iterator. `patience` and `sent` are as of lines().
    """
    with lines(module, *arguments, patience=patience, sent=sent) as output:
        yield _messages_of(output)


def _messages_of(output):
    """What was said until the end; an output without end, or of another kind, is a fault."""
    for line in output:
        try:
            message = json.loads(line)
        except ValueError as error:
            raise Broke(False) from error
        if "refused" in message:
            raise Refused(message["refused"], message["facts"])
        if "end" in message:
            return
        yield message
    raise Broke(False)


@contextmanager
def lines(module, *arguments, patience=None, sent=()):
    """Run `python -m module arguments` and give its output, line by line; the process is gone when the block is left.

    The child restrains itself (it knows what it needs); `patience` is the number of seconds after which it is killed
    whatever it does. `sent` are the pieces of bytes it reads before it says anything. Raises Broke from the iterator if it
    ends with a fault.
    """
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PYTHONUTF8": "1", "PYTHONPATH": ""}
    child = subprocess.Popen(  # noqa: S603 - our own module, by the Python that runs us
        [sys.executable, "-m", module, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE if sent else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # of Windows
    )
    late = threading.Event()
    watch = threading.Timer(patience or 0, lambda: (late.set(), child.kill()))
    watch.daemon = True
    if patience:
        watch.start()
    try:
        background.give_way(child.pid)  # from the start: its imports are work, too
        _send(child, sent)
        yield _lines_of(child, late)
    finally:
        watch.cancel()
        child.kill()
        child.stdout.close()
        child.wait()


def _send(child, sent):
    if child.stdin:
        with suppress(BrokenPipeError), child.stdin:  # a child that ended early is told by its code
            for piece in sent:
                child.stdin.write(piece)


def _lines_of(child, late):
    for line in child.stdout:
        if line.endswith(b"\n"):
            yield line
    code = child.wait()  # a line that has no end was cut off with the process
    if code:
        raise Broke(late.is_set() or code in OUT_OF_TIME)


@contextmanager
def limited(seconds):
    """Let the block compute for so many seconds at most; then TookTooLong is raised in it, in the middle of a search for a
    pattern too. None, or a system or thread without such timers: no limit.
    """
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_signal_and_frame):
        raise TookTooLong(f"took more than {seconds} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
