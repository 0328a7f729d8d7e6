"""Addresses of the customer's card."""

from django.urls import path

from customers.card import list_views
from customers.privacy import views as privacy

app_name = "customers"
urlpatterns = [
    path("", list_views.customer_list, name="list"),
    path("search/", list_views.search, name="search"),
    path("here/", privacy.here, name="here"),
    path("<int:pk>/reveal/", privacy.reveal, name="reveal"),
]
