"""Staff: who works here, in which role, and the acts on their log-ins."""

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon import access
from salon.accounts import services as accounts
from salon.accounts.models import INVITATION_LIFE
from salon.lists import Sort, listing
from salon.shop import history
from salon.shop.editing import edit, pick
from salon.shop.models import StaffMember
from salon.staff import services
from salon.staff.filters import StaffFilter
from salon.staff.forms import StaffForm
from salon.staff.log_ins import log_ins

SORTS = {
    "name": Sort(pgettext_lazy("of a person", "Name"), ("initials", "name_key", "pk")),
    "role": Sort(gettext_lazy("Role"), ("role", "initials", "name_key", "pk")),
    "employed": Sort(gettext_lazy("Employed since"), (F("employed_on").asc(nulls_last=True), "initials", "name_key", "pk")),
}


@require_safe
def staff_list(request):
    actor = request.actor
    staff = StaffMember.objects.visible_to(actor).select_related("branch", "department", "user")
    page = listing(request, StaffFilter, staff, sorts=SORTS, default="name")
    states = log_ins(page.rows, actor.now)
    rows = [(each, states[each.pk], accounts.may_manage(actor, each)) for each in page.rows]
    return render(request, "salon/staff/list.html", {"listing": page, "rows": rows})


def _edit_staff(request, make_form, context=None):
    def save(form):
        return services.save_staff(actor=request.actor, staff=form.save(commit=False)) if form.has_changed() else form.instance

    def done(staff):
        return reverse("shop:staff_edit", args=[staff.pk])

    return edit(request, "salon/staff/form.html", make_form, save, done, context)


@require_http_methods(["GET", "HEAD", "POST"])
def staff_create(request):
    return _edit_staff(request, lambda data: StaffForm(data, actor=request.actor))


@require_http_methods(["GET", "HEAD", "POST"])
def staff_edit(request, pk):
    member = _managed(request, pk)

    def context(form):
        shown = [name for name in StaffForm.Meta.fields]
        return {
            "member": member,
            "log_in": log_ins([member], request.actor.now)[member.pk],
            "changes": history.changes(member, shown),
        }

    def make_form(data):
        if data is not None:
            accounts.owners_locked()  # before the row that is picked: two owners who change each other wait in one line
        return StaffForm(data, instance=pick(request, StaffMember.objects, pk), actor=request.actor)

    return _edit_staff(request, make_form, context)


def _managed(request, pk):
    """The staff member, if the actor looks after that log-in. 404 for another branch's, 403 for those above."""
    member = access.get(request.actor, StaffMember.objects.select_related("user", "branch"), pk=pk)
    if not accounts.may_manage(request.actor, member):
        raise PermissionDenied
    return member


@require_POST
def staff_invite(request, pk):
    """Shows the one-time link in this very answer: it is stored nowhere, so no other page could show it."""
    member = _managed(request, pk)
    try:
        url = accounts.invite(actor=request.actor, staff=member)
    except ValidationError as error:
        return _refused(request, member, error)
    context = {
        "member": member,
        "url": url,
        "qr_code": segno.make(url, micro=False).svg_data_uri(scale=5, border=2, light="#fff"),
        "until": request.actor.now + INVITATION_LIFE,
    }
    return render(request, "salon/staff/invite.html", context)


@require_POST
def staff_unlock(request, pk):
    member = _managed(request, pk)
    return _act(request, member, accounts.unlock, _("Unlocked. The next log-in is let through again."))


@require_POST
def staff_reset_second_factor(request, pk):
    member = _managed(request, pk)
    return _act(request, member, accounts.reset_second_factor, _("The second factor is gone. The next log-in sets up a new one."))


def _act(request, member, service, said):
    try:
        service(actor=request.actor, staff=member)
    except ValidationError as error:
        return _refused(request, member, error)
    messages.success(request, said)
    return redirect("shop:staff_edit", pk=member.pk)


def _refused(request, member, error):
    messages.error(request, " ".join(error.messages))
    return redirect("shop:staff_edit", pk=member.pk)
