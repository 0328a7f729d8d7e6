"""Addresses of the customers floor."""

from django.urls import include, path

urlpatterns = [
    path("", include("customers.card.urls")),
    path("imports/", include("customers.imports.urls")),
    path("privacy/", include("customers.privacy.urls")),
]
