"""Visit entry: what a customer had and paid, in one form. A usual visit is four keys: repeat, save."""

import re
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from archives.visits.bills import entries, services
from archives.visits.entry import queries, reentry
from archives.visits.entry.forms import MAX_GUESTS, EntryForm
from archives.visits.entry.parts import GuestForm, stored_since_undo
from archives.visits.models import DONE, Bill, Visit
from archives.visits.queries import customer_to_serve
from archives.visits.undo import services as undo
from customers.card.search.lookup import by_whole_number
from customers.log.services import FindLimitReached, log_view
from salon import access, operations, panels
from salon.errors import Conflict
from salon.forms import sent_id, sent_number
from salon.money import SYMBOLS
from salon.shop.models import Branch
from salon.shop.queries import catalogue_for_entry

PHRASES = {  # what static/js/visit*.js says; {…} is filled there
    "repeat": gettext_lazy("Same as last time"),
    "minutes": gettext_lazy("{n} min"),
    "stop": gettext_lazy("Not tolerated: {tags}"),
    "removed": gettext_lazy("Removed: {item}"),
    "no_items": gettext_lazy("Add at least one item."),
    "not_found": gettext_lazy("This card cannot be opened here."),
    "left": gettext_lazy("Still to pay: {amount}"),
    "over": gettext_lazy("Too much by {amount}"),
    "nothing_to_pay": gettext_lazy("Nothing to pay."),
    "nobody": gettext_lazy("Nobody is named who did this. Choose somebody, or save again if that is meant."),
    "stranger": gettext_lazy("Nobody of this name works here."),
    "instead": gettext_lazy("Instead of {name}:"),
    "changed": gettext_lazy("The visit is {name}’s now. What was typed is kept."),
    "stays_open": gettext_lazy("The visit of {name} stays open at the desk."),
    "on_bill": gettext_lazy("A customer can stand on a bill only once."),
    "enter": gettext_lazy("Enter stores nothing here. Ctrl Enter saves."),
    "bad_quantity": gettext_lazy("Enter a quantity, such as 1 or 0.5."),
    "bad_price": gettext_lazy("Enter an amount of money, such as 380 or 380.50."),
    "bad_discount": gettext_lazy("Enter a discount up to the whole price, such as 9折, 10%, 30 or =270."),
    "restored": gettext_lazy("This is what you had typed at {time}."),
}
OF_THE_FORMER = re.compile(r"lines-\d{1,3}-(override|override_tags|again)")  # what a line says of the customer it was for


@require_http_methods(["GET", "HEAD", "POST"])
def create(request):
    """Record a visit. GET: ?customer=ID (several: one bill for all), ?visit=ID (of nobody: with the customer whose it is),
    ?replaces=VISIT, ?undone=VISIT, ?walkin=1; else choose first.
    """
    if request.method == "POST":
        return _save(request)
    if "undone" in request.GET:
        return _undone(request)
    if "visit" in request.GET:
        return _of_open_visit(request)
    prefill = _prefill(request)
    if prefill is None:
        return render(request, "archives/visits/entry_pick.html")
    return _entry(request, prefill)


def _entry(request, prefill):
    form = EntryForm(request.actor, prefill=prefill)
    for customer in form.customers.values():
        _log_view(request, customer)
    return _page(request, form, operations.new_key(request.user, "visit"))


def _undone(request):
    """?undone=VISIT: what was undone, to be entered again under a new key; or what it has become since."""
    bill = reentry.undone_bill(request.actor, request.GET["undone"])
    if since := reentry.stored_since(bill):
        is_stored = since.status == DONE
        text = _("This has been entered again already. Here it is.") if is_stored else _("What stood again was voided meanwhile.")
        messages.info(request, text)
        return redirect(since)
    return _entry(request, reentry.prefill_undone(access.at(request.actor, bill.branch), bill))


def _of_open_visit(request):
    """?visit=VISIT: to be finished; of nobody: with the ?customer= whose it is. If it is open no more, what it has become."""
    visit = access.get(request.actor, Visit.objects.select_related("customer", "branch"), pk=request.GET["visit"])
    if not visit.is_open:
        return _open_no_more(request, visit)
    actor, customer = access.at(request.actor, visit.branch), visit.customer
    if customer is None and request.GET.get("customer"):
        customer = customer_to_serve(actor, request.GET["customer"])
    repeat = "repeat" in request.GET
    return _entry(request, queries.prefill(actor, customers=[customer], visit=visit, repeat=repeat))


def _open_no_more(request, visit):
    """Its entry, if this person undid it, or the page of the visit."""
    bill = visit.bill
    if bill and bill.voided_by_id == request.user.pk and undo.is_undone(bill):
        return redirect(f"{request.path}?undone={visit.pk}")
    if again := reentry.open_in_place_of([visit]).get(visit.pk):
        return redirect(f"{request.path}?visit={again.pk}")
    messages.info(request, _("This visit is “%(state)s” by now. Here it is.") % {"state": visit.get_status_display()})
    return redirect(visit)


def _log_view(request, customer):
    log_view(actor=request.actor, customer=customer, address=request.META.get("REMOTE_ADDR"))


