"""Two people edited one card: what the second one's form becomes.

Three values stand for each input: what the card said when the form was opened (`base`, from the history), what it says now
(`theirs`) and what was entered (`mine`). Only one of them changed it: the change stands. Both did, differently: what was
entered stays in the input and what is stored now is shown beside it. Nothing is stored by this; the person looks and saves.
"""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customers.card import show, state
from customers.card.editing.forms import CardForm
from customers.card.editing.rows import FORMSETS, MOST_ROWS, concealed_columns
from salon import text
from salon.forms import sent_id, sent_number

EMPTY = "–"
_NEVER = object()  # equals nothing: the base of a card whose history does not reach back


@dataclass
class Merged:
    """What to bind the form to, `conflicts` {input name: what is stored now}, and `taken` [(label, what is stored now)]."""

    data: QueryDict
    conflicts: dict = field(default_factory=dict)
    taken: list = field(default_factory=list)


def three_way(base, theirs, mine):
    """(value, took_theirs, conflict) of one input."""
    if mine == theirs:
        return mine, False, False
    if mine == base:
        return theirs, True, False
    return mine, False, theirs != base


def as_input(value):
    """A stored value as a browser sends it back."""
    if value is None or value is False:
        return ""
    return "on" if value is True else str(getattr(value, "pk", value))


def merge(*, actor, customer, base, theirs, posted):
    """The Merged form of `posted`, entered on `base` (a State or None), for a card that says `theirs` now."""
    result = Merged(posted.copy())
    result.data["version"] = str(customer.version)
    phones = [row["number"] for row in theirs.rows[state.PHONES].values()] + [customer.card_no] * customer.card_is_phone
    fields = _Fields(result, CardForm(instance=customer, actor=actor), actor, phones)
    for name in state.FIELDS:
        fields.merge(name, base.fields[name] if base else _NEVER, theirs.fields[name])
    for kind, formset in FORMSETS.items():
        empty = formset(prefix=kind, actor=actor).empty_form
        _Rows(result, empty, actor, base.rows[kind] if base else None, theirs.rows[kind]).merge()
    return result


class _Fields:
    """The card's own fields of a form being merged."""

    def __init__(self, result, form, actor, phones):
        self.result, self.form, self.actor, self.phones = result, form, actor, phones

    def merge(self, name, old, new):
        if name == "portrait" or name in self.form.concealed:
            self._note(name, old, new, typed_in=self._inputs_of(name))
        elif name == "referred_by":
            self.result.data[name] = as_input(new)
            self._note(name, old, new, typed_in=("referrer", "clear_referrer"))
        else:
            self._merge_open(name, old, new)

    def _merge_open(self, name, old, new):
        mine = _normal(self.form.fields[name], self.result.data.get(name, ""))
        old = old if old is _NEVER else as_input(old)
        value, took_theirs, is_conflict = three_way(old, as_input(new), mine)
        self.result.data[name] = value
        if is_conflict:
            self.result.conflicts[name] = self._text(name, new)
        elif took_theirs:
            self._take(name, new)

    @staticmethod
    def _inputs_of(name):
        return ("remove_photo",) if name == "portrait" else (name, f"clear_{name}")

    def _note(self, name, old, new, *, typed_in):
        """A field whose input does not hold what is stored: what was typed stays, and a change of theirs is said."""
        if old == new:
            return
        if any(self.result.data.get(each, "").strip() for each in typed_in):
            self.result.conflicts[typed_in[0]] = self._text(name, new)
        else:
            self._take(name, new)

    def _take(self, name, new):
        label = self.form.instance._meta.get_field(name).verbose_name
        self.result.taken.append((str(label), self._text(name, new)))

    def _text(self, name, new):
        return _("changed") if name == "portrait" else show.shown(self.actor, name, new, phones=self.phones) or EMPTY


@dataclass
class _Posted:
    """One row as posted: `typed` {column: input}."""

    pk: int | None
    typed: dict
    is_removed: bool = False
    conflicts: dict = field(default_factory=dict)


