from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentationConfig(AppConfig):
    name = "segmentation"
    verbose_name = _("Segmentation")

    def ready(self):
        from customers.exports import registry as exports
        from segmentation.reports import views as reports
        from segmentation.runs import panels, views

        panels.register()
        exports.register(views.EXPORT)
        exports.register(reports.EXPORT)
