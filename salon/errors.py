"""Error pages: what went wrong, in the person's language, that nothing was half saved, and the way on.

They hold no query of their own: a page about a broken database must not need it. Who is logged in keeps the frame.
"""

import logging
import secrets
import sqlite3
import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from salon import drafts, links, operations
from salon.database import integrity
from salon.serving.bodies import NO_ROOM
from salon.serving.connections import TOO_LARGE
from salon.storage import files

logger = logging.getLogger("salon.errors")


class Conflict(Exception):
    """What the person wanted to change has changed meanwhile; the message says how. Answered with 409."""

    title = gettext_lazy("Somebody was faster")


class Barred(Conflict):
    """What the person wants is not possible as things stand; the message says what has to be done first."""

    title = gettext_lazy("Not possible now")


def page(request, status, title, text, *, retry_after=None, framed=True, **context):
    """An error page with a title, a sentence, and a way on.

    `framed` False: without navigation, for faults in which nothing but the request itself can be relied on.
    """
    known = framed and getattr(getattr(request, "actor", None), "role", None)
    context |= {
        "status": status,
        "title": title,
        "text": text,
        "base": "base.html" if known else "base_bare.html",
        "back": _page_before(request),
    }
    template = "errors/fragment.html" if request.headers.get("HX-Request") else "errors/page.html"
    response = render(request, template, context, status=status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def _page_before(request):
    """The page of ours the person came from, as a path, or "". An error page offers it as the way back."""
    path = links.path_in(request, "Referer")
    return path if path != request.get_full_path() else ""


def _to_send_again(request):
    """What was typed, as (name, value) pairs, so that a busy database costs nobody an entry; None if it cannot be kept.

    Not kept: what carries passwords or files, and what has not passed the check against forged requests.
    """
    is_trusted = getattr(request, "csrf_processing_done", False)
    if not is_trusted or hasattr(request, "sensitive_post_parameters") or request.FILES:
        return None
    own = "csrfmiddlewaretoken"
    return [(name, value) for name, values in request.POST.lists() if name != own for value in values]


def page_for(request, exception):
    """The page for an exception that has one, else None (Django's own handling goes on)."""
    match exception:
        case operations.AlreadyDone():
            return _see(request, exception.url)
        case operations.KeyConflict():
            return page(
                request,
                409,
                _("This form was used already"),
                _("It was stored once, with other content. Open the page again and enter the second one anew."),
                spent_key=drafts.name_of(request),
            )
        case operations.BadKey():
            return page(
                request,
                409,
                _("This form is out of date"),
                _("Nothing was stored. Go back, reload the page and send it again."),
                spent_key=drafts.name_of(request),
            )
        case Conflict():
            return page(request, 409, exception.title, str(exception))
        case RequestDataTooBig():
            return too_large(request)
        case DatabaseError() if integrity.means_damage(exception):
            return damaged(request, exception)
        case OperationalError() | InterfaceError() | sqlite3.OperationalError():
            return unavailable(request, exception)
        case OSError() if files.is_full(exception):
            return unavailable(request, exception)
        case DatabaseError() if _is_serialization_failure(exception):
            return unavailable(request, exception)
    return None


def _is_serialization_failure(exception):
    return getattr(exception.__cause__, "sqlstate", "") in {"40001", "40P01", "55P03"}


def _see(request, url):
    return HttpResponseClientRedirect(url) if request.headers.get("HX-Request") else redirect(url)


def unavailable(request, exception):
    """503: the database did not answer in time, or a disk is full. What was typed can be sent again from here."""
    logger.error("unavailable: %s", type(exception).__name__, exc_info=exception)
    if files.is_full(exception):
        return disk_full(request)
    return _again_later(request, _("The database is busy"), _("Nothing was stored. Wait a moment, then try again."))


def disk_full(request):
    """503: there is no room for what was sent. Nothing of it was kept."""
    text = _("Nothing was stored. Free some space on the computer the archive runs on, then try again.")
    return _again_later(request, _("The disk is full"), text)


def _again_later(request, title, text):
    in_view = getattr(request, "resolver_match", None) is not None
    repeat = request.method == "GET"
    return page(request, 503, title, text, retry_after=5, framed=in_view, typed=_to_send_again(request), repeat=repeat)


def damaged(request, exception):
    """503: the database file is damaged; every page says so from now on, and healthz."""
    integrity.note_damage()
    logger.error("the database file is damaged", exc_info=exception)
    text = _("Nothing was stored. Tell whoever looks after the computer: the last backup has to be restored.")
    return page(request, 503, _("The database is damaged"), text, framed=False)


def bad_request(request, exception=None):
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return too_large(request)
    if files.is_full(exception):  # a session that could not be stored is taken for one that was ended
        return unavailable(request, exception)
    return page(request, 400, _("The browser sent something odd"), _("Go back and try again. Nothing was stored."))


def too_large(request):
    return page(request, 413, _("Too large"), _("What you sent is larger than this page takes. Nothing was stored."))


def address_too_long(request):
    """414: no page of ours asks so much in its address."""
    return page(request, 414, _("Too large"), _("This address is longer than any page of the archive has."))


def not_received(request, status):
    """413, 408 or 503: the server has not taken all of what was sent (salon/serving/connections.py)."""
    if status == TOO_LARGE:
        return too_large(request)
    if status == NO_ROOM:
        return disk_full(request)
    text = _("What you sent came in too slowly. Nothing was stored. Try again where the connection is better.")
    return page(request, status, _("The connection is too slow"), text)


def forbidden(request, exception=None):
    return page(request, 403, _("Not for your role"), _("Your log-in may not open this. Ask your manager if you need it."))


def not_found(request, exception=None):
    return page(request, 404, _("Not found"), _("There is nothing at this address, or it belongs to another branch."))


def not_allowed(request, methods):
    """405: an address that takes forms was opened as a page, or the other way round."""
    response = page(request, 405, _("This is not a page"), _("This address only works from a button. Nothing was stored."))
    response["Allow"] = ", ".join(methods)
    return response


def csrf_failure(request, reason=""):
    text = _("You logged in or out meanwhile, or cookies are blocked. Nothing was stored. Go back, reload the page, try again.")
    return page(request, 403, _("The page is out of date"), text)


def server_error(request):
    """500; or what page_for knows of a fault outside a view, such as a session that could not be read."""
    try:
        known = page_for(request, sys.exception())
        if known:
            return known
        number = secrets.token_hex(3).upper()
        logger.error("fault %s at %s", number, getattr(getattr(request, "resolver_match", None), "view_name", "no page"))
        text = _("It is our fault, not yours. Nothing was half stored; the fault was written down.")
        return page(request, 500, _("Something broke"), text, framed=False, number=number)
    except Exception:  # the page itself is what broke: say so without templates
        logger.exception("the error page failed")
        html = format_html("<!doctype html><meta charset=utf-8><title>500</title><h1>{}</h1>", _("Something broke"))
        return HttpResponse(html, status=500)
