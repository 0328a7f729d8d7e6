"""Lists taken away as a file: the list's own rows, a sheet that says what they are, and an entry in the access log before."""

import os
import tempfile
from pathlib import Path

from django.core.management.base import CommandError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from salon import replica, xlsx


def refused(request, list_url):
    """An invalid filter leads back to the list, which says what is wrong with it."""
    return redirect(f"{list_url}?{request.GET.urlencode()}")


def of_list(request, name, sheet, found, more=()):
    """The workbook of a Listing as a download, with a sheet that says by which filter and order, and `more`. Log it first."""
    facts = [*about(request.actor), *found.conditions, (_("Order"), str(found.sorts[found.sort].label)), *more]
    return xlsx.response(filename(name, request.actor), [sheet, facts_sheet(facts)])


def to_file(path, sheets):
    """Write a workbook beside its place and move it there whole. Raises CommandError if it cannot be written."""
    path, unfinished = Path(path), None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            unfinished = Path(file.name)
            xlsx.write(file, sheets)
        os.replace(unfinished, path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    finally:
        if unfinished:
            unfinished.unlink(missing_ok=True)


def about(actor):
    """Who took it, when, from where: a file that goes astray says whose it was."""
    who = actor.staff.name if actor.staff else actor.user.get_username()
    branch = actor.branch.name if actor.branch else ""
    at = timezone.localtime(actor.now).strftime("%Y-%m-%d %H:%M")
    return [(_("Exported by"), who), (_("Exported at"), at), *([(_("Branch"), branch)] if branch else [])]


def facts_sheet(facts):
    """A sheet of terms and what they mean, or conditions and what was chosen; and of when the rows are, if they are behind."""
    if moment := replica.as_of():
        facts = [*facts, (_("Data as of"), timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S"))]
    columns = [xlsx.Column("", width=28), xlsx.Column("", width=90)]
    return xlsx.Sheet(_("About this file"), columns, facts, has_titles=False, wraps=True)


def filename(name, actor):
    return f"{slugify(name)}-{actor.today:%Y%m%d}.xlsx"
