"""What higher floors show on lower pages, and what must happen to their rows when a customer is merged, erased or handed over.

A lower page names a *slot*; a higher room registers a function for it from `AppConfig.ready`. The function gets the actor
and *all* the objects of the page at once and answers for all of them, within a query budget a test holds it to. It is
rendered in the same request. So imports go down only, and a list of fifty customers costs no more queries than one.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

_panels = defaultdict(list)
_customer_rows = {}


@dataclass(frozen=True)
class Panel:
    """One registered function. `show(actor, objects)` returns {object.pk: value}; what a value is, the slot says."""

    slot: str
    name: str
    order: int
    show: object
    budget: int


@dataclass(frozen=True)
class Action:
    """A button: slots customer.actions. `key` is the single letter that presses it, `primary` the one to stand out."""

    label: str
    url: str
    icon: str = ""
    key: str = ""
    primary: bool = False


@dataclass(frozen=True)
class Fact:
    """A labelled figure of the card's header: slot customer.facts. `note` is the quiet half, `tone` good/warn/bad."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Hint:
    """A line of text about a customer in a search hit or list: slot customer.hints. `tone` makes it a chip."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab of the card: slot customer.tabs."""

    label: str
    url: str
    name: str


@dataclass(frozen=True)
class Event:
    """One entry of the card's timeline: slot customer.timeline."""

    on: date
    kind: str
    title: str
    body: str = ""
    note: str = ""
    url: str = ""
    tone: str = ""
    chip: str = ""
    sort: tuple = field(default=())


def register(slot, name, show, *, order=100, budget=1):
    """Put a function into a slot. Raises ValueError if the slot has one of that name already."""
    if any(panel.name == name for panel in _panels[slot]):
        raise ValueError(f"slot {slot} has a panel {name} already")
    _panels[slot].append(Panel(slot, name, order, show, budget))
    _panels[slot].sort(key=lambda panel: (panel.order, panel.name))


def registered(slot=None):
    """The panels of a slot in order, or of all slots."""
    if slot is not None:
        return list(_panels[slot])
    return [panel for panels in _panels.values() for panel in panels]


def collect(slot, actor, objects):
    """What all panels of a slot say: {object.pk: [values in order]}. Queries: the sum of the budgets at most."""
    objects = list(objects)
    shown = {each.pk: [] for each in objects}
    for panel in _panels[slot] if objects else ():
        for pk, value in panel.show(actor, objects).items():
            shown[pk].extend(value if isinstance(value, list) else [value])
    return shown


MOVE, KEEP, DELETE, BLANK = "move", "keep", "delete", "blank"


@dataclass(frozen=True)
class CustomerRows:
    """What becomes of the rows of a model that reaches a customer.

    on_merge: MOVE to the surviving card, or KEEP with the retired one. on_erase: KEEP (money, anonymous), DELETE, or BLANK
    the `personal` fields. through: the path from the model to Customer, such as "visit__customer".
    """

    model: str
    through: str
    on_merge: str
    on_erase: str
    personal: tuple = ()


def follow_customer(model, through, *, on_merge, on_erase, personal=()):
    """Declare a model that reaches Customer. Every such model must be declared once; a test looks for those that are not."""
    label = model._meta.label
    if label in _customer_rows:
        raise ValueError(f"{label} is declared twice")
    _customer_rows[label] = CustomerRows(label, through, on_merge, on_erase, tuple(personal))


def customer_rows():
    """All declarations, {model label: CustomerRows}."""
    return dict(_customer_rows)
