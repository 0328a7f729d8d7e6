"""Processes of the product for tests, without each of them importing Django and the libraries anew.

    process = spawner.start(["manage.py", "serve"], env=…, stdout=file)   # poll, wait, send_signal, kill as Popen has them
    done = spawner.run(["manage.py", "check_data"], env=…)                # a CompletedProcess with text output

A process of its own, started by the first who asks, imports what every command of the product imports and does not depend on
settings, then forks for each request; the child runs the script as `python manage.py …` would, from the first line on. That
takes a fifth of the time. Killing, exit codes, files, environment, and the database connections are those of any process.
Where there is no fork or no pidfd (anything but Linux) each is started in the ordinary way.
"""

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
PR_SET_PDEATHSIG = 1
LONGEST_REQUEST = 1 << 20
SHARED_BY = "SALON_TESTS_SPAWNER"  # the variable that tells the workers of a run its address
# Nothing of ours, and nothing that reads settings while it is imported.
LIBRARIES = """
argon2 borax.calendars.lunardate crispy_forms.helper crispy_forms.templatetags.crispy_forms_tags csp.middleware dj_database_url
django.contrib.admin django.contrib.auth.management django.contrib.messages.api django.contrib.sessions.backends.db
django.contrib.staticfiles.finders django.contrib.staticfiles.storage django.core.handlers.wsgi
django.core.management.commands.migrate django.core.servers.basehttp django.db.backends.postgresql.base
django.db.backends.sqlite3.base django.db.backends.sqlite3.schema django.db.migrations.executor django.forms
django.template.defaulttags django.template.loader_tags django.templatetags.i18n django.test.client django.views.decorators.cache
django.views.generic django_filters.views django_htmx.middleware django_otp.oath django_permissions_policy
lucide.templatetags.lucide opencc openpyxl phonenumbers PIL.Image PIL.ImageOps PIL.JpegImagePlugin PIL.PngImagePlugin
PIL.WebPImagePlugin polib psycopg pypinyin pyrage python_calamine segno statistics tarfile tomllib waitress.server
whitenoise.middleware whitenoise.storage
"""


def die_with_parent(with_signal=signal.SIGINT):
    """For Popen's preexec_fn: should the thread that started it be killed, the child ends too (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal)


class Forked:
    """A process that was forked for us, as Popen shows one. Its exit code comes over the socket on which it was asked for."""

    def __init__(self, connection, pid, output=None):
        self.connection, self.pid, self.returncode, self._output, self._said = connection, pid, None, output, None

    def poll(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        """The exit code; minus the signal's number for one that was killed. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self.connection.settimeout(timeout)
            try:
                told = self.connection.recv(64)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("a forked process", timeout) from None
            self.returncode = int(told or -signal.SIGKILL)  # nothing: the spawner itself is gone, and the process with it
            self.connection.close()
            if self._output:
                with self._output:
                    self._output.seek(0)
                    self._said = self._output.read()
        return self.returncode

    def communicate(self, timeout=None):
        """Its output as (text, None), once it has ended; for one that was started without a file for it."""
        self.wait(timeout)
        return self._said, None

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


@functools.cache
def _spawner():
    """The address of the run's spawner; of one of this process's own where the run has none."""
    shared = os.environ.get(SHARED_BY)
    return shared or begin()


def begin():
    """Start a spawner, which ends with this process; its address, as soon as it answers there."""
    folder = tempfile.TemporaryDirectory(prefix="salon-spawner-")
    address = f"{folder.name}/socket"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SALON_", "DATABASE_", "DJANGO_"))}
    command = [sys.executable, "-m", "tests.spawner", address]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=functools.partial(die_with_parent, signal.SIGKILL))
    atexit.register(folder.cleanup)
    atexit.register(process.kill)
    await_socket(address, process)
    return address


def share():
    """Start one spawner for all workers of this run; each would begin with two seconds of importing."""
    if CAN_FORK:
        os.environ[SHARED_BY] = begin()


def await_socket(address, process):
    """Wait until a process that is going to `serve` does. Raises RuntimeError if it has ended instead."""
    until = time.monotonic() + 120
    while not os.path.exists(address):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"nothing answers at {address}")
        time.sleep(0.01)


