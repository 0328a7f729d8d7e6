"""The tables of the ground floor; each subject keeps its own."""

from salon.accounts.models import Invitation, User
from salon.backups.models import Backup
from salon.nightly.models import NightlyRun, NightlyStep
from salon.operations import Operation
from salon.shop.models import Branch, Brand, Category, Department, Item, Sequence, Shop, StaffMember, Tag
from salon.storage.models import DataDirectory

__all__ = [
    "Backup",
    "Branch",
    "Brand",
    "Category",
    "DataDirectory",
    "Department",
    "Invitation",
    "Item",
    "NightlyRun",
    "NightlyStep",
    "Operation",
    "Sequence",
    "Shop",
    "StaffMember",
    "Tag",
    "User",
]
