"""Imports: who brought which file in, when, and what became of it."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from salon.shop.models import Branch


class ImportRunQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All imports for the owner, else those into the actor's branch."""
        return self if actor.is_owner else self.filter(branch=actor.branch)


class ImportRun(models.Model):
    """One file: read and checked, looked at, then stored as a whole or not at all."""

    READING, READY, WRITING, DONE, FAILED, DROPPED = "reading", "ready", "writing", "done", "failed", "dropped"
    STATES = [
        (READING, _("Being read")),
        (READY, _("Read, not stored yet")),
        (WRITING, _("Being stored")),
        (DONE, _("Stored")),
        (FAILED, _("Not stored")),
        (DROPPED, _("Given up")),
    ]
    WORKING = (READING, WRITING)

    kind = models.CharField(_("what"), max_length=10)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="imports", verbose_name=_("branch"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user"))
    file_name = models.CharField(_("file"), max_length=120)
    create_customers = models.BooleanField(_("make a card for each unknown card number"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=STATES, default=READING)
    counts = models.JSONField(default=dict)
    problem = models.CharField(_("problem"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("time"))
    started_at = models.DateTimeField(help_text=_("When its reading or storing was begun."))
    finished_at = models.DateTimeField(null=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("imports:detail", args=[self.pk])

    @property
    def is_working(self):
        return self.state in self.WORKING
