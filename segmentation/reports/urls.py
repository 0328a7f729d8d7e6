"""Addresses of reports."""

from django.urls import path

from segmentation.reports import views

app_name = "reports"
urlpatterns = [path("workbook/", views.owner_workbook, name="workbook")]
