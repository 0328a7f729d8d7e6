"""The filter of the staff list."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter

from salon import access
from salon.shop.filters import named
from salon.shop.models import Branch, Department


class StaffFilter(FilterSet):
    LEFT, ALL = "left", "all"

    q = CharFilter(method=named, label=pgettext_lazy("of a person", "Name or initials"), max_length=60)
    branch = ModelChoiceFilter(queryset=Branch.objects.all(), label=_("Branch"), empty_label=_("All branches"))
    department = ModelChoiceFilter(queryset=Department.objects.all(), label=_("Department"), empty_label=_("All departments"))
    role = ChoiceFilter(choices=list(access.ROLE_NAMES.items()), label=_("Role"), empty_label=_("All roles"))
    works = ChoiceFilter(
        choices=[(LEFT, _("Left")), (ALL, _("All"))], label=_("Works here"), empty_label=_("Yes"), method="working"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.request.actor.is_owner:
            del self.filters["branch"]  # a manager sees one branch only

    def working(self, queryset, _name, value):
        return queryset.filter(is_active=False) if value == self.LEFT else queryset

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["works"] else queryset.filter(is_active=True)
