"""Addresses of reports."""

from django.urls import path

from segmentation.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.month, name="month"),
    path("workbook/", views.owner_workbook, name="workbook"),
]
