"""One's own files: being made, ready to be taken, and gone after an hour."""

from copy import copy

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from customers.exports import registry, services, shelf
from customers.log.services import log_export
from salon import links
from salon.spreadsheets import xlsx


@require_safe
def file_list(request):
    """One's own files, the newest first; as a fragment for the page that asks again."""
    actor = request.actor
    rows = [_row(job, actor.now) for job in services.mine(actor)]
    context = {"rows": rows, "is_working": any(row["job"].state == shelf.MAKING and not row["abandoned"] for row in rows)}
    return render(request, "customers/exports/_files.html" if request.htmx else "customers/exports/list.html", context)


def _row(job, now):
    done, whole = job.progress
    kind = registry.get(job.page)
    return {
        "job": job,
        "label": kind.label,
        "url": f"{reverse(kind.back)}?{job.query}",
        "done": done,
        "whole": whole,
        "abandoned": job.is_abandoned(now),
    }


@require_POST
def begin(request):
    """Begin to make the file of a list in the background."""
    try:
        kind = registry.get(request.POST.get("page", ""))
    except KeyError:
        raise Http404 from None
    if not request.actor.may_read(kind.page):
        raise PermissionDenied
    asked = copy(request)
    asked.GET = QueryDict(request.POST.get("query", ""))
    query = asked.GET.urlencode()
    if kind.prepare(asked) is None:
        return redirect(links.with_query(reverse(kind.back), query))
    services.begin(actor=request.actor, kind=kind, query=query)
    return redirect("exports:list")


@require_safe
def take(request, token):
    """A file that is ready, for the person it was made for, while they may read the list. Logged each time."""
    actor, job = request.actor, shelf.find(token)
    if job not in services.mine(actor) or job.state != shelf.READY:
        raise Http404
    if not services.may_take(actor, job):
        raise PermissionDenied
    try:
        file = job.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    log_export(actor=actor, what=registry.get(job.page).logged_as, address=request.META.get("REMOTE_ADDR"))
    return FileResponse(file, as_attachment=True, filename=job.filename, content_type=xlsx.CONTENT_TYPE)