def _prefill(request):
    """The Prefill the address asks for, or None if it names nobody. Raises Http404 for what the actor may not see."""
    actor, asked = request.actor, request.GET
    if "replaces" in asked:
        bill = queries.bill_to_correct(actor, asked["replaces"])
        if not services.may_void(actor, bill):
            raise PermissionDenied
        return queries.prefill_correction(bill)
    if ids := asked.getlist("customer")[:MAX_GUESTS]:
        customers = [customer_to_serve(actor, pk) for pk in dict.fromkeys(ids)]
        return queries.prefill(actor, customers=customers, repeat="repeat" in asked)
    if "walkin" in asked:
        return queries.prefill(actor, customers=[None])
    return None


def _save(request):
    form = EntryForm(request.actor, data=request.POST)
    key = request.POST.get(operations.FIELD, "")
    if "change" in request.POST or ("calculate" in request.POST and request.POST.get("who", "").strip()):
        return _changed(request, form, key)
    if "calculate" in request.POST:
        return _calculated(request, form, key)
    if not form.is_valid() or form.asks_who_served():
        return _page(request, form, key, 422)
    # In this order: the same form may be stored beside us just now, and what it stored is no second one.
    if form.asks_about_repeated() and not operations.is_used(key, request.user, "visit"):
        return _page(request, form, key, 422)
    try:
        bill = services.record_bill(
            actor=form.actor,
            key=operations.read_key(key, request.user, "visit"),
            branch=form.actor.branch,
            guests=form.entries,
            payments=form.payments,
            payer=form.payer,
            channel=form.head.cleaned_data["channel"],
            on=form.head.cleaned_data["on"],
            replaces=form.replaced,
            identified=form.head.cleaned_data["identified"],
        )
    except operations.AlreadyDone as done:
        return _stored_already(request, done.url)
    except entries.SafetyStop as stop:
        form.stop(stop)
        return _page(request, form, key, 422)
    except entries.EntryError as problem:
        form.place(problem)
        return _page(request, form, key, 422)
    except (Conflict, operations.KeyConflict, operations.BadKey) as conflict:
        return _conflict(request, form, key, conflict)
    return redirect("visits:saved", bill.first_visit.pk)


def _stored_already(request, url):
    """To what the same form has stored before; was that undone since, to its entry, which is open again, or to what it is now."""
    bill = _bill_at(url)
    if bill.voided_by_id == request.user.pk and undo.is_undone(bill):
        return redirect(f"{reverse('visits:create')}?undone={resolve(url).kwargs['pk']}")
    if bill.voided_at:
        messages.info(request, _("This was stored before, and has been undone, corrected or voided since. Here it is."))
    return redirect(url)


def _bill_at(url):
    return Bill.objects.get(visits=resolve(url).kwargs["pk"])


def _calculated(request, form, key):
    """The sums, for a browser without JavaScript; nothing is stored and a missing payment is not complained about yet."""
    form.is_valid()
    form.payment_problems.clear()
    return _page(request, form, key, 422 if form.has_errors else 200)


def _changed(request, form, key):
    """Another customer in place of one, for a browser without JavaScript: `change` is the guest's number, `who` her whole card
    number or phone. Everything else stays as it was typed; nothing is stored.
    """
    asked, problem = request.POST.get("change"), ""
    guest = next((each for each in form.guests if asked in (None, each.number)), None)
    try:
        customer = by_whole_number(request.actor, request.POST.get("who", ""))
    except FindLimitReached as refusal:
        customer, problem = None, str(refusal)
    if guest is None or customer is None:
        form.general.append(problem or _("Type a whole card number or phone number that one customer has."))
        return _page(request, form, key, 422)
    former = form.visit_of(guest)
    visit = queries.open_visit(form.actor, customer, sent_id(guest["visit"].value()))
    if former and former != visit and former.is_open:
        said = _("The visit of {name} stays open at the desk.")
        messages.info(request, said.format(name=former.customer))
    data = request.POST.copy()
    data[f"{guest.prefix}-customer"], data[f"{guest.prefix}-visit"] = customer.pk, visit.pk if visit else ""
    data[f"{guest.prefix}-since"] = ""
    for name in data:
        if OF_THE_FORMER.fullmatch(name) and data.get(f"lines-{name.split('-')[1]}-guest", guest.number) == guest.number:
            data[name] = ""
    _log_view(request, customer)
    return _calculated(request, EntryForm(request.actor, data=data), key)


def _conflict(request, form, key, conflict):
    """409 with everything that was typed still there, and why nothing was stored."""
    if isinstance(conflict, operations.BadKey):
        said = _("This page had been open too long. Nothing was stored yet: look at it and save again.")
    elif isinstance(conflict, operations.KeyConflict):
        form, said = _stored_before(request, form, operations.read_key(key, request.user, "visit"))
    else:  # somebody finished, cancelled or undid her visit meanwhile: saving again records what is to be recorded by now
        before, form = form, _renewed(request, form)
        said = " ".join([str(conflict), *_what_is_next(before, form)])
    form.came_too_late = True
    form.general.append(said)
    return _page(request, form, operations.new_key(request.user, "visit"), 409)


