"""What happens around every request: who asks, in which language, may they, and errors in words a person understands."""

import time

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from salon import access, errors
from salon.accounts.backend import actor_for

READING = frozenset({"GET", "HEAD"})
IDLE_STAMP = "seen"


def hardened_headers(get_response):
    """Nothing a logged-in page shows may stay in a shared PC's cache; other origins may not embed anything."""

    def middleware(request):
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    return middleware


def _is_idle_too_long(request):
    """True after SESSION_IDLE_SECONDS without a request by a person. The stamp is written once a minute at most.

    A page that refreshes itself says so (X-Background): nobody sits there, so it does not keep the session alive.
    """
    now = int(time.time())
    seen = request.session.get(IDLE_STAMP)
    if seen is not None and now - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if seen is None or now - seen >= 60 and "X-Background" not in request.headers:
        request.session[IDLE_STAMP] = now
    return False


def _language_of(request):
    """The person's own choice, else this browser's cookie, else the installation's language."""
    chosen = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def person(get_response):
    """Sets `request.actor` and the language; ends sessions that were idle too long."""

    def middleware(request):
        if request.user.is_authenticated and _is_idle_too_long(request):
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
    """A fragment that meets an ended session must not swallow the log-in page: htmx is told to leave the whole page."""
    to_login = response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL))
    if request.headers.get("HX-Request") and to_login:
        whole = HttpResponseRedirect(response["Location"])
        whole.status_code = 204
        del whole["Location"]
        whole["HX-Redirect"] = resolve_url(settings.LOGIN_URL)
        whole.cookies = response.cookies
        return whole
    return response


def friendly_errors(get_response):
    """Turns the exceptions of services and of the database into pages a person understands (salon/errors.py)."""

    def middleware(request):
        return get_response(request)

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
        if page.public and not request.user.is_authenticated:
            return None
        allowed = [m for m, roles in (("GET", page.read), ("HEAD", page.read), ("POST", page.write)) if roles or page.public]
        if request.method not in allowed:
            return HttpResponseNotAllowed(allowed)
        actor = request.actor
        if request.user.is_authenticated and actor.needs_second_factor and not (page.before_second_factor or page.public):
            return HttpResponseRedirect(resolve_url("second_factor"))
        if page.public:
            return None
        if actor.role not in (page.read if request.method in READING else page.write):
            raise PermissionDenied
        return None
