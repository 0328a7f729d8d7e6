"""Backups that were made and read back: what healthz and the page of the nightly run know of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Backup(models.Model):
    """One backup that was verified. The file itself may have gone since (retention, another disk)."""

    verified_at = models.DateTimeField(_("verified"), db_index=True)
    name = models.CharField(_("file"), max_length=255)
    size = models.BigIntegerField(_("size"))
    is_encrypted = models.BooleanField(_("encrypted"))
    rows = models.BigIntegerField(_("rows"))
    media_files = models.PositiveIntegerField(_("media files"))
    milliseconds = models.PositiveBigIntegerField(_("time taken"))

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")

    def __str__(self):
        return self.name
