"""The form for a customer who is expected."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from archives.visits.desk import questions as plan_questions
from archives.visits.models import Visit
from customers.card.models import Customer
from customers.card.search.lookup import by_whole_number
from customers.log.services import FindLimitReached
from salon.forms import DayInput, Form, SeveralField, WarningsMixin
from salon.shop.models import Item, StaffMember

MAX_ITEMS = 20


class ItemSelect(forms.SelectMultiple):
    """A list of items that carries their initials, which the browser searches."""

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            option["attrs"]["data-initials"] = value.instance.initials
        return option


class ExpectForm(WarningsMixin, Form):
    """Who comes, when, for what, to whom.

    The browser fills `customer` from a search; without JavaScript, `who` is a whole card number or phone number.
    What looks odd (plan_questions) is asked before it is stored. `visit`: the expected visit that is changed;
    `is_sent_again`: called when there is something to ask; True if it is stored already, by the same form sent before.
    """

    customer = forms.IntegerField(required=False, widget=forms.HiddenInput)
    who = forms.CharField(
        label=_("Customer"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={"placeholder": _("Name, initials, last four digits of the phone, card number"), "autofocus": True}
        ),
    )
    on = forms.DateField(label=_("Day"), widget=DayInput)
    at = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
    )
    items = SeveralField(label=_("For"), queryset=Item.objects.none(), required=False, widget=ItemSelect)
    assigned = forms.ModelChoiceField(
        label=_("Beautician"), queryset=StaffMember.objects.none(), required=False, empty_label=_("not decided yet")
    )
    channel = forms.ChoiceField(label=_("Arranged by"), choices=Visit.CHANNELS, initial="phone")

    def __init__(self, *args, actor, customer=None, planned=(), visit=None, is_sent_again=lambda: False, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor, self.chosen, self.visit = actor, customer, visit
        self.is_sent_again = is_sent_again
        self.fields["items"].queryset = Item.objects.on_offer() | Item.objects.filter(pk__in=[item.pk for item in planned])
        self.fields["assigned"].queryset = StaffMember.objects.serving(actor.branch)
        if customer:
            del self.fields["who"]
            self.initial["customer"] = customer.pk

    def clean_items(self):
        items = list(self.cleaned_data["items"])
        if len(items) > MAX_ITEMS:
            raise ValidationError(_("That is too much for one visit."))
        return items

    def clean(self):
        data = super().clean()
        if self.chosen is None:
            try:
                self.chosen = self._find()
            except FindLimitReached as refusal:
                self.add_error("who", str(refusal))
                return data
            if self.chosen is None:
                self.add_error("who", _("Choose a customer from the list, or type a whole card number or phone number."))
        if not self.errors:
            self._ask()
        return data

    def _ask(self):
        data, is_here = self.cleaned_data, "here" in self.data
        plan = {"items": data["items"], "assigned": data["assigned"], "at": data["at"]}
        plan |= {"day": self.actor.today if is_here else data["on"], "is_here": is_here}
        questions = list(plan_questions.of_plan(self.actor, customer=self.chosen, visit=self.visit, **plan))
        if questions and not self.is_sent_again():
            for code, question in questions:
                self.add_warning(code, question)

    def _find(self):
        """The customer chosen in the browser, or the only one with this card or phone number; None if there is none."""
        if pk := self.cleaned_data.get("customer"):
            return Customer.objects.present().visible_to(self.actor).filter(pk=pk).first()
        return by_whole_number(self.actor, self.cleaned_data.get("who", ""))
