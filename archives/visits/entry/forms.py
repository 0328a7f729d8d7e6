"""The form of visit entry: one head, one or more guests, their lines; plain field names, so it works without JavaScript.

    on, channel, payer, payer_card, rest, pay-<means>, shown_total, replaces         (the head)
    guests-0-customer, guests-0-visit, guests-0-next_note, …             (per guest; an empty customer is a walk-in)
    lines-0-guest, lines-0-item, lines-0-quantity, lines-0-staff (several), lines-0-share (as many), …
    lines-0-typed (several): names in the boxes for staff that are nobody's, refused

Numbers may have gaps, since lines are removed in the browser. `payer` is a guest's number, or "other": then `payer_card`
is the customer who pays for them (a husband, an employer) without being served. `rest` names the means of payment that takes
what the others leave, so that a usual visit needs no amount at all.
"""

import re
from decimal import Decimal

from django.db.models import Q
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from archives.visits.bills import entries
from archives.visits.desk import questions as plan_questions
from archives.visits.entry import reentry
from archives.visits.entry.parsing import OTHER_PAYER
from archives.visits.entry.parts import GuestForm, HeadForm, LineForm, Stock
from archives.visits.models import Bill, Visit
from archives.visits.undo import services as undo
from customers.card.models import Customer
from salon import access
from salon.forms import sent_id
from salon.money import format_money
from salon.shop.models import Branch, Item

MAX_GUESTS, MAX_LINES = 12, 60
ROW = re.compile(r"(guests|lines)-(\d{1,3})-(?:customer|item)")


