"""The frame around every page: navigation, who is logged in, and the banners that must not be missed."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from salon import access
from salon.database import integrity, replica


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation. `prefixes` are the URL names and namespaces it stands for; `panel` its place on a phone."""

    page: str
    label: str
    icon: str
    prefixes: tuple
    on_phone: bool = True


NAVIGATION = (
    Entry("home", _("Front desk"), "concierge-bell", ("home",)),
    Entry("customers:list", _("Customers"), "users", ("customers:",)),
    Entry("visits:list", _("Visits"), "calendar-check", ("visits:",)),
    Entry("tiers:overview", _("Tiers"), "layers", ("tiers:",)),
    Entry("reports:month", _("Monthly report"), "chart-column", ("reports:",)),
    Entry("shop:item_list", _("Catalogue"), "sparkles", ("shop:item_", "shop:category_", "shop:brand_", "shop:tag_")),
    Entry("shop:settings", _("Settings"), "settings", ("shop:", "privacy:", "imports:", "exports:")),
)


def _is_current(entry, view_name):
    """True for the entry whose prefix fits the page best."""
    fitting = [(len(p), e) for e in NAVIGATION for p in e.prefixes if view_name.startswith(p)]
    return bool(fitting) and max(fitting, key=lambda pair: pair[0])[1] is entry


def page_frame(request):
    """Template context: `actor`, `navigation`, and whether this installation runs without TLS on a network."""
    actor = getattr(request, "actor", None)
    match = request.resolver_match
    view_name = match.view_name if match else ""
    entries = [
        {"url": reverse(e.page), "label": e.label, "icon": e.icon, "current": _is_current(e, view_name), "on_phone": e.on_phone}
        for e in NAVIGATION
        if actor and actor.role and actor.may_read(e.page)
    ]
    return {
        "actor": actor,
        "navigation": entries,
        "role_name": access.ROLE_NAMES.get(actor.role) if actor else "",
        "plain_http": settings.PLAIN_HTTP,
        "read_as_of": replica.as_of(),
        "is_damaged": integrity.is_damaged(),
        "languages": settings.LANGUAGES,
    }
