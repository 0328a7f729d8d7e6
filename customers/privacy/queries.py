"""Reading the access log, and the whole of what is masked."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer
from customers.log.models import AccessEntry

FIELD_NAMES = {
    "phone": _("Phone"),
    "address": _("Address"),
    "wechat": _("WeChat"),
    "health": _("State of health"),
}


@dataclass(frozen=True)
class Shown:
    """One value of a revealed field group: the text, and what it is."""

    text: str
    label: str = ""


def whole(customer, field):
    """The values of a field group of FIELD_NAMES, unmasked. Whoever shows them calls services.log_reveal first."""
    if field == "phone":
        return [Shown(phone.number, phone.label) for phone in customer.phones.all()]
    if field == "address":
        return [Shown(str(address), address.postcode) for address in customer.addresses.all() if str(address)]
    value = {"wechat": customer.wechat, "health": customer.health}[field]
    return [Shown(value)] if value else []


def log_for(actor):
    """The log entries an actor may read: all for the owner; for a manager, those made at the branch or about its customers."""
    entries = AccessEntry.objects.all()
    if actor.is_owner:
        return entries
    own = Customer.objects.filter(pk=OuterRef("customer_id"), branch=actor.branch)
    return entries.filter(Q(branch=actor.branch) | Exists(own))
