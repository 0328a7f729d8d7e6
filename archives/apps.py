from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchivesConfig(AppConfig):
    name = "archives"
    verbose_name = _("Archives")

    def ready(self):
        from archives.imports.models import ImportedVisit
        from archives.imports.visit_import import VISITS
        from archives.visits import panels, views
        from customers.exports import registry as exports
        from customers.imports import registry
        from salon.panels import KEEP, MOVE, follow_customer

        panels.register()
        registry.register(VISITS)
        exports.register(views.EXPORT)
        follow_customer(ImportedVisit, "visit__customer", on_merge=MOVE, on_erase=KEEP)
