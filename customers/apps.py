from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self):
        from customers.card.models import Address, FamilyMember, Phone, SafetyNote
        from customers.privacy.models import GuestPass
        from salon import panels

        for model in (Phone, Address, FamilyMember, SafetyNote):
            panels.follow_customer(model, "customer", on_merge=panels.MOVE, on_erase=panels.DELETE)
        panels.follow_customer(GuestPass, "customer", on_merge=panels.MOVE, on_erase=panels.DELETE)
