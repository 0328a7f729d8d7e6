"""Which visits were undone, and what is open again in their place."""

from django.db import models

from archives.visits.models import VOIDED, Visit
from salon import guards

# Visits whose bill was undone: a slip of the hand is no part of a customer's story, and no list is littered with it.
UNDONE = models.Q(status=VOIDED, undone__isnull=False)


class UndoneVisit(models.Model):
    """A visit whose bill was undone within seconds of being stored. Append-only; the visit itself stays, voided.

    `reopened` is the open visit that stands in its place, where a customer was expected or waiting before.
    """

    visit = models.OneToOneField(Visit, models.PROTECT, primary_key=True, related_name="undone")
    reopened = models.OneToOneField(Visit, models.PROTECT, null=True, related_name="reopened_from")

    def __str__(self):
        return f"{self.visit_id} → {self.reopened_id}"


guards.append_only("archives_undonevisit")
