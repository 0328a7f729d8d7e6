"""Payments of bills: money that changed hands, by which means; and what was corrected about the means."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.visits.models import Bill


class MeansCorrection(models.Model):
    """The means of payment of a bill, written down anew the same day: its sum stays. Append-only; the last one holds.

    The payments of a correction stand beside those before it, which nobody changes.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="means_corrections")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.bill_id} {self.recorded_at}"


class MeansRemark(models.Model):
    """Why the means were corrected: free text, apart from the money row, so that it can be erased."""

    correction = models.OneToOneField(MeansCorrection, models.PROTECT, primary_key=True, related_name="remark")
    text = models.CharField(_("reason"), max_length=200)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="means_remark_has_text")]

    def __str__(self):
        return self.text


class PaymentQuerySet(models.QuerySet):
    def as_corrected(self):
        """The payments that hold: of each bill those of its last correction, or the first ones where there is none."""
        later = MeansCorrection.objects.filter(bill=OuterRef("bill"), pk__gt=Coalesce(OuterRef("correction"), 0))
        return self.filter(~Exists(later))


class Payment(models.Model):
    """Money that changed hands for a bill, by one means; negative when paid back. Append-only.

    Whoever counts payments counts `as_corrected()`.
    """

    CASH, CARD, WECHAT, ALIPAY, TRANSFER = "cash", "card", "wechat", "alipay", "transfer"
    STORED_VALUE, UNKNOWN = "stored", "unknown"
    MEANS = [
        (WECHAT, _("WeChat Pay")),
        (ALIPAY, _("Alipay")),
        (CASH, _("Cash")),
        (CARD, _("Bank card")),
        (TRANSFER, _("Bank transfer")),
        (STORED_VALUE, _("Stored value")),
        (UNKNOWN, _("Unknown")),
    ]
    OFFERED = (WECHAT, ALIPAY, CASH, CARD, TRANSFER)  # stored value joins with the ledger; unknown comes from imports only

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="payments")
    position = models.PositiveSmallIntegerField()
    means = models.CharField(_("means of payment"), max_length=8, choices=MEANS)
    amount_fen = models.BigIntegerField(_("amount"))
    correction = models.ForeignKey(MeansCorrection, models.PROTECT, null=True, related_name="payments")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["bill", "position"], name="payment_position_once")]

    def __str__(self):
        return f"{self.means} {self.amount_fen}"
