"""What happens around every request: who asks, in which language, may they, and errors in words a person understands."""

import time
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from salon import access, errors
from salon.accounts.backend import actor_for
from salon.links import LONGEST, is_own_page, path_in
from salon.serving import bodies
from salon.serving.connections import REFUSED

READING = frozenset({"GET", "HEAD"})
SINCE, SEEN = "since", "seen"  # session: when the person logged in, when a request last came (seconds)


def hardened_headers(get_response):
    """Nothing a logged-in page shows may stay in a shared PC's cache; other origins may not embed anything."""

    def middleware(request):
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    return middleware


def _is_over(request):
    """True after SESSION_IDLE_SECONDS without a request by a person, or SESSION_ABSOLUTE_SECONDS after logging in.

    The stamps live in the session because Django moves a session's own expiry with every save. `SEEN` is written once a
    minute at most, so that reading pages does not write a session each. A page that refreshes itself says so (X-Background):
    nobody sits there, so it does not keep the session alive.
    """
    session, now = request.session, int(time.time())
    since, seen = session.setdefault(SINCE, now), session.setdefault(SEEN, now)
    if now - seen >= 60 and "X-Background" not in request.headers:
        session[SEEN] = now
    if session.modified:
        _store_stamps(session)
    return now - seen > settings.SESSION_IDLE_SECONDS or now - since > settings.SESSION_ABSOLUTE_SECONDS


def _store_stamps(session):
    """Store them at once, and do without if the database takes nothing: a page that is only read must not fail for them."""
    try:
        session.save()
    except UpdateError:
        return  # ended elsewhere meanwhile; Django says so after the view
    except OperationalError:
        pass
    session.modified = False


def _language_of(request):
    """The person's own choice, else this browser's cookie, else the installation's language."""
    chosen = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def person(get_response):
    """Sets `request.actor` and the language; ends sessions that lasted or were idle too long."""

    def middleware(request):
        if request.user.is_authenticated and _is_over(request):
            logout(request)
        request.actor = actor_for(request, timezone.now())
        with translation.override(_language_of(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ["Cookie"])
        return _redirect_whole_page(request, response)

    return middleware


def _redirect_whole_page(request, response):
    """A fragment that meets an ended session must not swallow the log-in page: htmx is told to leave the whole page.

    After logging in, the person is back on the page, not on the fragment.
    """
    to_login = response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL))
    if not (request.headers.get("HX-Request") and to_login):
        return response
    whole = HttpResponse(status=204)
    whole["HX-Redirect"] = _with_next(urlsplit(response["Location"]).path, path_in(request, "HX-Current-URL"))
    whole.cookies = response.cookies
    return whole


def _with_next(url, target):
    """`url` with ?next=target. The log-in judges the target (salon/accounts/views.py), whoever wrote it."""
    return f"{url}?{urlencode({'next': target})}" if target else url


def friendly_errors(get_response):
    """Turns the exceptions of services and of the database into pages a person understands (salon/errors.py)."""

    def middleware(request):
        if len(request.get_full_path()) > LONGEST:
            return errors.address_too_long(request)
        refused = request.META.get(REFUSED)
        if refused:
            return errors.not_received(request, refused)
        return get_response(request) if bodies.is_readable(request.META) else errors.bad_request(request)

    def process_exception(request, exception):
        return errors.page_for(request, exception)

    middleware.process_exception = process_exception
    return middleware


class AccessTable:
    """Lets a request through only if the table in salon/access.py says so. A page that is not in the table is refused."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        page = access.PAGES.get(request.resolver_match.view_name)
        if page is None:
            raise PermissionDenied
        allowed = [m for m, roles in (("GET", page.read), ("HEAD", page.read), ("POST", page.write)) if roles]
        if request.method not in allowed:
            return errors.not_allowed(request, allowed)
        if page.public:
            return None
        actor = request.actor
        if actor.needs_second_factor and not page.before_second_factor:
            return HttpResponseRedirect(_with_next(resolve_url("second_factor"), _path_to_return_to(request)))
        if actor.role not in (page.read if request.method in READING else page.write):
            raise PermissionDenied
        return None


def _path_to_return_to(request):
    """Where the person goes on after logging in: the page asked for, or the one a form was sent from, whose draft is there."""
    if request.method in READING:
        return request.get_full_path()
    return next((path for path in (path_in(request, "Referer"), request.get_full_path()) if is_own_page(path)), "")


class LogInFirst(LoginRequiredMiddleware):
    """Whoever is not logged in is sent to the log-in, and from there back to the page, with what was typed (salon/drafts.py)."""

    def handle_no_permission(self, request, view_func):
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        return HttpResponseRedirect(_with_next(resolve_url(settings.LOGIN_URL), _path_to_return_to(request)))
