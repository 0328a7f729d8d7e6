"""The tables of the customers floor; each subject keeps its own."""

from customers.card.models import Address, Customer, FamilyMember, Phone, SafetyNote
from customers.imports.models import ImportRun
from customers.privacy.models import AccessEntry, AccessReason, GuestPass

__all__ = [
    "AccessEntry",
    "AccessReason",
    "Address",
    "Customer",
    "FamilyMember",
    "GuestPass",
    "ImportRun",
    "Phone",
    "SafetyNote",
]
