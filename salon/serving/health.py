"""Is the product well? One address a monitor can ask."""

import threading
import time
from contextlib import contextmanager

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from salon import access, guards
from salon.database import integrity, replica, sqlite
from salon.nightly import queries
from salon.storage.models import DataDirectory

WRITE_SECONDS = 5  # within which a write is stored, also while an import of 10,000 rows holds SQLite's one writer
PROBED_FOR = 5  # seconds for which the outcome of a write stands


def of_the_schema():
    """What is wrong with tables and guards, as short English codes."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return ["migrations_pending"]
    return ["guards_differ"] if guards.missing() or guards.undeclared() else []


class WriteProbe:
    """Stores something that changes nothing, to see whether the database takes writes, and remembers the outcome for a while.

    One at a time in a process: who asks meanwhile hears the last outcome, so that a monitor cannot take all threads. On
    PostgreSQL it is a thread of its own that waits: a COMMIT that a standby must confirm knows no deadline, and ends when that
    standby is back.
    """

    def __init__(self):
        self._lock, self._asked_at, self._is_well = threading.Lock(), None, True

    def is_well(self):
        """False if a write is not stored within WRITE_SECONDS."""
        is_fresh = self._asked_at is not None and time.monotonic() - self._asked_at < PROBED_FOR
        if is_fresh or not self._lock.acquire(blocking=False):
            return self._is_well
        if connection.vendor == "sqlite":
            self._ask()
            return self._is_well
        thread = threading.Thread(target=self._ask_apart, args=[list(connection.execute_wrappers)], daemon=True)
        thread.start()
        thread.join(WRITE_SECONDS)
        if thread.is_alive():
            self._is_well = False
        return self._is_well

    def _ask_apart(self, wrappers):
        connection.execute_wrappers.extend(wrappers)  # what holds for every statement of this server: salon/database/sessions.py
        try:
            self._ask()
        finally:
            connection.close()

    def _ask(self):
        try:
            self._is_well = _stores_a_write()
            self._asked_at = time.monotonic()
        finally:
            self._lock.release()


def _stores_a_write():
    began = time.monotonic()
    try:
        with _little_time_for_locks(), transaction.atomic():
            DataDirectory.objects.update(number=F("number"))
    except DatabaseError:
        return False
    return time.monotonic() - began < WRITE_SECONDS


@contextmanager
def _little_time_for_locks():
    """SQLite waits for its one writer no longer than WRITE_SECONDS in this block."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = connection.settings_dict["OPTIONS"]["timeout"]
    _wait_at_most(WRITE_SECONDS)
    try:
        yield
    finally:
        _wait_at_most(usual)


def _wait_at_most(seconds):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


probe = WriteProbe()


def of_the_file():
    """What was found out about the database file since `serve` began, as short English codes."""
    return ["database_damaged"] if integrity.is_damaged() else []


def findings():
    """What is wrong, as a list of short English codes; empty when all is well. Raises DatabaseError if nothing answers."""
    found = of_the_schema()
    if "migrations_pending" not in found:
        found += [] if probe.is_well() else ["database_takes_no_writes"]
        nights = queries.state(timezone.now())
        overdue = {"nightly_overdue": nights.run_overdue, "backup_overdue": nights.backup_overdue}
        found += [code for code, is_so in overdue.items() if is_so]
    return found + of_the_file()


def of_the_nights():
    """What a manager should know of nights and backups though none is overdue, and since when they stand as they do."""
    nights = queries.state(timezone.now())
    codes = {
        "nightly_step_failed": nights.run_failed,
        "no_nightly_run_yet": nights.run_at is None,
        "no_backup_yet": nights.backup_at is None,
    }
    return [code for code, is_so in codes.items() if is_so], {"nightly_run": nights.run_at, "backup": nights.backup_at}


def warnings():
    """What a manager should know of the machinery though the product works."""
    copy = replica.standing()
    found = {
        "sqlite_library_has_wal_reset_bug": connection.vendor == "sqlite" and sqlite.has_wal_reset_bug(sqlite.library_version()),
        "replica_does_not_answer": not copy.answers,
        "replica_is_behind": copy.answers and not copy.is_usable,
    }
    return [code for code, is_so in found.items() if is_so]


def _details(found):
    """For managers, who are logged in, so the database has just answered; its tables may be those of another version."""
    if "migrations_pending" in found or "database_does_not_answer" in found:
        return {"findings": found, "warnings": warnings()}
    of_nights, since = of_the_nights()
    return {"findings": found, "warnings": warnings() + of_nights, "last": since}


@login_not_required
@require_safe
def healthz(request):
    """200 and {"status": "ok"} when well, else 503. Details are for managers only."""
    try:
        found = findings()
    except DatabaseError:
        found = ["database_does_not_answer"]
    body = {"status": "not ok" if found else "ok"}
    if request.actor.role in access.MANAGERS:
        body |= _details(found)
    return JsonResponse(body, status=503 if found else 200)
