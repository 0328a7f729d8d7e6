"""Imports: who brought which file in, when, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from salon.shop.models import Branch


class ImportRunQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All imports for the owner, else those into the actor's branch."""
        return self if actor.is_owner else self.filter(branch=actor.branch)


class ImportRun(models.Model):
    """One file: read and checked, looked at, then stored as a whole or not at all."""

    TO_READ, TO_STORE = "to_read", "to_store"
    READING, READY, WRITING, DONE, FAILED, DROPPED = "reading", "ready", "writing", "done", "failed", "dropped"
    STATES = [
        (TO_READ, _("Waiting to be read")),
        (TO_STORE, _("Waiting to be stored")),
        (READING, _("Being read")),
        (READY, _("Read, not stored yet")),
        (WRITING, _("Being stored")),
        (DONE, _("Stored")),
        (FAILED, _("Not stored")),
        (DROPPED, _("Given up")),
    ]
    WORKING = (READING, WRITING)
    IN_LINE = (TO_READ, TO_STORE)

    kind = models.CharField(_("what"), max_length=10)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="imports", verbose_name=_("branch"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user"))
    file_name = models.CharField(_("file"), max_length=120)
    create_customers = models.BooleanField(_("make a card for each unknown card number"), default=False)
    everywhere = models.BooleanField(default=False, help_text=_("Whether its rows may mean customers of any branch."))
    language = models.CharField(max_length=10, blank=True, help_text=_("What its work speaks: of the page it was begun on."))
    state = models.CharField(_("state"), max_length=8, choices=STATES, default=TO_READ)
    counts = models.JSONField(default=dict)
    problem = models.CharField(_("problem"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("time"))
    started_at = models.DateTimeField(help_text=_("When its reading or storing was begun, or asked for."))
    finished_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text=_("Who gave it up.")
    )

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("imports:detail", args=[self.pk])

    @property
    def is_working(self):
        return self.state in self.WORKING

    @property
    def is_in_line(self):
        return self.state in self.IN_LINE

    @property
    def place(self):
        """How many imports are before it in line, and itself."""
        ahead = Q(started_at__lt=self.started_at) | Q(started_at=self.started_at, pk__lt=self.pk)
        return ImportRun.objects.filter(ahead, state__in=self.IN_LINE).count() + 1


class GuessedPhone(models.Model):
    """A number that a person's files named and nobody has, though somebody's phone shows its mask (guesses.py); kept a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    mask = models.CharField(max_length=20)
    digest = models.CharField(max_length=16)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "mask", "digest"], name="guessed_phone_once")]

    def __str__(self):
        return self.mask
