from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self):
        from customers.card import panels as card
        from customers.card import portraits
        from customers.card.lists import views as list_views
        from customers.card.models import Customer
        from customers.exports import registry as exports
        from customers.imports import customer_import, registry
        from customers.privacy.models import GuestPass
        from salon import panels
        from salon.storage import media

        card.register()
        media.names_files(Customer, "portrait", portraits.FOLDER)
        registry.register(customer_import.CUSTOMERS)
        exports.register(list_views.EXPORT)
        panels.follow_customer(
            GuestPass, "customer", on_merge=panels.MOVE, on_erase=panels.DELETE, meets=("guest_pass_once_a_day",)
        )
