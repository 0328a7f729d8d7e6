"""Work that nobody waits for: in a process of its own, which gives way to people's requests."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings

NICE = 10  # a tenth of the processor where people want it, all of it where nobody does


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


def give_way(pid=0):
    """Let other processes have the processor first, for the rest of this one's life, or of the child `pid`'s.

    Where there is no such thing: nothing. Linux shares the processor between sessions before it looks at who is nice in them,
    so a session of our own is told, too; a session that somebody else began is theirs.
    """
    if not hasattr(os, "setpriority"):
        return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(NICE, os.getpriority(os.PRIO_PROCESS, pid)))
        if os.getsid(pid) == (pid or os.getpid()):
            Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(NICE))
