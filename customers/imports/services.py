"""Writing imports: begin one with a file, store what was read, or give it up."""

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.imports import guesses, work
from customers.imports.folders import ImportFolder, prune
from customers.imports.models import ImportRun
from salon import operations
from salon.errors import Barred, Conflict

MOST_IN_LINE = 50  # imports of one branch that wait

BEGIN, STORE = "import_begin", "import_store"  # actions of operation keys


def begin(*, actor, key, data, kind, branch, file, create_customers=False):
    """Keep a file and have it read when its turn comes. Returns the ImportRun. Its rows may mean customers of any branch only
    if the owner brings it. Raises operations.AlreadyDone, KeyConflict, and Barred while too many of the branch wait.

    The file is kept before the row is committed, and forgotten again if it cannot be.
    """
    folder = None
    try:
        with transaction.atomic():
            operation = operations.claim(key=key, user=actor.user, action=BEGIN, data=data)
            prune(actor.now)
            guesses.forget(actor.now)
            if ImportRun.objects.filter(branch=branch, state__in=ImportRun.IN_LINE).count() >= MOST_IN_LINE:
                raise Barred(_("Many files of this branch wait to be read. Send this one when they are done."))
            run = ImportRun.objects.create(
                kind=kind.name,
                branch=branch,
                user=actor.user,
                file_name=file.name[-120:],
                create_customers=create_customers,
                everywhere=actor.is_owner,
                language=get_language(),  # of the page: what the work has to say is read there
                created_at=actor.now,
                started_at=actor.now,
            )
            folder = ImportFolder(run.pk)
            folder.clear()  # of an import that was rolled back
            folder.open(file.chunks())
            operation.url = run.get_absolute_url()
            operation.save(update_fields=["url"])
            transaction.on_commit(work.move_on, robust=True)  # if not now, when somebody looks
    except BaseException:
        if folder:
            folder.clear()
        raise
    return run


@transaction.atomic
def store(*, actor, key, run):
    """Have stored what was read when its turn comes: for who brought the file. Raises Conflict if it is not waiting for that,
    Barred for others and for who has lost the reach it was read with, operations.AlreadyDone.
    """
    if not may_store(actor, run):
        raise Barred(_("Only the person who brought this file can store it."))
    operations.claim(key=key, user=actor.user, action=STORE, data={"run": run.pk}, url=run.get_absolute_url())
    waiting = ImportRun.objects.filter(pk=run.pk, state=ImportRun.READY)
    if not waiting.update(state=ImportRun.TO_STORE, started_at=actor.now, finished_at=None, language=get_language()):
        raise Conflict(_("This file is not waiting to be stored any more."))
    transaction.on_commit(work.move_on, robust=True)  # if not now, when somebody looks


def may_store(actor, run):
    """True for who brought the file, as long as its rows may not mean more customers than the person may."""
    return run.user_id == actor.user.pk and (actor.is_owner or not run.everywhere)


def drop(*, actor, run):
    """Give up an import that waits, or whose process is gone; its rows are forgotten. One statement, so no transaction."""
    states = [ImportRun.READY, *ImportRun.IN_LINE]
    if work.is_abandoned(run, actor.now):
        states.append(run.state)
    dropped = ImportRun.objects.filter(pk=run.pk, state__in=states)
    if not dropped.update(state=ImportRun.DROPPED, finished_at=actor.now, dropped_by=actor.user):
        raise Conflict(_("This import cannot be given up now."))
    transaction.on_commit(ImportFolder(run.pk).clear)
    transaction.on_commit(work.move_on, robust=True)  # if not now, when somebody looks
