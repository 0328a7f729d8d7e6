"""Values of a card in words, masked for the one who reads: on the data page, in the history, beside a stale save."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from customers.card import state
from customers.card.models import Customer
from salon import access
from salon.shop.models import StaffMember

CONCEALED = "****"
GROUP_OF = {
    "wechat": "wechat",
    "birth_year": "birthday",
    "birth_month": "birthday",
    "birth_day": "birthday",
    "age_band": "birthday",
    "age_band_on": "birthday",
    "health": "health",
}
_MONTH_AND_DAY = frozenset({"birth_month", "birth_day"})


def sees(actor, name):
    """How the actor sees a field of the card: FULL for what the policy does not name."""
    how = access.visibility(actor, GROUP_OF[name]) if name in GROUP_OF else access.FULL
    return access.FULL if how == access.MONTH_DAY and name in _MONTH_AND_DAY else how


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


def shown(actor, name, value, names=None):
    """A value of a field of the card as this actor may read it; CONCEALED where there is one that may not be read at all."""
    if value in (None, ""):
        return ""
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
    if kind.name == state.ADDRESSES and column in state.ADDRESS_PARTS:
        how = access.visibility(actor, "address")
        return access.mask_text(value, how) or (CONCEALED if value else "")
    return in_words(kind.model._meta.get_field(column), value)


def shown_row(actor, kind, columns):
    """A row, given as {column: value}, in a few characters."""
    text = str(kind.model(**columns))
    if kind.name == state.PHONES:
        return access.mask_phone(text, access.visibility(actor, "phone"))
    if kind.name == state.ADDRESSES:
        return access.mask_text(text, access.visibility(actor, "address")) or (CONCEALED if text else "")
    return text
