"""Forms of the shop's pages. What is refused is said at the field; what was typed stays."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from salon import panels, text
from salon.forms import Form, ModelForm, SeveralField
from salon.money import MAX_FEN, MAX_LINE_FEN, YuanField
from salon.shop import queries, zones
from salon.shop.editing import SeenVersion
from salon.shop.models import Branch, Brand, Category, Department, Item, Tag

MAX_NEW_TAGS = 20
_BETWEEN_TAGS = re.compile(r"[,，、;；]")


def readable(name):
    """Validator: a name people can see and search for, not blanks and punctuation only."""
    if not text.fold(name):
        raise ValidationError(_("Use at least one letter, digit or Chinese character."))


class RowForm(SeenVersion, ModelForm):
    """Base of the forms here: every row has a readable name, and a new one begins with typing it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.fields["name"].widget.attrs["autofocus"] = True

    def clean_name(self):
        readable(self.cleaned_data["name"])
        return self.cleaned_data["name"]


class OneNameForm(RowForm):
    """A name no other row has, nor one that differs only in case, width, script or spaces."""

    def clean_name(self):
        name = super().clean_name()
        others = type(self.instance).objects.exclude(pk=self.instance.pk).values_list("name", flat=True)
        if "name" in self.changed_data and text.fold(name) in {text.fold(other) for other in others}:
            raise ValidationError(_("This name is taken."))
        return name


class DepartmentForm(OneNameForm):
    class Meta:
        model = Department
        fields = ["name", "is_active"]
        help_texts = {"is_active": _("Untick it to stop offering it; staff who belong to it keep it.")}


class CategoryForm(OneNameForm):
    class Meta:
        model = Category
        fields = ["name", "position"]
        help_texts = {"position": _("Smaller numbers come first.")}


class BrandForm(OneNameForm):
    class Meta:
        model = Brand
        fields = ["name"]


class TagForm(OneNameForm):
    class Meta:
        model = Tag
        fields = ["kind", "name"]
        widgets = {"kind": forms.RadioSelect}


class ItemForm(RowForm):
    """A service or a product, with its tags picked from the known ones or typed in."""

    price_fen = YuanField(label=_("Price"), max_fen=MAX_LINE_FEN, help_text=_("What a customer pays without a discount."))
    cost_fen = YuanField(
        label=_("Cost"),
        max_fen=MAX_FEN,
        required=False,
        help_text=_("Materials or purchase price, for managers only. It is kept on each sale as it was then."),
    )
    tags = SeveralField(
        Tag.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Ingredients and contra-indications"),
    )
    new_tags = forms.CharField(
        label=_("New ones, with commas between"), required=False, max_length=400, help_text=_("Salicylic acid, lavender oil")
    )
    new_tags_kind = forms.ChoiceField(label=_("These are"), choices=Tag.KINDS, required=False, initial=Tag.INGREDIENT)

    class Meta:
        model = Item
        fields = [
            "kind", "name", "category", "brand", "price_fen", "cost_fen", "minutes", "care_days", "lasts_days", "tags",
            "is_active",
        ]  # fmt: skip
        widgets = {"kind": forms.RadioSelect}
        help_texts = {
            "minutes": _("How long it takes; 0 if it takes no time."),
            "is_active": _("Untick it to stop offering the item. Past visits keep it."),
        }

    def clean_cost_fen(self):
        return self.cleaned_data["cost_fen"] or 0

    def clean_new_tags(self):
        """The typed names as a list, without repetitions."""
        names = [name.strip() for name in _BETWEEN_TAGS.split(self.cleaned_data["new_tags"])]
        names = list({text.fold(name): name for name in names if name}.values())
        longest = Tag._meta.get_field("name").max_length
        if any(len(name) > longest for name in names):
            raise ValidationError(_("At most %(n)d characters each.") % {"n": longest})
        if len(names) > MAX_NEW_TAGS:
            raise ValidationError(_("At most %(n)d at once.") % {"n": MAX_NEW_TAGS})
        for name in names:
            readable(name)
        return names

    def clean(self):
        cleaned = super().clean()
        kind = cleaned.get("kind")
        if kind == Item.PRODUCT and cleaned.get("care_days"):
            self.add_error("care_days", _("A product has no care interval. Give the days until it is used up, or empty this."))
        if kind == Item.SERVICE and cleaned.get("lasts_days"):
            self.add_error("lasts_days", _("A service is not used up. Give its care interval, or empty this."))
        if cleaned.get("name"):
            self._refuse_second(kind, cleaned["name"])
        return cleaned

    def _refuse_second(self, kind, name):
        """The name is unique per kind: 眼部护理 the service and 眼部护理 the product may stand side by side."""
        others = Item.objects.exclude(pk=self.instance.pk).filter(kind=kind, name_key=text.fold(name)[:120])
        other = others.first()
        if other:
            stopped = _("There is an item of this name that is no longer offered. Offer that one again instead.")
            self.add_error("name", _("There is an item of this name.") if other.is_active else stopped)


class BranchForm(RowForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    cutoff_hour = forms.TypedChoiceField(
        label=_("Business day ends at"),
        coerce=int,
        initial=0,
        choices=[(hour, f"{hour:02}:00") for hour in range(7)],
        help_text=_("Visits before this hour count for the day before. Dates already recorded stay as they are."),
    )

    class Meta:
        model = Branch
        fields = ["code", "name", "phone", "address", "time_zone", "cutoff_hour", "is_active"]
        help_texts = {"is_active": _("Untick it to close the branch. Its customers, cards and visits stay.")}

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.code_is_fixed = bool(self.instance.pk) and queries.code_is_in_use(self.instance)
        if self.code_is_fixed:
            self.fields["code"].widget.attrs["readonly"] = True
            self.fields["code"].help_text = _("Cards and receipts carry this code, on paper too, so it cannot change any more.")
        self.fields["time_zone"].choices = self._zones()

    def _zones(self):
        """The zones to choose from; one that is not among them, set by a command, must not be lost by saving the form."""
        as_installed = _("As the installation: %(zone)s") % {"zone": zones.name_of(settings.TIME_ZONE)}
        groups = [(area, list(cities.items())) for area, cities in zones.GROUPS]
        own = self.instance.time_zone
        is_odd = own and not any(own in cities for _area, cities in zones.GROUPS)
        return [("", as_installed), *([(own, own)] if is_odd else []), *groups]

    def clean_code(self):
        code = self.cleaned_data["code"]
        if "code" in self.changed_data and self.code_is_fixed:
            raise ValidationError(_("Cards and receipts carry the code %(code)s already.") % {"code": self.initial["code"]})
        if Branch.objects.exclude(pk=self.instance.pk).filter(code__iexact=code).exists():
            raise ValidationError(_("This code is taken."))
        return code

    def clean_is_active(self):
        is_open = self.cleaned_data["is_active"]
        if self.instance.pk and not is_open and self.initial["is_active"]:
            if not Branch.objects.open().exclude(pk=self.instance.pk).exists():
                raise ValidationError(_("This is the only branch that is open."))
            working = self.instance.staff.filter(is_active=True).count()
            if working:
                message = ngettext_lazy(
                    "%(n)d person still works here. Move that person to another branch first.",
                    "%(n)d people still work here. Move them to another branch first.",
                    working,
                )
                raise ValidationError(message % {"n": working})
            if goes_on := panels.collect("branch.goes_on", self.actor, [self.instance])[self.instance.pk]:
                raise ValidationError(goes_on)
        return is_open


class SwitchForm(Form):
    """Which branch the owner works in now."""

    branch = forms.ModelChoiceField(Branch.objects.open())
