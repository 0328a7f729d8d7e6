"""Finding a customer: as one types, and in the list."""

from django.db.models import F, Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from customers.card.lists import export
from customers.card.lists.filters import CustomerFilter
from customers.card.models import Customer, Phone
from customers.card.search import lookup, queries, terms
from customers.exports.registry import Kind
from customers.exports.services import answer
from customers.log.services import FindLimitReached
from salon import exports, panels, text
from salon.database import replica
from salon.lists import Sort, listing

LIST_COLUMNS = "customer.list_columns"  # higher floors: register(LIST_COLUMNS, "tier", show, label=_("Tier")); {pk: panels.Cell}
IN_BOX, ON_PAGE = 12, 50  # hits shown below the search box, and on a page of their own
SEARCH_MORE = "search.more"  # higher floors: show(actor, words) → [panels.Action], for what is no customer
SORTS = {
    "last_visit": Sort(_("Last visit"), (F("last_visit_on").desc(nulls_last=True), "-pk")),
    "strokes": Sort(_("Surname strokes"), ("stroke_key", "pk")),
    "pinyin": Sort(_("Pinyin"), ("pinyin", "pk")),
    "card_date": Sort(_("Card date"), (F("card_date").desc(nulls_last=True), "-pk")),
    "skin": Sort(_("Skin type"), ("skin_order", "stroke_key", "pk"), needs="skin"),
}


def _found(request):
    """All cards the actor's lists hold, filtered and sorted."""
    customers = Customer.objects.present().listed_for(request.actor).select_related("branch", "responsible")
    main = Prefetch("phones", Phone.objects.filter(is_main=True), to_attr="main_phones")
    return listing(request, CustomerFilter, customers.prefetch_related(main), sorts=SORTS, default="last_visit")


@require_safe
@replica.reading()
def customer_export(request):
    """The same list as a workbook, whole."""
    return answer(request, "customers:export")


def prepared(request):
    """The list as a file (customers/exports)."""
    found = _found(request)
    if found.errors:
        return None
    sheet = export.sheet(request.actor, found, panels.shown_to(request.actor, LIST_COLUMNS))
    return exports.of_list(request, "customers", sheet, found)


EXPORT = Kind("customers:export", "customers:list", "customers", _("Customer list"), prepared)


@require_safe
def customer_list(request):
    actor, found = request.actor, _found(request)
    columns = panels.shown_to(actor, LIST_COLUMNS)
    cells = [panel.show(actor, found.rows) if found.rows else {} for panel in columns]
    badges = panels.collect("customer.badge", actor, found.rows)
    rows = [(c, next(iter(badges[c.pk]), ""), [column.get(c.pk) for column in cells]) for c in found.rows]
    context = {"listing": found, "rows": rows, "columns": columns, "more": MoreFilters(found.filterset.form)}
    return render(request, "customers/card/list.html", context)


class MoreFilters:
    """The filters that stand folded away below the first line, and whether one of them is in use."""

    FIRST = ("q", "branch")

    def __init__(self, form):
        self.first = [form[name] for name in form.fields if name in self.FIRST]
        self.rest = [form[name] for name in form.fields if name not in self.FIRST]

    @property
    def in_use(self):
        return sum(1 for field in self.rest if field.value() not in (None, "", []))


@require_safe
def search(request):
    """Who fits what was typed: a fragment as one types, a page without JavaScript."""
    words = text.clean_text(request.GET.get("q", "")[: terms.LONGEST])
    if request.htmx and not words:
        return HttpResponse("")
    hits, refusal, is_limited = [], "", False
    try:
        guests, is_limited = queries.guests_by_phone(request.actor, words)
        hits = queries.search(request.actor, words, IN_BOX if request.htmx else ON_PAGE, guests=guests) if words else []
    except FindLimitReached as reached:
        refusal = str(reached)
    context = {
        "words": words,
        "hits": hits,
        "more": [found for panel in panels.shown_to(request.actor, SEARCH_MORE) for found in panel.show(request.actor, words)],
        "refusal": refusal,
        "limit": lookup.LIMIT_REACHED if is_limited else "",
        "new": _new_customer(request.actor, words),
        "number": terms.full_number(words),
    }
    return render(request, "customers/card/_hits.html" if request.htmx else "customers/card/found.html", context)


def _new_customer(actor, words):
    """The way to the form of a new customer, with the phone number or the name that was typed; None for who may not."""
    if not actor.may_write("customers:create"):
        return None
    number = terms.full_number(words)
    name = "" if terms.is_number(words) else words
    start = {"phone": number} if number else {"name": name} if name else {}
    return {"url": f"{reverse('customers:create')}?{urlencode(start)}".rstrip("?"), "words": number or name}
