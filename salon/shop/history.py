"""A row's change history in words: who changed what, when, from what to what."""

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from salon.money import format_money
from salon.shop import zones

LIMIT = 50


@dataclass(frozen=True)
class Step:
    """One field of a change."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One saved change. `by` is the user, None where a command did it; a new row has no steps."""

    at: datetime
    by: object
    is_new: bool
    steps: list = field(default_factory=list)


def shown(model_field, value):
    """A stored value as people read it. Related rows come as objects, many-to-many as a list of them."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if model_field.name == "time_zone":
        return zones.name_of(value)
    if model_field.name.endswith("_fen"):
        return format_money(value)
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, (list, tuple)):
        return pgettext("between the entries of a list", ", ").join(str(each) for each in value)
    return str(value)


def changes(instance, names):
    """The last changes of the fields `names`, newest first. Two queries, and two for each relation among the fields."""
    records = list(instance.history.select_related("history_user__staff").order_by("-history_id")[: LIMIT + 1])
    fields = [instance._meta.get_field(name) for name in names]
    values = {each.name: _values(each, records) for each in fields}
    found = []
    for after, before in pairwise([*records, None]):
        is_new = after.history_type == "+"
        steps = [] if before is None else list(_steps(fields, values, before, after))
        if steps or is_new:
            found.append(Change(after.history_date, after.history_user, is_new, steps))
    return found[:LIMIT]


def _steps(fields, values, before, after):
    for each in fields:
        old, new = (values[each.name][record.pk] for record in (before, after))
        if old != new:
            yield Step(each.verbose_name, shown(each, old), shown(each, new))


def _values(model_field, records):
    """{record pk: value of the field then}, with the related rows as objects. A row that is gone shows as nothing."""
    if model_field.many_to_many:
        return _values_of_many(model_field, records)
    values = {record.pk: getattr(record, model_field.attname) for record in records}
    if isinstance(model_field, models.ForeignKey):
        related = model_field.related_model._base_manager.in_bulk(set(values.values()))
        return {pk: related.get(value) for pk, value in values.items()}
    return values


def _values_of_many(model_field, records):
    values = {record.pk: [] for record in records}
    if records:
        links = getattr(records[0], model_field.name).model.objects.filter(history__in=list(values))
        pairs = list(links.values_list("history_id", model_field.m2m_reverse_field_name() + "_id"))
        related = model_field.related_model._base_manager.in_bulk({pk for _record, pk in pairs})
        for record, pk in pairs:
            if pk in related:
                values[record].append(related[pk])
    return {pk: sorted(objects, key=lambda each: each.pk) for pk, objects in values.items()}
