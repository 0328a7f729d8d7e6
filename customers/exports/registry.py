"""Lists that can be taken away as a file, by the address that gives them; higher floors register theirs."""

from collections.abc import Callable
from dataclasses import dataclass

_kinds = {}


@dataclass(frozen=True)
class Kind:
    """A list as a file. `page`: the URL name that gives it, which says who may take it; `back`: the page it belongs to.

    `logged_as`: one of privacy's EXPORT_NAMES. `prepare(request)` is the exports.Prepared of what the query asks for, or None if
    it asks for nonsense; the request may be one that nobody sent, with `GET` and `actor` only.
    """

    page: str
    back: str
    logged_as: str
    label: str
    prepare: Callable


def register(kind):
    _kinds[kind.page] = kind


def knows(page):
    return page in _kinds


def get(page):
    """The Kind of a URL name. Raises KeyError."""
    return _kinds[page]
