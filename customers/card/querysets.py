"""Whose cards somebody may open, and whose stand in the lists (salon/access.py, DESIGN section 5)."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from salon import access

SERVED_DAYS = 30  # how long a beautician may read the card of somebody she served
PRESENT = Q(merged_into=None)  # cards in use: not merged into another


class CustomerQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Whose card the actor may open: of the own branch, or of another while she is confirmed to be here today.

        A beautician: customers served in the last 30 days, or expected.
        """
        if actor.is_owner:
            return self
        if actor.branch is None:
            return self.none()
        guests = self.model.objects.filter(guest_passes__branch=actor.branch, guest_passes__business_date=actor.today)
        here = self.filter(Q(branch=actor.branch) | Q(pk__in=guests.values("pk")))
        return here.filter(pk__in=self.model.objects.served_by(actor)) if actor.role == access.BEAUTICIAN else here

    def listed_for(self, actor):
        """Whose cards stand in the actor's lists: guests from other branches do not."""
        if actor.is_owner:
            return self
        mine = self.filter(branch=actor.branch)
        return mine.filter(pk__in=self.model.objects.served_by(actor)) if actor.role == access.BEAUTICIAN else mine

    def served_by(self, actor):
        """Ids of customers whom the actor's staff member served in the last 30 days, or who are expected by that person.

        Starts from the branch's visits since then, so it costs the same however long the staff member has been here.
        """
        staff, today = actor.staff, actor.today
        done = Q(status="done") & (Q(lines__shares__staff=staff) | Q(assigned=staff))
        expected = Q(status__in=["expected", "arrived", "in_care"], assigned=staff, day__gte=today)
        visits = actor.branch.visits.filter(day__gte=today - timedelta(days=SERVED_DAYS), customer__isnull=False)
        return visits.filter(done | expected).values("customer")

    def present(self):
        """Cards in use: not merged into another."""
        return self.filter(PRESENT)
