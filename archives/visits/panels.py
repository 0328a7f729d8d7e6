"""What visits show on the customer's pages, and what becomes of them when a customer is merged or erased."""

from archives.visits import models
from salon import panels


def register():
    """Called once, when the floor is ready."""
    panels.follow_customer(models.Visit, "customer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(models.Bill, "payer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(models.PlannedItem, "visit__customer", on_merge=panels.MOVE, on_erase=panels.DELETE)
    panels.follow_customer(models.Line, "visit__customer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(models.LineRemark, "line__visit__customer", on_merge=panels.MOVE, on_erase=panels.DELETE)
    panels.follow_customer(models.StaffShare, "line__visit__customer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(models.RefundAllowance, "line__visit__customer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(models.Payment, "bill__payer", on_merge=panels.MOVE, on_erase=panels.KEEP)
    panels.follow_customer(
        models.SafetyOverride, "line__visit__customer", on_merge=panels.MOVE, on_erase=panels.BLANK, personal=("reason",)
    )
    panels.follow_customer(models.VisitNote, "visit__customer", on_merge=panels.MOVE, on_erase=panels.DELETE)
