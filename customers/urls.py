"""Addresses of the customers floor."""

from django.urls import include, path

urlpatterns = [
    path("", include("customers.card.urls")),
    path("files/", include("customers.exports.urls")),
    path("imports/", include("customers.imports.urls")),
    path("privacy/", include("customers.privacy.urls")),
]
