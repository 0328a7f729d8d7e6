"""Work that nobody waits for: in a process of its own, which gives way to people's requests."""

import os
import subprocess
import sys
import threading

from django.conf import settings


def start(command, *arguments):
    """Run one of our commands in a process of its own; returns at once. What it says is lost, its errors go where ours go."""
    worker = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), command, *arguments],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=worker.wait, daemon=True).start()  # so that it does not stay behind as a zombie


def give_way():
    """Let other processes have the processor first, for the rest of this one's life. Where there is no such thing: nothing."""
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))
