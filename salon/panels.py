"""What higher floors show on lower pages, and what must happen to their rows when a customer is merged, erased or handed over.

A lower page names a *slot*; a higher room registers a function for it from `AppConfig.ready`. The function gets the actor
and *all* the objects of the page at once and answers for all of them, within a query budget a test holds it to. It is
rendered in the same request. So imports go down only, and a list of fifty customers costs no more queries than one.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from salon import access, dates

_panels = defaultdict(list)
_customer_rows = {}


@dataclass(frozen=True)
class Panel:
    """One registered function. `show(actor, objects)` returns {object.pk: value}; what a value is, the slot says.

    `needs`: the field group of access.VISIBILITY somebody must see in full to be shown this panel at all.

    Slots of the card: customer.badge (a tier letter), customer.why (Why), customer.facts (Fact), customer.actions (Action),
    customer.tabs (Tab), customer.hints (Hint) and customer.timeline (see `timeline`). A value may be a list.
    Imports: import.notes, asked with an import that was stored; a value is a sentence about what follows from it.
    Search box: search.more, asked with the words typed; a value is a list of Actions that lead to what is no customer.
    Branch: branch.goes_on, asked before one is closed; a value is a sentence about what goes on there and must end first.
    Front desk: desk.sections, asked with the branch; a value is a dict with the `template` of a section and what it shows.
    """

    slot: str
    name: str
    order: int
    show: object
    budget: int
    label: str = ""
    needs: str = ""

    def is_for(self, actor):
        return not self.needs or access.sees(actor, self.needs)


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
    """A line of text about a customer in a search hit or list, and on the card unless the card says it elsewhere: slot
    customer.hints. `tone` makes it a chip.
    """

    text: str
    tone: str = ""
    on_card: bool = True


@dataclass(frozen=True)
class Cell:
    """What a column of the customer list shows of one customer: slot customer.list_columns, whose panels carry the heading
    as `label`. `tone` makes it a chip.
    """

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab of the card: slot customer.tabs."""

    label: str
    url: str
    name: str


@dataclass(frozen=True)
class Why:
    """Why the customer has her tier: slot customer.why. `url` leads to the figures, `scores` is its text, `flag` a chip."""

    title: str
    text: str
    advice: str = ""
    scores: str = ""
    url: str = ""
    flag: str = ""


@dataclass(frozen=True, order=True)
class Moment:
    """A place in a timeline: day, then kind, then the row's number within its kind. The order is total, so paging is exact."""

    on: date
    kind: str
    serial: int

    def __str__(self):
        return f"{self.on:%Y-%m-%d}.{self.kind}.{self.serial}"

    @classmethod
    def parse(cls, text):
        """The Moment that `str` wrote. Raises ValueError for anything else."""
        day, kind, serial = text.split(".")
        return cls(dates.day_from(day), kind, int(serial))

    def older(self, kind, day, serial="pk"):
        """Q for the rows of `kind` that come after this moment in a list with the newest first: columns `day`, `serial`."""
        earlier = Q(**{f"{day}__lt": self.on})
        if kind > self.kind:
            return earlier
        if kind < self.kind:
            return earlier | Q(**{day: self.on})
        return earlier | Q(**{day: self.on, f"{serial}__lt": self.serial})


@dataclass(frozen=True)
class Event:
    """One entry of the card's timeline: slot customer.timeline. `body` is what was written, `note` stands beside the title.

    `kind` is the name its panel is registered under, `serial` the row's primary key; together with `on` they give its place.
    `chip` is a word at the right, in `tone` (good, warn, bad).
    """

    on: date
    kind: str
    serial: int
    title: str
    body: str = ""
    note: str = ""
    url: str = ""
    tone: str = ""
    chip: str = ""

    @property
    def moment(self):
        return Moment(self.on, self.kind, self.serial)


def register(slot, name, show, *, order=100, budget=1, label="", needs=""):
    """Put a function into a slot. Raises ValueError if the slot has one of that name already."""
    if any(panel.name == name for panel in _panels[slot]):
        raise ValueError(f"slot {slot} has a panel {name} already")
    _panels[slot].append(Panel(slot, name, order, show, budget, label, needs))
    _panels[slot].sort(key=lambda panel: (panel.order, panel.name))


def registered(slot=None):
    """The panels of a slot in order, or of all slots."""
    if slot is not None:
        return list(_panels[slot])
    return [panel for panels in _panels.values() for panel in panels]


def shown_to(actor, slot):
    """The panels of a slot in order that this actor may see."""
    return [panel for panel in _panels[slot] if panel.is_for(actor)]


def collect(slot, actor, objects):
    """What all panels of a slot say: {object.pk: [values in order]}. Queries: the sum of the budgets at most."""
    objects = list(objects)
    shown = {each.pk: [] for each in objects}
    for panel in shown_to(actor, slot) if objects else ():
        for pk, value in panel.show(actor, objects).items():
            shown[pk].extend(value if isinstance(value, list) else [value])
    return shown


TIMELINE = "customer.timeline"


def timeline(actor, customers, *, before=None, limit=50, kind=None):
    """What happened to customers, newest first: {pk: (events, the Moment to go on from, or None at the end)}.

    A room registers one panel per kind of event:

        panels.register(panels.TIMELINE, "visit", show, label=_("Visits"))

    The name is the `kind` of its events and part of addresses (lower-case letters only); the label is the filter above the
    timeline. `show(actor, customers, before=None, limit=50)` returns {pk: [Event]}, at most `limit` of the newest events of
    each customer that come after `before` (a Moment; `before.older(kind, day)` is the condition), newest first, and leaves
    out what the actor may not see. The number of its queries (`budget`) does not grow with the number of events.
    """
    customers = list(customers)
    found = {each.pk: [] for each in customers}
    for panel in shown_to(actor, TIMELINE) if customers else ():
        if kind in (None, panel.name):
            for pk, events in panel.show(actor, customers, before=before, limit=limit + 1).items():
                found[pk].extend(events)
    return {pk: _first(events, limit) for pk, events in found.items()}


def _first(events, limit):
    events = sorted(events, key=lambda event: event.moment, reverse=True)
    shown = events[:limit]
    return shown, shown[-1].moment if len(events) > limit else None


MOVE, KEEP, DELETE, BLANK = "move", "keep", "delete", "blank"
ERASED = "–"  # what a BLANK leaves of a text: some must not be empty


@dataclass(frozen=True)
class CustomerRows:
    """What becomes of the rows of a model that reaches a customer.

    on_merge: MOVE to the surviving card, or KEEP with the retired one. on_erase: KEEP (money, anonymous), DELETE, or BLANK
    the `personal` texts, of which ERASED stays. through: the path from the model to Customer, such as "visit__customer".
    meets: the UNIQUE constraints that rows of two cards can break when they come together; who merges resolves them first.
    """

    model: str
    through: str
    on_merge: str
    on_erase: str
    personal: tuple = ()
    meets: tuple = ()


def follow_customer(model, through, *, on_merge, on_erase, personal=(), meets=()):
    """Declare a model that reaches Customer. Every such model must be declared once; a test looks for those that are not."""
    label = model._meta.label
    if label in _customer_rows:
        raise ValueError(f"{label} is declared twice")
    _customer_rows[label] = CustomerRows(label, through, on_merge, on_erase, tuple(personal), tuple(meets))


def customer_rows():
    """All declarations, {model label: CustomerRows}."""
    return dict(_customer_rows)
