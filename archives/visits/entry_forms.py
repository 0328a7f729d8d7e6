"""The form of visit entry: one head, one or more guests, their lines; plain field names, so it works without JavaScript.

    on, channel, payer, rest, pay-<means>, shown_total, replaces         (the head)
    guests-0-customer, guests-0-visit, guests-0-next_note, …             (per guest; an empty customer is a walk-in)
    lines-0-guest, lines-0-item, lines-0-quantity, lines-0-staff (several), lines-0-share (as many), …

Numbers may have gaps, since lines are removed in the browser. `rest` names the means of payment that takes what the others
leave, so that a usual visit needs no amount at all.
"""

import re
from dataclasses import replace
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from archives.visits import entries, typed
from archives.visits.models import Bill, Line, Payment, Visit
from customers.card.models import Customer
from salon.forms import DayInput, Form
from salon.money import YuanField, format_money
from salon.shop.models import Item, StaffMember

MAX_GUESTS, MAX_LINES = 12, 60
ROW = re.compile(r"(guests|lines)-(\d{1,3})-(?:customer|item)")
MEANS = [(code, label) for code, label in Payment.MEANS if code in Payment.OFFERED]
MEANS.sort(key=lambda pair: Payment.OFFERED.index(pair[0]))


def _cell(label, **attrs):
    """Attributes of an input in the table of lines, where the column head is the visible label."""
    return {"class": "cell", "aria-label": label, "autocomplete": "off", **attrs}


