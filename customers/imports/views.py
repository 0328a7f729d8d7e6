"""Bringing in files: upload, look at what would happen, store, and what became of it."""

import csv

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.imports import queries, registry, services, work
from customers.imports.filters import ImportFilter
from customers.imports.folders import ImportFolder
from customers.imports.forms import UploadForm
from customers.imports.models import ImportRun
from customers.log.services import log_export
from salon import access, operations, panels
from salon.lists import Sort, listing

NOTES = "import.notes"  # higher floors: what follows from an import that was stored
SORTS = {"newest": Sort(_("Newest first"), ("-pk",)), "oldest": Sort(_("Oldest first"), ("pk",))}


@require_safe
def import_list(request):
    """All imports, the newest first."""
    runs = ImportRun.objects.visible_to(request.actor).select_related("branch", "user__staff")
    page = listing(request, ImportFilter, runs, sorts=SORTS, default="newest")
    rows = [(run, _label(run), work.is_abandoned(run, request.actor.now)) for run in page.rows]
    return render(request, "customers/imports/list.html", {"listing": page, "rows": rows, "kinds": registry.kinds()})


def _label(run):
    try:
        return registry.get(run.kind).label
    except KeyError:
        return run.kind


def _kind(name):
    try:
        return registry.get(name)
    except KeyError:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
def start(request, kind):
    """Choose a file and send it."""
    kind, actor, status = _kind(kind), request.actor, 200
    form = UploadForm(kind=kind, actor=actor)
    if request.method == "POST":
        key = operations.read_key(request.POST.get(operations.FIELD), actor.user, services.BEGIN)
        form = UploadForm(request.POST, request.FILES, kind=kind, actor=actor)
        if form.is_valid():
            run = services.begin(
                actor=actor,
                key=key,
                data=operations.posted(request),
                kind=kind,
                branch=form.cleaned_data.get("branch") or actor.branch,
                file=form.cleaned_data["file"],
                create_customers=form.cleaned_data.get("create_customers", False),
            )
            return redirect(run)
        status = 422
    context = {
        "kind": kind,
        "kinds": registry.kinds(),
        "form": form,
        "operation": request.POST.get(operations.FIELD) or operations.new_key(actor.user, services.BEGIN),
    }
    return render(request, "customers/imports/start.html", context, status=status)


@require_safe
def template(request, kind):
    """An empty table with the headings of a kind, in the script of the page."""
    kind = _kind(kind)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind.name}.csv"'
    response.write("\ufeff")
    place = 0 if get_language().startswith("zh") else 1
    csv.writer(response).writerow([column.names[place] for column in kind.columns])
    return response


def _run(request, pk):
    return access.get(request.actor, ImportRun.objects.select_related("branch", "user__staff"), pk=pk)


def _context(request, run):
    abandoned = work.is_abandoned(run, request.actor.now)
    kind = _kind(run.kind)
    return {
        "run": run,
        "kind": kind,
        "abandoned": abandoned,
        "is_mine": services.may_store(request.actor, run),
        "made": [(label, run.counts.get(name, 0)) for name, label in kind.counted.items()],
        "has_something": any(run.counts.get(name) for name in kind.counted),
        "done": ImportFolder(run.pk).progress if run.is_working else 0,
        "has_refused": ImportFolder(run.pk).refused.exists(),
    }


@require_safe
def detail(request, pk):
    """One import: how far it is, what would be stored, or what was."""
    run = _run(request, pk)
    context = _context(request, run)
    if run.state == run.READY:
        context["details"] = queries.details(run, request.actor)
        context["operation"] = operations.new_key(request.actor.user, services.STORE)
    elif run.state == run.DONE:
        context["notes"] = panels.collect(NOTES, request.actor, [run])[run.pk]
    return render(request, "customers/imports/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def progress(request, pk):
    """How far an import is, for the page that asks again; once it is done, the whole page is drawn anew.

    Who waits in line asks by POST: should the one before have ended without calling the next, this calls it.
    """
    run = _run(request, pk)
    if request.method == "POST":
        work.move_on(lambda: request.actor.now)
        run = _run(request, pk)
    context = _context(request, run)
    if not request.htmx:
        return redirect(run)
    response = render(request, "customers/imports/_progress.html", context)
    if not (run.is_in_line if request.method == "POST" else run.is_working) or context["abandoned"]:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def store(request, pk):
    """Store what was read."""
    run = _run(request, pk)
    key = operations.read_key(request.POST.get(operations.FIELD), request.actor.user, services.STORE)
    services.store(actor=request.actor, key=key, run=run)
    return redirect(run)


@require_POST
def drop(request, pk):
    """Do not store it."""
    run = _run(request, pk)
    services.drop(actor=request.actor, run=run)
    return redirect("imports:start", kind=run.kind)


@require_safe
def refused(request, pk):
    """The refused rows as a table to mend and send again: for the person who brought the file, and logged."""
    run = _run(request, pk)
    path = ImportFolder(run.pk).refused
    if not services.may_store(request.actor, run) or not path.exists():
        raise Http404
    log_export(actor=request.actor, what="import_refused", address=request.META.get("REMOTE_ADDR"))
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"refused-{run.pk}.csv", content_type="text/csv; charset=utf-8"
    )
