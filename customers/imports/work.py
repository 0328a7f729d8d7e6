"""The work of an import, in a process of its own (`manage.py work_import`): so the pages stay quick, and its end harms nobody.

Few are at work at once, so that many files sent together take little memory; the others wait in line (`move_on`).

While it works it holds a lock that goes with the process. Whoever finds the lock free and the work not done knows that the
process was ended, and that nothing was stored: storing is one transaction.
"""

import logging
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from customers.imports import registry
from customers.imports.folders import ImportFolder
from customers.imports.models import ImportRun
from customers.imports.spool import Spool
from salon.database import locks
from salon.processes import background, untrusted
from salon.spreadsheets import reading
from salon.storage import files

READ, STORE = "read", "store"
AT_ONCE = 2  # imports at work in the whole installation; of one branch, one
NEXT = {ImportRun.TO_READ: (ImportRun.READING, READ), ImportRun.TO_STORE: (ImportRun.WRITING, STORE)}
START_SECONDS = 30  # how long a process may take to begin
LOCK_SECONDS = 10
EVERY = 0.5  # seconds between notes of progress
log = logging.getLogger(__name__)


def start(run, step, language):
    """Begin a step of an import in a process of its own, which speaks that language; returns at once."""
    background.start("work_import", str(run.pk), step, language, afterwards=partial(_ended, run.pk))


def _ended(pk):
    """The process of an import is gone; had it no time to call the next, call it."""
    try:
        move_on(ended=pk)
    except DatabaseError:
        log.exception("the line of imports")  # whoever looks at a waiting one calls it
    finally:
        connection.close()


def move_on(clock=timezone.now, ended=None):
    """Let those who stand first in line begin, as far as there is room. `ended`: an import whose process is known to be gone.

    Called when one is sent, is done, is given up, or is looked at while it waits.
    """
    with transaction.atomic():
        unfinished = ImportRun.objects.filter(state__in=[*ImportRun.WORKING, *ImportRun.IN_LINE]).order_by("started_at", "pk")
        runs, now = list(unfinished.select_for_update(of=("self",)).select_related("branch")), clock()
        working = [run for run in runs if run.is_working and run.pk != ended and not is_abandoned(run, now)]
        begun = []
        for run in (run for run in runs if run.is_in_line):
            if len(working) < AT_ONCE and run.branch_id not in {each.branch_id for each in working}:
                working.append(run)
                begun.append((run, NEXT[run.state][1]))
                run.state, run.started_at = NEXT[run.state][0], now
                run.save(update_fields=["state", "started_at"])
    for run, step in begun:
        start(run, step, run.language)


def is_abandoned(run, now):
    """True if the process that worked on it is gone before it was done."""
    if not run.is_working or now - run.started_at < timedelta(seconds=START_SECONDS):
        return False
    if not ImportFolder(run.pk).folder.is_dir():
        return True
    with locks.held(ImportFolder(run.pk).lock) as is_free:
        return is_free


@contextmanager
def _alone(folder):
    """Hold the lock of an import; somebody who looks whether it is free holds it for a moment."""
    for _try in range(LOCK_SECONDS * 10):
        with locks.held(folder.lock) as is_held:
            if is_held:
                yield
                return
        time.sleep(0.1)
    raise RuntimeError("another process works on this import")


def do(run, step, language, clock):
    """Do a step of an import, then let the next in line begin; what goes wrong is said on its page, in that language.

    `clock` tells the time.
    """
    try:
        _do(run, step, language, clock)
    finally:
        move_on(clock)


def _do(run, step, language, clock):
    folder = ImportFolder(run.pk)
    with translation.override(language), _alone(folder):
        run.refresh_from_db()
        if run.state != {READ: ImportRun.READING, STORE: ImportRun.WRITING}[step]:
            return
        try:
            with untrusted.limited(reading.FROM_BROWSER.work):
                {READ: _read, STORE: _store}[step](run, folder, clock)
        except untrusted.TookTooLong:
            _fail(run, folder, clock, str(reading.REFUSALS["long"]))
        except MemoryError:
            _fail(run, folder, clock, str(reading.REFUSALS["large"]))
        except reading.Unreadable as why:
            _fail(run, folder, clock, str(why))
        except Exception as error:
            log.exception("import %s", run.pk)
            _fail(run, folder, clock, _reason(error))


def _reason(error):
    if files.is_full(error):  # met by the database, by the rows kept on the way, or by the note of progress
        return _("The disk is full.")
    if isinstance(error, DatabaseError):
        return _("The database did not take it. Try again.")
    return _("It is our fault, not yours; the fault was written down.")


def _fail(run, folder, clock, why):
    folder.forget_rows()
    run.state, run.problem, run.finished_at = ImportRun.FAILED, why[:400], clock()
    run.save(update_fields=["state", "problem", "finished_at"])


def _importer(run, spool, clock):
    kind = registry.get(run.kind)
    return kind.importer(
        spool,
        branch=run.branch,
        now=clock(),
        user=run.user,
        create_customers=run.create_customers,
        everywhere=run.everywhere,
    )


def _note(folder):
    """A function that notes progress, not too often."""
    last = 0.0

    def note(done):
        nonlocal last
        if time.monotonic() - last > EVERY:
            folder.note_progress(done)
            last = time.monotonic()

    return note


def _read(run, folder, clock):
    kind = registry.get(run.kind)
    folder.spool.unlink(missing_ok=True)
    folder.spool.touch(mode=0o600)
    with Spool(folder.spool) as spool:
        importer = _importer(run, spool, clock)
        with reading.opened(folder.upload, kind.names, reading.FROM_BROWSER) as table:
            registry.check_columns(kind, table)
            spool.set_fact("columns", table.columns)
            importer.take(table, progress=_note(folder))
        importer.plan()
        folder.write_refused(spool)
    folder.forget_upload()
    run.state, run.counts, run.finished_at = ImportRun.READY, dict(importer.counts), clock()
    run.save(update_fields=["state", "counts", "finished_at"])


def _store(run, folder, clock):
    with Spool(folder.spool) as spool:
        importer = _importer(run, spool, clock)
        importer.run, importer.counts["rows"] = run, run.counts["rows"]
        with transaction.atomic():
            importer.store(at_once=True, progress=_note(folder))
            run.state, run.counts, run.finished_at = ImportRun.DONE, dict(importer.counts), clock()
            run.save(update_fields=["state", "counts", "finished_at"])
            folder.write_refused(spool)  # while it can still be said that nothing was stored
    folder.forget_rows()
