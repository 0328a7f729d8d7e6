"""Time zones a branch may lie in, by the names of their cities."""

from django.utils.translation import gettext_lazy as _

NEAR = {
    "Asia/Shanghai": _("Shanghai, Beijing"),
    "Asia/Urumqi": _("Urumqi"),
    "Asia/Hong_Kong": _("Hong Kong"),
    "Asia/Macau": _("Macau"),
    "Asia/Taipei": _("Taipei"),
    "Asia/Ulaanbaatar": _("Ulaanbaatar"),
    "Asia/Tokyo": _("Tokyo"),
    "Asia/Seoul": _("Seoul"),
    "Asia/Singapore": _("Singapore"),
    "Asia/Kuala_Lumpur": _("Kuala Lumpur"),
    "Asia/Bangkok": _("Bangkok"),
    "Asia/Ho_Chi_Minh": _("Ho Chi Minh City"),
    "Asia/Phnom_Penh": _("Phnom Penh"),
    "Asia/Yangon": _("Yangon"),
    "Asia/Manila": _("Manila"),
    "Asia/Jakarta": _("Jakarta"),
}
FAR = {
    "Asia/Kolkata": _("Delhi, Mumbai"),
    "Asia/Dubai": _("Dubai"),
    "Europe/Moscow": _("Moscow"),
    "Europe/Athens": _("Athens"),
    "Europe/Rome": _("Rome, Milan"),
    "Europe/Madrid": _("Madrid"),
    "Europe/Paris": _("Paris"),
    "Europe/Berlin": _("Berlin"),
    "Europe/London": _("London"),
    "Africa/Johannesburg": _("Johannesburg"),
    "America/Sao_Paulo": _("São Paulo"),
    "America/Toronto": _("Toronto"),
    "America/New_York": _("New York"),
    "America/Chicago": _("Chicago"),
    "America/Los_Angeles": _("Los Angeles"),
    "America/Vancouver": _("Vancouver"),
    "Australia/Perth": _("Perth"),
    "Australia/Sydney": _("Sydney"),
    "Pacific/Auckland": _("Auckland"),
}
GROUPS = [(_("China and near"), NEAR), (_("Elsewhere"), FAR)]


def name_of(zone):
    """The city of a time zone; the zone's own name for one that is not among ours."""
    return str((NEAR | FAR).get(zone, zone))
