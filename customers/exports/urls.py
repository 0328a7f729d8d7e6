"""Addresses of files made in the background."""

from django.urls import path

from customers.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.file_list, name="list"),
    path("begin/", views.begin, name="begin"),
    path("<slug:token>/", views.take, name="take"),
]
