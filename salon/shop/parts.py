"""The short lists of the shop: departments, categories, brands and tags. A name and little more, all edited alike."""

from dataclasses import dataclass

from django.db.models import Count, Model, Q
from django.forms import ModelForm
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from salon.lists import Sort, listing
from salon.shop import filters, forms
from salon.shop.editing import edit, pick, save
from salon.shop.models import Brand, Category, Department, Tag

FORM = require_http_methods(["GET", "HEAD", "POST"])
WORKING = Count("staff", filter=Q(staff__is_active=True))
ON_OFFER = Count("items", filter=Q(items__is_active=True))


@dataclass(frozen=True)
class Part:
    """One short list: its rows, their form, their order and what is counted beside them, and the words of its pages."""

    kind: str
    model: type[Model]
    form: type[ModelForm]
    sort: Sort
    icon: str
    title: str
    new: str
    none_yet: str
    purpose: str
    counted: Count = ON_OFFER

    @property
    def list_url(self):
        return reverse(f"shop:{self.kind}_list")

    @property
    def create_url(self):
        return reverse(f"shop:{self.kind}_create")

    @property
    def edit_name(self):
        return f"shop:{self.kind}_edit"

    @property
    def counts_people(self):
        return self.counted is WORKING

    @property
    def has_position(self):
        return "position" in self.form._meta.fields


DEPARTMENT = Part(
    kind="department",
    model=Department,
    form=forms.DepartmentForm,
    sort=Sort(_("Name"), ("-is_active", "name", "pk")),
    icon="layers",
    title=_("Departments"),
    new=_("New department"),
    none_yet=_("There is no department yet."),
    purpose=_("Departments group staff: face, body, nails."),
    counted=WORKING,
)
CATEGORY = Part(
    kind="category",
    model=Category,
    form=forms.CategoryForm,
    sort=Sort(_("Order"), ("position", "name", "pk")),
    icon="folder",
    title=_("Categories"),
    new=_("New category"),
    none_yet=_("There is no category yet."),
    purpose=_("Categories group items: facial care, eye care, body."),
)
BRAND = Part(
    kind="brand",
    model=Brand,
    form=forms.BrandForm,
    sort=Sort(_("Name"), ("name", "pk")),
    icon="award",
    title=_("Brands"),
    new=_("New brand"),
    none_yet=_("There is no brand yet."),
    purpose=_("Products carry a brand; reports group by it."),
)
TAG = Part(
    kind="tag",
    model=Tag,
    form=forms.TagForm,
    sort=Sort(_("Kind"), ("-kind", "name_key", "pk")),
    icon="flask-conical",
    title=_("Tags"),
    new=_("New tag"),
    none_yet=_("There is no tag yet."),
    purpose=_("Ingredients and conditions that warn whoever serves a customer who does not tolerate them."),
)


@require_safe
def part_list(request, part):
    rows = part.model.objects.annotate(counted=part.counted)
    page = listing(request, filters.Unfiltered, rows, sorts={"usual": part.sort}, default="usual")
    return render(request, "salon/shop/part_list.html", {"listing": page, "part": part})


@FORM
def part_create(request, part):
    return _edit(request, part, part.form)


@FORM
def part_edit(request, part, pk):
    return _edit(request, part, lambda data: part.form(data, instance=pick(request, part.model.objects, pk)))


def _edit(request, part, make_form):
    return edit(request, "salon/shop/part_form.html", make_form, save, lambda _row: part.list_url, lambda _form: {"part": part})