class HeadForm(Form):
    """What holds for the whole bill."""

    on = forms.DateField(label=_("Date"), widget=DayInput(attrs={"class": "form-control"}))
    channel = forms.ChoiceField(
        label=_("Channel"), choices=Visit.CHANNELS, required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    payer = forms.IntegerField(required=False, min_value=0)
    rest = forms.ChoiceField(label=_("Paid by"), choices=[("", ""), *MEANS], required=False)
    shown_total = forms.IntegerField(required=False, widget=forms.HiddenInput)
    replaces = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code, label in MEANS:
            self.fields[f"pay-{code}"] = YuanField(label=label, required=False)
            self.fields[f"pay-{code}"].widget.attrs.update({"class": "form-control num", "data-pay": code})

    def clean_channel(self):
        return self.cleaned_data["channel"] or "shop"

    def pay_rows(self):
        """For the template: (code, label, bound amount field) of each means of payment."""
        return [(code, label, self[f"pay-{code}"]) for code, label in MEANS]

    def payments(self, payable_fen):
        """[(means, fen)]: the amounts typed, and what is left for the means that takes the rest."""
        rest = self.cleaned_data["rest"]
        fixed = [(code, self.cleaned_data[f"pay-{code}"]) for code, _label in MEANS if code != rest]
        paid = [(code, fen) for code, fen in fixed if fen]
        left = payable_fen - sum(fen for _code, fen in paid)
        return [*paid, (rest, left)] if rest and left > 0 else paid


class GuestForm(Form):
    """One customer of the bill, or a walk-in; her open visit, and what is noted."""

    customer = forms.IntegerField(required=False, widget=forms.HiddenInput)
    visit = forms.IntegerField(required=False, widget=forms.HiddenInput)
    next_note = forms.CharField(
        label=_("For the next visit"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 2,
                "placeholder": _("Cautions, what to recommend, topics talked about …"),
            }
        ),
    )
    desk_note = forms.CharField(
        label=_("About this visit"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )
    card = None  # the GuestCard of what the page shows of her (entry_queries)

    @property
    def number(self):
        return self.prefix.rpartition("-")[2]

    @property
    def data_id(self):
        return f"{self.prefix}-data"


class LineForm(Form):
    """One line. `item_shown` is the Item, `stops` the tags that speak against it and were not overridden."""

    guest = forms.IntegerField(required=False, min_value=0)
    item = forms.IntegerField(error_messages={"required": _("Choose an item.")})
    quantity = forms.DecimalField(
        label=_("Quantity"),
        max_digits=7,
        decimal_places=3,
        widget=forms.TextInput(attrs=_cell(_("Quantity"), inputmode="decimal", maxlength=8)),
    )
    price = YuanField(
        label=_("Unit price"),
        required=False,
        widget=forms.TextInput(attrs=_cell(_("Unit price"), inputmode="decimal", maxlength=14)),
    )
    discount = forms.CharField(
        label=_("Discount"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs=_cell(_("Discount"), maxlength=20, placeholder="–")),
    )
    reason = forms.ChoiceField(
        label=_("Reason for the discount"),
        required=False,
        choices=[("", _("Why? …")), *Line.DISCOUNT_REASONS],
        widget=forms.Select(attrs=_cell(_("Reason for the discount"))),
    )
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_cell(_("Remark"), placeholder=_("Remark"), maxlength=200)),
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        required=False,
        min_value=0,
        max_value=1440,
        widget=forms.TextInput(attrs=_cell(_("Minutes"), inputmode="numeric", maxlength=4)),
    )
    override = forms.CharField(
        label=_("Reason for doing it all the same"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control form-control-sm", "maxlength": 200, "autocomplete": "off"}),
    )
    override_tags = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args, stock=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.stock = stock
        self.stops = []
        self.stored = None  # the LineEntry, once the line is valid

    @property
    def number(self):
        return self.prefix.rpartition("-")[2]

    @property
    def item_shown(self):
        return self.stock.items.get(_whole(self["item"].value())) if self.stock else None

    @property
    def guest_shown(self):
        return str(self["guest"].value() or 0)

    @property
    def shown_tags(self):
        """Ids of the tags this page warns of: an override holds for those only, so that a new safety note stops again."""
        return ",".join(str(tag.pk) for tag in self.stops) or self["override_tags"].value() or ""

    @property
    def people(self):
        """[(staff id or "", percentage as typed)], at least one, for the template."""
        if not self.is_bound:
            return self.initial.get("people") or [("", "")]
        ids, shares = self._typed_people()
        return list(zip(ids, shares)) or [("", "")]

    def _typed_people(self):
        ids = self.data.getlist(self.add_prefix("staff"))
        shares = self.data.getlist(self.add_prefix("share"))
        pairs = [(pk, share) for pk, share in zip(ids, shares + [""] * len(ids)) if pk]
        return [pk for pk, _share in pairs], [share for _pk, share in pairs]

    def clean_item(self):
        item = self.stock.items.get(self.cleaned_data["item"])
        if item is None:
            raise ValidationError(_("There is no such item."))
        return item

    def clean_price(self):
        """An empty price is the one of the catalogue."""
        price, item = self.cleaned_data["price"], self.cleaned_data.get("item")
        return item.price_fen if price is None and item else price

    def clean_discount(self):
        try:
            return typed.parse_discount(self.cleaned_data["discount"])
        except ValueError:
            raise ValidationError(_("Type a discount as 9折, 88折, 10%, or an amount such as 30.")) from None

    def clean(self):
        ids, shares = self._typed_people()
        people = [self.stock.staff.get(_whole(pk)) for pk in ids]
        if None in people:
            self.add_error(None, _("Choose somebody who works here."))
        try:
            self.cleaned_data["shares"] = tuple(zip(people, typed.parse_shares(shares))) if people else ()
        except ValueError:
            self.add_error(None, _("The shares of a line must sum to 100 %."))
        if self.cleaned_data.get("reason") == "other" and not self.cleaned_data.get("remark"):
            self.add_error("remark", _("Say in the remark why there is a discount."))
        return self.cleaned_data

    def entry(self):
        """The LineEntry of a valid line."""
        data = self.cleaned_data
        seen = [int(pk) for pk in data["override_tags"].split(",") if pk.isascii() and pk.isdigit()]
        whole = entries.LineEntry(
            item=data["item"],
            quantity_milli=int(data["quantity"] * 1000),
            unit_price_fen=data["price"],
            remark=data["remark"],
            minutes=data["item"].minutes if data["minutes"] is None else data["minutes"],
            shares=data["shares"],
            overrides={pk: data["override"] for pk in seen} if data["override"] else {},
        )
        discount = data["discount"].of(whole.gross_fen)
        self.stored = replace(whole, discount_fen=discount, discount_reason=data["reason"] if discount else "")
        return self.stored


class Stock:
    """Items and staff a page's lines may name, fetched at once."""

    def __init__(self, branch, item_ids, staff_ids):
        self.items = Item.objects.select_related("brand").in_bulk(item_ids) if item_ids else {}
        self.staff = {member.pk: member for member in StaffMember.objects.serving(branch)}
        missing = set(staff_ids) - self.staff.keys()
        if missing:  # who left since the bill that is being corrected
            self.staff |= StaffMember.objects.filter(branch=branch).in_bulk(missing)


class EntryForm:
    """The whole page, from what was sent or from a prefill (entry_queries.Prefill)."""

    def __init__(self, actor, data=None, prefill=None):
        self.actor, self.data = actor, data
        self.general, self.payment_problems = [], []
        if data is None:
            self._fill(prefill)
        else:
            self._read(data)

    def _fill(self, prefill):
        self.replaced = prefill.replaces
        self.customers = {customer.pk: customer for customer in prefill.customers if customer}
        self.visits = {visit.pk: visit for visit in prefill.visits}
        self.head = HeadForm(initial=prefill.head)
        self.guests = [GuestForm(prefix=f"guests-{n}", initial=initial) for n, initial in enumerate(prefill.guests)]
        staff_ids = [pk for line in prefill.lines for pk, _share in line["people"]]
        self.stock = Stock(self.actor.branch, [line["item"] for line in prefill.lines], staff_ids)
        self.lines = [LineForm(prefix=f"lines-{n}", initial=initial, stock=self.stock) for n, initial in enumerate(prefill.lines)]

    def _read(self, data):
        numbers = {"guests": set(), "lines": set()}
        for name in data:
            if match := ROW.fullmatch(name):
                numbers[match[1]].add(int(match[2]))
        rows = [n for n in sorted(numbers["lines"])[:MAX_LINES] if _is_filled(data, n)]
        self.head = HeadForm(data)
        self.guests = [GuestForm(data, prefix=f"guests-{n}") for n in sorted(numbers["guests"])[:MAX_GUESTS]]
        staff_ids = [_whole(pk) for n in rows for pk in data.getlist(f"lines-{n}-staff") if _whole(pk)]
        item_ids = [_whole(data.get(f"lines-{n}-item")) for n in rows]
        self.stock = Stock(self.actor.branch, [pk for pk in item_ids if pk], staff_ids)
        self.lines = [LineForm(data, prefix=f"lines-{n}", stock=self.stock) for n in rows]
        self._fetch()

    def _fetch(self):
        """The cards, open visits and the replaced bill that were named. Raises Http404 for any the actor may not see."""
        self.customers = _visible(self.actor, Customer.objects.present(), [guest["customer"].value() for guest in self.guests])
        self.visits = _visible(self.actor, Visit.objects.all(), [guest["visit"].value() for guest in self.guests])
        replaced = _visible(self.actor, Bill.objects.all(), [self.head["replaces"].value()])
        self.replaced = next(iter(replaced.values()), None)

    def customer_of(self, guest):
        return self.customers.get(_whole(guest["customer"].value()))

    def visit_of(self, guest):
        return self.visits.get(_whole(guest["visit"].value()))

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
        self._compare_total(payable)
        return not self.has_errors

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

    @property
    def payer(self):
        """The customer who pays; the first one unless another was chosen."""
        chosen = str(self.head.cleaned_data["payer"] or 0)
        guest = next((g for g in self.guests if g.number == chosen), self.guests[0])
        return self.customer_of(guest)

    def place(self, problem):
        """Put an EntryError where it belongs: at its line, its guest, the payments, or on top."""
        parts = problem.where.split("-")
        if parts[0] == "guests":
            guest = self.guests[int(parts[1])]
            target = self.placed[guest.number][int(parts[3])] if len(parts) > 3 else guest
            target.add_error(None, problem.message)
        elif parts[0] == "payments":
            is_open = not self.payments and problem.code == "sum"
            self.payment_problems.append(_("Choose how it is paid.") if is_open else problem.message)
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


def _whole(value):
    """A positive whole number out of what a form sent, else None."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _visible(actor, queryset, values):
    """{pk: object} of all the ids among `values`. Raises Http404 if the actor may not see one of them."""
    sent = [value for value in values if value not in (None, "")]
    ids = {_whole(value) for value in sent}
    found = queryset.visible_to(actor).in_bulk(ids) if sent and None not in ids else {}
    if len(found) != len(ids):
        raise Http404
    return found
