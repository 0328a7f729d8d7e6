"""Is the product well? One address a monitor can ask."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from salon import access, guards, integrity, replica, sqlite
from salon.nightly import queries


def of_the_schema():
    """What is wrong with tables and guards, as short English codes."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return ["migrations_pending"]
    return ["guards_differ"] if guards.missing() or guards.undeclared() else []


def of_the_file():
    """What was found out about the database file since `serve` began, as short English codes."""
    return ["database_damaged"] if integrity.is_damaged() else []


def findings():
    """What is wrong, as a list of short English codes; empty when all is well. Raises DatabaseError if nothing answers."""
    found = of_the_schema()
    if "migrations_pending" not in found:
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
    found = {
        "sqlite_library_has_wal_reset_bug": connection.vendor == "sqlite" and sqlite.has_wal_reset_bug(sqlite.library_version()),
        "replica_does_not_answer": not replica.answers(),
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
