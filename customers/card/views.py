"""The card's pages for reading: the card with its timeline, its data, its change history, the portrait."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.card import birthdays, history, portraits, services, sheets, show
from customers.card.editing.forms import SafetyNoteForm
from customers.card.models import Customer
from customers.log.services import log_view
from salon import access, dates, operations, panels

TIMELINE_PAGE = 50
MOST_REFERRED = 5


def open_card(request, pk):
    """The customer whose card somebody opens: written into the access log. 404 if it is hidden from the actor."""
    customer = access.get(request.actor, Customer.objects.select_related("branch", "responsible"), pk=pk)
    log_view(actor=request.actor, customer=customer, address=request.META.get("REMOTE_ADDR"))
    return customer


def head(request, customer, tab):
    """Context of the head every page of a card shows."""
    actor = request.actor

    def slot(name):
        return panels.collect(f"customer.{name}", actor, [customer])[customer.pk]

    notes = list(customer.safety_notes.select_related("tag", "noted_by__staff"))
    return {
        "customer": customer,
        "tab": tab,
        "phone": customer.phones.first(),
        "safety_notes": [note for note in notes if note.ended_on is None or note.ended_on > actor.today],
        "retired_notes": [note for note in notes if note.ended_on and note.ended_on <= actor.today],
        "badge": next(iter(slot("badge")), ""),
        "why": next(iter(slot("why")), None),
        "facts": slot("facts"),
        "actions": slot("actions"),
        "tabs": slot("tabs"),
    }


@require_safe
def detail(request, pk):
    customer = open_card(request, pk)
    context = head(request, customer, "timeline") | _timeline(request, customer) | _beside(request, customer)
    return render(request, "customers/card/detail.html", context)


@require_safe
def timeline(request, pk):
    """Older events, or one kind of them: a fragment for htmx, else a page of its own."""
    if request.htmx:
        customer = access.get(request.actor, Customer.objects.all(), pk=pk)
        whole = request.htmx.target == "timeline"
        template = "customers/card/_timeline.html" if whole else "customers/card/_events.html"
        return render(request, template, {"customer": customer} | _timeline(request, customer))
    customer = open_card(request, pk)
    return render(request, "customers/card/timeline.html", head(request, customer, "timeline") | _timeline(request, customer))


def _timeline(request, customer):
    kinds = [(panel.name, panel.label) for panel in panels.shown_to(request.actor, panels.TIMELINE)]
    kind, before = request.GET.get("kind") or None, request.GET.get("before")
    if kind and kind not in dict(kinds):
        raise Http404
    try:
        moment = panels.Moment.parse(before) if before else None
    except ValueError:
        raise Http404 from None
    found = panels.timeline(request.actor, [customer], before=moment, limit=TIMELINE_PAGE, kind=kind)
    events, older = found[customer.pk]
    return {"events": events, "older": older, "kinds": kinds, "kind": kind or "", "before": before}


def _beside(request, customer):
    """The sheets beside the timeline."""
    actor = request.actor
    referred = Customer.objects.present().visible_to(actor).filter(referred_by=customer).order_by("-card_date", "-pk")
    family = customer.family.all()
    hints = panels.collect("customer.hints", actor, [customer])[customer.pk]
    return {
        "birthday": birthdays.near(customer, actor.today),
        "hints": [hint for hint in hints if hint.on_card],
        "family": [(each, each.birth_month and birthdays.month_and_day(each.birth_month, each.birth_day)) for each in family],
        "referrer": Customer.objects.visible_to(actor).filter(pk=customer.referred_by_id).first(),
        "referred": referred[:MOST_REFERRED],
        "safety_form": SafetyNoteForm(),
        "substances": SafetyNoteForm.known_substances(),
        "safety_key": operations.new_key(actor.user, services.SAFETY),
    }


@require_safe
def data(request, pk):
    customer = open_card(request, pk)
    context = head(request, customer, "data") | {"sheets": sheets.of(request.actor, customer)}
    return render(request, "customers/card/data.html", context)


@require_safe
def changes(request, pk):
    before = request.GET.get("before")
    try:
        moment = dates.moment_from(before) if before else None
    except ValueError:
        raise Http404 from None
    customer = open_card(request, pk)
    saves, older = history.saves(request.actor, customer, before=moment)
    context = head(request, customer, "history") | {"saves": saves, "older": older.isoformat() if older else ""}
    return render(request, "customers/card/history.html", context)


@require_safe
def portrait(request, pk):
    """The portrait's file, for who may see the card; never kept by a browser or a proxy."""
    customer = access.get(request.actor, Customer.objects.exclude(portrait=""), pk=pk)
    if not show.sees_portrait(request.actor, customer):
        raise Http404
    try:
        content = portraits.path_of(customer.portrait).read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(content, content_type="image/webp")
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
