"""The nightly run: when it ran, and how each of its steps went."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

RUNNING, DONE, FAILED, BROKEN_OFF = "running", "done", "failed", "broken"


class NightlyRun(models.Model):
    """One run. `failed` if any step failed; `broken` if its process ended before it did."""

    STATES = [(RUNNING, _("Running")), (DONE, _("Done")), (FAILED, _("Failed")), (BROKEN_OFF, _("Broken off"))]

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, db_index=True)
    state = models.CharField(_("state"), max_length=7, choices=STATES, default=RUNNING)

    class Meta:
        verbose_name = _("nightly run")
        verbose_name_plural = _("nightly runs")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[RUNNING, BROKEN_OFF], finished_at=None)
                | Q(state__in=[DONE, FAILED], finished_at__isnull=False),
                name="nightly_finished_at",
            )
        ]

    def __str__(self):
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def seconds(self):
        """What its steps took together; they must have been fetched."""
        return sum(step.seconds for step in self.steps.all())


class NightlyStep(models.Model):
    """One step of a run, that is one command. `said` is the last line it printed, or why it failed."""

    run = models.ForeignKey(NightlyRun, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("step"), max_length=60)
    started_at = models.DateTimeField(_("started"))
    milliseconds = models.PositiveBigIntegerField(_("time taken"))
    state = models.CharField(_("state"), max_length=7, choices=[(DONE, _("Done")), (FAILED, _("Failed"))])
    said = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="nightly_step_once")]

    def __str__(self):
        return f"{self.name} {self.state}"

    @property
    def seconds(self):
        return self.milliseconds / 1000
