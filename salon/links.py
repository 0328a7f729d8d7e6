"""Where a form leads on to: only ever a page of ours that can be read, never another site."""

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from salon import access


def way_on(request):
    """The path in `next` (of the form, else of the address), else the front desk."""
    return _first_own(request.POST.get("next"), request.GET.get("next"))


def way_back(request):
    """The path in `next`, else the page the person came from, else the front desk."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    here = came_from.netloc == request.get_host()
    return _first_own(request.POST.get("next"), came_from._replace(scheme="", netloc="").geturl() if here else "")


def _first_own(*paths):
    return next((path for path in paths if path and is_own_page(path)), None) or reverse("home")


def is_own_page(path):
    """True for the path of a page of ours that somebody may read."""
    if not (path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)):
        return False
    try:
        page = access.PAGES.get(resolve(path.partition("?")[0]).view_name)
    except Resolver404:
        return False
    return bool(page and page.read)
