"""The tables of the ground floor; each subject keeps its own."""

from salon.accounts.models import Invitation, User
from salon.operations import Operation
from salon.shop.models import Branch, Brand, Category, Department, Item, Sequence, Shop, StaffMember, Tag

__all__ = [
    "Branch",
    "Brand",
    "Category",
    "Department",
    "Invitation",
    "Item",
    "Operation",
    "Sequence",
    "Shop",
    "StaffMember",
    "Tag",
    "User",
]
