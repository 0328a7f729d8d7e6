"""Writing imports: begin one with a file, store what was read, or give it up."""

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.imports import work
from customers.imports.desk import Desk, prune
from customers.imports.models import ImportRun
from salon import operations
from salon.errors import Conflict

BEGIN, STORE = "import_begin", "import_store"  # actions of operation keys


def begin(*, actor, key, data, kind, branch, file, create_customers=False):
    """Keep a file and begin to read it. Returns the ImportRun. Raises operations.AlreadyDone, KeyConflict.

    The file is kept before the row is committed, and forgotten again if it cannot be.
    """
    desk = None
    try:
        with transaction.atomic():
            operation = operations.claim(key=key, user=actor.user, action=BEGIN, data=data)
            prune(actor.now)
            run = ImportRun.objects.create(
                kind=kind.name,
                branch=branch,
                user=actor.user,
                file_name=file.name[-120:],
                create_customers=create_customers,
                created_at=actor.now,
                started_at=actor.now,
            )
            desk = Desk(run.pk)
            desk.clear()  # of an import that was rolled back
            desk.open(file.chunks())
            operation.url = run.get_absolute_url()
            operation.save(update_fields=["url"])
    except BaseException:
        if desk:
            desk.clear()
        raise
    _start(run, work.READ)
    return run


@transaction.atomic
def store(*, actor, key, run):
    """Begin to store what was read. Raises Conflict if it is not waiting for that, operations.AlreadyDone."""
    operations.claim(key=key, user=actor.user, action=STORE, data={"run": run.pk}, url=run.get_absolute_url())
    waiting = ImportRun.objects.filter(pk=run.pk, state=ImportRun.READY)
    if not waiting.update(state=ImportRun.WRITING, started_at=actor.now, finished_at=None):
        raise Conflict(_("This file is not waiting to be stored any more."))
    _start(run, work.STORE)


def _start(run, step):
    language = get_language()  # of the page: what the work has to say is read there
    transaction.on_commit(lambda: work.start(run, step, language))


@transaction.atomic
def drop(*, actor, run):
    """Give up an import that was read but not stored, or whose process is gone; its rows are forgotten."""
    states = [ImportRun.READY]
    if work.is_abandoned(run, actor.now):
        states.append(run.state)
    dropped = ImportRun.objects.filter(pk=run.pk, state__in=states)
    if not dropped.update(state=ImportRun.DROPPED, finished_at=actor.now):
        raise Conflict(_("This import cannot be given up now."))
    transaction.on_commit(Desk(run.pk).clear)
