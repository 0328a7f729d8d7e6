"""Addresses of privacy: the access log."""

from django.urls import path

from customers.privacy import views

app_name = "privacy"
urlpatterns = [path("log/", views.log, name="log")]
