"""What a person enters for a card: the form, its rows, and the questions asked before it is stored."""

import phonenumbers
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.card import show, state
from customers.card.editing.forms import CardForm
from customers.card.editing.rows import FORMSETS
from customers.card.models import Customer
from customers.card.search import lookup
from customers.log.services import FindLimitReached, log_find
from salon import text

SECTIONS = (
    # title, fields, rows, always open
    ("who", gettext_lazy("Name and phone"), ("name", "called", "gender"), state.PHONES, True),
    (
        "birthday",
        gettext_lazy("Birthday or age"),
        ("birth_calendar", "birth_year", "birth_month", "birth_day", "age_band", "age_band_on"),
        None,
        False,
    ),
    ("contact", gettext_lazy("WeChat and addresses"), ("wechat",), state.ADDRESSES, False),
    (
        "person",
        gettext_lazy("About the customer"),
        ("occupation", "education", "marital", "interests", "skin_type", "health"),
        None,
        False,
    ),
    ("family", gettext_lazy("Family"), (), state.FAMILY, False),
    ("source", gettext_lazy("Source and responsible staff"), ("source", "referrer", "responsible", "potential"), None, False),
    ("card", gettext_lazy("Card, photo and note"), ("note", "photo", "card_no", "card_date"), None, False),
)


class CardEntry:
    """A card as entered: `form` and one formset per kind of rows, unbound, or bound to what was posted.

    `conflicts` {input name: what is stored now} and `taken` [(label, text)] are filled when somebody was faster.
    """

    def __init__(self, *, actor, customer=None, data=None, files=None, initial=None):
        self.actor = actor
        self.customer = customer if customer and customer.pk else None
        self.conflicts, self.taken = {}, []
        instance = customer or Customer(branch=actor.branch)
        initial = initial or {}
        self.form = CardForm(data, files, instance=instance, actor=actor, initial=initial.get("fields"))
        self.formsets = {
            kind: formset(data, prefix=kind, actor=actor, stored=list(getattr(customer, kind).all()) if self.customer else ())
            for kind, formset in FORMSETS.items()
        }
        if data is None and initial.get("phone"):
            self.formsets[state.PHONES].forms[0].initial["number"] = initial["phone"]

    # --- checking ----------------------------------------------------------------------------------------------------

    def is_valid(self):
        """True if all of it may be stored. Warnings are asked only when nothing else is wrong."""
        parts = [self.form, *self.formsets.values()]
        if all([part.is_valid() for part in parts]):  # a list: every part is checked, so every error shows at once
            self._ask_about_phones()
            self._ask_about_twins()
        return self.form.is_valid() and all(part.is_valid() for part in parts)

    def _ask_about_phones(self):
        numbers = self.formsets[state.PHONES].typed()
        for number in numbers:
            if not _looks_right(number):
                self.form.add_warning(
                    f"odd-phone-{text.phone_digits(number)}",
                    _("%(number)s does not look like a phone number. Save it anyway?") % {"number": number},
                )
        digits = {text.phone_digits(number) for number in numbers}
        shown, is_hidden = lookup.same_phone(self.actor, digits, customer=self.customer)
        if digits:
            try:
                log_find(actor=self.actor, ids=[card.pk for card in shown])
            except FindLimitReached as refusal:
                self.form.add_error(None, str(refusal))
                return
        if shown:
            self.form.add_warning(_code("same-phone", shown), _("A card with this phone exists already. Save anyway?"), shown)
        if is_hidden is None:
            self.form.add_warning("phone-not-asked", _("%(limit)s Save anyway?") % {"limit": lookup.LIMIT_REACHED})
        elif is_hidden:
            code = f"phone-elsewhere-{'-'.join(sorted(digits))}"
            self.form.add_warning(code, _("A card with this phone exists in another branch. Save anyway?"))

    def _ask_about_twins(self):
        cleaned = self.form.cleaned_data
        changes = self.form.changes()
        if not changes.keys() & {"name", "birth_month", "birth_day", "birth_calendar"}:
            return
        birthday = (cleaned["birth_calendar"], cleaned["birth_month"], cleaned["birth_day"])
        twins = lookup.same_name(
            self.actor, cleaned["name"], branch=self.form.instance.branch, customer=self.customer, birthday=birthday
        )
        if twins:
            self.form.add_warning(_code("same-name", twins), _("A card with this name exists already. Save anyway?"), twins)

    # --- what to store -----------------------------------------------------------------------------------------------

    def to_store(self):
        """The arguments of create_card and edit_card that a valid entry stands for."""
        return {
            "fields": self.form.changes(),
            "rows": {kind: formset.entries() for kind, formset in self.formsets.items()},
            "portrait": self.form.cleaned_data["photo"],
        }

    @property
    def removes_portrait(self):
        return bool(self.form.cleaned_data.get("remove_photo"))

    # --- showing -----------------------------------------------------------------------------------------------------

    @cached_property
    def sections(self):
        """The parts of the page, in order; one is open if it always is, holds something, or needs a look."""
        return [Section(self, *section) for section in SECTIONS]

    @cached_property
    def referrer_now(self):
        """The name of who referred the customer, as the actor may read it."""
        return show.shown(self.actor, "referred_by", self.form.stored["referred_by"])

    @property
    def acknowledged(self):
        return sorted(self.form.acknowledged)

    @property
    def has_errors(self):
        return bool(self.form.errors) or any(f.total_error_count() for f in self.formsets.values() if f.is_bound)


class Section:
    """A titled part of the card's form."""

    def __init__(self, entry, key, title, names, kind, is_always_open):
        self.key, self.title, self.names, self.kind = key, title, names, kind
        self.fields = [entry.form[name] for name in names]
        self.formset = entry.formsets[kind] if kind else None
        self.is_always_open = is_always_open
        self.is_open = is_always_open or self._is_filled(entry) or self._needs_a_look(entry)

    def _is_filled(self, entry):
        values = [entry.form[name].value() for name in self.names if name not in ("birth_calendar", "card_no", "card_date")]
        return any(value not in (None, "") for value in values) or bool(self.formset and len(self.formset.stored))

    def _needs_a_look(self, entry):
        if any(field.errors for field in self.fields) or (self.formset and self.formset.is_bound and not self.formset.is_valid()):
            return True
        return any(name in entry.conflicts for name in self.names) or any(
            name.startswith(f"{self.kind}-") for name in entry.conflicts
        )


def _code(what, cards):
    """A warning's name with the cards it is about, so that another card asks again."""
    return "-".join([what, *(str(card.pk) for card in cards)])


def _looks_right(number):
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, settings.PHONE_REGION))
    except phonenumbers.NumberParseException:
        return False
