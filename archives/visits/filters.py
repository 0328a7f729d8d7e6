"""The filter of the visit list; the page and its export use the same one."""

import django_filters as filters
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from archives.visits.bills.models import Payment
from archives.visits.models import VOIDED, StaffShare, Visit
from archives.visits.queries import receipt_numbers
from archives.visits.undo.models import UNDONE
from customers.card.search import terms
from customers.log.services import MOST_NAMED, log_find
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
        self.filters["item"].queryset = Item.objects.all()
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
        return found if asked["status"] == VOIDED else found.filter(~UNDONE | self._of_receipt(asked["customer"]))

    def _of_receipt(self, words):
        return Q(receipt_no__in=receipt_numbers(self.request.actor, words))

    def by_customer(self, visits, _name, value):
        """Name or card number by their beginning, a phone whole (logged) or by its last four digits, or a receipt as the
        search box reads it.
        """
        key, found = text.fold(value), self._of_receipt(value)
        if key:
            found |= text.starts_with("customer__name_key", key) | text.starts_with("customer__card_key", key)
        if phone := terms.phone(value):
            of_phone = Q(customer__in=phone.phones.values("customer"))
            if phone.whole:
                self._log(visits.prefetch_related(None), of_phone, found)
            found |= of_phone
        return visits.filter(found)

    def _log(self, visits, of_phone, found):
        """Log whose the number is, if it is not a receipt's or a card's."""
        ids = list(visits.filter(of_phone).values_list("customer_id", flat=True).distinct()[:MOST_NAMED])
        if ids or not visits.filter(found).exists():
            log_find(actor=self.request.actor, ids=ids)

    def by_item(self, visits, _name, item):
        return visits.filter(Exists(item.lines.filter(visit=OuterRef("pk"))))

    def by_staff(self, visits, _name, staff):
        shares = StaffShare.objects.filter(line__visit=OuterRef("pk"), staff=staff)
        return visits.filter(Q(assigned=staff) | Exists(shares))

    def by_means(self, visits, _name, means):
        return visits.filter(Exists(Payment.objects.as_corrected().filter(bill=OuterRef("bill"), means=means)))
