"""What has been stored is told to the browser, which keeps a draft of every form until then (static/js/drafts.js).

A form is stored when its view answers with a redirect: what cannot be stored is shown again. The cookie names the last few
forms by the signed text of their operation key, or by the name the script gave a form that has none. Losing it costs
nothing but a draft that comes back: it carries its operation key, and is stored once.
"""

import re

from salon import operations

COOKIE = "stored"
KEPT = 8
FIELD = "draft"
_NAME = re.compile(r"[\w-]{16,80}", re.ASCII)


def name_of(request):
    """The name of the draft a form was kept under, or "" (no script, or something odd was sent)."""
    name = (request.POST.get(operations.FIELD) or request.POST.get(FIELD, "")).partition(":")[0]
    return name if _NAME.fullmatch(name) else ""


class StoredForms:
    """Comes last, so that only what a view has answered counts: a redirect to the log-in is none of those."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_stored = getattr(request, "reached_view", False) and request.method == "POST" and response.status_code in (302, 303)
        if is_stored and (name := name_of(request)):
            names = [each for each in request.COOKIES.get(COOKIE, "").split(".") if _NAME.fullmatch(each)]
            kept = ".".join([*names, name][-KEPT:])
            response.set_cookie(COOKIE, kept, samesite="Strict", secure=request.is_secure())
        return response

    def process_view(self, request, view, args, kwargs):
        request.reached_view = True
