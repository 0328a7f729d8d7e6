"""The forms of the card: its own fields, and its safety notes. Phones, addresses and family are in rows.py.

What the person may not read starts empty: an empty input keeps what is stored, what is typed replaces it (or, for the state
of health, is added to it), and a tick removes it. Nothing that is masked is ever written into the page.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.card import birthdays, portraits, show, state
from customers.card.models import Customer, SafetyNote
from customers.card.search import lookup
from customers.card.search.terms import whole_number
from customers.log.services import FindLimitReached, log_find
from salon import access, text
from salon.forms import DayInput, Form, ModelForm, WarningsMixin
from salon.photos import pictures
from salon.shop.models import StaffMember, Tag

# Fields the masking policy may keep from the person who edits.
CONCEALABLE = ("wechat", "birth_year", "age_band", "age_band_on", "health", "skin_type", "card_no")
ADDED_TO = frozenset({"health"})  # what is typed unseen is added: nobody overwrites what she cannot read
CLEARED_WITH = {"age_band_on": "age_band"}  # one tick for both
KEPT_IF_EMPTY = frozenset({"card_no", "birth_calendar", "card_date"})  # every card has them; a new one gets them
KEEP = _("Leave empty to keep what is stored.")
ADD = _("What you write is added to what is stored.")


class CardForm(WarningsMixin, ModelForm):
    """The card's own fields. `changes()` of a valid form are those to store, {name: value}."""

    referrer = forms.CharField(
        label=_("Referred by"), required=False, max_length=60, help_text=_("Name, phone or card number of another customer.")
    )
    clear_referrer = forms.BooleanField(label=_("Remove the referrer"), required=False)
    clear_wechat = forms.BooleanField(label=_("Remove what is stored"), required=False)
    clear_birth_year = forms.BooleanField(label=_("Remove what is stored"), required=False)
    clear_age_band = forms.BooleanField(label=_("Remove what is stored"), required=False)
    clear_health = forms.BooleanField(label=_("Remove what is stored"), required=False)
    photo = forms.FileField(
        label=_("Photo"), required=False, help_text=_("JPEG, PNG, WebP or HEIC, up to 10 MB."), widget=forms.ClearableFileInput
    )
    remove_photo = forms.BooleanField(label=_("Remove the photo"), required=False)

    class Meta:
        model = Customer
        fields = [name for name in state.FIELDS if name != "portrait"]
        widgets = {
            "card_date": DayInput,
            "age_band_on": DayInput,
            "referred_by": forms.HiddenInput,
            "health": forms.Textarea(attrs={"rows": 2}),
            "note": forms.Textarea(attrs={"rows": 3}),
        }
        error_messages = {"card_no": {"unique": _("This card number is taken.")}}

    def __init__(self, *args, actor, **kwargs):
        self.actor = actor
        super().__init__(*args, **kwargs)
        self.stored = {name: getattr(self.instance, state.attribute(name)) for name in self._meta.fields}
        self.concealed = {name for name in CONCEALABLE if self.instance.pk and self._conceals(name)}
        self.referrers = []  # who may be meant, when several fit
        self._prepare_choices()
        self._prepare_concealed()
        self.fields["name"].widget.attrs["autofocus"] = True
        for name in KEPT_IF_EMPTY:
            self.fields[name].required = False
        self.fields["photo"].widget = forms.FileInput(attrs={"accept": pictures.ACCEPT})

    def _conceals(self, name):
        if name == "card_no":
            return self.instance.card_is_phone and not access.sees(self.actor, "phone")
        return show.sees(self.actor, name) != access.FULL

    def _prepare_choices(self):
        for form_field in self.fields.values():
            if isinstance(form_field, forms.TypedChoiceField) and not form_field.required:
                form_field.choices = [("", "–"), *((k, v) for k, v in form_field.choices if k)]
        responsible = self.fields["responsible"]
        at_work = StaffMember.objects.serving(self.instance.branch).values("pk")
        responsible.queryset = StaffMember.objects.filter(Q(pk__in=at_work) | Q(pk=self.instance.responsible_id))
        responsible.empty_label = "–"
        known = Customer.objects.present().visible_to(self.actor).values("pk")
        self.fields["referred_by"].queryset = Customer.objects.filter(Q(pk__in=known) | Q(pk=self.instance.referred_by_id))
        if self.instance.referred_by_id is None:
            del self.fields["clear_referrer"]

    def _prepare_concealed(self):
        for name in CONCEALABLE:
            clear = f"clear_{name}"
            if name in self.concealed:
                self.initial[name] = ""
                self.fields[name].help_text = ADD if name in ADDED_TO else KEEP
                if name in ADDED_TO and not access.may_reveal(self.actor, show.GROUP_OF[name]):
                    del self.fields[clear]
            elif clear in self.fields:
                del self.fields[clear]

    def masked(self, name):
        """What the actor may read of a concealed value, for display beside its empty input."""
        return show.shown(self.actor, name, self.stored[name], phones=[self.stored["card_no"]])

    # --- what is stored ----------------------------------------------------------------------------------------------

    def clean(self):
        cleaned = super().clean()
        typed = {name: cleaned.get(name) for name in self.concealed}
        for name in KEPT_IF_EMPTY & set(cleaned):
            cleaned[name] = cleaned[name] or self.stored[name]
        for name in self.concealed & set(cleaned):
            cleaned[name] = self._effective(name, typed[name])
        self._check_birthday(cleaned, typed)
        self._check_age_band(cleaned, typed)
        self._check_days(cleaned)
        self._find_referrer(cleaned)
        return cleaned

    def _effective(self, name, typed):
        """A concealed field after this form: cleared, replaced, added to, or as stored."""
        stored = self.stored[name]
        if self.cleaned_data.get(f"clear_{CLEARED_WITH.get(name, name)}"):
            return typed
        if not typed:
            return stored
        if name in ADDED_TO and stored:
            both = f"{stored}\n{typed}"
            limit = self.fields[name].max_length
            if len(both) > limit:
                self.add_error(name, _("Too long together with what is stored: %(limit)d characters fit.") % {"limit": limit})
            return both
        return typed

    def _check_birthday(self, cleaned, typed):
        parts = ("birth_year", "birth_month", "birth_day")
        unread = [part for part in parts if part in self.errors]
        if "birth_year" in self.concealed:  # nothing is refused by a year the person may not know
            cleaned = cleaned | {"birth_year": typed["birth_year"]}
        year, month, day = (cleaned.get(part) for part in parts)
        today, calendar = self.actor.today, cleaned.get("birth_calendar") or birthdays.SOLAR
        if year and year > today.year:
            self.add_error("birth_year", _("This year is still to come."))
            year = None
        try:
            birthdays.check(calendar, year, month, day, unread=unread)
        except ValidationError as error:
            self.add_error(None, error)
        else:
            is_whole = None not in (year, month, day) and calendar != birthdays.LUNAR
            if is_whole and (year, month, day) > (today.year, today.month, today.day):
                self.add_error("birth_day", _("This day is still to come."))

    def _check_days(self, cleaned):
        """Days on which something was, so not to come. That they are of our time, every form asks."""
        for name in ("card_date", "age_band_on"):
            day = cleaned.get(name)
            if day and day > self.actor.today:
                self.add_error(name, _("This day is still to come."))

    def _check_age_band(self, cleaned, typed):
        year, band = (typed.get(n) if n in typed else cleaned.get(n) for n in ("birth_year", "age_band"))
        if year and band:
            self.add_error("age_band", _("Give either the year of birth or an age band."))
        if not cleaned.get("age_band"):
            cleaned["age_band_on"] = None
        elif not cleaned.get("age_band_on"):
            cleaned["age_band_on"] = self.actor.today

    def _find_referrer(self, cleaned):
        """Who is meant by the words typed; several: the form asks which."""
        words = cleaned.get("referrer")
        if not words:
            if cleaned.get("clear_referrer"):
                cleaned["referred_by"] = None
            return
        try:
            found, is_sure = lookup.people(self.actor, words)
        except FindLimitReached as refusal:
            self.add_error("referrer", str(refusal))
            return
        found = [each for each in found if each.pk != self.instance.pk]
        picked = self.data.get("referrer_pick")
        chosen = found if is_sure and len(found) == 1 else [each for each in found if str(each.pk) == picked]
        if chosen:
            cleaned["referred_by"] = chosen[0]
        elif found:
            self.referrers = found
            self.add_error("referrer", _("Who is meant? Choose below."))
        else:
            self.add_error("referrer", _("Nobody of this name, phone or card number was found."))

    def clean_card_no(self):
        """A number that is taken tells that it is: if it is made like a phone, that is asking whose it is."""
        number = self.cleaned_data["card_no"]
        digits = whole_number(number) if number and number != self.stored["card_no"] else ""
        if digits:
            taken = Customer.objects.filter(card_no=number, card_is_phone=True)
            try:
                log_find(actor=self.actor, ids=list(taken.values_list("pk", flat=True)))
            except FindLimitReached as refusal:
                raise ValidationError(str(refusal)) from refusal
        return number

    def clean_photo(self):
        upload = self.cleaned_data["photo"]
        return portraits.read(upload) if upload else None

    def changes(self):
        """{name: value} of the card's fields that differ from what is stored."""
        cleaned = {name: self.cleaned_data[name] for name in self._meta.fields}
        return {name: value for name, value in cleaned.items() if getattr(value, "pk", value) != self.stored[name]}


