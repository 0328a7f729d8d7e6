"""Filters of the shop's lists."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter

from salon import text
from salon.shop.models import Brand, Category, Item, Tag


def named(queryset, _name, value):
    """Rows whose name contains the text, or whose pinyin initials begin with it."""
    key = text.fold(value)
    return queryset.filter(Q(name_key__contains=key) | text.starts_with("initials", key)) if key else queryset.none()


class Unfiltered(FilterSet):
    """Short lists that need no filter."""


class ItemFilter(FilterSet):
    STOPPED, ALL = "stopped", "all"

    q = CharFilter(method=named, label=_("Name or initials"), max_length=60)
    kind = ChoiceFilter(choices=Item.KINDS, label=_("Kind"), empty_label=_("All kinds"))
    category = ModelChoiceFilter(queryset=Category.objects.all(), label=_("Category"), empty_label=_("All categories"))
    brand = ModelChoiceFilter(queryset=Brand.objects.all(), label=_("Brand"), empty_label=_("All brands"))
    tag = ModelChoiceFilter(field_name="tags", queryset=Tag.objects.all(), label=_("Tag"), empty_label=_("Any tag"))
    offer = ChoiceFilter(
        choices=[(STOPPED, _("No longer offered")), (ALL, _("All"))],
        label=pgettext_lazy("is it on offer", "Offer"),
        empty_label=_("On offer"),
        method="offered",
    )

    def offered(self, queryset, _name, value):
        return queryset.filter(is_active=False) if value == self.STOPPED else queryset

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["offer"] else queryset.on_offer()
