"""Lists taken away as a file: the list's own rows, a sheet that says what they are, and an entry in the access log before."""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from salon import links
from salon.database import replica
from salon.shop.models import Shop
from salon.spreadsheets import xlsx


def refused(request, list_url):
    """An invalid filter leads back to the list, which says what is wrong with it."""
    return redirect(links.with_query(list_url, request.GET.urlencode()))


@dataclass(frozen=True)
class Prepared:
    """A workbook that can be written: its name, its sheets (read once), whether that takes long, and how many rows it has."""

    filename: str
    sheets: Iterable
    is_long: bool
    count: Callable


def of_list(request, name, sheet, found, more=()):
    """The Prepared workbook of a Listing, with a sheet that says by which filter and order, and `more`."""
    facts = [*about(request.actor), *found.conditions, (_("Order"), str(found.sorts[found.sort].label)), *more]
    sheets = sheets_of_list(request.actor, sheet, facts)
    return Prepared(filename(name, request.actor), sheets, found.is_long, found.queryset.count)


def sheets_of_list(actor, sheet, facts):
    """A list and what it is, which on paper stand under the salon's name."""
    about_line = made_line(actor, *([actor.branch.name] if actor.branch and not actor.is_owner else []))
    for each in (sheet, facts_sheet(facts)):
        each.title, each.about = f"{salon_name()} · {each.name}", about_line
        yield each


def salon_name():
    """What the salon calls itself; the product's name until somebody has said it."""
    return Shop.objects.values_list("name", flat=True).first() or _("Salon Archive")


def made_line(actor, *parts):
    """What a sheet is of (`parts`), when it was made and by whom, in a line."""
    facts = {"at": _at(actor), "who": _who(actor)}
    return " · ".join([*parts, _("made %(at)s by %(who)s") % facts])


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
    branch = actor.branch.name if actor.branch else ""
    return [(_("Exported by"), _who(actor)), (_("Exported at"), _at(actor)), *([(_("Branch"), branch)] if branch else [])]


def _who(actor):
    return actor.staff.name if actor.staff else actor.user.get_username()


def _at(actor):
    return timezone.localtime(actor.now).strftime("%Y-%m-%d %H:%M")


def facts_sheet(facts):
    """A sheet of terms and what they mean, or conditions and what was chosen; and of when the rows are, if they are behind."""
    if moment := replica.as_of():
        facts = [*facts, (_("Data as of"), timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S"))]
    columns = [xlsx.Column("", width=28), xlsx.Column("", width=90, wraps=True)]
    return xlsx.Sheet(_("About this file"), columns, facts, has_titles=False)


def as_corrected():
    """A fact: what a file of past days shows of two things it could, how they were recorded then or what is known of them now."""
    return _("Corrections"), _(
        "Past days are shown as corrected since: a bill that was corrected or voided later counts as it stands now."
    )


def filename(name, actor):
    return f"{slugify(name)}-{actor.today:%Y%m%d}.xlsx"
