"""Lists: one filter form, sort keys from a fixed set, a page of rows, a count that stays fast.

An unknown parameter or an invalid value is refused with a message and shows no rows: a mistyped filter must never show,
or export, everything.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import islice

from django.db import models
from django.utils.translation import gettext as _

from salon import access
from salon.forms import sent_number

EXACT_COUNT = 10_000
LONG = 5_000  # more rows than this are not made into a file while somebody waits
PAGE_SIZE = 25
AT_A_TIME = 1000  # rows an export reads at once
OWN_PARAMETERS = frozenset({"page", "sort"})


class Refused(Exception):
    """A filter that is not answered; the text says why. Raised by a filter's method, shown as an error of the list."""


@dataclass(frozen=True)
class Sort:
    """One way to order a list: a label and the order_by arguments, which must end in a unique column.

    `needs`: the field group of access.VISIBILITY somebody must see in full to be offered this order.
    """

    label: str
    order_by: tuple
    needs: str = ""


@dataclass
class Listing:
    """A filtered, sorted, paged list. `rows` holds this page's objects; `errors` what was refused."""

    filterset: object
    sorts: dict
    sort: str
    number: int
    errors: list
    size: int = PAGE_SIZE
    queryset: models.QuerySet = field(default=None, repr=False)

    @cached_property
    def total(self):
        """How many rows match, counted up to EXACT_COUNT + 1."""
        return 0 if self.errors else self.queryset.order_by()[: EXACT_COUNT + 1].count()

    @property
    def is_many(self):
        return self.total > EXACT_COUNT

    @property
    def is_long(self):
        return self.total > LONG

    @property
    def pages(self):
        return max(1, -(-min(self.total, EXACT_COUNT) // self.size))

    @cached_property
    def rows(self):
        start = (self.number - 1) * self.size
        return [] if self.errors else list(self.queryset[start : start + self.size])

    @property
    def first(self):
        return (self.number - 1) * self.size + 1

    @property
    def last(self):
        return (self.number - 1) * self.size + len(self.rows)

    @property
    def has_previous(self):
        return self.number > 1

    @property
    def has_next(self):
        return self.number < self.pages

    def every_row(self):
        """Lists of rows, some at a time, until all that match have come, in order; none if the filter was refused."""
        return iter(()) if self.errors else some_at_a_time(self.queryset)

    @property
    def conditions(self):
        """[(label, what was chosen)] of the filters that are set, in words, for whoever reads an export of this list."""
        form = self.filterset.form
        return [(str(form.fields[name].label or name), _in_words(form[name])) for name in form.fields if _is_set(form[name])]

    @property
    def is_filtered(self):
        """True if any filter is set, so that "none match" can be told from "none yet"."""
        return any(_is_set(self.filterset.form[name]) for name in self.filterset.form.fields)


def some_at_a_time(queryset):
    """Lists of the rows of a queryset, so that memory does not grow with their number."""
    rows = queryset.iterator(chunk_size=AT_A_TIME)
    while some := list(islice(rows, AT_A_TIME)):
        yield some


def listing(request, filterset_class, queryset, *, sorts, default, size=PAGE_SIZE):
    """The Listing for a request. `sorts` maps the allowed values of ?sort= to Sort; `default` is one of them.

    Raises nothing for bad input: the listing carries `errors` and has no rows. A page beyond the last shows the last.
    """
    data = request.GET
    sorts = {key: each for key, each in sorts.items() if not each.needs or access.sees(request.actor, each.needs)}
    filterset = filterset_class(data, queryset=queryset, request=request)
    known, several = _input_names(filterset.form) | OWN_PARAMETERS, _of_several(filterset.form)
    errors = [_("Unknown filter: %(name)s") % {"name": name[:40]} for name in data if name not in known]
    twice = [name for name in data if name in known - several and len(data.getlist(name)) > 1]
    errors += [_("Given twice: %(name)s") % {"name": name} for name in twice]
    sort = data.get("sort") or default
    if sort not in sorts:
        errors.append(_("Unknown order: %(name)s") % {"name": sort[:40]})
        sort = default
    if filterset.form.is_valid():
        _refuse_turned_days(filterset.form)
    if filterset.form.errors:
        errors += [
            _("%(label)s: %(problem)s") % {"label": filterset.form.fields[name].label or name, "problem": problem}
            for name, problems in filterset.form.errors.items()
            for problem in problems
        ]
    number = sent_number(data.get("page", "1"), digits=8)
    if not number:
        errors.append(_("Unknown page"))
    result = Listing(filterset, sorts, sort, number or 1, errors, size)
    if not errors:
        try:
            result.queryset = filterset.qs.order_by(*sorts[sort].order_by)
        except Refused as refusal:
            errors.append(str(refusal))
        else:
            result.number = min(result.number, result.pages)
    return result


def _refuse_turned_days(form):
    """An error at the field day_to of a form whose day_from is later, of each such pair of days: nothing could match."""
    for name, last in list(form.cleaned_data.items()):
        start = f"{name.removesuffix('_to')}_from" if name.endswith("_to") else ""
        first = form.cleaned_data.get(start)
        if isinstance(first, date) and isinstance(last, date) and first > last:
            form.add_error(name, _("This day is before that of “%(label)s”.") % {"label": form.fields[start].label})


def _says_something(value):
    """True for a value somebody typed or chose; the two ends of an empty range say nothing."""
    return any(map(_says_something, value)) if isinstance(value, (list, tuple)) else value not in (None, "")


def _is_set(bound_field):
    return _says_something(bound_field.value())


def _in_words(bound_field):
    """What was typed, or the name of what was chosen."""
    value = bound_field.value()
    names = {str(key): str(name) for key, name in getattr(bound_field.field, "choices", ())}
    values = value if isinstance(value, (list, tuple)) else [value]
    return " – ".join(names.get(str(each), str(each)) for each in values if each not in (None, ""))


def _of_several(form):
    """Names of the inputs that may be given more than once."""
    return {name for name, field in form.fields.items() if getattr(field.widget, "allow_multiple_selected", False)}


def _input_names(form):
    """Names of a form's inputs: a range has two, day_after and day_before, and none that is just called day."""
    names = set()
    for name, form_field in form.fields.items():
        widget = form_field.widget
        suffixes = [f"_{suffix}" if suffix else "" for suffix in getattr(widget, "suffixes", ())]
        names |= {name + suffix for suffix in suffixes or getattr(widget, "widgets_names", ("",))}
    return names
