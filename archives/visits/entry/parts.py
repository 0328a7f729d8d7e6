"""The parts of the form of visit entry: its head, a guest, a line (forms.py has the whole)."""

from dataclasses import replace

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from archives.visits.bills import entries
from archives.visits.bills.models import Payment
from archives.visits.entry import parsing
from archives.visits.models import Line, Visit
from salon.forms import DayInput, Form, sent_id
from salon.money import MAX_BILL_FEN, YuanField, format_money
from salon.shop.models import Item, StaffMember
from salon.text import clean_text

MEANS = [(code, label) for code, label in Payment.MEANS if code in Payment.OFFERED]
MAX_NAMES, MAX_NAME = 12, 60  # of what was typed for a person and names nobody
MEANS.sort(key=lambda pair: Payment.OFFERED.index(pair[0]))


def _cell(label, **attrs):
    """Attributes of an input in the table of lines, where the column head is the visible label."""
    return {"class": "cell", "aria-label": label, "autocomplete": "off", **attrs}


def stored_since_undo(visit):
    """Says that a visit was stored since the bill on the page was undone."""
    return gettext("Receipt %(receipt)s was stored for %(name)s since this was undone.") % _facts(visit)


def _facts(visit):
    return {"receipt": visit.receipt_no, "name": visit.customer}


