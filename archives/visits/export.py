"""The visit list as a workbook: exactly the filtered list, with what its page shows."""

from django.utils.translation import gettext as _

from archives.visits.queries import item_names, staff_names
from salon import access, xlsx


def sheet(actor, found):
    """The Sheet of a Listing of visits fetched with_details."""
    return xlsx.Sheet(_("Visits"), columns(actor), (row(actor, visit) for some in found.every_row() for visit in some))


def columns(actor):
    amounts = access.visibility(actor, "amount") == access.FULL
    return [
        xlsx.Column(_("Day"), xlsx.DAY),
        xlsx.Column(_("Receipt")),
        xlsx.Column(_("Card number")),
        xlsx.Column(_("Customer")),
        xlsx.Column(_("Items"), width=40),
        xlsx.Column(_("Beautician")),
        xlsx.Column(_("State")),
        *([xlsx.Column(_("Amount"), xlsx.MONEY)] if amounts else []),
        xlsx.Column(_("Branch")),
    ]


def row(actor, visit):
    amounts = access.visibility(actor, "amount") == access.FULL
    return (
        visit.day,
        visit.receipt_no,
        visit.customer.card_no_for(actor) if visit.customer else "",
        visit.customer.name if visit.customer else _("Walk-in"),
        " · ".join(item_names(visit)),
        " · ".join(staff_names(visit)),
        visit.get_status_display(),
        *([visit.net_fen if visit.bill_id else None] if amounts else []),
        visit.branch.name,
    )
