"""Where a form leads on to: only ever a page of ours that can be read, never another site."""

from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from salon import access

LONGEST = 8_000  # characters: no page of ours has an address as long, and none is redirected to


def way_on(request):
    """The path in `next` (of the form, else of the address), else the front desk."""
    return _first_own(request.POST.get("next"), request.GET.get("next"))


def way_back(request):
    """The path in `next`, else the page the person came from, else the front desk."""
    return _first_own(request.POST.get("next"), path_in(request, "Referer"))


def with_query(path, query):
    """An address of ours with a query; without it where it would be so long that nobody is led there."""
    whole = f"{path}?{query}"
    return whole if len(whole) <= LONGEST else path


def path_in(request, header):
    """Path and query of the page of this site that a header names (Referer, HX-Current-URL), or "", whatever was sent in it.

    A path of this site, not yet one of our pages: whoever redirects there asks `is_own_page`.
    """
    try:
        page = urlsplit(request.headers.get(header, ""))
        is_here = page.netloc == request.get_host()
    except (ValueError, DisallowedHost):
        return ""
    path = urlunsplit(("", "", page.path, page.query, "")) if is_here else ""
    return path if path.startswith("/") and not path.startswith("//") else ""


def _first_own(*paths):
    return next((path for path in paths if path and is_own_page(path)), None) or reverse("home")


def is_own_page(path):
    """True for the path of a page of ours that somebody may read."""
    if len(path) > LONGEST or not (path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)):
        return False
    try:
        page = access.PAGES.get(resolve(path.partition("?")[0]).view_name)
    except Resolver404:
        return False
    return bool(page and page.read)
