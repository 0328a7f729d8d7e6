"""Addresses of imports."""

from django.urls import path

from customers.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.import_list, name="list"),
    path("new/<slug:kind>/", views.start, name="start"),
    path("new/<slug:kind>/template.csv", views.template, name="template"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/store/", views.store, name="store"),
    path("<int:pk>/drop/", views.drop, name="drop"),
    path("<int:pk>/refused.csv", views.refused, name="refused"),
]
