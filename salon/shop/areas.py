"""The areas of the settings: the same in the tabs over each of their pages and as tiles of the overview."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Area:
    """One area: the page it begins with, its name and icon, and the URL names that belong to it begin with `prefix`."""

    page: str
    label: str
    icon: str
    prefix: str


AREAS = (
    Area("shop:branch_list", _("Branches"), "store", "shop:branch_"),
    Area("shop:department_list", _("Departments"), "layers", "shop:department_"),
    Area("shop:staff_list", _("Staff"), "users", "shop:staff_"),
    Area("shop:item_list", _("Catalogue"), "sparkles", "shop:item_"),
    Area("shop:category_list", _("Categories"), "folder", "shop:category_"),
    Area("shop:brand_list", _("Brands"), "award", "shop:brand_"),
    Area("shop:tag_list", _("Tags"), "flask-conical", "shop:tag_"),
    Area("imports:list", _("Imports"), "file-up", "imports:"),
    Area("shop:nightly", _("Backups and nightly run"), "moon-star", "shop:nightly"),
    Area("privacy:log", _("Access log"), "scroll-text", "privacy:"),
)


def areas_for(actor):
    """The areas whose first page the actor may read."""
    return [area for area in AREAS if actor.may_read(area.page)]
