"""What can be imported. A room that imports something registers its kind from AppConfig.ready; commands and pages ask here."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salon.spreadsheets import reading


@dataclass(frozen=True)
class Column:
    """A column of a file. `names`: the headings it is known by, the Chinese and the English one first, then others in use."""

    key: str
    names: tuple
    help: str = ""
    needed: bool = False
    example: tuple = ("", "")


@dataclass(frozen=True)
class Kind:
    """One kind of import. `importer` is a subclass of engine.Importer; `page` the list its rows are found in afterwards, by this
    `query`.
    """

    name: str
    label: str
    order: int
    columns: tuple
    importer: type
    intro: str = ""
    page: str = ""
    query: str = ""
    asks_create: bool = False  # offers to make a card for each unknown card number
    counted: dict = field(default_factory=dict)  # {count: label} of what an import makes, in order

    @property
    def names(self):
        return {column.key: column.names for column in self.columns}


_kinds = {}


def register(kind):
    """Make a kind of import known. Raises ValueError for a second one of its name."""
    if kind.name in _kinds:
        raise ValueError(f"there is an import of {kind.name} already")
    _kinds[kind.name] = kind


def kinds():
    """All kinds in order."""
    return sorted(_kinds.values(), key=lambda kind: kind.order)


def get(name):
    """The kind of this name. Raises KeyError."""
    return _kinds[name]


def check_columns(kind, table):
    """Raises Unreadable if the file lacks a column without which no row can be taken."""
    missing = [column.names[0] for column in kind.columns if column.needed and column.key not in table.columns]
    if missing:
        raise reading.Unreadable(_("The file has no column “%(name)s”.") % {"name": missing[0]})


def remarks(spool):
    """What to know about the file as a whole: headings nobody knows, sheets not read."""
    unknown, notes = spool.fact("unknown", []), spool.fact("notes", {})
    lines = []
    if unknown:
        text = ngettext("This column was not read: %(names)s", "These columns were not read: %(names)s", len(unknown))
        lines.append(text % {"names": ", ".join(name.strip()[:40] for name in unknown)})
    if notes.get("others"):
        lines.append(_("Only the sheet “%(name)s” was read; the workbook has others.") % {"name": notes["sheet"]})
    return lines
