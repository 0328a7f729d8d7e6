"""Addresses of visits."""

from django.urls import path

from archives.visits import views
from archives.visits.bills import views as money_views
from archives.visits.desk import views as desk_views
from archives.visits.entry import views as entry_views
from archives.visits.identify import views as identify_views
from archives.visits.undo import views as saved_views

app_name = "visits"
urlpatterns = [
    path("", views.visit_list, name="list"),
    path("export/", views.visit_export, name="export"),
    path("new/", entry_views.create, name="create"),
    path("new/guest/", entry_views.guest, name="guest"),
    path("expected/new/", desk_views.expect, name="expect"),
    path("today/", desk_views.desk_today, name="desk_today"),
    path("<int:pk>/", views.visit_detail, name="detail"),
    path("<int:pk>/notes/", views.visit_note, name="note"),
    path("<int:pk>/move/", desk_views.move, name="move"),
    path("<int:pk>/expected/", desk_views.expect_edit, name="expect_edit"),
    path("<int:pk>/customer/", identify_views.visit_identify, name="identify"),
    path("<int:pk>/void/", views.visit_void, name="void"),
    path("<int:pk>/saved/", saved_views.saved, name="saved"),
    path("<int:pk>/undo/", saved_views.undo_bill, name="undo"),
    path("<int:pk>/refund/", money_views.visit_refund, name="refund"),
    path("<int:pk>/means/", money_views.visit_means, name="means"),
]
