"""Visits of walk-ins that turned out to be a customer's."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from archives.visits.models import Visit
from salon import guards


class IdentifiedVisit(models.Model):
    """A visit recorded for nobody and given to a customer since: whose it is, says the visit. Append-only, one a visit."""

    visit = models.OneToOneField(Visit, models.PROTECT, primary_key=True, related_name="identified")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    def __str__(self):
        return f"{self.visit_id} {self.recorded_at}"


guards.append_only("archives_identifiedvisit")
