"""Writing a card in the browser: create, edit (with two people at once), safety notes."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.card import history, services, state
from customers.card.editing.entry import CardEntry
from customers.card.editing.forms import RetireForm, SafetyNoteForm
from customers.card.editing.three_way import merge
from customers.card.models import Customer
from customers.card.views import open_card
from salon import access, operations, text
from salon.forms import sent_number

FORM = ["GET", "HEAD", "POST"]


def _claim(request, action):
    key = operations.read_key(request.POST.get(operations.FIELD), request.user, action)
    return services.Claim(key, operations.posted(request))


def _look_up(request, claim, action):
    """Leave at once if this very form was stored before (a double click)."""
    operations.look_up(key=claim.key, user=request.user, action=action, data=claim.data)


def _card_form(request, entry, action, *, status=200, **context):
    key = request.POST.get(operations.FIELD) or operations.new_key(request.user, action)
    context |= {"entry": entry, "customer": entry.customer, "operation_key": key}
    return render(request, "customers/card/form.html", context, status=status)


# --- create ----------------------------------------------------------------------------------------------------------


@require_http_methods(FORM)
def create(request):
    if request.method != "POST":
        entry = CardEntry(actor=request.actor, initial=_prefilled(request))
        return _card_form(request, entry, services.CREATE)
    claim = _claim(request, services.CREATE)
    entry = CardEntry(actor=request.actor, data=request.POST, files=request.FILES)
    if entry.is_valid():
        try:
            customer = services.create_card(actor=request.actor, branch=request.actor.branch, claim=claim, **entry.to_store())
        except services.CardNumberTaken:
            entry.form.add_error("card_no", _("This card number is taken."))
        else:
            messages.success(request, _("The card %(number)s is made.") % {"number": customer.card_no})
            return redirect(customer)
    _look_up(request, claim, services.CREATE)
    return _card_form(request, entry, services.CREATE, status=422)


def _prefilled(request):
    """What somebody typed while looking for the customer, put where it belongs."""
    name, phone = (text.clean_text(request.GET.get(key, "")) for key in ("name", "phone"))
    if not phone and len(text.phone_digits(name)) >= 5 and not any(char.isalpha() for char in name):
        name, phone = "", name
    return {"fields": {"name": name[:80], "card_date": request.actor.today}, "phone": phone[:30]}


# --- edit ------------------------------------------------------------------------------------------------------------


@require_http_methods(FORM)
def edit(request, pk):
    if request.method != "POST":
        customer = open_card(request, pk)
        entry = CardEntry(actor=request.actor, customer=customer)
        return _card_form(request, entry, services.EDIT, version=customer.version)
    customer = access.get(request.actor, Customer.objects.select_related("branch"), pk=pk)
    claim, version = _claim(request, services.EDIT), _version(request)
    _look_up(request, claim, services.EDIT)
    if version != customer.version:
        return _stale(request, customer, version)
    entry = CardEntry(actor=request.actor, customer=customer, data=request.POST, files=request.FILES)
    if entry.is_valid():
        try:
            return _stored(request, customer, version, entry, claim)
        except services.Stale:
            return _stale(request, Customer.objects.select_related("branch").get(pk=pk), version)
        except services.CardNumberTaken:
            entry.form.add_error("card_no", _("This card number is taken."))
    return _card_form(request, entry, services.EDIT, version=version, status=422)


def _version(request):
    """The version the form was opened at; 0, which no card ever has, if it is missing or odd."""
    return sent_number(request.POST.get("version"), digits=9) or 0


def _stored(request, customer, version, entry, claim):
    customer = services.edit_card(
        actor=request.actor,
        customer=customer,
        version=version,
        remove_portrait=entry.removes_portrait,
        claim=claim,
        **entry.to_store(),
    )
    messages.success(request, _("The card is saved."))
    return redirect(customer)


def _stale(request, customer, version):
    """409: somebody saved since the form was opened. What was entered stays; what is stored now stands beside it."""
    base, theirs = state.at_version(customer, version), state.current(customer)
    merged = merge(actor=request.actor, customer=customer, base=base, theirs=theirs, posted=request.POST)
    entry = CardEntry(actor=request.actor, customer=customer, data=merged.data)
    entry.conflicts, entry.taken = merged.conflicts, merged.taken
    entry.taken += history.safety_since(request.actor, customer, version)
    others = history.who_since(customer, version)
    return _card_form(
        request,
        entry,
        services.EDIT,
        version=customer.version,
        is_stale=True,
        others=others,
        photo_lost=bool(request.FILES),
        status=409,
    )


# --- safety notes ----------------------------------------------------------------------------------------------------


@require_http_methods(FORM)
def safety_add(request, pk):
    if request.method != "POST":
        return _safety_page(request, open_card(request, pk), SafetyNoteForm())
    customer = access.get(request.actor, Customer.objects.all(), pk=pk)
    claim, form = _claim(request, services.SAFETY), SafetyNoteForm(request.POST)
    _look_up(request, claim, services.SAFETY)
    if form.is_valid():
        try:
            services.add_safety_note(actor=request.actor, customer=customer, claim=claim, **form.cleaned_data)
        except services.NotedAlready:
            form.add_error("substance", _("This is noted already."))
        else:
            messages.success(request, _("Noted. It is shown wherever the customer is served."))
            return redirect(customer)
    return _safety_page(request, customer, form, status=422)


@require_POST
def safety_retire(request, pk, note):
    customer = access.get(request.actor, Customer.objects.all(), pk=pk)
    note = get_object_or_404(customer.safety_notes.select_related("tag"), pk=note)
    form = RetireForm(request.POST, note=note, today=request.actor.today)
    if not form.is_valid():
        return _safety_page(request, customer, SafetyNoteForm(), retire=form, status=422)
    services.retire_safety_note(actor=request.actor, note=note, ended_on=form.cleaned_data["ended_on"])
    messages.success(request, _("The note is retired; it stays in the history."))
    return HttpResponseRedirect(customer.get_absolute_url())


def _safety_page(request, customer, form, *, retire=None, status=200):
    in_force = customer.safety_notes.in_force(request.actor.today).select_related("tag", "noted_by__staff")
    context = {
        "customer": customer,
        "safety_form": form,
        "safety_key": operations.new_key(request.user, services.SAFETY),
        "substances": SafetyNoteForm.known_substances(),
        "retire_forms": [retire if retire and retire.note.pk == note.pk else _retire_form(request, note) for note in in_force],
    }
    return render(request, "customers/card/safety.html", context, status=status)


def _retire_form(request, note):
    return RetireForm(note=note, today=request.actor.today)
