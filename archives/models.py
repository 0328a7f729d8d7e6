"""The tables of the archives floor; each subject keeps its own."""

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
    "Line",
    "LineRemark",
    "Payment",
    "PlannedItem",
    "RefundAllowance",
    "SafetyOverride",
    "StaffShare",
    "Visit",
    "VisitNote",
]
