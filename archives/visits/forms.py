"""Forms about a visit that stands: voiding it, how it was paid, adding a note. Refunds: bills/refund_forms.py."""

from django import forms
from django.utils.translation import gettext_lazy as _

from archives.visits.bills.models import Payment
from archives.visits.models import VisitNote
from salon.forms import Form
from salon.money import MAX_BILL_FEN, YuanField


class ReasonForm(Form):
    """Why a bill is voided."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))


class NoteForm(Form):
    """A note added to a visit."""

    kind = forms.ChoiceField(label=_("About"), choices=VisitNote.KINDS)
    text = forms.CharField(label=_("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class MeansForm(Form):
    """By which means a bill was paid, and why that was not written down so at first. Filled with how it stands."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for means in Payment.OFFERED:
            self.fields[f"pay-{means}"] = YuanField(label=dict(Payment.MEANS)[means], required=False, max_fen=MAX_BILL_FEN)

    def pay_fields(self):
        """For the template: the amount field of each means of payment."""
        return [self[f"pay-{means}"] for means in Payment.OFFERED]

    def payments(self):
        """[(means, fen)] of the amounts typed."""
        typed = [(means, self.cleaned_data[f"pay-{means}"]) for means in Payment.OFFERED]
        return [(means, fen) for means, fen in typed if fen]
