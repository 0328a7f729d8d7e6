"""The tables of the customers floor; each subject keeps its own."""

from customers.card.models import Address, Customer, FamilyMember, Phone, SafetyNote
from customers.log.models import AccessEntry, AccessReason
from customers.privacy.models import GuestPass

__all__ = [
    "AccessEntry",
    "AccessReason",
    "Address",
    "Customer",
    "FamilyMember",
    "GuestPass",
    "Phone",
    "SafetyNote",
]
