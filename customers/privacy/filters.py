"""The filter of the access log: who saw or exported whom, between two days."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer
from customers.card.search import queries as cards
from customers.log.models import AccessEntry
from customers.privacy.queries import ENTRY_NAMES
from salon import dates
from salon.forms import DayInput, sent_id
from salon.shop.models import StaffMember


class AccessFilter(filters.FilterSet):
    """Entries by user, customer, action, field and day."""

    customer = filters.CharFilter(method="by_customer", label=_("Customer"), max_length=60)
    user = filters.ModelChoiceFilter(
        queryset=StaffMember.objects.none(), method="by_staff", label=_("User"), empty_label=_("All")
    )
    action = filters.ChoiceFilter(choices=AccessEntry.ACTIONS, label=_("Action"), empty_label=_("All"))
    field = filters.ChoiceFilter(choices=list(ENTRY_NAMES.items()), label=_("Field"), empty_label=_("All"))
    day_from = filters.DateFilter(method="from_day", label=_("From"), widget=DayInput)
    day_to = filters.DateFilter(method="to_day", label=_("To"), widget=DayInput)

    class Meta:
        model = AccessEntry
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["user"].queryset = StaffMember.objects.visible_to(self.request.actor).exclude(user=None)

    def by_customer(self, entries, _name, words):
        """By name, phone or card number, read as the search box reads them; also by the id an erased card had (#17)."""
        marked, serial = words.strip().startswith("#"), sent_id(words.strip().removeprefix("#"))
        if marked and serial is not None:
            return entries.filter(customer_id=serial)
        ids = cards.ids_matching(self.request.actor, words)
        if ids is None:
            fitting = Customer.objects.filter(cards.fitting(self.request.actor, words))
            return entries.filter(customer_id__in=fitting.values("pk"))
        return entries.filter(customer_id__in=ids)

    def by_staff(self, entries, _name, staff):
        return entries.filter(user=staff.user_id)

    def from_day(self, entries, _name, day):
        return entries.filter(at__gte=dates.moments_of(day, self.request.actor.branch)[0])

    def to_day(self, entries, _name, day):
        return entries.filter(at__lt=dates.moments_of(day, self.request.actor.branch)[1])
