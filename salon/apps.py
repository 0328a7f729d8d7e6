from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SalonConfig(AppConfig):
    name = "salon"
    verbose_name = _("Salon")

    def ready(self):
        from salon import defaults

        # Connected without a sender: `prepare` waits for the last app, when every table exists.
        post_migrate.connect(defaults.prepare, dispatch_uid="salon.defaults")
