"""Whose visit is it? A walk-in's visit is given to a customer: find her, look at both, confirm."""

from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from archives.visits.bills.entries import EntryError
from archives.visits.identify import services as identify
from archives.visits.models import Visit
from archives.visits.queries import customer_to_serve, with_everything
from archives.visits.views import form_page
from customers.card.search.lookup import by_whole_number
from customers.log.services import FindLimitReached, log_view
from salon import access, operations
from salon.errors import Barred

NOT_CHOSEN = gettext_lazy("Choose a customer from the list, or type a whole card number or phone number.")


@require_http_methods(["GET", "HEAD", "POST"])
def visit_identify(request, pk):
    """Find the customer. ?who=WORDS: by her whole card number or phone; ?customer=ID: look at her card beside the visit; POST:
    it is hers.
    """
    visit = access.get(request.actor, with_everything(Visit.objects.all()), pk=pk)
    if request.method == "POST":
        return _give(request, visit)
    if reason := identify.why_not(request.actor, visit):
        raise Barred(reason)
    if asked := request.GET.get("customer"):
        return _confirm(request, visit, customer_to_serve(request.actor, asked))
    if who := request.GET.get("who", "").strip():
        return _find(request, visit, who)
    return _box(request, visit)


def _give(request, visit):
    if not request.POST.get("customer"):
        return _box(request, visit, problem=NOT_CHOSEN)
    customer = customer_to_serve(request.actor, request.POST["customer"])
    key = operations.read_key(request.POST.get(operations.FIELD), request.user, "identify")
    try:
        identify.identify_visit(actor=request.actor, key=key, visit=visit, customer=customer)
    except EntryError as problem:
        return _confirm(request, visit, customer, problem.message)
    messages.success(request, _("This visit is %(name)s’s now.") % {"name": customer.name})
    return redirect(visit)


def _box(request, visit, who="", problem=""):
    context = {"visit": visit, "who": who, "problem": problem}
    return render(request, "archives/visits/identify.html", context, status=422 if problem else 200)


def _find(request, visit, who):
    """Without JavaScript: what was typed must name one customer."""
    try:
        customer = by_whole_number(request.actor, who)
    except FindLimitReached as refusal:
        return _box(request, visit, who, str(refusal))
    if customer is None:
        return _box(request, visit, who, NOT_CHOSEN)
    return redirect(f"{request.path}?{urlencode({'customer': customer.pk})}")


def _confirm(request, visit, customer, problem=""):
    actor = request.actor
    log_view(actor=actor, customer=customer, address=request.META.get("REMOTE_ADDR"))
    context = {
        "visit": visit,
        "customer": customer,
        "not_tolerated": identify.not_tolerated(actor, visit, customer),
        "beside": identify.visits_beside(actor, visit, customer),
        "problem": problem,
    }
    return form_page(request, "archives/visits/identify.html", context, "identify", is_error=bool(problem))
