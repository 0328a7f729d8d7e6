"""Who looked at what: the access log. Below every room that shows a customer, so entries name customers by number only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from salon import guards
from salon.shop.models import Branch


class AccessEntry(models.Model):
    """One look at a card, one reveal of a masked field, one guest told of, one export, one whole number typed to find whose it
    is. Append-only: ids and codes, no free text.

    `customer` has no foreign key on purpose: the entry stays when the card is erased.
    """

    VIEW, REVEAL, ELSEWHERE, GUEST, EXPORT, FIND = "view", "reveal", "elsewhere", "guest", "export", "find"
    ACTIONS = [
        (VIEW, _("Card opened")),
        (REVEAL, _("Field revealed")),
        (ELSEWHERE, _("Found by the whole phone, of another branch")),
        (GUEST, _("Guest of another branch")),
        (EXPORT, _("Export")),
        (FIND, _("Looked up by a whole number")),
    ]

    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("user"))
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, related_name="+", verbose_name=_("branch"))
    action = models.CharField(_("action"), max_length=10, choices=ACTIONS)
    field = models.CharField(_("field"), max_length=40, blank=True)
    customer_id = models.BigIntegerField(null=True, db_index=True)
    address = models.GenericIPAddressField(_("address"), null=True)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.field}"


class AccessReason(models.Model):
    """The reason somebody gave for a reveal: free text, kept apart so that it can be erased."""

    entry = models.OneToOneField(AccessEntry, models.PROTECT, primary_key=True, related_name="reason")
    text = models.CharField(_("reason"), max_length=200)

    def __str__(self):
        return self.text


guards.append_only("customers_accessentry")
