"""Settings: what is there, and branches."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon import access
from salon.links import way_on
from salon.lists import Sort, listing
from salon.shop import filters, forms, history, rights
from salon.shop.editing import edit, pick, save
from salon.shop.models import Branch, Brand, Category, Department, Item, StaffMember, Tag

FORM = require_http_methods(["GET", "HEAD", "POST"])
WORKING = Count("staff", filter=Q(staff__is_active=True))


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


# --- Branches ----------------------------------------------------------------------------------------------------------


@require_safe
def branch_list(request):
    branches = Branch.objects.visible_to(request.actor).annotate(working=WORKING)
    sorts = {"code": Sort(_("Code"), ("-is_active", "code", "pk"))}
    page = listing(request, filters.Unfiltered, branches, sorts=sorts, default="code")
    return render(request, "salon/shop/branch_list.html", {"listing": page})


def _edit_branch(request, make_form):
    def context(form):
        branch = form.instance
        return {"changes": history.changes(branch, form.Meta.fields) if branch.pk else []}

    done = reverse("shop:branch_list")
    return edit(request, "salon/shop/branch_form.html", make_form, save, lambda _branch: done, context)


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
