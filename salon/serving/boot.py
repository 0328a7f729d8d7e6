"""What must be true before the product starts serving. Each check refuses with one sentence and touches no data."""

import ipaddress
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from salon import guards
from salon.database import integrity, locks, sessions, sqlite
from salon.storage import data_directory

STARTING = "starting"  # of the one that prepares this data just now
START_SECONDS = 600  # how long another may take over that
MOUNTS = Path("/proc/mounts")
NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("ceph", "curlftpfs", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs")}
)
SQLITE_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "secure_delete": 1}
POSTGRESQL_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class Refused(Exception):
    """The product must not start; the text says why and what to do, in one sentence."""


# --- Before the database is opened -----------------------------------------------------------------------------------


def check_data_directory():
    """The data directory can be written."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR):
            pass
    except OSError as error:
        facts = {"folder": settings.DATA_DIR, "reason": error.strerror}
        raise Refused(_("The data directory %(folder)s cannot be written: %(reason)s.") % facts) from None


def is_loopback(host):
    """True for an address that only this computer reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_exposure(host, *, seed):
    """A server that others can reach has TLS before it, or was told that the network is trusted; and holds no demo salon."""
    if is_loopback(host):
        return
    if not (settings.BEHIND_TLS or settings.PLAIN_HTTP):
        refusal = _(
            "To listen on %s, put TLS in front and set SALON_PUBLIC_URL=https://…, "
            "or set SALON_PLAIN_HTTP=1 if everybody on this network is trusted."
        )
        raise Refused(refusal % host)
    if seed:
        raise Refused(_("The demo salon is served on this computer only (127.0.0.1), not on %s.") % host)


def file_system_of(path, mounts):
    """The type of the file system that holds `path`, by the text of /proc/mounts; "" if unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        point, this_kind = line.split(" ")[1:3]
        point = point.encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")  # \040 is a space
        if len(point) >= len(best) and Path(path).is_relative_to(point):
            best, kind = point, this_kind
    return kind


def check_local_disk():
    """SQLite's locks and shared memory do not work over a network."""
    if connection.vendor != "sqlite" or not MOUNTS.exists():
        return
    file = Path(connection.settings_dict["NAME"]).resolve()
    kind = file_system_of(file, MOUNTS.read_text(errors="surrogateescape"))
    if kind in NETWORK_FILE_SYSTEMS:
        refusal = _("The database %(file)s lies on a network file system (%(kind)s), where SQLite loses data.")
        raise Refused(refusal % {"file": file, "kind": kind})


# --- The database, before anything is changed in it ------------------------------------------------------------------


def check_sessions():
    """The database keeps a session's settings and locks: no pooler drops them (PostgreSQL)."""
    if connection.vendor != "postgresql":
        return
    try:
        wrong = next(sessions.faults(), None)
    except DatabaseError as error:
        if "unsupported startup parameter" not in str(error):
            raise _does_not_answer(error) from None
        wrong = _(
            "The pooler before the database does not take the settings that end hanging requests; let it pass them "
            "over (ignore_startup_parameters = options), and this check says what to set instead."
        )
    if wrong:
        raise Refused(wrong)


def _does_not_answer(error):
    return Refused(_("The database does not answer: %s") % _first_line(error))


@contextmanager
def one_at_a_time(waiting):
    """Prepare the data in this block while nobody else does; `waiting` is called if that has to be waited for."""
    with ExitStack() as stack:
        try:
            is_held = stack.enter_context(locks.held_in_turn(STARTING, seconds=START_SECONDS, waiting=waiting))
        except DatabaseError as error:
            raise _does_not_answer(error) from None
        if not is_held:
            raise Refused(_("Another start has been preparing this salon for ten minutes; look at what that one says."))
        yield


def keep_restores_out(stack):
    """Hold, for as long as `stack` lasts, the lock of those who serve this data: a restore waits for its end, not we for it."""
    try:
        is_held = stack.enter_context(locks.held(locks.SERVING, shared=True))
    except DatabaseError as error:
        raise _does_not_answer(error) from None
    if not is_held:
        raise Refused(_("A backup is being restored into this salon; start again when that has ended."))


def _first_line(error):
    return str(error).strip().partition("\n")[0]


def check_database():
    """The database answers, can be written, and runs with the settings the product's promises rest on."""
    try:
        with transaction.atomic():  # on SQLite this takes the write lock
            wrong = _wrong_sqlite_settings() if connection.vendor == "sqlite" else []
    except DatabaseError as error:
        raise _does_not_answer(error) from None
    if wrong:
        raise Refused(_("SQLite did not take the settings that keep data safe (it says %s).") % ", ".join(wrong))


def _wrong_sqlite_settings():
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in SQLITE_SETTINGS}
    return [f"{name}={value}" for name, value in found.items() if value != SQLITE_SETTINGS[name]]


def check_not_damaged():
    """A small database file is whole; a large one is looked through while it is served (salon/database/integrity.py)."""
    if integrity.is_small():
        for sentence in integrity.sentences():
            raise Refused(sentence)


def check_not_newer():
    """The database was not written by a newer version of the product."""
    loader = MigrationExecutor(connection).loader
    unknown = sorted(set(loader.applied_migrations) - set(loader.disk_migrations))
    if unknown:
        refusal = _("The database is newer than this program (it has the migration %s); install the version that wrote it.")
        raise Refused(refusal % ".".join(unknown[0]))


def check_data_directory_fits():
    """The database belongs to this data directory, or to none yet."""
    if fault := data_directory.fault():
        raise Refused(fault)


def check_no_demo_users(host):
    """Demo log-ins need no second factor, so they stay on this computer."""
    from salon.accounts.models import User

    if is_loopback(host) or User._meta.db_table not in connection.introspection.table_names():
        return
    if User.objects.filter(is_demo=True).exists():
        raise Refused(_("This database holds demo log-ins; it is served on this computer only (127.0.0.1), not on %s.") % host)


# --- What the database needs, and what the operator should know --------------------------------------------------------


def needs_migrate():
    """True if migrations wait or the guards are not those declared."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()) or guards.missing() or guards.undeclared())


def is_empty():
    """True for a database in which nobody has begun: no log-in, and no branch but the first, unused."""
    from salon.accounts.models import User
    from salon.shop.queries import begun_branches

    return not (User.objects.exists() or begun_branches())


def warnings():
    """What weakens the product's promises though it starts."""
    if connection.vendor == "sqlite":
        version = sqlite.library_version()
        if sqlite.has_wal_reset_bug(version):
            number = ".".join(map(str, version))
            yield (
                _("SQLite %s can damage a database in rare cases; use Linux on x86-64, or a Python with SQLite 3.51.3 or newer.")
                % number
            )
        return
    with connection.cursor() as cursor:
        for name in POSTGRESQL_SETTINGS:
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                yield _("PostgreSQL runs with %s=off: a power cut loses what people have saved.") % name
