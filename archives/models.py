"""The tables of the archives floor; each subject keeps its own."""

from archives.imports.models import ImportedVisit
from archives.visits import guards as guarded  # noqa: F401 - what the database refuses is registered there
from archives.visits.bills.models import MeansCorrection, MeansRemark, Payment
from archives.visits.identify.models import IdentifiedVisit
from archives.visits.models import (
    Bill,
    Line,
    LineRemark,
    PlannedItem,
    RefundAllowance,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)
from archives.visits.undo.models import UndoneVisit

__all__ = [
    "Bill",
    "IdentifiedVisit",
    "ImportedVisit",
    "Line",
    "LineRemark",
    "MeansCorrection",
    "MeansRemark",
    "Payment",
    "PlannedItem",
    "RefundAllowance",
    "SafetyOverride",
    "StaffShare",
    "UndoneVisit",
    "Visit",
    "VisitNote",
]
