"""Writing a card: creating and editing it, and its safety notes. Everything that changes a card goes through here.

Every write moves the card's version on and stamps all it stores with one moment, later than any before. By the version a
save knows whether the card is still the one that was read; by the moment the history can say what the card was at a version.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from customers.card import portraits, state
from customers.card.models import Customer, SafetyNote
from salon import operations, text
from salon.errors import Conflict
from salon.shop.models import Tag
from salon.shop.queries import next_number

CREATE, EDIT, SAFETY = "card_create", "card_edit", "safety_add"  # actions of operation keys


class Stale(Conflict):
    """The card has changed since the version the person saw."""

    def __init__(self):
        super().__init__(_("This card was changed meanwhile. Open it again and enter your change once more."))


class CardNumberTaken(Exception):
    """Another card has this number."""


class NotedAlready(Exception):
    """A safety note of this substance is in force."""


@dataclass(frozen=True)
class RowEntry:
    """A phone, address or family member as entered: the columns to set; `pk` None for a new one."""

    values: dict = field(default_factory=dict)
    pk: int | None = None
    remove: bool = False


@dataclass(frozen=True)
class Claim:
    """An operation key with the data it stands for (salon/operations.py)."""

    key: object
    data: object


def create_card(*, actor, branch, fields, rows=None, portrait=None, claim=None):
    """Store a new card and return it. Without `card_no` it gets the branch's next number.

    `fields` are Customer's, `rows` {kind: [RowEntry]} by the names of state.ROW_KINDS, `portrait` WebP bytes.
    Raises CardNumberTaken, and operations.AlreadyDone for a form that was stored before.
    """
    with portraits.kept(portrait) as portrait_name, transaction.atomic():
        operation = _claim(claim, actor, CREATE)
        customer = Customer(branch=branch, portrait=portrait_name, **fields)
        customer.card_no = customer.card_no or next_card_no(branch)
        customer.card_date = customer.card_date or actor.today
        write = _Write(actor, actor.now)
        _save_with_number(write, customer)
        for kind in state.ROW_KINDS.values():
            write.rows(kind, customer, (rows or {}).get(kind.name, ()))
        _finish(operation, customer.get_absolute_url())
    return customer


def edit_card(*, actor, customer, version, fields, rows=None, portrait=None, remove_portrait=False, claim=None):
    """Change a card that is still at `version`; returns it as stored. Raises Stale, CardNumberTaken, AlreadyDone.

    Only the fields named change, and of each kind of rows only those named. A save that changes nothing leaves no trace.
    """
    with portraits.kept(portrait) as portrait_name, transaction.atomic():
        operation = _claim(claim, actor, EDIT)
        customer, write = _lock(actor, customer.pk, version)
        before = {name: getattr(customer, state.attribute(name)) for name in state.FIELDS}
        for name, value in fields.items():
            setattr(customer, name, value)
        if portrait_name or remove_portrait:
            portraits.discard_after_commit(customer.portrait)
            customer.portrait = portrait_name
        for kind in state.ROW_KINDS.values():
            write.rows(kind, customer, (rows or {}).get(kind.name, ()))
        if write.stored or before != {name: getattr(customer, state.attribute(name)) for name in state.FIELDS}:
            _save_with_number(write, customer)
        else:
            Customer.objects.filter(pk=customer.pk).update(version=version)  # nothing changed: the step is taken back
            customer.version = version
        _finish(operation, customer.get_absolute_url())
    return customer


@transaction.atomic
def add_safety_note(*, actor, customer, kind, substance, remark="", noted_on=None, claim=None):
    """Note an allergy or contra-indication and return the note. A substance nobody named before becomes a tag.

    Raises NotedAlready if a note of it is in force, ValueError if `substance` has no letter to know it by.
    """
    operation = _claim(claim, actor, SAFETY)
    customer, write = _lock(actor, customer.pk)
    tag = _tag(kind, substance)
    if SafetyNote.objects.filter(customer=customer, tag=tag, ended_on=None).exists():
        raise NotedAlready
    note = SafetyNote(customer=customer, kind=kind, tag=tag, remark=remark, noted_on=noted_on or actor.today, noted_by=actor.user)
    write.save(note)
    write.save(customer)
    _finish(operation, customer.get_absolute_url())
    return note


@transaction.atomic
def retire_safety_note(*, actor, note, ended_on=None):
    """Say that a safety note no longer holds since a day (today). The note stays; retiring it again changes nothing."""
    customer, write = _lock(actor, note.customer_id)
    note = SafetyNote.objects.get(pk=note.pk)
    if note.ended_on is None:
        note.ended_on = ended_on or actor.today
        write.save(note)
        write.save(customer)
    else:
        Customer.objects.filter(pk=customer.pk).update(version=F("version") - 1)  # nothing changed, as above
    return note


class _Write:
    """One save of a card: everything it stores bears the same person and moment in the history."""

    def __init__(self, actor, at):
        self.actor, self.at, self.stored = actor, at, 0

    def save(self, instance):
        self._stamp(instance)
        instance.save()

    def delete(self, instance):
        self._stamp(instance)
        instance.delete()

    def _stamp(self, instance):
        instance._history_user, instance._history_date = self.actor.user, self.at
        self.stored += 1

    def rows(self, kind, customer, entries):
        """Bring one kind of rows in line with what was entered: removals first, the chosen row last, since it is unique."""
        if not entries:
            return
        known = {row.pk: row for row in kind.model.objects.filter(customer=customer)}
        if any(entry.pk is not None and entry.pk not in known for entry in entries):
            raise Stale
        for entry in entries:
            if entry.remove and entry.pk is not None:
                self.delete(known[entry.pk])
        removed = {entry.pk for entry in entries if entry.remove}
        kept = {pk: row for pk, row in known.items() if pk not in removed}
        self._write_kept(kind, customer, kept, [entry for entry in entries if not entry.remove])

    def _write_kept(self, kind, customer, kept, entries):
        rows = [self._changed(kept.get(entry.pk) or kind.model(customer=customer), entry) for entry in entries]
        rows += [(row, False) for pk, row in kept.items() if pk not in {entry.pk for entry in entries}]
        if kind.chosen:
            rows = _with_one_chosen(kind, rows, {entry.pk for entry in entries if entry.values.get(kind.chosen)})
        for row, is_changed in rows:
            if is_changed or row.pk is None:
                self.save(row)

    @staticmethod
    def _changed(row, entry):
        changed = {column: value for column, value in entry.values.items() if getattr(row, column) != value}
        for column, value in changed.items():
            setattr(row, column, value)
        return row, bool(changed)


def _with_one_chosen(kind, rows, newly):
    """The same (row, changed) pairs with one chosen row at most, that row last. A card with phones always has a main one."""
    chosen = [row for row, _changed in rows if getattr(row, kind.chosen)]
    keep = next((row for row in reversed(chosen) if row.pk in newly), chosen[0] if chosen else None)
    if keep is None and kind.name == state.PHONES and rows:
        keep = rows[0][0]
    result = []
    for row, is_changed in rows:
        was = getattr(row, kind.chosen)
        setattr(row, kind.chosen, row is keep)
        result.append((row, is_changed or was != (row is keep)))
    return sorted(result, key=lambda pair: pair[0] is keep)


def _lock(actor, pk, version=None):
    """Move the card's version on and return (card, _Write): whoever saves meanwhile waits here, and then finds it moved."""
    cards = Customer.objects.filter(pk=pk) if version is None else Customer.objects.filter(pk=pk, version=version)
    if not cards.update(version=F("version") + 1):
        raise Stale
    customer = Customer.objects.get(pk=pk)
    last = customer.history.values_list("history_date", flat=True).first()  # the latest comes first
    return customer, _Write(actor, max(actor.now, last + timedelta(microseconds=1)) if last else actor.now)


def _save_with_number(write, customer):
    try:
        with transaction.atomic():
            write.save(customer)
    except IntegrityError:
        if Customer.objects.filter(card_no=customer.card_no).exclude(pk=customer.pk).exists():
            raise CardNumberTaken from None
        raise


def next_card_no(branch):
    """The branch's next card number that no old card, typed in by hand, bears already."""
    while True:
        card_no = f"{branch.code}-{next_number(branch, 'card'):06d}"
        if not Customer.objects.filter(card_no=card_no).exists():
            return card_no


def _tag(kind, substance):
    key = text.fold(substance)[:60]
    if not key:
        raise ValueError("no letter to know the substance by")
    of_kind = Tag.INGREDIENT if kind == SafetyNote.ALLERGY else Tag.CONDITION
    return Tag.objects.get_or_create(name_key=key, defaults={"name": substance, "kind": of_kind})[0]


def _claim(claim, actor, action):
    return operations.claim(key=claim.key, user=actor.user, action=action, data=claim.data) if claim else None


def _finish(operation, url):
    if operation:
        operation.url = url
        operation.save(update_fields=["url"])
