"""The form of a refund: lines or quantities are ticked, the amount follows; then by which means, and why."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archives.visits.bills.models import Payment
from archives.visits.bills.paid import returnable
from salon.forms import Form
from salon.money import MAX_BILL_FEN, YuanField, format_money, prorated

SETTLED, OPEN = "settled", "open"


class RefundLineForm(Form):
    """How much of one line is refunded. A tick takes all that is left; a quantity takes its part; the amount follows.

    A lowered amount (the customer was not content, and pays less) asks whether the quantity is settled by it. If not, it
    takes the part of the quantity that it stands for, and the rest can be refunded later.
    """

    take = forms.BooleanField(label=gettext_lazy("Refund"), required=False)
    quantity = forms.DecimalField(
        label=gettext_lazy("Quantity"), min_value=0, max_digits=9, decimal_places=3, required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    amount = YuanField(label=gettext_lazy("Amount"), required=False)
    closed = forms.ChoiceField(
        label=gettext_lazy("Is the quantity settled by the lower amount?"),
        choices=[
            (SETTLED, gettext_lazy("Yes: nothing more of it is refunded")),
            (OPEN, gettext_lazy("No: the rest can be refunded later")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args, line, **kwargs):
        self.line = line
        allowance = line.allowance
        self.left_milli = allowance.quantity_milli - allowance.refunded_milli
        self.left_fen = allowance.value_fen - allowance.refunded_fen
        self.is_lowered = False
        super().__init__(*args, **kwargs)
        self.fields["quantity"].widget.attrs["placeholder"] = f"{self.left_milli / 1000:g}"

    def worth_fen(self, milli):
        """What a part of the quantity left is worth of the money left, rounded half up."""
        return prorated(self.left_fen, milli, self.left_milli)

    def clean(self):
        data = super().clean()
        data["entry"] = None
        if self.errors or not (data["take"] or data["quantity"] or data["amount"]):
            return data
        milli = self.left_milli if data["quantity"] is None else int(data["quantity"] * 1000)
        if not milli:
            self.add_error("quantity", _("How many of it?"))
        elif milli > self.left_milli:
            self.add_error("quantity", _("That is more than what is left."))
        else:
            self._clean_amount(data, milli)
        return data

    def _clean_amount(self, data, milli):
        worth = self.worth_fen(milli)
        fen = worth if data["amount"] is None else data["amount"]
        self.is_lowered = fen < worth
        if fen > self.left_fen:
            self.add_error("amount", _("That is more than what is left."))
        elif fen > worth:
            self.add_error("amount", _("For this quantity it is %(most)s at most.") % {"most": format_money(worth)})
        elif self.is_lowered and not data["closed"]:
            self.add_error("closed", _("Less than what was paid for it is refunded. Say what becomes of the quantity."))
        elif self.is_lowered and data["closed"] == OPEN:
            self._take_part(data, milli, fen, worth)
        else:
            data["entry"] = (self.line, milli, fen)

    def _take_part(self, data, milli, fen, worth):
        """The part of a quantity that a lowered amount stands for, never all of it."""
        part = min(max(1, milli * fen // worth), milli - 1)
        if not fen or not part:
            self.add_error("amount", _("The amount must be above 0."))
        else:
            data["entry"] = (self.line, part, fen)


class RefundForm(Form):
    """By which means the money goes back, where it came in by several, and why. Empty amounts: the largest means first."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args, money, **kwargs):
        self.money = money
        super().__init__(*args, **kwargs)
        self.means = [(means, dict(Payment.MEANS)[means], money.by_means.get(means, 0)) for means in money.ways]
        if len(self.means) > 1:
            for means, name, _most in self.means:
                self.fields[f"pay-{means}"] = YuanField(label=name, required=False, max_fen=MAX_BILL_FEN)

    def pay_rows(self):
        """For the template: (amount field, what can go back by it in fen) of each means; none where there is one means only."""
        return [(self[f"pay-{means}"], most) for means, _name, most in self.means if f"pay-{means}" in self.fields]

    def payments(self, total):
        """[(means, fen)] of a refund of so much; None, with an error on the form, where they do not fit."""
        typed = [(means, self.cleaned_data.get(f"pay-{means}")) for means, _name, _most in self.means]
        payments = [(means, fen) for means, fen in typed if fen] or self.money.proposed(total)
        if payments is None:
            self.add_error(None, _("Say by which means it is refunded."))
        elif sum(fen for _means, fen in payments) != total:
            words = _("The amounts by means come to %(paid)s, but %(total)s is refunded.")
            paid = sum(fen for _means, fen in payments)
            self.add_error(None, words % {"paid": format_money(paid), "total": format_money(total)})
            payments = None
        elif problem := self.money.problem(payments):
            self.add_error(None, problem)
            payments = None
        return payments


class Refund:
    """The whole form of a refund of a bill: a RefundLineForm for each line something is left of, and a RefundForm."""

    def __init__(self, bill, lines, sent=None):
        self.form = RefundForm(sent, money=returnable(bill))
        forms_of_lines = (RefundLineForm(sent, prefix=f"line-{line.pk}", line=line) for line in lines)
        self.lines = [each for each in forms_of_lines if each.left_milli > 0]
        self.entries, self.payments, self.total = [], None, 0

    def is_valid(self):
        """Whether this can be refunded; then `entries`, `payments` and `total` (fen) are what services.refund takes."""
        if not all([self.form.is_valid(), *(each.is_valid() for each in self.lines)]):
            return False
        self.entries = [each.cleaned_data["entry"] for each in self.lines if each.cleaned_data["entry"]]
        self.total = sum(fen for _line, _milli, fen in self.entries)
        if not self.entries:
            self.form.add_error(None, _("Choose what is refunded."))
            return False
        self.payments = self.form.payments(self.total)
        return self.payments is not None

    def fields(self):
        """Every bound field: what the summary carries along."""
        return [field for form in (*self.lines, self.form) for field in form]

    def by_means(self):
        """For the summary: (name of the means, fen) of each payment."""
        return [(dict(Payment.MEANS)[means], fen) for means, fen in self.payments]

    def chosen(self):
        """For the summary: (line, thousandths, fen, whether the amount was lowered, thousandths left open) of each entry."""
        return [
            (*each.cleaned_data["entry"], each.is_lowered, each.left_milli - each.cleaned_data["entry"][1])
            for each in self.lines
            if each.cleaned_data["entry"]
        ]
