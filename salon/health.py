"""Is the product well? One address a monitor can ask."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.http import require_safe

from salon import access, guards, sqlite


def findings():
    """What is wrong, as a list of short English codes; empty when all is well. Raises DatabaseError if nothing answers."""
    found = []
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        found.append("migrations_pending")
    elif guards.missing() or guards.undeclared():
        found.append("guards_differ")
    return found


def warnings():
    """What a manager should know though the product works."""
    if connection.vendor == "sqlite" and sqlite.has_wal_reset_bug(sqlite.library_version()):
        return ["sqlite_library_has_wal_reset_bug"]
    return []


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
        body |= {"findings": found, "warnings": warnings()}
    return JsonResponse(body, status=503 if found else 200)
