"""The models of this floor, by subject."""

from segmentation.runs.models import StudyTier, TierRun, TierSpan

__all__ = ["StudyTier", "TierRun", "TierSpan"]