class _Rows:
    """One kind of rows of a form being merged. `base` is None if unknown."""

    def __init__(self, result, empty_row, actor, base, theirs):
        self.result, self.actor, self.kind = result, actor, empty_row.kind
        self.fields = empty_row.fields
        self.concealed = concealed_columns(type(empty_row), actor)
        self.base, self.theirs = base, theirs

    def merge(self):
        posted = self._posted()
        seen = {row.pk for row in posted}
        stored = [self._both(row) for row in posted if row.pk in self.theirs]
        stored += [self._added_by_them(pk) for pk in self.theirs if pk not in seen]
        new = [row for row in posted if row.pk is None and not self._they_added_too(row)]
        gone = [self._gone(row) for row in posted if row.pk is not None and row.pk not in self.theirs]
        self._write(stored, [row for row in gone if row] + new)

    def _posted(self):
        data, prefix = self.result.data, self.kind.name
        count = min(sent_number(data.get(f"{prefix}-TOTAL_FORMS"), digits=8) or 0, 2 * MOST_ROWS)
        rows = []
        for index in range(count):
            get = lambda column, index=index: data.get(f"{prefix}-{index}-{column}", "")  # noqa: E731
            typed = {column: _normal(self.fields[column], get(column)) for column in self.kind.columns}
            row = _Posted(sent_id(get("id")), typed, bool(get("DELETE")))
            if row.pk is not None or any(typed.values()):
                rows.append(row)
        return rows

    def _old(self, pk, column):
        return self.base[pk][column] if self.base and pk in self.base else _NEVER

    def _both(self, row):
        """A row both had."""
        stored, took = self.theirs[row.pk], False
        for column in self.kind.columns:
            old, new = self._old(row.pk, column), stored[column]
            if column in self.concealed:
                took |= old != new and not row.typed[column]
                is_conflict = old != new and bool(row.typed[column])
            else:
                old = old if old is _NEVER else as_input(old)
                row.typed[column], took_this, is_conflict = three_way(old, as_input(new), row.typed[column])
                took |= took_this
            if is_conflict:
                row.conflicts[column] = show.shown_cell(self.actor, self.kind, column, new) or EMPTY
        if row.is_removed and self.base is not None and stored != self.base.get(row.pk):
            row.conflicts["DELETE"] = show.shown_row(self.actor, self.kind, stored)
        elif took:
            self._take(show.shown_row(self.actor, self.kind, stored))
        return row

    def _added_by_them(self, pk):
        stored = self.theirs[pk]
        self._take(show.shown_row(self.actor, self.kind, stored))
        return _Posted(pk, {c: "" if c in self.concealed else as_input(stored[c]) for c in self.kind.columns})

    def _gone(self, row):
        """A row they removed: it goes here too, unless something was typed into it; then it comes back as a new one."""
        was = self.base.get(row.pk) if self.base else None
        told = show.shown_row(self.actor, self.kind, was) if was else ""
        typed = {c: v for c, v in row.typed.items() if (v if c in self.concealed else was is None or v != as_input(was[c]))}
        can_return = not self.concealed or any(column in self.concealed for column in typed)
        if row.is_removed:
            return None
        if typed and can_return:
            row.pk = None
            if self.kind.chosen not in typed:
                row.typed.pop(self.kind.chosen, None)  # they chose another one when they removed it
            row.conflicts[self.kind.columns[0]] = _("removed: %(row)s") % {"row": told}
            return row
        kept_back = pgettext("between the entries of a list", ", ").join(
            value for value in typed.values() if value not in ("", "on")
        )
        if kept_back:
            self._take(_("removed: %(row)s; not kept: %(typed)s") % {"row": told, "typed": kept_back})
        else:
            self._take(_("removed: %(row)s") % {"row": told})
        return None

    def _they_added_too(self, row):
        added = [stored for pk, stored in self.theirs.items() if self.base is None or pk not in self.base]
        if self.kind.name == state.PHONES:
            return text.phone_digits(row.typed["number"]) in {text.phone_digits(stored["number"]) for stored in added}
        return row.typed in [{column: as_input(value) for column, value in stored.items()} for stored in added]

    def _take(self, words):
        self.result.taken.append((str(self.kind.model._meta.verbose_name), words or EMPTY))

    def _write(self, stored, new):
        """Put the rows into the form's data, the stored ones first, and an empty one at the end."""
        data, prefix = self.result.data, self.kind.name
        for key in [key for key in data if key.startswith(f"{prefix}-")]:
            del data[key]
        rows = [*stored, *new]
        data[f"{prefix}-INITIAL_FORMS"], data[f"{prefix}-TOTAL_FORMS"] = str(len(stored)), str(len(rows) + 1)
        for index, row in enumerate(rows):
            inputs = row.typed | {"id": "" if row.pk is None else str(row.pk), "DELETE": "on" if row.is_removed else ""}
            for column, value in inputs.items():
                if value or column not in ("is_main", "is_delivery", "DELETE"):
                    data[f"{prefix}-{index}-{column}"] = value
            for column, theirs in row.conflicts.items():
                self.result.conflicts[f"{prefix}-{index}-{column}"] = theirs


def _normal(form_field, raw):
    """What was typed as it would be stored and sent again, so that 05 equals 5 and stray spaces change nothing."""
    if hasattr(form_field, "queryset"):
        return raw.strip()
    try:
        return as_input(form_field.to_python(raw))
    except ValidationError:
        return raw.strip()
