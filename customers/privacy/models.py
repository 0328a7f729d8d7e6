"""The pass that lets a branch serve another branch's customer today."""

from django.conf import settings
from django.db import models

from customers.card.models import Customer
from salon.shop.models import Branch


class GuestPass(models.Model):
    """A customer of another branch is here: this branch may open her card until the end of the business day."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="guest_passes")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="guest_passes")
    business_date = models.DateField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "business_date", "customer"], name="guest_pass_once_a_day"),
        ]

    def __str__(self):
        return f"{self.customer_id} at {self.branch_id} on {self.business_date}"
