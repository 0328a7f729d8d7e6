"""The filter of the visit list; the page and its export use the same one."""

import django_filters as filters
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from archives.visits.models import VOIDED, Payment, StaffShare, Visit
from archives.visits.undo_models import UNDONE
from customers.card.models import Phone
from salon import access, text
from salon.forms import DayInput
from salon.shop.models import Branch, Item, StaffMember


class VisitFilter(filters.FilterSet):
    """Visits by day, state, customer, item, staff and means of payment."""

    day_from = filters.DateFilter(field_name="day", lookup_expr="gte", label=_("From"), widget=DayInput)
    day_to = filters.DateFilter(field_name="day", lookup_expr="lte", label=_("To"), widget=DayInput)
    status = filters.ChoiceFilter(choices=Visit.STATUSES, label=_("State"), empty_label=_("All"))
    customer = filters.CharFilter(method="by_customer", label=_("Customer, phone or receipt"), max_length=60)
    item = filters.ModelChoiceFilter(method="by_item", queryset=Item.objects.none(), label=_("Item"), empty_label=_("All"))
    staff = filters.ModelChoiceFilter(
        method="by_staff", queryset=StaffMember.objects.none(), label=_("Beautician"), empty_label=_("All")
    )
    means = filters.ChoiceFilter(method="by_means", choices=Payment.MEANS, label=_("Paid by"), empty_label=_("All"))
    branch = filters.ModelChoiceFilter(queryset=Branch.objects.none(), label=_("Branch"), empty_label=_("All"))

    class Meta:
        model = Visit
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        actor = self.request.actor
        self.filters["item"].queryset = Item.objects.order_by("kind", "initials", "name_key", "pk")
        self.filters["staff"].queryset = StaffMember.objects.visible_to(actor)
        self.filters["branch"].queryset = Branch.objects.visible_to(actor)
        if not actor.is_owner:
            del self.filters["branch"]
        if access.visibility(actor, "amount") != access.FULL:
            del self.filters["means"]

    def filter_queryset(self, visits):
        """Undone bills are shown to who asks for voided ones, or for the receipt by its number."""
        asked = self.form.cleaned_data
        found = super().filter_queryset(visits)
        return found if asked["status"] == VOIDED else found.filter(~UNDONE | Q(receipt_no=asked["customer"]))

    def by_customer(self, visits, _name, value):
        """Name or card number by their beginning, a phone by its beginning or last digits, or the receipt number."""
        key, digits = text.fold(value), text.digits_of(value)
        found = text.starts_with("customer__name_key", key) | text.starts_with("customer__card_key", key)
        if len(digits) >= 4:
            phones = Phone.objects.filter(text.starts_with("digits", digits) | text.starts_with("digits_reversed", digits[::-1]))
            found |= Q(customer__in=phones.values("customer"))
        return visits.filter(found | Q(receipt_no=value))

    def by_item(self, visits, _name, item):
        return visits.filter(Exists(item.lines.filter(visit=OuterRef("pk"))))

    def by_staff(self, visits, _name, staff):
        shares = StaffShare.objects.filter(line__visit=OuterRef("pk"), staff=staff)
        return visits.filter(Q(assigned=staff) | Exists(shares))

    def by_means(self, visits, _name, means):
        return visits.filter(Exists(Payment.objects.filter(bill=OuterRef("bill"), means=means)))
