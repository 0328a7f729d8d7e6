"""Addresses of tiers."""

from django.urls import path

from segmentation.runs import views

app_name = "tiers"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("customers/", views.tier_list, name="list"),
    path("customers/export/", views.tier_export, name="export"),
]