def _what_is_next(before, form):
    """What saving again will do, where that is not what the page `before` would have done."""
    if form.visits.keys() - before.visits.keys():
        yield _("It is open again, since that was undone: save again to finish it.")
    elif gone := before.visits.keys() - form.visits.keys():
        names = " · ".join(str(before.visits[pk].customer or _("Walk-in")) for pk in sorted(gone))
        yield _("Saving again stores a visit of its own for %(names)s.") % {"names": names}
    if form.replaced and form.replaced != before.replaced:
        yield _("It stands as receipt %(receipt)s by now: saving again corrects that.") % {"receipt": form.replaced}
    elif before.replaced and not form.replaced:
        yield _("Saving again stores a bill of its own.")


def _stored_before(request, form, key):
    """The form renewed, and in words what has become of what was stored under its key."""
    url = operations.Operation.objects.get(pk=key).url
    bill = _bill_at(url)
    form = _renewed(request, form, stored=bill)
    if undo.is_undone(bill):
        since = reentry.stored_since(bill)
        if since is None:
            return form, _("What this form stored was undone, and nothing since. Save again to store it as it is here.")
        url = since.get_absolute_url()
    link = format_html('<a class="alert-link" href="{}">{}</a>', url, _("Open what was stored"))
    next_step = _("Saving again corrects that.") if form.corrected else _("Save again only if this is another visit.")
    text = _("This form was stored before, with other content. {link}. {next_step}")
    return form, format_html(text, link=link, next_step=next_step)


def _renewed(request, form, stored=None):
    form = EntryForm(request.actor, data=reentry.as_of_now(form, request.POST, stored))
    form.is_valid()
    return form


def _page(request, form, key, status=200):
    actor = form.actor
    for guest in form.guests:
        guest.card = queries.guest_card(actor, form.customer_of(guest), form.visit_of(guest))
        if (stored := form.stored_since_undo.get(sent_id(guest["customer"].value()))) and not guest.stored:
            guest.card.hints.append(panels.Hint(stored_since_undo(stored), "warn"))
    catalogue = catalogue_for_entry(actor.branch)
    context = {
        "form": form,
        "operation_key": key,
        "sent": request.method == "POST",
        "catalogue": catalogue,
        "phrases": PHRASES,
        "staff_options": list(form.stock.staff.values()),
        "first": form.guests[0] if form.guests else None,
        "many": len(form.guests) > 1 or form.other_payer,
        "stands_again": (stands_again := _stands_again(request, form)),
        "open_again": _open_again(form) if form.undone or stands_again else [],
        "repeat_url": _repeat_url(request, form),
        "who": request.POST.get("who", "") if form.general else "",
        "symbol": SYMBOLS.get(settings.CURRENCY, settings.CURRENCY),
    }
    return render(request, "archives/visits/entry.html", context, status=status)


def _stands_again(request, form):
    """The bill an undo stored again, which this form corrects; None if there is none, or it stands no more."""
    is_so = "undone" in request.GET and form.replaced and not form.replaced.voided_at
    return form.replaced if is_so else None


def _open_again(form):
    """[(customer or None, state)] of those an undo has put back on the board."""
    visits = [(form.customer_of(guest), form.visit_of(guest)) for guest in form.guests]
    return [(customer, visit.get_status_display()) for customer, visit in visits if visit and visit.is_open]


def _repeat_url(request, form):
    """The page with the last visit of its first customer filled in, for a browser without JavaScript."""
    asked = request.GET.copy()
    if request.method == "POST":
        asked = QueryDict(urlencode({"customer": form.guests[0]["customer"].value() if form.guests else ""}), mutable=True)
    asked["repeat"] = 1
    return f"?{asked.urlencode()}"


@require_safe
def guest(request):
    """The part of the page for one more customer, or for another in place of one: ?customer=ID&number=1 (no customer: a walk-in),
    &visit=ID (the open visit of nobody that is hers now), &at=ID (the branch of the entry: an owner may work at another);
    ?payer=ID: who pays for all.
    """
    if "payer" in request.GET:
        payer = customer_to_serve(request.actor, request.GET["payer"])
        _log_view(request, payer)
        return render(request, "archives/visits/_payer.html", {"payer": payer, "chosen": True})
    actor, pk = request.actor, request.GET.get("customer")
    if (at := sent_id(request.GET.get("at"))) not in (None, actor.branch.pk):
        actor = access.at(actor, access.get(actor, Branch.objects.all(), pk=at))
    number = sent_number(request.GET.get("number"), digits=3)
    customer = customer_to_serve(actor, pk) if pk else None
    if customer:
        _log_view(request, customer)
    visit = queries.open_visit(actor, customer, sent_id(request.GET.get("visit")))
    form = GuestForm(prefix=f"guests-{1 if number is None else number}", initial={"customer": pk, "visit": visit and visit.pk})
    form.card = queries.guest_card(actor, customer, visit)
    context = {"guest": form, "payer": "0", "repeat_url": f"{reverse('visits:create')}?customer={pk}&repeat=1"}
    return render(request, "archives/visits/_guest.html", context | {"corrects": request.GET.get("corrects")})
