"""The change history of a card: who changed what, when, from what to what. Masked like the card itself."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from customers.card import show, state
from customers.card.models import Customer, SafetyNote
from salon.shop.models import Tag

PAGE_SIZE = 20
SAFETY = state.RowKind("safety_notes", SafetyNote, ("kind", "tag_id", "remark", "noted_on", "ended_on"))
ROW_KINDS = (*state.ROW_KINDS.values(), SAFETY)
ADDED, CHANGED, REMOVED = "+", "~", "-"


@dataclass(frozen=True)
class Change:
    """One value that changed. `subject` is the row it belongs to ("" for the card), `field` the column ("" for a whole row)."""

    subject: str
    field: str
    before: str
    after: str


@dataclass
class Save:
    """Everything one save changed."""

    at: datetime
    by: str
    is_first: bool = False
    changes: list = field(default_factory=list)


def saves(actor, customer, *, before=None, limit=PAGE_SIZE):
    """([Save], the moment to go on from or None): the newest first, those before a moment. The number of queries is constant."""
    models = [Customer, *(kind.model for kind in ROW_KINDS)]
    moments = _moments(models, customer, before, limit + 1)
    if not moments:
        return [], None
    shown = moments[:limit]
    records = {model: _records(model, customer, shown[-1], shown[0]) for model in models}
    reader = _Reader(actor, records, _phones_ever(customer))
    found = {}
    for model, pairs in records.items():
        for now, was in pairs:
            save = found.setdefault(now.history_date, Save(now.history_date, _who(now)))
            save.changes += reader.changes(model, now, was)
            save.is_first |= model is Customer and now.history_type == ADDED
    listed = [found[moment] for moment in shown if found[moment].changes or found[moment].is_first]
    return listed, shown[-1] if len(moments) > limit else None


def _phones_ever(customer):
    """The numbers the card has or had."""
    had = state.ROW_KINDS[state.PHONES].model.history.filter(customer_id=customer.pk)
    return list(had.values_list("number", flat=True))


def _of(model, customer):
    rows = model.history.order_by()
    return rows.filter(id=customer.pk) if model is Customer else rows.filter(customer_id=customer.pk)


def _moments(models, customer, before, limit):
    """The newest moments at which anything of the card was stored."""
    parts = [_of(model, customer).values_list("history_date", flat=True) for model in models]
    if before:
        parts = [part.filter(history_date__lt=before) for part in parts]
    return list(parts[0].union(*parts[1:]).order_by("-history_date")[:limit])


def _records(model, customer, first, last):
    """[(record, the one before it or None)] of a model between two moments."""
    earlier = model.history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    rows = _of(model, customer).filter(history_date__gte=first, history_date__lte=last).order_by("history_id")
    rows = rows.select_related("history_user__staff").annotate(previous=Subquery(earlier.values("history_id")[:1]))
    found = list(rows)
    previous = model.history.in_bulk([row.previous for row in found if row.previous])
    return [(row, previous.get(row.previous)) for row in found]


def _who(record):
    user = record.history_user
    if user is None:
        return ""
    staff = getattr(user, "staff", None)
    return staff.name if staff else user.username


class _Reader:
    """Turns records into changes in words; looks up all names once."""

    def __init__(self, actor, records, phones=()):
        self.actor, self.names, self.phones = actor, show.Names(actor), phones
        cards = [record for pair in records[Customer] for record in pair if record]
        self.names.load(staff=[c.responsible_id for c in cards], customers=[c.referred_by_id for c in cards])
        notes = {record.tag_id for pair in records[SafetyNote] for record in pair if record}
        self.tags = dict(Tag.objects.filter(pk__in=notes).values_list("pk", "name")) if notes else {}

    def changes(self, model, now, was):
        if model is Customer:
            return self._card(now, was) if was else []
        kind = next(kind for kind in ROW_KINDS if kind.model is model)
        if now.history_type == CHANGED and was:
            return self._row(kind, now, was)
        text = self._row_text(kind, now)
        before, after = ("", text) if now.history_type == ADDED else (text, "")
        return [Change(str(model._meta.verbose_name), "", before, after)]

    def _card(self, now, was):
        changes = []
        for name in state.FIELDS:
            old, new = (getattr(record, state.attribute(name)) for record in (was, now))
            if old != new:
                label = str(Customer._meta.get_field(name).verbose_name)
                if name == "portrait":
                    old, new = (_("photo") if value else "" for value in (old, new))
                    changes.append(Change("", label, old, new))
                else:
                    before, after = (show.shown(self.actor, name, value, self.names, self.phones) for value in (old, new))
                    changes.append(Change("", label, before, after))
        return changes

    def _row(self, kind, now, was):
        subject = f"{kind.model._meta.verbose_name} {self._row_text(kind, was)}"
        return [
            Change(subject, self._label(kind, column), self._cell(kind, column, was), self._cell(kind, column, now))
            for column in kind.columns
            if getattr(was, column) != getattr(now, column)
        ]

    @staticmethod
    def _label(kind, column):
        return str(kind.model._meta.get_field(column.removesuffix("_id")).verbose_name)

    def _cell(self, kind, column, record):
        value = getattr(record, column)
        return self.tags.get(value, "") if column == "tag_id" else show.shown_cell(self.actor, kind, column, value)

    def _row_text(self, kind, record):
        if kind is SAFETY:
            return " · ".join(filter(None, [self._cell(kind, "kind", record), self.tags.get(record.tag_id), record.remark]))
        return show.shown_row(self.actor, kind, state.columns(kind, record))


def who_since(customer, version):
    """[(name, when)] of those who saved a card after a version, the latest of each, the last first."""
    latest = {}
    for record in customer.history.filter(version__gt=version).select_related("history_user__staff"):  # the latest comes first
        latest.setdefault(_who(record), record.history_date)
    return list(latest.items())


def safety_since(actor, customer, version):
    """[(label, text)] of the safety notes noted or retired after a version."""
    newer = customer.history.filter(version__gt=version).order_by("history_id").first()
    if newer is None:
        return []
    label = str(SafetyNote._meta.verbose_name)
    records = SafetyNote.history.filter(customer_id=customer.pk, history_date__gte=newer.history_date).order_by("history_id")
    reader = _Reader(actor, {Customer: [], SafetyNote: [(record, None) for record in records]})
    texts = [(record.ended_on, reader._row_text(SAFETY, record)) for record in records]
    return [(label, _("retired: %(note)s") % {"note": text} if ended else text) for ended, text in texts]
