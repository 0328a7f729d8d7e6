"""Settings: what is there, and branches."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon import access
from salon.links import way_on
from salon.lists import Sort, listing
from salon.shop import filters, forms, history, rights
from salon.shop.areas import areas_for
from salon.shop.editing import edit, pick, save
from salon.shop.models import Branch, Brand, Category, Department, Item, StaffMember, Tag

FORM = require_http_methods(["GET", "HEAD", "POST"])
WORKING = Count("staff", filter=Q(staff__is_active=True))


@require_safe
def settings(request):
    actor = request.actor
    counts = {
        "branches": Branch.objects.visible_to(actor).open().count(),
        "departments": Department.objects.filter(is_active=True).count(),
        "staff": StaffMember.objects.visible_to(actor).filter(is_active=True).count(),
        "items": Item.objects.on_offer().count(),
        "categories": Category.objects.count(),
        "brands": Brand.objects.count(),
        "tags": Tag.objects.count(),
    }
    notes = _notes(**counts)
    context = counts | {
        "tiles": [(area, notes[area.page]) for area in areas_for(actor)],
        "roles": [access.ROLE_NAMES[role] for role in access.ROLES],
        "seen": rights.seen(),
        "done": rights.done(),
    }
    return render(request, "salon/shop/settings.html", context)


def _notes(*, branches, departments, staff, items, categories, brands, tags):
    """What stands on the tile of each area, by its page."""
    return {
        "shop:branch_list": ngettext("%(n)s open", "%(n)s open", branches) % {"n": branches},
        "shop:department_list": ngettext("%(n)s in use", "%(n)s in use", departments) % {"n": departments},
        "shop:staff_list": ngettext("%(n)s person", "%(n)s people", staff) % {"n": staff},
        "shop:item_list": ngettext("%(n)s item on offer", "%(n)s items on offer", items) % {"n": items},
        "shop:category_list": categories,
        "shop:brand_list": brands,
        "shop:tag_list": ngettext("%(n)s ingredient or contra-indication", "%(n)s ingredients and contra-indications", tags)
        % {"n": tags},
        "imports:list": _("customers and visits from files"),
        "shop:nightly": _("when they last ran, and one now"),
        "privacy:log": _("who looked at whom"),
    }


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
    return _edit_branch(request, lambda data: forms.BranchForm(data, actor=request.actor))


@FORM
def branch_edit(request, pk):
    def make_form(data):
        return forms.BranchForm(data, actor=request.actor, instance=pick(request, Branch.objects, pk))

    return _edit_branch(request, make_form)


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
