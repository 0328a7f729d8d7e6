"""Values of a card in words, masked for the one who reads: on the data page, in the history, beside a stale save."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from customers.card import state
from customers.card.models import Customer
from salon import access, text
from salon.shop.models import StaffMember

CONCEALED = "****"
GROUP_OF = {
    "skin_type": "skin",
    "wechat": "wechat",
    "birth_year": "birthday",
    "birth_month": "birthday",
    "birth_day": "birthday",
    "age_band": "birthday",
    "age_band_on": "birthday",
    "health": "health",
}
_MONTH_AND_DAY = frozenset({"birth_month", "birth_day"})
COLUMN_GROUPS = {  # of rows: {kind: {column: group}}
    state.PHONES: {"number": "phone"},
    state.ADDRESSES: dict.fromkeys(state.PLACE_PARTS, "place") | {"street": "address", "postcode": "address"},
}


def sees(actor, name):
    """How the actor sees a field of the card: FULL for what the policy does not name."""
    how = access.visibility(actor, GROUP_OF[name]) if name in GROUP_OF else access.FULL
    return access.FULL if how == access.MONTH_DAY and name in _MONTH_AND_DAY else how


def sees_portrait(actor, customer):
    """True if the actor may see the portrait of a customer whose card is open to them: of the own branch; the owner, of all."""
    return access.sees(actor, "portrait") and (actor.is_owner or customer.branch_id == actor.branch.pk)


class Names:
    """Names behind foreign keys: looked up when first asked for, or all at once by `load`."""

    def __init__(self, actor):
        self.actor, self.staff, self.customers = actor, {}, {}

    def load(self, staff=(), customers=()):
        """Fetch names of ids in at most two queries."""
        staff, customers = set(staff) - self.staff.keys() - {None}, set(customers) - self.customers.keys() - {None}
        if staff:
            self.staff |= dict.fromkeys(staff, "") | dict(StaffMember.objects.filter(pk__in=staff).values_list("pk", "name"))
        if customers:
            seen = Customer.objects.filter(pk__in=customers).visible_to(self.actor).values_list("pk", "name")
            self.customers |= dict.fromkeys(customers, _("a customer of another branch")) | dict(seen)
        return self

    def of(self, field, pk):
        self.load(**{"staff" if field == "responsible" else "customers": [pk]})
        return (self.staff if field == "responsible" else self.customers)[pk]


def shown(actor, name, value, names=None, phones=()):
    """A value of a field of the card as this actor may read it; CONCEALED where there is one that may not be read at all.

    `phones`: numbers the card has or had, for a card number that is one of them.
    """
    if value in (None, ""):
        return ""
    if name == "card_no" and text.is_phone_among(value, phones):
        return access.mask_phone(value, access.visibility(actor, "phone"))
    how = sees(actor, name)
    if how == access.MASKED:
        return access.mask_text(str(value), how)
    if how != access.FULL:
        return CONCEALED
    if name in ("responsible", "referred_by"):
        return (names or Names(actor)).of(name, value)
    return in_words(Customer._meta.get_field(name), value)


def in_words(model_field, value):
    """A plain value of a model's field in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return str(dict(model_field.flatchoices).get(value, value))


def shown_cell(actor, kind, column, value):
    """A value of a phone, address or family member as this actor may read it."""
    if kind.name == state.PHONES and column == "number":
        return access.mask_phone(value, access.visibility(actor, "phone"))
    if group := COLUMN_GROUPS.get(kind.name, {}).get(column):
        return access.mask_text(value, access.visibility(actor, group)) or (CONCEALED if value else "")
    return in_words(kind.model._meta.get_field(column), value)


def shown_row(actor, kind, columns):
    """A row, given as {column: value}, in a few characters."""
    if kind.name == state.PHONES:
        return access.mask_phone(columns["number"], access.visibility(actor, "phone"))
    if kind.name == state.ADDRESSES:
        seen = {name: shown_cell(actor, kind, name, columns[name]) for name in state.ADDRESS_PARTS}
        read = {name: value for name, value in seen.items() if value != CONCEALED}
        return str(kind.model(**read)) or (CONCEALED if read != seen else "")
    return str(kind.model(**columns))
