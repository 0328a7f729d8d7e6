from django.urls import path

from salon.nightly import views as nights
from salon.shop import parts, views, views_items
from salon.staff import views as staff


def _part(folder, part):
    """The pages of one short list."""
    return [
        path(f"{folder}/", parts.part_list, {"part": part}, name=f"{part.kind}_list"),
        path(f"{folder}/new/", parts.part_create, {"part": part}, name=f"{part.kind}_create"),
        path(f"{folder}/<int:pk>/", parts.part_edit, {"part": part}, name=f"{part.kind}_edit"),
    ]


app_name = "shop"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("nightly/", nights.nightly, name="nightly"),
    path("nightly/backup/", nights.backup_begin, name="backup_begin"),
    path("branches/", views.branch_list, name="branch_list"),
    path("branches/new/", views.branch_create, name="branch_create"),
    path("branches/switch/", views.branch_switch, name="branch_switch"),
    path("branches/<int:pk>/", views.branch_edit, name="branch_edit"),
    *_part("departments", parts.DEPARTMENT),
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/new/", staff.staff_create, name="staff_create"),
    path("staff/<int:pk>/", staff.staff_edit, name="staff_edit"),
    path("staff/<int:pk>/invite/", staff.staff_invite, name="staff_invite"),
    path("staff/<int:pk>/unlock/", staff.staff_unlock, name="staff_unlock"),
    path("staff/<int:pk>/reset-second-factor/", staff.staff_reset_second_factor, name="staff_reset_second_factor"),
    path("items/", views_items.item_list, name="item_list"),
    path("items/new/", views_items.item_create, name="item_create"),
    path("items/<int:pk>/", views_items.item_edit, name="item_edit"),
    *_part("categories", parts.CATEGORY),
    *_part("brands", parts.BRAND),
    *_part("tags", parts.TAG),
]