class SafetyNoteForm(Form):
    """An allergy or a contra-indication: what it is, and when it was noted."""

    kind = forms.ChoiceField(label=_("Kind"), choices=SafetyNote.KINDS, initial=SafetyNote.ALLERGY)
    substance = forms.CharField(
        label=_("Substance or condition"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "substances", "autocomplete": "off"}),
    )
    remark = forms.CharField(label=_("Remark"), max_length=200, required=False)

    def clean_substance(self):
        substance = self.cleaned_data["substance"]
        if not text.fold(substance):
            raise ValidationError(_("Write it in letters."))
        return substance

    @staticmethod
    def known_substances():
        """Names to choose from while typing."""
        return list(Tag.objects.values_list("name", flat=True)[:500])


class RetireForm(Form):
    """Since when a safety note no longer holds."""

    ended_on = forms.DateField(label=_("No longer since"), widget=DayInput)

    def __init__(self, *args, note, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.note, self.today = note, today
        self.initial.setdefault("ended_on", today)
        self.fields["ended_on"].widget.attrs |= {"min": note.noted_on.isoformat(), "max": today.isoformat()}

    def clean_ended_on(self):
        day = self.cleaned_data["ended_on"]
        if not self.note.noted_on <= day <= self.today:
            raise ValidationError(_("Give a day from when it was noted until today."))
        return day