class EntryForm:
    """The whole page, from what was sent or from a prefill (queries.Prefill)."""

    def __init__(self, actor, data=None, prefill=None):
        self.actor, self.data = actor, data
        self.general, self.payment_problems = [], []
        self.came_too_late = False  # what `general` says then is the whole story
        if data is None:
            self._fill(prefill)
        else:
            self._read(data)

    def _fill(self, prefill):
        self.replaced, self.other_payer = prefill.replaces, prefill.other_payer
        self.customers = {customer.pk: customer for customer in prefill.customers if customer}
        self.visits = {visit.pk: visit for visit in prefill.visits}
        self.head = HeadForm(initial=prefill.head)
        self.guests = [GuestForm(prefix=f"guests-{n}", initial=initial) for n, initial in enumerate(prefill.guests)]
        self._place()
        staff_ids = [pk for line in prefill.lines for pk, _share in line["people"]]
        self.stock = Stock(self.actor.branch, [line["item"] for line in prefill.lines], staff_ids if prefill.replaces else ())
        self.lines = [LineForm(prefix=f"lines-{n}", initial=initial, stock=self.stock) for n, initial in enumerate(prefill.lines)]

    def _read(self, data):
        numbers = {"guests": set(), "lines": set()}
        for name in data:
            if match := ROW.fullmatch(name):
                numbers[match[1]].add(int(match[2]))
        rows = [n for n in sorted(numbers["lines"])[:MAX_LINES] if _is_filled(data, n)]
        self.head = HeadForm(data)
        self.guests = [GuestForm(data, prefix=f"guests-{n}") for n in sorted(numbers["guests"])[:MAX_GUESTS]]
        self._fetch()
        staff_ids = [sent_id(pk) for n in rows for pk in data.getlist(f"lines-{n}-staff")]
        item_ids = [sent_id(data.get(f"lines-{n}-item")) for n in rows]
        self.stock = Stock(self.actor.branch, item_ids, staff_ids if self.replaced else ())
        self.lines = [LineForm(data, prefix=f"lines-{n}", stock=self.stock) for n in rows]

    def _fetch(self):
        """What was named: cards, open visits, the replaced bill, the payer. Raises Http404 for any the actor may not see."""
        self.visits = _visible(self.actor, Visit.objects.all(), [guest["visit"].value() for guest in self.guests])
        replaced = _visible(self.actor, Bill.objects.all(), [self.head["replaces"].value()])
        self.replaced = next(iter(replaced.values()), None)
        self.customers = self._fetch_customers()
        self._place()
        payers = _visible(self.actor, Customer.objects.present(), [self.head["payer_card"].value()])
        self.other_payer = next(iter(payers.values()), None)

    def _fetch_customers(self):
        """Those whose cards the actor may open, and those of other branches whose visit of today, or bill, this is."""
        asked = {sent_id(value) for guest in self.guests if (value := guest["customer"].value()) not in (None, "")}
        present = Customer.objects.present()
        found = present.visible_to(self.actor).in_bulk(asked)
        if missing := asked - found.keys():
            days = {visit.customer_id for visit in self.visits.values() if visit.day == self.actor.today}
            billed = Q(visits__bill=self.replaced) if self.replaced else Q(pk__in=())
            found |= present.filter(Q(pk__in=days) | billed, pk__in=missing).distinct().in_bulk()
        if len(found) != len(asked):
            raise Http404
        return found

    def _place(self):
        """Where and instead of what it is stored. An owner may work at another branch than that of the bill or the open visit, or
        have switched since the page was made: `actor` is there. `undone`: the undone bill that is entered again here;
        `corrected`: the one that stands until this does.
        """
        origin = self.replaced or next(filter(None, map(self.visit_of, self.guests)), None)
        branch = origin.branch_id if origin else sent_id(self.head["branch"].value())
        if branch not in (None, self.actor.branch.pk):
            seen = Branch.objects.visible_to(self.actor).filter(pk=branch).first()
            self.actor = access.at(self.actor, seen) if seen else self.actor
        is_undone = bool(self.replaced and undo.is_undone(self.replaced))
        self.undone = self.replaced if is_undone and not reentry.stored_since(self.replaced) else None
        self.corrected = None if is_undone else self.replaced

    def customer_of(self, guest):
        return self.customers.get(sent_id(guest["customer"].value()))

    def visit_of(self, guest):
        return self.visits.get(sent_id(guest["visit"].value()))

    def is_valid(self):
        """True if it may be stored; then `entries` and `payments` are what record_bill takes. Else each row has its errors."""
        if not all([form.is_valid() for form in [self.head, *self.guests, *self.lines]]):
            return False
        self.entries = self._entries()
        if self.entries is None:
            return False
        payable = sum(line.value_fen for entry in self.entries for line in entry.lines)
        self.payments = self.head.payments(payable)
        for problem in entries.problems(self.entries, self.payments):
            self.place(problem)
        if not self._knows_payer():
            self.general.append(_("Choose who pays."))
        self._compare_total(payable)
        return not self.has_errors

    def asks_who_served(self):
        """True, once, if a valid form has a service that nobody is named for; each such line then says so."""
        unserved = [line for line in self.lines if line.item_shown.kind == Item.SERVICE and not line.cleaned_data["shares"]]
        if not unserved or self.head.cleaned_data["nobody"]:
            return False
        self.head.data = self.head.data.copy()  # sent again, it is stored
        self.head.data["nobody"] = "1"
        for line in unserved:
            line.add_error(None, _("Nobody is named who did this. Choose somebody, or save again if that is meant."))
        return True

    def asks_about_repeated(self):
        """True if a customer of a valid form had an item that day already, and nobody said that it is another.

        Each such line then asks; the bill that is corrected here does not count. If that stands no more, nothing is asked about
        what is refused anyway.
        """
        if self.replaced and reentry.place_of(self.actor, self.replaced) != self.replaced:
            return False
        customers = {guest.number: self.customer_of(guest) for guest in self.guests}
        pairs = [(customers[n].pk, line) for n, lines in self.placed.items() if customers[n] for line in lines]
        ids, items = {pk for pk, _line in pairs}, {line.stored.item.pk for _pk, line in pairs}
        had = plan_questions.had_already(self.actor, ids, items, self.head.cleaned_data["on"], but_of=self.replaced)
        asked = [line.asks_again(had[pk, line.stored.item.pk]) for pk, line in pairs if (pk, line.stored.item.pk) in had]
        return any([*asked, *self._asked_about_stored_since()])

    def _asked_about_stored_since(self):
        """For each guest who was billed since the bill entered here was undone, whether that has to be asked; where the visit has
        an item of hers, the line asks already.
        """
        for guest in self.guests:
            stored = self.stored_since_undo.get(sent_id(guest["customer"].value()))
            had = {line.had.visit_id for line in self.placed[guest.number] if line.had}
            if stored and stored.pk not in had:
                yield guest.asks_beside(stored)

    @cached_property
    def stored_since_undo(self):
        """{customer id: Visit} of those on the page who were billed since the bill entered here was undone."""
        return reentry.stored_beside(self.undone, self.customers) if self.undone else {}

    def _entries(self):
        self.placed = {guest.number: [] for guest in self.guests}  # guest number: its LineForms, in order
        for line in self.lines:
            if line.guest_shown not in self.placed:
                line.add_error(None, _("Choose whose line this is."))
                return None
            self.placed[line.guest_shown].append(line)
        return [
            entries.GuestEntry(
                customer=self.customer_of(guest),
                lines=tuple(line.entry() for line in self.placed[guest.number]),
                next_note=guest.cleaned_data["next_note"],
                desk_note=guest.cleaned_data["desk_note"],
                visit=self.visit_of(guest),
            )
            for guest in self.guests
        ]

    def _compare_total(self, payable):
        shown = self.head.cleaned_data["shown_total"]
        if shown is not None and shown != payable and not self.has_errors:
            text = _("The total is %(payable)s, not %(shown)s as the page showed. Look at it and save again.")
            self.general.append(text % {"payable": format_money(payable), "shown": format_money(shown)})

    @property
    def sums(self):
        """(list price, discount, to pay) in fen of what was sent, None where a line is not valid."""
        stored = [line.stored for line in self.lines]
        if not stored or None in stored:
            return None
        gross, value = sum(entry.gross_fen for entry in stored), sum(entry.value_fen for entry in stored)
        return {"gross": gross, "off": value - gross, "payable": value}

    def _knows_payer(self):
        chosen = self.head.cleaned_data["payer"]
        if chosen == OTHER_PAYER:
            return self.other_payer is not None
        return not chosen or chosen in {guest.number for guest in self.guests}

    @property
    def payer(self):
        """The customer who pays, None for a walk-in; the first guest unless another was chosen."""
        chosen = self.head.cleaned_data["payer"] or "0"
        if chosen == OTHER_PAYER:
            return self.other_payer
        guest = next((g for g in self.guests if g.number == chosen), self.guests[0])
        return self.customer_of(guest)

    def place(self, problem):
        """Put an EntryError where it belongs: at its line, its guest, the payments, or on top."""
        parts = problem.where.split("-")
        if parts[0] == "guests":
            guest = self.guests[int(parts[1])]
            target = self.placed[guest.number][int(parts[3])] if parts[3:] else guest
            target.add_error(None, problem.message)
        elif parts[0] == "payments":
            self.payment_problems.append(problem.message if self.payments else _("Choose how it is paid."))
        elif parts[0] == "on":
            self.head.add_error("on", problem.message)
        else:
            self.general.append(problem.message)

    def stop(self, safety_stop):
        """Show at each stopped line what speaks against it."""
        for g, n, tag in safety_stop.stops:
            self.placed[self.guests[g].number][n].stops.append(tag)

    @property
    def has_errors(self):
        rows = [self.head, *self.guests, *self.lines]
        return bool(self.general or self.payment_problems or any(form.errors or getattr(form, "stops", None) for form in rows))

    def empty_line(self):
        """A line without content: the browser's template, and rows for a browser without JavaScript."""
        return LineForm(prefix="lines-__N__", initial={"quantity": Decimal(1), "people": [("", "")]})

    def spare_lines(self):
        """Three empty rows for a browser without JavaScript, numbered after the others."""
        after = max((int(line.number) for line in self.lines), default=-1) + 1
        return [LineForm(prefix=f"lines-{n}", initial={"quantity": 1}) for n in range(after, after + 3)]


def _is_filled(data, n):
    """False for a spare row left empty, and for a line ticked to be removed in a browser without JavaScript."""
    return bool(data.get(f"lines-{n}-item", "").strip()) and f"lines-{n}-drop" not in data


def _visible(actor, queryset, values):
    """{pk: object} of all the ids among `values`. Raises Http404 if the actor may not see one of them."""
    ids = {sent_id(value) for value in values if value not in (None, "")}
    found = queryset.visible_to(actor).in_bulk(ids)
    if len(found) != len(ids):
        raise Http404
    return found
