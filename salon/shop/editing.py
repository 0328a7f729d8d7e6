"""Storing an edited form: once, whole, and never over what somebody else saved meanwhile."""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from salon import access, operations
from salon.errors import Conflict
from salon.shop.history import shown

STALE = "stale"
ISOLATED = "\u2068{}\u2069"  # a name of either direction inside a sentence


@dataclass(frozen=True)
class Difference:
    """A field that somebody else changed, or that I want to: what is stored now, and what I typed."""

    label: str
    stored: str
    typed: str


class SeenVersion:
    """Mixin for model forms: saving does not overwrite what somebody else saved after the form was opened.

    The form carries a fingerprint of the values it was filled with. If the row has other values by now, the form is
    invalid (`is_stale`) and `differences` shows both sides; sent again, it carries the new fingerprint and is stored.
    """

    is_stale = False
    differences = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seen"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=lambda: self.current)

    @cached_property
    def current(self):
        """The fingerprint of the row's values, of those fields this form has."""
        names = [name for name in self._meta.fields if name in self.fields]
        return operations.fingerprint({name: _plain(self.initial.get(name)) for name in names})

    @cached_property
    def changed_data(self):
        return [name for name in super().changed_data if name != "seen"]

    def clean(self):
        cleaned = super().clean()
        changed = [name for name in self._meta.fields if name in self.changed_data]
        if self.instance.pk and changed and self.cleaned_data.get("seen") != self.current:
            self.is_stale = True
            self.differences = [self._difference(name) for name in changed]
            self.data = self.data.copy()
            self.data["seen"] = self.current
            self.add_error(None, ValidationError(_("Somebody saved other values while you were editing."), code=STALE))
        return cleaned

    def _difference(self, name):
        model_field = self.instance._meta.get_field(name)
        stored = getattr(self.instance, name)
        typed = self.cleaned_data.get(name)
        if model_field.many_to_many:
            stored, typed = list(stored.all()), list(typed or [])
        return Difference(self.fields[name].label, shown(model_field, stored), shown(model_field, typed))


def _plain(value):
    return sorted(each.pk for each in value) if isinstance(value, (list, tuple)) else value


def pick(request, queryset, pk):
    """The row to edit if the actor may see it, else 404; locked when it is about to be written."""
    return access.get(request.actor, queryset.select_for_update() if request.method == "POST" else queryset, pk=pk)


def save(form):
    """Store a form's row; an unchanged one leaves no entry in the history."""
    return form.save() if form.has_changed() else form.instance


def edit(request, template, make_form, save, done, context=None):
    """The whole of a page with a form. GET shows it; POST stores it and goes on to the address `done(stored)`.

    What cannot be stored is shown again, as it was typed, with 422, or 409 if it was stale. `make_form(data)` picks the
    row and builds the form, `save(form)` stores it and returns the row, `context(form)` adds to the page.
    """
    status = 200
    if request.method == "POST":
        form, stored = _store(request, make_form, save, done)
        if stored:
            messages.success(request, _("Saved: %(name)s") % {"name": ISOLATED.format(stored)})
            return redirect(done(stored))
        status = 409 if form.is_stale else 422
    else:
        form = make_form(None)
    key = request.POST.get(operations.FIELD) or operations.new_key(request.user, request.resolver_match.view_name)
    return render(request, template, {"form": form, "operation": key} | (context(form) if context else {}), status=status)


def _store(request, make_form, save, done):
    """(form, the stored row or None), in one transaction."""

    def attempt():
        with transaction.atomic():
            return _store_once(request, make_form, save, done)

    try:
        return attempt()
    except IntegrityError:  # somebody stored the same name between check and save: the second look finds it and says so
        return attempt()


def _store_once(request, make_form, save, done):
    action = request.resolver_match.view_name
    form = make_form(request.POST)  # first of all: what is not there, or not for this person, is 404
    key = operations.read_key(request.POST.get(operations.FIELD), request.user, action)
    operation = operations.claim(key=key, user=request.user, action=action, data=_sent(request))
    if form.is_valid():
        try:
            stored = save(form)
            operation.url = done(stored)
            operation.save(update_fields=["url"])
            return form, stored
        except ValidationError as error:
            form.add_error(None, error)
        except Conflict as error:
            form.add_error(None, str(error))
    transaction.set_rollback(True)  # nothing was stored, so the operation key is still unused
    return form, None


def _sent(request):
    """What the form sent, for the fingerprint of the operation."""
    own = {operations.FIELD, "csrfmiddlewaretoken"}
    return {"path": request.path} | {name: request.POST.getlist(name) for name in request.POST if name not in own}
