"""Payments of bills: money that changed hands, by which means."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from archives.visits.models import Bill, amounts_within
from salon import guards
from salon.money import MAX_BILL_FEN


class Payment(models.Model):
    """Money that changed hands for a bill, by one means; negative when paid back. Append-only."""

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

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="payment_position_once"),
            models.CheckConstraint(condition=amounts_within(MAX_BILL_FEN, "amount_fen"), name="payment_amount_in_range"),
        ]

    def __str__(self):
        return f"{self.means} {self.amount_fen}"


guards.append_only("archives_payment")
