"""The tables of the archives floor; each subject keeps its own."""

from archives.imports.models import ImportedVisit
from archives.visits import guarded  # noqa: F401 - what the database refuses is registered there
from archives.visits.identify_models import IdentifiedVisit
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
from archives.visits.payment_models import MeansCorrection, MeansRemark, Payment
from archives.visits.undo_models import UndoneVisit

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
