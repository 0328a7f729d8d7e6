"""What must be true before the product starts serving. Each check refuses with one sentence and touches no data."""

import ipaddress
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from salon import guards, sqlite

MOUNTS = Path("/proc/mounts")
NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("ceph", "curlftpfs", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs")}
)
SQLITE_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "secure_delete": 1}
POSTGRESQL_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class Refused(Exception):
    """The product must not start; the text says why and what to do, in one sentence."""


def check_data_directory():
    """The data directory can be written."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR):
            pass
    except OSError as error:
        reason = {"folder": settings.DATA_DIR, "reason": error.strerror}
        raise Refused(_("The data directory %(folder)s cannot be written (%(reason)s).") % reason) from None


def is_loopback(host):
    """True for an address that only this computer reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_exposure(host):
    """A server that others can reach has TLS before it, or was told that the network is trusted."""
    if not (is_loopback(host) or settings.BEHIND_TLS or settings.PLAIN_HTTP):
        raise Refused(
            _(
                "To listen on %(host)s, either put TLS in front and set SALON_PUBLIC_URL=https://…, "
                "or set SALON_PLAIN_HTTP=1 if everybody on this network is trusted."
            )
            % {"host": host}
        )


def check_no_demo_users(host):
    """Demo log-ins need no second factor, so they stay on this computer."""
    from salon.accounts.models import User

    if is_loopback(host) or User._meta.db_table not in connection.introspection.table_names():
        return
    if User.objects.filter(is_demo=True).exists():
        raise Refused(_("This database holds demo log-ins, so it is served on this computer only (127.0.0.1), not on %s.") % host)


def file_system_of(path, mounts):
    """The type of the file system that holds `path`, by the text of /proc/mounts; "" if unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        point = fields[1].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, fields[2]
    return kind


def check_local_disk():
    """SQLite's locks and its shared memory do not work over a network."""
    if connection.vendor != "sqlite" or not MOUNTS.exists():
        return
    file = Path(connection.settings_dict["NAME"]).resolve()
    kind = file_system_of(str(file), MOUNTS.read_text(errors="replace"))
    if kind in NETWORK_FILE_SYSTEMS:
        raise Refused(
            _("The database %(file)s lies on a network file system (%(kind)s), where SQLite loses data; move it to a local disk.")
            % {"file": file, "kind": kind}
        )


def check_database():
    """The database answers, can be written, and runs with the settings the product's promises rest on."""
    try:
        with transaction.atomic():  # on SQLite this takes the write lock
            pass
        wrong = _wrong_sqlite_settings() if connection.vendor == "sqlite" else []
    except DatabaseError as error:
        raise Refused(_("The database does not answer: %s") % str(error).strip().splitlines()[0]) from None
    if wrong:
        raise Refused(_("SQLite did not take the settings that keep data safe: %s") % ", ".join(wrong))


def _wrong_sqlite_settings():
    wrong = []
    with connection.cursor() as cursor:
        for name, wanted in SQLITE_SETTINGS.items():
            found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
            if found != wanted:
                wrong.append(f"{name}={found}")
    return wrong


def check_not_newer():
    """The database was not written by a newer version of the product."""
    loader = MigrationLoader(connection)
    unknown = sorted(set(loader.applied_migrations) - set(loader.disk_migrations))
    if unknown:
        raise Refused(
            _("The database is newer than this program (it has %s); install the version that wrote it.") % ".".join(unknown[0])
        )


def needs_migrate():
    """True if migrations wait or guards are missing."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()) or guards.missing())


def warnings():
    """What the operator should know though the product starts."""
    if connection.vendor == "sqlite":
        version = sqlite.library_version()
        if sqlite.has_wal_reset_bug(version):
            number = ".".join(map(str, version))
            yield (
                _("SQLite %s can damage the database in rare cases; use Linux, or a Python with SQLite 3.51.3 or newer.") % number
            )
        return
    with connection.cursor() as cursor:
        for name in POSTGRESQL_SETTINGS:
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                yield _("PostgreSQL runs with %s=off: a power cut loses what people have saved.") % name
