"""Who may see and do what, in words: the tables of salon/access.py for the settings page."""

from django.utils.translation import gettext_lazy as _

from salon import access

FIELDS = {
    "phone": _("Phone numbers"),
    "place": _("Where a customer lives, up to the community"),
    "address": _("Street and number, postcode"),
    "wechat": _("WeChat"),
    "birthday": _("Birthday and age"),
    "health": _("Health, diagnosis, photos"),
    "skin": _("Skin type"),
    "portrait": _("Portrait"),
    "safety": _("Allergies and contra-indications"),
    "treatment": _("Treatments of a visit"),
    "amount": _("Amounts of a visit"),
    "consumption": _("Consumption, rank, scores"),
}
HOW = {
    access.FULL: _("whole"),
    access.MASKED: _("masked; showing is logged"),
    access.TAIL: _("last four digits"),
    access.MONTH_DAY: _("month and day"),
    access.ON_REASON: _("after giving a reason, logged"),
    access.HIDDEN: "–",
}
# (what, page of access.PAGES, True if it is about sending the page's form)
ACTS = (
    (_("Open customers' cards"), "customers:detail", False),
    (_("Make and change cards"), "customers:edit", True),
    (_("Note an allergy"), "customers:safety_add", True),
    (_("Record a visit"), "visits:create", True),
    (_("Void a bill or give money back"), "visits:void", True),
    (_("Read the catalogue and its prices"), "shop:item_list", False),
    (_("Change the catalogue, see costs"), "shop:item_edit", True),
    (_("Change staff, invite them, unlock them"), "shop:staff_edit", True),
    (_("Import customers and visits from files"), "imports:start", True),
    (_("Read the access log"), "privacy:log", False),
    (_("Open, change and close branches"), "shop:branch_edit", True),
    (_("Reset a second factor"), "shop:staff_reset_second_factor", True),
)


def seen():
    """[(what, [(role, how)])] of customers' personal data."""
    return [
        (FIELDS[field], [(name, HOW[by_role.get(role, access.HIDDEN)]) for role, name in access.ROLE_NAMES.items()])
        for field, by_role in access.VISIBILITY.items()
    ]


def done():
    """[(what, [(role, allowed)])] of what people do."""
    rows = []
    for what, page, is_form in ACTS:
        allowed = access.PAGES[page].write if is_form else access.PAGES[page].read
        rows.append((what, [(name, role in allowed) for role, name in access.ROLE_NAMES.items()]))
    return rows
