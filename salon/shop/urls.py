from django.urls import path

from salon.shop import views, views_items
from salon.staff import views as staff

app_name = "shop"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("branches/", views.branch_list, name="branch_list"),
    path("branches/new/", views.branch_create, name="branch_create"),
    path("branches/switch/", views.branch_switch, name="branch_switch"),
    path("branches/<int:pk>/", views.branch_edit, name="branch_edit"),
    path("departments/", views.department_list, name="department_list"),
    path("departments/new/", views.department_create, name="department_create"),
    path("departments/<int:pk>/", views.department_edit, name="department_edit"),
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/new/", staff.staff_create, name="staff_create"),
    path("staff/<int:pk>/", staff.staff_edit, name="staff_edit"),
    path("staff/<int:pk>/invite/", staff.staff_invite, name="staff_invite"),
    path("staff/<int:pk>/unlock/", staff.staff_unlock, name="staff_unlock"),
    path("staff/<int:pk>/reset-second-factor/", staff.staff_reset_second_factor, name="staff_reset_second_factor"),
    path("items/", views_items.item_list, name="item_list"),
    path("items/new/", views_items.item_create, name="item_create"),
    path("items/<int:pk>/", views_items.item_edit, name="item_edit"),
    path("categories/", views.category_list, name="category_list"),
    path("categories/new/", views.category_create, name="category_create"),
    path("categories/<int:pk>/", views.category_edit, name="category_edit"),
    path("brands/", views.brand_list, name="brand_list"),
    path("brands/new/", views.brand_create, name="brand_create"),
    path("brands/<int:pk>/", views.brand_edit, name="brand_edit"),
    path("tags/", views.tag_list, name="tag_list"),
    path("tags/new/", views.tag_create, name="tag_create"),
    path("tags/<int:pk>/", views.tag_edit, name="tag_edit"),
]
