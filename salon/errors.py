"""Error pages: what went wrong, in the person's language, and that nothing was half saved."""

import logging
import sqlite3

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, OperationalError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from salon import operations

logger = logging.getLogger("salon.errors")


class Conflict(Exception):
    """What the person wanted to change has changed meanwhile; the message says how. Answered with 409."""


def page(request, status, title, text, *, retry_after=None):
    """An error page with a title, a sentence, and a way on."""
    context = {"status": status, "title": title, "text": text, "bare": not getattr(request, "actor", None)}
    template = "errors/fragment.html" if request.headers.get("HX-Request") else "errors/page.html"
    response = render(request, template, context, status=status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


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
            )
        case operations.BadKey():
            return page(
                request,
                409,
                _("This form is out of date"),
                _("Nothing was stored. Go back, reload the page and send it again."),
            )
        case Conflict():
            return page(request, 409, _("Somebody was faster"), str(exception))
        case RequestDataTooBig():
            return too_large(request)
        case OperationalError() | sqlite3.OperationalError():
            return unavailable(request, exception)
        case DatabaseError() if _is_serialization_failure(exception):
            return unavailable(request, exception)
    return None


def _is_serialization_failure(exception):
    return getattr(exception.__cause__, "sqlstate", "") in {"40001", "40P01", "55P03"}


def _see(request, url):
    return HttpResponseClientRedirect(url) if request.headers.get("HX-Request") else redirect(url)


def unavailable(request, exception):
    """503: the database did not answer in time, or the disk is full."""
    logger.error("database unavailable: %s", type(exception).__name__, exc_info=exception)
    if "full" in str(exception).lower():
        text = _("Nothing was stored: the disk is full. Free some space, then send it again.")
    else:
        text = _("Nothing was stored. Your entry is still on the page before; wait a moment and send it again.")
    return page(request, 503, _("The database is busy"), text, retry_after=5)


def bad_request(request, exception=None):
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return page(request, 400, _("The browser sent something odd"), _("Go back and try again. Nothing was stored."))


def too_large(request):
    return page(request, 413, _("Too large"), _("What you sent is larger than this page takes. Nothing was stored."))


def forbidden(request, exception=None):
    return page(request, 403, _("Not for your role"), _("Your log-in may not open this. Ask your manager if you need it."))


def not_found(request, exception=None):
    return page(request, 404, _("Not found"), _("There is nothing at this address, or it belongs to another branch."))


def server_error(request):
    return page(
        request, 500, _("Something broke"), _("It is our fault, not yours. Nothing was half stored; the fault was written down.")
    )


def csrf_failure(request, reason=""):
    return page(
        request,
        403,
        _("The page is out of date"),
        _("You logged in or out meanwhile. Go back, reload the page and send it again."),
    )
