"""Phones, addresses and family members in the card's form: a few rows each, and an empty one to fill.

Phones and addresses are masked by role. A row that is stored and masked shows what it may; its inputs start empty, and what
is typed there replaces that part. An empty input keeps what is stored; a whole row is removed by its tick.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from customers.card import birthdays, show, state
from customers.card.services import RowEntry
from customers.log.services import FindLimitReached, log_find
from salon import access, text
from salon.forms import Form, sent_id

MOST_ROWS = 20


class Row(Form):
    """One row. `stored` is the row of the database it stands for, or None; `concealed` the columns the actor may not read."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    kind = None
    needed = None  # the column no row is without

    def __init__(self, *args, stored=None, actor, **kwargs):
        self.stored, self.actor = stored, actor
        super().__init__(*args, **kwargs)
        self.concealed = concealed_columns(type(self), actor) if stored else ()
        for name in self.kind.columns if stored is None else self.concealed:
            self.fields[name].required = False  # an empty row is no row; what a new one needs, `clean` says

    @property
    def is_folded(self):
        """True if the masked inputs are many, so that they open when asked for."""
        return len(self.concealed) > 1

    @property
    def concealed_fields(self):
        return [self[name] for name in self.concealed]

    @property
    def open_fields(self):
        return [each for each in self.visible_fields() if each.name not in self.concealed]

    def clean(self):
        cleaned = super().clean()
        if self.stored is None and self.has_changed() and self.is_empty(cleaned):
            self.add_error(self.needed, self.fields[self.needed].error_messages["required"])
        return cleaned

    def is_empty(self, cleaned):
        """True if a new row lacks what no row is without."""
        return not cleaned.get(self.needed) and self.needed not in self.errors

    @property
    def summary(self):
        """The stored row in a few characters, as the actor may read it."""
        return show.shown_row(self.actor, self.kind, state.columns(self.kind, self.stored)) if self.stored else ""

    def entry(self):
        """What to store: all of an open row, what was typed of a masked one. None for an empty row."""
        if self.cleaned_data.get("DELETE"):
            return RowEntry(pk=self.stored.pk, remove=True) if self.stored else None
        if not self.stored and not self.has_changed():
            return None
        typed = {name: self.cleaned_data[name] for name in self.kind.columns}
        values = {name: value for name, value in typed.items() if value or name not in self.concealed}
        return RowEntry(values=values, pk=self.stored.pk if self.stored else None)


def concealed_columns(row_class, actor):
    """The columns of a stored row whose inputs start empty for this actor."""
    groups = show.COLUMN_GROUPS.get(row_class.kind.name, {})
    return tuple(column for column, group in groups.items() if not access.sees(actor, group))


class PhoneRow(Row):
    kind = state.ROW_KINDS[state.PHONES]
    needed = "number"
    number, label, is_main = fields_for_model(kind.model, kind.columns).values()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["number"].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        if self.concealed:
            self.fields["number"].label = _("New number, if it changed")

    def clean_number(self):
        number = self.cleaned_data["number"]
        if number and not text.phone_digits(number):
            raise ValidationError(_("A phone number has digits."))
        return number


class AddressRow(Row):
    kind = state.ROW_KINDS[state.ADDRESSES]
    needed = "street"  # or any other part
    country, province, city, district, community, street, postcode, is_delivery = fields_for_model(
        kind.model, kind.columns
    ).values()

    def is_empty(self, cleaned):
        return not self.errors and not any(cleaned.get(part) for part in state.ADDRESS_PARTS)


class FamilyRow(Row):
    kind = state.ROW_KINDS[state.FAMILY]
    needed = "relation"
    relation, name, birth_month, birth_day = fields_for_model(kind.model, kind.columns).values()

    def clean(self):
        cleaned = super().clean()
        month, day = cleaned.get("birth_month"), cleaned.get("birth_day")
        try:
            birthdays.check(birthdays.SOLAR, None, month, day, unread=self.errors)
        except ValidationError as error:
            self.add_error(None, error)
        return cleaned


class Rows(BaseFormSet):
    """The rows of one kind. Which stored row a form stands for is told by its id, not by its place."""

    kind = None
    only_one = ""  # said when two rows are chosen

    def __init__(self, *args, actor, stored=(), **kwargs):
        self.actor, self.stored = actor, {row.pk: row for row in stored}
        super().__init__(*args, initial=[self._initial(row) for row in stored], **kwargs)

    def _initial(self, row):
        hidden = concealed_columns(self.form, self.actor)
        return {"id": row.pk} | {c: "" if c in hidden else getattr(row, c) for c in self.kind.columns}

    def get_form_kwargs(self, index):
        stored = self.stored.get(self._id_at(index))
        initial = self._initial(stored) if stored else None
        return {"actor": self.actor, "stored": stored, "initial": initial, "empty_permitted": stored is None}

    def _id_at(self, index):
        if index is None:
            return None
        if not self.is_bound:
            return list(self.stored)[index] if index < len(self.stored) else None
        return sent_id(self.data.get(f"{self.prefix}-{index}-id"))

    def clean(self):
        chosen = self.kind.chosen
        if chosen and sum(bool(form.cleaned_data.get(chosen)) for form in self._kept()) > 1:
            raise ValidationError(self.only_one)

    def _kept(self):
        return [form for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]

    def entries(self):
        """[RowEntry] of a valid formset."""
        return [entry for form in self.forms if (entry := form.entry())]


class PhoneRows(Rows):
    kind = state.ROW_KINDS[state.PHONES]
    only_one = _("Only one number can be the main one.")

    def clean(self):
        super().clean()
        removed = {form.stored.pk for form in self.forms if form.stored and form.cleaned_data.get("DELETE")}
        seen = {pk: text.phone_digits(row.number) for pk, row in self.stored.items() if pk not in removed}
        taken = list(seen.values())
        for form in self._kept():
            digits = text.phone_digits(form.cleaned_data.get("number") or "")
            if not digits or (form.stored and seen.get(form.stored.pk) == digits):
                continue
            if self._is_asked_too_often(form, digits):
                continue
            if digits in taken:
                form.add_error("number", _("This number stands in another row."))
            taken.append(digits)

    def _is_asked_too_often(self, form, digits):
        """A number typed beside masked ones tells whether it is one of them: that is asking, and is logged, hit and miss."""
        if not self.stored or access.sees(self.actor, "phone"):
            return False
        hit = [row.customer_id for row in self.stored.values() if text.phone_digits(row.number) == digits]
        try:
            log_find(actor=self.actor, ids=hit)
        except FindLimitReached as refusal:
            form.add_error("number", str(refusal))
        return form.has_error("number")

    def typed(self):
        """Numbers that were typed and are not stored on this card yet."""
        stored = {text.phone_digits(row.number) for row in self.stored.values()}
        numbers = [form.cleaned_data.get("number") for form in self._kept()]
        return [number for number in numbers if number and text.phone_digits(number) not in stored]


class AddressRows(Rows):
    kind = state.ROW_KINDS[state.ADDRESSES]
    only_one = _("Only one address can be the one for deliveries.")


class FamilyRows(Rows):
    kind = state.ROW_KINDS[state.FAMILY]


def _factory(form, formset):
    options = {"extra": 1, "can_delete": True, "max_num": MOST_ROWS, "absolute_max": 2 * MOST_ROWS, "validate_max": True}
    return formset_factory(form, formset=formset, **options)


FORMSETS = {
    state.PHONES: _factory(PhoneRow, PhoneRows),
    state.ADDRESSES: _factory(AddressRow, AddressRows),
    state.FAMILY: _factory(FamilyRow, FamilyRows),
}
