"""The front desk is the home page."""

from django.urls import path

from archives.visits.desk import views as desk_views

urlpatterns = [path("", desk_views.home, name="home")]
