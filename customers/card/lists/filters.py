"""The filter of the customer list; the page and its export use the same one."""

from datetime import timedelta

import django_filters as filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from customers.card.models import Address, Customer
from customers.card.search import queries
from salon import access, panels, text
from salon.forms import DayInput
from salon.shop.models import Branch, StaffMember

LIST_FILTERS = "customer.list_filters"
UNSET = "unset"
NEEDS = {"skin_type": "skin", "community": "place"}  # filter: the field group somebody must see in full to be offered it


def _day(field, lookup, label):
    return filters.DateFilter(field_name=field, lookup_expr=lookup, label=label, widget=DayInput)


def _choice(field, choices, label):
    """A choice among the values of a column, and "not stated"."""
    return filters.ChoiceFilter(
        field_name=field, choices=choices, label=label, empty_label=_("All"), null_label=_("Not stated"), null_value=UNSET,
        method="by_value",
    )  # fmt: skip


class CustomerFilter(filters.FilterSet):
    """Customers by who they are. Higher floors add filters through the slot customer.list_filters:

        panels.register(filters.LIST_FILTERS, "tier", lambda actor, _none: {"tier": filters.ChoiceFilter(...)}, budget=0)

    Such a filter has a `method` that is a function (queryset, name, value), or a `field_name` of Customer.
    """

    q = filters.CharFilter(method="by_words", label=_("Name, phone or card number"), max_length=60)
    branch = filters.ModelChoiceFilter(queryset=Branch.objects.none(), label=_("Branch"), empty_label=_("All"))
    gender = _choice("gender", Customer.GENDERS, _("Gender"))
    skin_type = _choice("skin_type", Customer.SKIN_TYPES, _("Skin type"))
    source = _choice("source", Customer.SOURCES, _("How the customer found us"))
    responsible = filters.ModelChoiceFilter(
        queryset=StaffMember.objects.none(),
        label=_("Responsible"),
        empty_label=_("All"),
        null_label=_("Nobody"),
        null_value=UNSET,
    )
    potential = _choice("potential", Customer.POTENTIALS, _("Development potential"))
    community = filters.CharFilter(method="by_community", label=_("Community"), max_length=60)
    birth_month = filters.ChoiceFilter(choices=list(MONTHS.items()), label=_("Birthday in (as entered)"), empty_label=_("All"))
    card_from = _day("card_date", "gte", _("Card made from"))
    card_to = _day("card_date", "lte", _("Card made to"))
    seen_from = _day("last_visit_on", "gte", _("Last visit from"))
    seen_to = _day("last_visit_on", "lte", _("Last visit to"))
    away = filters.NumberFilter(
        method="by_absence",
        label=_("Not seen for days"),
        decimal_places=0,
        validators=[MinValueValidator(1), MaxValueValidator(36_500)],
    )

    class Meta:
        model = Customer
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        actor = self.request.actor
        self.filters["responsible"].queryset = StaffMember.objects.visible_to(actor)
        self.filters["branch"].queryset = Branch.objects.visible_to(actor)
        if not actor.is_owner:
            del self.filters["branch"]
        for name, group in NEEDS.items():
            if not access.sees(actor, group):
                del self.filters[name]
        for panel in panels.shown_to(actor, LIST_FILTERS):
            for name, added in panel.show(actor, ()).items():
                added.parent, added.model = self, Customer
                self.filters[name] = added

    @property
    def actor(self):
        return self.request.actor

    def by_words(self, customers, _name, words):
        """The same reading of words as the search box (queries.py)."""
        ids = queries.ids_matching(self.actor, words)
        return customers.filter(queries.fitting(self.actor, words)) if ids is None else customers.filter(pk__in=ids)

    def by_value(self, customers, name, value):
        return customers.filter(**{name: "" if value == UNSET else value})

    def by_community(self, customers, _name, value):
        """Addresses in a community whose name begins so."""
        lived_in = Address.objects.filter(text.starts_with("community", text.clean_text(value)))
        return customers.filter(pk__in=lived_in.values("customer"))

    def by_absence(self, customers, _name, days):
        """Not seen for so many days, having been here before."""
        return customers.filter(last_visit_on__lte=self.actor.today - timedelta(days=int(days)))
