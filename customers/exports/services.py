"""Lists as files: short ones are answered at once, long ones made in the background."""

import time

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.exports import registry, shelf, work
from customers.log.services import log_export
from salon import exports, links
from salon.database import locks
from salon.errors import Conflict
from salon.spreadsheets import xlsx

KEPT_EACH = 5  # files of one person


def answer(request, page):
    """The list of a page as a file. A long one is not made now: a page says so, from where it can be begun."""
    kind = registry.get(page)
    prepared = kind.prepare(request)
    if prepared is None:
        return exports.refused(request, reverse(kind.back))
    if prepared.is_long:
        query = request.GET.urlencode()
        context = {"kind": kind, "query": query, "back": links.with_query(reverse(kind.back), query)}
        return render(request, "customers/exports/long.html", context)
    log_export(actor=request.actor, what=kind.logged_as, address=request.META.get("REMOTE_ADDR"))
    return xlsx.response(prepared.filename, prepared.sheets)


def begin(*, actor, kind, query):
    """Begin to make a file in the background; returns its Job, that of the same request if it is being made already.

    Raises Conflict while another file of the person is being made.
    """
    for _try in range(50):
        with locks.held("exports-begin") as is_alone:  # of two clicks the second finds what the first has begun
            if is_alone:
                return _begin(actor, kind, query)
        time.sleep(0.1)
    raise Conflict(_("Another file of yours is being made. Begin the next one when it is ready."))


def _begin(actor, kind, query):
    shelf.prune(actor.now)
    asked = (actor.user.pk, actor.role, actor.branch.pk, kind.page, query, get_language())
    mine = [job for job in shelf.jobs() if job.user == actor.user.pk]
    for job in mine:
        if job.state == shelf.MAKING and not job.is_abandoned(actor.now):
            if job.asked == asked:
                return job
            raise Conflict(_("Another file of yours is being made. Begin the next one when it is ready."))
    for job in mine[KEPT_EACH - 1 :]:
        job.clear()
    user, role, branch, page, query, language = asked
    job = shelf.open_new(
        user=user, role=role, branch=branch, page=page, query=query, language=language, begun_at=actor.now.isoformat()
    )
    work.start(job)
    return job


def mine(actor):
    """The Jobs of a person that are not gone yet, the newest first."""
    own = [job for job in shelf.jobs() if job.user == actor.user.pk and registry.knows(job.page)]
    return [job for job in own if job.state == shelf.MAKING or actor.now < job.until]


def may_take(actor, job):
    """True if somebody may take a file as it was made: their own, by the role and at the branch they had then."""
    kind = registry.get(job.page)
    same = job.role == actor.role and (actor.is_owner or job.branch == actor.branch.pk)
    return job.user == actor.user.pk and same and actor.may_read(kind.page)