def start(arguments, *, env, stdout=None, stderr=None, cwd=ROOT, at=None):
    """Start `python *arguments`, with nothing to read. `arguments` may begin with "-m".

    What it prints goes into the open files; without any, `communicate` returns it. `at`: the address of another process that
    forks (`serve`), which knows itself what to do with the arguments.
    """
    if not CAN_FORK:
        command, kept = [sys.executable, *arguments], stdout is None
        files = {"stdout": subprocess.PIPE, "text": True} if kept else {"stdout": stdout}
        return subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stderr=stderr or subprocess.STDOUT, **files)
    output = None if stdout else tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by communicate
    stdout = stdout or output
    stderr = stderr or stdout
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(str(at or _spawner()))
    request = json.dumps({"arguments": list(map(str, arguments)), "env": env, "cwd": str(cwd)}, default=str).encode()
    with open(os.devnull) as nothing:
        socket.send_fds(connection, [request], [nothing.fileno(), stdout.fileno(), stderr.fileno()])
    return Forked(connection, int(connection.recv(64)), output)


def run(arguments, *, env, timeout=600, check=False, cwd=ROOT, at=None):
    """Run `python *arguments` to its end; a CompletedProcess with its output as text. Raises as subprocess.run does."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = start(arguments, env=env, stdout=out, stderr=err, cwd=cwd, at=at)
        try:
            process.wait(timeout)
        finally:
            process.kill()
        said = [file.seek(0) or file.read() for file in (out, err)]
    done = subprocess.CompletedProcess(arguments, process.returncode, *said)
    if check:
        done.check_returncode()
    return done


# --- In the spawner ---------------------------------------------------------------------------------------------------


def serve(address, before=lambda request: None):
    """Fork for every request until the process that started us is gone. In a forked child this returns what it is to run.

    `before` is called with each request, in the process that stays. The child ends with its parent.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{address}.new")
    listener.listen(64)
    os.rename(f"{address}.new", address)  # it is there when it answers
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    while True:
        for key, _events in waiting.select():
            if key.fileobj is not listener:
                waiting.unregister(key.fileobj)
                _tell_exit_code(key.fileobj, *key.data)
                continue
            connection, _ = listener.accept()
            request, files, _flags, _ = socket.recv_fds(connection, LONGEST_REQUEST, 3)
            request = json.loads(request)
            before(request)
            pid = os.fork()
            if pid == 0:
                waiting.close()
                for each in (listener, connection):
                    each.close()
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
                return request, files
            for file in files:
                os.close(file)
            connection.send(str(pid).encode())
            waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))


def _tell_exit_code(pidfd, pid, connection):
    _pid, status = os.waitpid(pid, 0)
    os.close(pidfd)
    with contextlib.suppress(OSError), connection:  # whoever asked may be gone
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def speak_into(files):
    """Have standard input, output and error be these files."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def become(request, files):
    """Be the process that was asked for: its files, environment and folder, then its script."""
    speak_into(files)
    os.environ.clear()
    os.environ.update({name: str(value) for name, value in request["env"].items()})
    os.chdir(request["cwd"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    first, *rest = request["arguments"]
    if first == "-m":
        sys.argv = rest
        run_to_the_end(runpy.run_module, rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = request["arguments"], str(Path(request["cwd"], first).parent)
        run_to_the_end(runpy.run_path, str(Path(request["cwd"], first)), run_name="__main__")


def run_to_the_end(work, *args, **kwargs):
    """Do the work of this process and end it as Python does, but for taking every module apart, which takes half a second."""
    code = 0
    try:
        work(*args, **kwargs)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if end.code is not None and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)  # noqa: T201 - as Python does
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends the process
        sys.excepthook(type(error), error, error.__traceback__)
        code = -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    threading._shutdown()  # waits for the threads that are no daemons
    atexit._run_exitfuncs()
    if "django.db" in sys.modules:
        with contextlib.suppress(Exception):  # settings that could not be read are why it ends
            sys.modules["django.db"].connections.close_all()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError, OSError):
            stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def main(address):
    from salon.database import sqlite

    sqlite.use_bundled_library()
    for name in LIBRARIES.split():
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    request, files = serve(address)
    gc.unfreeze()
    become(request, files)


if __name__ == "__main__":
    main(sys.argv[1])
