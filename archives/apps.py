from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchivesConfig(AppConfig):
    name = "archives"
    verbose_name = _("Archives")

    def ready(self):
        from archives.imports.kind import VISITS
        from archives.imports.models import ImportedVisit
        from archives.visits import panels, views
        from customers.exports import kinds as exports
        from customers.imports import kinds
        from salon.panels import KEEP, MOVE, follow_customer

        panels.register()
        kinds.register(VISITS)
        exports.register(views.EXPORT)
        follow_customer(ImportedVisit, "visit__customer", on_merge=MOVE, on_erase=KEEP)
