"""The catalogue: services and products."""

from django.db.models import F
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from salon.lists import Sort, listing
from salon.shop import history, services
from salon.shop.editing import edit, pick
from salon.shop.filters import ItemFilter
from salon.shop.forms import ItemForm
from salon.shop.models import Item, Tag

SORTS = {
    "name": Sort(_("Name"), ("initials", "name_key", "pk")),
    "category": Sort(
        _("Category"), (F("category__position").asc(nulls_last=True), "category__name", "initials", "name_key", "pk")
    ),
    "price": Sort(_("Price, low to high"), ("price_fen", "pk")),
    "price_down": Sort(_("Price, high to low"), ("-price_fen", "pk")),
}


@require_safe
def item_list(request):
    items = Item.objects.visible_to(request.actor).select_related("category", "brand").prefetch_related("tags")
    page = listing(request, ItemFilter, items, sorts=SORTS, default="name")
    return render(request, "salon/shop/item_list.html", {"listing": page})


def _edit_item(request, make_form):
    def context(form):
        item = form.instance
        return {"changes": history.changes(item, form.Meta.fields) if item.pk else []}

    def done(_item):
        return reverse("shop:item_create" if "again" in request.POST else "shop:item_list")

    return edit(request, "salon/shop/item_form.html", make_form, _save, done, context)


def _save(form):
    if not form.has_changed():
        return form.instance
    typed = form.cleaned_data
    return services.save_item(
        item=form.save(commit=False),
        tags=typed["tags"],
        new_tags=typed["new_tags"],
        new_tags_kind=typed["new_tags_kind"] or Tag.INGREDIENT,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def item_create(request):
    return _edit_item(request, ItemForm)


@require_http_methods(["GET", "HEAD", "POST"])
def item_edit(request, pk):
    return _edit_item(request, lambda data: ItemForm(data, instance=pick(request, Item.objects, pk)))
