"""TEMPORARY, gone when NOT_YET is empty: pages of the access table whose rooms are still being built.

The frame links to some of them, so the tests give those a stand-in, which is not counted as built.
"""

from importlib import import_module

from django.http import HttpResponse
from django.urls import URLPattern, clear_url_caches, get_resolver, path

from salon import access

_ROOMS = {"": "archives.visits.urls_desk", "customers": "customers.card.urls", "shop": "salon.shop.urls"}
_ROOMS |= {"visits": "archives.visits.urls"}
_FRAME = ("home", "customers:search", "customers:list", "visits:list", "shop:item_list", "shop:settings")


def walk(patterns, namespace="", route=""):
    """(view name, route, view) of every address below some patterns."""
    for pattern in patterns:
        where = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", where, pattern.callback
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, inner, where)


BUILT = frozenset(name for name, _route, _view in walk(get_resolver().url_patterns))
NOT_YET = frozenset(name for name in access.PAGES if ":" in name or name == "home") - BUILT


def _stand_in(request):
    return HttpResponse("not yet")


for _name in _FRAME:
    if _name not in BUILT:
        _namespace, _, _short = _name.rpartition(":")
        _url = "" if _name == "home" else f"not-yet/{_short}/"
        import_module(_ROOMS[_namespace]).urlpatterns.append(path(_url, _stand_in, name=_short))
clear_url_caches()
