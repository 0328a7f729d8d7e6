"""Work that nobody waits for: in a process of its own, which gives way to people's requests."""

import os
import subprocess
import sys
import threading

from django.conf import settings


def start(command, *arguments, afterwards=lambda: None):
    """Run one of our commands in a process of its own; returns at once. What it says is lost, its errors go where ours go.

    `afterwards` is called, in a thread of its own, when the process has ended, however it did.
    """
    worker = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), command, *arguments],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=_await, args=[worker, afterwards], daemon=True).start()


def _await(worker, afterwards):
    worker.wait()  # so that it does not stay behind as a zombie
    afterwards()


def give_way():
    """Let other processes have the processor first, for the rest of this one's life. Where there is no such thing: nothing."""
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))
