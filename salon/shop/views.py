"""Settings: branches, departments, and the short lists of the catalogue (categories, brands, tags)."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon import access
from salon.links import way_on
from salon.lists import Sort, listing
from salon.shop import filters, forms, history, rights
from salon.shop.editing import edit, pick
from salon.shop.models import Branch, Brand, Category, Department, Item, StaffMember, Tag

FORM = require_http_methods(["GET", "HEAD", "POST"])
BY_NAME = {"name": Sort(gettext_lazy("Name"), ("name", "pk"))}
WORKING = Count("staff", filter=Q(staff__is_active=True))
ON_OFFER = Count("items", filter=Q(items__is_active=True))


@require_safe
def settings(request):
    actor = request.actor
    context = {
        "branches": Branch.objects.visible_to(actor).open().count(),
        "departments": Department.objects.filter(is_active=True).count(),
        "staff": StaffMember.objects.visible_to(actor).filter(is_active=True).count(),
        "items": Item.objects.on_offer().count(),
        "categories": Category.objects.count(),
        "brands": Brand.objects.count(),
        "tags": Tag.objects.count(),
        "roles": [access.ROLE_NAMES[role] for role in access.ROLES],
        "seen": rights.seen(),
        "done": rights.done(),
    }
    return render(request, "salon/shop/settings.html", context)


def _list(request, template, queryset, sorts, default):
    page = listing(request, filters.Unfiltered, queryset, sorts=sorts, default=default)
    return render(request, template, {"listing": page})


# --- Branches ----------------------------------------------------------------------------------------------------------


@require_safe
def branch_list(request):
    branches = Branch.objects.visible_to(request.actor).annotate(working=WORKING)
    sorts = {"code": Sort(_("Code"), ("-is_active", "code", "pk"))}
    return _list(request, "salon/shop/branch_list.html", branches, sorts, "code")


def _edit_branch(request, make_form):
    def context(form):
        branch = form.instance
        return {"changes": history.changes(branch, form.Meta.fields) if branch.pk else []}

    done = reverse("shop:branch_list")
    return edit(request, "salon/shop/branch_form.html", make_form, _save, lambda _branch: done, context)


def _save(form):
    """Store a form's row; an unchanged one leaves no entry in the history."""
    return form.save() if form.has_changed() or form.instance.pk is None else form.instance


@FORM
def branch_create(request):
    return _edit_branch(request, forms.BranchForm)


@FORM
def branch_edit(request, pk):
    return _edit_branch(request, lambda data: forms.BranchForm(data, instance=pick(request, Branch.objects, pk)))


@require_POST
def branch_switch(request):
    """The owner works in another branch from now on, until the log-in ends."""
    form = forms.SwitchForm(request.POST)
    if form.is_valid():
        request.session[access.BRANCH_KEY] = form.cleaned_data["branch"].pk
        messages.success(request, _("You work in %(branch)s now.") % {"branch": form.cleaned_data["branch"].name})
    else:
        messages.error(request, _("This branch is closed."))
    return redirect(way_on(request))


# --- Short lists: a name and little more ----------------------------------------------------------------------------------


def _edit_part(request, make_form, kind):
    """The form page of a department, category, brand or tag."""
    template, done = f"salon/shop/{kind}_form.html", reverse(f"shop:{kind}_list")
    return edit(request, template, make_form, _save, lambda _row: done)


@require_safe
def department_list(request):
    sorts = {"name": Sort(_("Name"), ("-is_active", "name", "pk"))}
    return _list(request, "salon/shop/department_list.html", Department.objects.annotate(working=WORKING), sorts, "name")


@FORM
def department_create(request):
    return _edit_part(request, forms.DepartmentForm, "department")


@FORM
def department_edit(request, pk):
    return _edit_part(
        request, lambda data: forms.DepartmentForm(data, instance=pick(request, Department.objects, pk)), "department"
    )


@require_safe
def category_list(request):
    sorts = {"order": Sort(_("Order"), ("position", "name", "pk"))}
    return _list(request, "salon/shop/category_list.html", Category.objects.annotate(on_offer=ON_OFFER), sorts, "order")


@FORM
def category_create(request):
    return _edit_part(request, forms.CategoryForm, "category")


@FORM
def category_edit(request, pk):
    return _edit_part(request, lambda data: forms.CategoryForm(data, instance=pick(request, Category.objects, pk)), "category")


@require_safe
def brand_list(request):
    return _list(request, "salon/shop/brand_list.html", Brand.objects.annotate(on_offer=ON_OFFER), BY_NAME, "name")


@FORM
def brand_create(request):
    return _edit_part(request, forms.BrandForm, "brand")


@FORM
def brand_edit(request, pk):
    return _edit_part(request, lambda data: forms.BrandForm(data, instance=pick(request, Brand.objects, pk)), "brand")


@require_safe
def tag_list(request):
    sorts = {"kind": Sort(_("Kind"), ("-kind", "name_key", "pk"))}
    return _list(request, "salon/shop/tag_list.html", Tag.objects.annotate(on_offer=ON_OFFER), sorts, "kind")


@FORM
def tag_create(request):
    return _edit_part(request, forms.TagForm, "tag")


@FORM
def tag_edit(request, pk):
    return _edit_part(request, lambda data: forms.TagForm(data, instance=pick(request, Tag.objects, pk)), "tag")
