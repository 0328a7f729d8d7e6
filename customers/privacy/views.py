"""Seeing what is masked, confirming a guest of another branch, and the log of who saw what."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from customers.card.models import Customer
from customers.card.search import terms
from customers.privacy import services
from customers.privacy.filters import AccessFilter
from customers.privacy.queries import ENTRY_NAMES, FIELD_NAMES, log_for, whole
from salon import access, text
from salon.forms import sent_id
from salon.lists import Sort, listing

SORTS = {
    "newest": Sort(gettext_lazy("Newest first"), ("-pk",)),
    "oldest": Sort(gettext_lazy("Oldest first"), ("pk",)),
}
LONGEST_REASON = 200


@require_POST
def reveal(request, pk):
    """The whole of one masked field group. Log entry and reading are one transaction: no entry, nothing shown."""
    customer = access.get(request.actor, Customer.objects.all(), pk=pk)
    field = request.POST.get("field", "")
    if not access.may_reveal(request.actor, field):
        raise PermissionDenied
    reason = text.clean_text(request.POST.get("reason", ""))[:LONGEST_REASON]
    shown = {"customer": customer, "field": field, "label": FIELD_NAMES[field], "values": (), "refusal": "", "asks_reason": False}
    try:
        with transaction.atomic():
            services.log_reveal(
                actor=request.actor, customer=customer, field=field, reason=reason, address=request.META.get("REMOTE_ADDR")
            )
            shown["values"] = whole(customer, field)
    except services.ReasonMissing:
        return _revealed(request, shown | {"asks_reason": True, "is_missing": "reason" in request.POST}, 422)
    except services.RevealLimitReached:
        refusal = _("You have looked at as many whole fields today as one person may. Ask your manager.")
        return _revealed(request, shown | {"refusal": refusal}, 422)
    return _revealed(request, shown, 200)


def _revealed(request, context, status):
    template = "customers/privacy/_revealed.html" if request.htmx else "customers/privacy/revealed.html"
    return render(request, template, context, status=status)


@require_POST
def here(request):
    """A customer of another branch is here: the whole number opens the card until the end of the business day. Whose it is in the
    own branch is logged like any whole number.
    """
    digits = terms.full_number(request.POST.get("phone", ""))
    customers = _customers_of(digits, request.POST.get("customer", ""))
    services.check_guest_limit(request.actor, customers)
    if len(customers) != 1:
        raise Http404
    customer = customers[0]
    if Customer.objects.visible_to(request.actor).filter(pk=customer.pk).exists():
        services.log_known(actor=request.actor, customer=customer)
    else:
        services.open_guest_pass(actor=request.actor, customer=customer, digits=digits, address=request.META.get("REMOTE_ADDR"))
    url = customer.get_absolute_url()
    return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)


def _customers_of(digits, pk):
    """The customers of this whole number, two at most; `pk` says which, where a family shares it."""
    found = Customer.objects.present().filter(phones__digits=digits) if digits else Customer.objects.none()
    if pk:
        found = found.filter(pk=sent_id(pk))
    return list(found.order_by("pk")[:2])


@require_safe
def log(request):
    """Who looked at what: for the owner everything, for a manager the own branch."""
    entries = log_for(request.actor).select_related("user__staff", "branch", "reason")
    found = listing(request, AccessFilter, entries, sorts=SORTS, default="newest", size=50)
    ids = {entry.customer_id for entry in found.rows}
    customers = Customer.objects.select_related("branch").in_bulk(ids)
    own = Customer.objects.visible_to(request.actor).only("pk").in_bulk(ids)
    rows = [
        (entry, customers.get(entry.customer_id), entry.customer_id in own, ENTRY_NAMES.get(entry.field)) for entry in found.rows
    ]
    return render(request, "customers/privacy/log.html", {"listing": found, "rows": rows})
