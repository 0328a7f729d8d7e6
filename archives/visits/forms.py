"""Forms about a visit that stands: taking it back, giving money back, adding a note."""

from django import forms
from django.utils.translation import gettext_lazy as _

from archives.visits.models import VisitNote
from archives.visits.payment_models import Payment
from salon.forms import Form
from salon.money import YuanField


class ReasonForm(Form):
    """Why a bill is voided."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))


class NoteForm(Form):
    """A note added to a visit."""

    kind = forms.ChoiceField(label=_("About"), choices=VisitNote.KINDS)
    text = forms.CharField(label=_("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class RefundLineForm(Form):
    """How much of one line is given back: quantity and amount; nothing where both stay empty.

    An amount alone (she was not content, and pays less) takes the part of the quantity that it stands for.
    """

    quantity = forms.DecimalField(label=_("Quantity"), min_value=0, max_digits=9, decimal_places=3, required=False)
    amount = YuanField(label=_("Amount"), required=False)

    def __init__(self, *args, line, **kwargs):
        self.line = line
        allowance = line.allowance
        self.left_milli = allowance.quantity_milli - allowance.refunded_milli
        self.left_fen = allowance.value_fen - allowance.refunded_fen
        super().__init__(*args, **kwargs)

    def clean(self):
        data = super().clean()
        milli, fen = int((data.get("quantity") or 0) * 1000), data.get("amount")
        if fen and data.get("quantity") is None and "quantity" not in self.errors:
            milli = self._part_of(fen)
        if fen and not milli and "quantity" not in self.errors:
            self.add_error("quantity", _("How many of it?"))
        if milli and fen is None and "amount" not in self.errors:
            self.add_error("amount", _("How much money?"))
        if milli > self.left_milli:
            self.add_error("quantity", _("That is more than what is left."))
        if fen and fen > self.left_fen:
            self.add_error("amount", _("That is more than what is left."))
        data["entry"] = (self.line, milli, fen or 0) if milli else None
        return data

    def _part_of(self, fen):
        """The thousandths of the quantity left that an amount stands for: all of it for all the money, else never all."""
        if fen >= self.left_fen:
            return self.left_milli
        return min(max(1, self.left_milli * fen // self.left_fen), self.left_milli - 1)


class RefundForm(Form):
    """By which means the money goes back, and why."""

    means = forms.ChoiceField(label=_("Paid back by"), choices=[(m, n) for m, n in Payment.MEANS if m in Payment.OFFERED])
    reason = forms.CharField(label=_("Reason"), max_length=200)