class HeadForm(Form):
    """What holds for the whole bill."""

    on = forms.DateField(label=_("Date"), widget=DayInput(attrs={"class": "form-control"}))
    channel = forms.ChoiceField(
        label=_("Channel"), choices=Visit.CHANNELS, required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    payer = forms.RegexField(rf"^(\d{{1,3}}|{parsing.OTHER_PAYER})$", required=False)
    payer_card = forms.IntegerField(required=False, widget=forms.HiddenInput)
    rest = forms.ChoiceField(label=_("Paid by"), choices=[("", ""), *MEANS], required=False)
    shown_total = forms.IntegerField(required=False, widget=forms.HiddenInput)
    replaces = forms.IntegerField(required=False, widget=forms.HiddenInput)
    branch = forms.IntegerField(required=False, widget=forms.HiddenInput)  # where the page was made, for who may switch
    identified = forms.IntegerField(required=False, widget=forms.HiddenInput)  # visits of the corrected bill given to a customer
    nobody = forms.BooleanField(required=False, widget=forms.HiddenInput)  # was asked who did a service that names nobody

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code, label in MEANS:
            self.fields[f"pay-{code}"] = YuanField(label=label, required=False, max_fen=MAX_BILL_FEN)
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
    since = forms.IntegerField(required=False, widget=forms.HiddenInput)  # the visit stored since an undo: this is another
    card = None  # the GuestCard of what the page shows of her (queries.py)
    stored = None  # the Visit that was stored for her since the bill entered here was undone: is this another?

    def asks_beside(self, stored):
        """True, unless it was said that this visit is meant besides `stored`, the customer's since the undo."""
        self.stored = stored
        if self.cleaned_data["since"] == stored.pk:
            return False
        question = gettext("Receipt %(receipt)s was stored for %(name)s since this was undone. Is this another visit?")
        self.add_error(None, question % _facts(stored))
        return True

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
    sure = forms.IntegerField(required=False)  # the unusual amount, in fen, that somebody said is right
    again = forms.IntegerField(required=False)  # the Line of that day that somebody said is another one

    def __init__(self, *args, stock=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.stock = stock
        self.stops = []
        self.stored = None  # the LineEntry, once the line is valid
        self.is_asked = False  # an unusual amount: is it right?
        self.had = None  # the Line of the same item the customer had that day already: is this another?

    @property
    def number(self):
        return self.prefix.rpartition("-")[2]

    @property
    def item_shown(self):
        return self.stock.items.get(sent_id(self["item"].value())) if self.stock else None

    @property
    def guest_shown(self):
        return str(self["guest"].value() or 0)

    @property
    def shown_tags(self):
        """Ids of the tags this page warns of: an override holds for those only, so that a new safety note stops again."""
        return ",".join(str(tag.pk) for tag in self.stops) or self["override_tags"].value() or ""

    @property
    def person_rows(self):
        """[(staff id or "", percentage as typed, name typed that is nobody's)], at least one, for the template."""
        people = [(pk, share, "") for pk, share in self.people if pk]
        return [*people, *(("", "", name) for name in self._names_of_nobody())] or [("", "", "")]

    @property
    def people(self):
        """[(staff id or "", percentage as typed)], at least one."""
        if not self.is_bound:
            return self.initial.get("people") or [("", "")]
        ids, shares = self._typed_people()
        return list(zip(ids, shares)) or [("", "")]

    def _typed_people(self):
        ids = self.data.getlist(self.add_prefix("staff"))
        shares = self.data.getlist(self.add_prefix("share"))
        pairs = [(pk, share) for pk, share in zip(ids, shares + [""] * len(ids)) if pk]
        return [pk for pk, _share in pairs], [share for _pk, share in pairs]

    def _names_of_nobody(self):
        """What was typed into the boxes for staff and names nobody: the browser sends it, so that it is not lost."""
        names = self.data.getlist(self.add_prefix("typed"))[:MAX_NAMES] if self.is_bound else []
        return list(filter(None, (clean_text(name)[:MAX_NAME] for name in names)))

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
            return parsing.parse_discount(self.cleaned_data["discount"])
        except ValueError:
            raise ValidationError(_("Type a discount as 9折, 88折, 10%, or an amount such as 30.")) from None

    def clean(self):
        ids, shares = self._typed_people()
        people = [self.stock.staff.get(sent_id(pk)) for pk in ids]
        if None in people:
            self.add_error(None, _("Choose somebody who works here."))
        if self._names_of_nobody():
            self.add_error(None, _("Nobody of this name works here."))
        try:
            self.cleaned_data["shares"] = tuple(zip(people, parsing.parse_shares(shares))) if people else ()
        except ValueError:
            self.add_error(None, _("The shares of a line must sum to 100%."))
        if self.cleaned_data.get("reason") == "other" and not self.cleaned_data.get("remark"):
            self.add_error("remark", _("Say in the remark why there is a discount."))
        return self.cleaned_data

    def entry(self):
        """The LineEntry of a valid line."""
        data = self.cleaned_data
        seen = [pk for each in data["override_tags"].split(",") if (pk := sent_id(each))]
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
        self.is_asked = self.stored.is_unusual
        if self.is_asked and not self.is_sure:
            facts = {"amount": format_money(self.stored.value_fen), "price": format_money(data["item"].price_fen)}
            self.add_error(None, _("%(amount)s is more than ten times the price, %(price)s. Is it right?") % facts)
        return self.stored

    def asks_again(self, had):
        """True, unless it was said that this line is meant besides `had`, a Line of the same customer, item and day."""
        self.had = had
        if self.cleaned_data.get("again") == had.pk:
            return False
        text = _("“%(item)s” was done that day already, receipt %(receipt)s. Once more?")
        self.add_error(None, text % {"item": had.item_name, "receipt": had.visit.receipt_no})
        return True

    @property
    def is_sure(self):
        """Whether somebody said that this very amount is right; of another one it is asked anew."""
        return self.cleaned_data.get("sure") == self.stored.value_fen


class Stock:
    """Items and staff a page's lines may name, fetched at once."""

    def __init__(self, branch, item_ids, staff_ids):
        self.items = Item.objects.select_related("brand").in_bulk(item_ids) if item_ids else {}
        self.staff = {member.pk: member for member in StaffMember.objects.serving(branch)}
        missing = set(staff_ids) - self.staff.keys()
        if missing:  # who left since the bill that is being corrected
            self.staff |= StaffMember.objects.filter(branch=branch).in_bulk(missing)
