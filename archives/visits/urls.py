"""Addresses of visits."""

from django.urls import path

from archives.visits import views

app_name = "visits"
urlpatterns = [
    path("", views.visit_list, name="list"),
    path("<int:pk>/", views.visit_detail, name="detail"),
    path("<int:pk>/notes/", views.visit_note, name="note"),
    path("<int:pk>/void/", views.visit_void, name="void"),
    path("<int:pk>/refund/", views.visit_refund, name="refund"),
]
