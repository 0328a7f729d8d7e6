"""TEMPORARY, gone when NOT_YET is empty: pages of the access table whose rooms are still being built.

tests/test_access.py asserts that each of them is really missing. The frame links to some; the tests give those a
stand-in, which is not counted as built.
"""

from importlib import import_module

from django.http import HttpResponse
from django.urls import clear_url_caches, get_resolver, path

from tests.addresses import walk

_MISSING = {
    "customers": [
        "create", "detail", "timeline", "data", "history", "edit", "portrait", "safety_add", "safety_retire",
    ],
}  # fmt: skip
NOT_YET = frozenset(f"{room}:{name}" for room, names in _MISSING.items() for name in names)
BUILT = frozenset(address.name for address in walk(get_resolver().url_patterns))
_ROOMS = {"customers": "customers.card.urls"}


def _stand_in(request, **kwargs):
    return HttpResponse("not yet")


for _room, _names in _MISSING.items():
    for _name in _names:
        if f"{_room}:{_name}" not in BUILT:
            _begin = f"not-yet/{_name}/"
            _patterns = import_module(_ROOMS[_room]).urlpatterns
            _patterns += [path(_begin, _stand_in, name=_name), path(f"{_begin}<int:pk>/", _stand_in, name=_name)]
clear_url_caches()
