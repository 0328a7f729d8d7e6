"""Addresses of the customer's card."""

from django.urls import path

from customers.card import views
from customers.card.editing import views as edit_views
from customers.card.lists import views as list_views
from customers.privacy import views as privacy

app_name = "customers"
urlpatterns = [
    path("", list_views.customer_list, name="list"),
    path("export/", list_views.customer_export, name="export"),
    path("search/", list_views.search, name="search"),
    path("here/", privacy.here, name="here"),
    path("new/", edit_views.create, name="create"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/timeline/", views.timeline, name="timeline"),
    path("<int:pk>/data/", views.data, name="data"),
    path("<int:pk>/history/", views.changes, name="history"),
    path("<int:pk>/edit/", edit_views.edit, name="edit"),
    path("<int:pk>/portrait/", views.portrait, name="portrait"),
    path("<int:pk>/reveal/", privacy.reveal, name="reveal"),
    path("<int:pk>/safety/add/", edit_views.safety_add, name="safety_add"),
    path("<int:pk>/safety/<int:note>/retire/", edit_views.safety_retire, name="safety_retire"),
]
