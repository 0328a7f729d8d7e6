"""Making a file in a process of its own (`manage.py work_export`), so that pages stay quick; two at a time, the others wait.

While it works it holds a lock that goes with the process, as an import does: whoever finds it free and the file not made knows
that the process was ended.
"""

import logging
import os
import time
from contextlib import ExitStack, contextmanager
from functools import partial

from django.db import DatabaseError
from django.http import HttpRequest, QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from customers.exports import registry, shelf
from salon.accounts.backend import StaffBackend, actor_of
from salon.database import locks, replica
from salon.processes import background
from salon.spreadsheets import xlsx

AT_ONCE = 2
PATIENCE = 1800  # seconds in line
EVERY = 0.5  # seconds between notes of progress
log = logging.getLogger(__name__)


class NotAllowed(Exception):
    """Who asked for the file may not have it any more."""


def start(job):
    """Begin to make a file in a process of its own; returns at once. When its time is over it is removed."""
    background.start("work_export", job.token, afterwards=partial(_remove_in_time, job.token))


def _remove_in_time(token):
    """In the thread that waited for the process. If the server ends before, the next file made, or the night, removes it."""
    time.sleep(shelf.KEPT.total_seconds() + 1)
    if job := shelf.find(token):
        job.clear()


def make(token, clock):
    """Make the file of a Job; what goes wrong is said on its page, in the language of the request. `clock` tells the time."""
    job = shelf.find(token)
    if job is None or job.state != shelf.MAKING:
        return
    with translation.override(job.language), locks.held(job.lock) as is_mine:
        if not is_mine:
            return
        try:
            with _turn(), replica.reading():
                _make(job, clock)
        except NotAllowed:
            _fail(job, clock, _("You may not take this list any more."))
        except DatabaseError:
            log.exception("export %s", job.page)
            _fail(job, clock, _("The database did not answer. Try again."))
        except OSError as error:
            log.exception("export %s", job.page)
            _fail(job, clock, _("The file could not be written: %(why)s") % {"why": error.strerror})
        except Exception:
            log.exception("export %s", job.page)
            _fail(job, clock, _("It is our fault, not yours; the fault was written down."))


def _fail(job, clock, why):
    job.file.with_suffix(".new").unlink(missing_ok=True)
    job.store(state=shelf.FAILED, problem=why, done_at=clock().isoformat())


@contextmanager
def _turn():
    """Wait until fewer than AT_ONCE files are being made."""
    with ExitStack() as held:
        for _try in range(PATIENCE * 2):
            if any(held.enter_context(locks.held(f"exports-{place}")) for place in range(AT_ONCE)):
                yield
                return
            held.close()
            time.sleep(0.5)
        raise RuntimeError("no place became free")


def _make(job, clock):
    request = _request(job, clock)
    prepared = registry.get(job.page).prepare(request)
    if prepared is None:
        raise RuntimeError("what was asked for is refused now")
    whole, unfinished = prepared.count(), job.file.with_suffix(".new")
    job.note_progress(0, whole)
    with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
        xlsx.write(file, _noted(job, prepared.sheets, whole))
    unfinished.replace(job.file)
    job.store(state=shelf.READY, filename=prepared.filename, rows=whole, done_at=clock().isoformat())


def _request(job, clock):
    """The request as its person would send it now. Raises NotAllowed if that would be refused."""
    request = HttpRequest()
    request.method, request.GET = "GET", QueryDict(job.query)
    request.user = StaffBackend().get_user(job.user)
    if request.user is None:
        raise NotAllowed
    request.actor = actor_of(request.user, clock(), chosen=job.branch)
    if request.actor.role != job.role or request.actor.branch.pk != job.branch or not request.actor.may_read(job.page):
        raise NotAllowed
    return request


def _noted(job, sheets, whole):
    """The sheets, with a note of how many of their rows are written, not too often."""
    done, last = 0, time.monotonic()

    def counted(rows):
        nonlocal done, last
        for row in rows:
            done += 1
            if done % 100 == 0 and time.monotonic() - last > EVERY:
                job.note_progress(min(done, whole), whole)
                last = time.monotonic()
            yield row

    for sheet in sheets:
        sheet.rows = counted(sheet.rows)
        yield sheet
