"""How the list of imports is narrowed down."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from customers.imports.models import ImportRun


class ImportFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=ImportRun.STATES, label=_("State"), empty_label=_("All"))

    class Meta:
        model = ImportRun
        fields = ["state"]
