"""The form of a staff record."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from salon import access
from salon.accounts import services as accounts
from salon.forms import NOTHING, DayInput
from salon.shop.forms import RowForm
from salon.shop.models import Branch, Department, StaffMember


class StaffForm(RowForm):
    """A staff record. A manager fills it for the own branch and for the roles a manager may give."""

    class Meta:
        model = StaffMember
        fields = ["name", "role", "branch", "department", "employed_on", "is_active", "left_on"]
        widgets = {"employed_on": DayInput, "left_on": DayInput}
        help_texts = {
            "role": _("What the person's log-in may see and do."),
            "is_active": _("Untick it when the person leaves: the log-in ends at once, everything recorded stays."),
            "left_on": _("Last day, for somebody who no longer works here."),
        }

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        roles = accounts.assignable_roles(actor)
        self.fields["role"].choices = [("", NOTHING), *((role, access.ROLE_NAMES[role]) for role in roles)]
        if actor.is_owner:
            self.fields["branch"].queryset = Branch.objects.filter(Q(is_active=True) | Q(pk=self.instance.branch_id))
            if not self.instance.pk:
                self.initial["branch"] = actor.branch.pk
        else:
            del self.fields["branch"]
            if not self.instance.pk:
                self.instance.branch = actor.branch
        self.fields["department"].queryset = Department.objects.filter(Q(is_active=True) | Q(pk=self.instance.department_id))
        if not self.instance.pk:
            del self.fields["is_active"], self.fields["left_on"]

    def clean(self):
        cleaned = super().clean()
        if "is_active" in self.fields:
            if cleaned.get("is_active") and cleaned.get("left_on"):
                self.add_error("left_on", _("Whoever still works here has no last day. Empty it, or untick “works here”."))
            if not cleaned.get("is_active") and not cleaned.get("left_on") and "left_on" not in self.errors:
                self.add_error("left_on", _("Give the last day."))
        employed_on, left_on = cleaned.get("employed_on"), cleaned.get("left_on")
        if employed_on and left_on and left_on < employed_on:
            self.add_error("left_on", _("The last day cannot be before the first."))
        return cleaned
