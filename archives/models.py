"""The tables of the archives floor; each subject keeps its own."""

from archives.imports.models import ImportedVisit
from archives.visits import guarded
from archives.visits.models import (
    Bill,
    Line,
    LineRemark,
    Payment,
    PlannedItem,
    RefundAllowance,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)

__all__ = [
    "Bill",
    "ImportedVisit",
    "Line",
    "LineRemark",
    "Payment",
    "PlannedItem",
    "RefundAllowance",
    "SafetyOverride",
    "StaffShare",
    "Visit",
    "VisitNote",
    "guarded",
]
