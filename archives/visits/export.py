"""The visit list as a workbook: exactly the filtered list, with what its page shows."""

from django.utils.translation import gettext as _

from archives.visits.models import Visit
from archives.visits.queries import work_of
from salon import access
from salon.spreadsheets import xlsx


def sheet(actor, found):
    """The Sheet of a Listing of visits fetched with their customer, branch and who is assigned."""
    return xlsx.Sheet(_("Visits"), columns(actor), rows(actor, found.every_row()))


def columns(actor, *, states=True):
    """The columns of visits; without `states` where all are done."""
    amounts = access.visibility(actor, "amount") == access.FULL
    return [
        xlsx.Column(_("Day"), xlsx.DAY),
        xlsx.Column(_("Receipt")),
        xlsx.Column(_("Card number")),
        xlsx.Column(_("Customer")),
        xlsx.Column(_("Items"), width=40, wraps=True),
        xlsx.Column(_("Beautician"), wraps=True),
        *([xlsx.Column(_("State"), width=10)] if states else []),
        *([xlsx.Column(_("Amount"), xlsx.MONEY)] if amounts else []),
        xlsx.Column(_("Branch")),
    ]


def rows(actor, some_at_a_time, *, states=True):
    """The rows of lists of visits. What was done is read as names only, for a whole list at once: four queries each."""
    amounts, nobody = access.visibility(actor, "amount") == access.FULL, _("Walk-in")
    names = {state: str(name) for state, name in Visit.STATUSES}
    for visits in some_at_a_time:
        work = work_of(visits)
        for visit in visits:
            yield (
                visit.day,
                visit.receipt_no,
                visit.customer.card_no_for(actor) if visit.customer else "",
                visit.customer.name if visit.customer else nobody,
                " · ".join(work[visit.pk].items),
                " · ".join(work[visit.pk].staff.values()),
                *([names[visit.status]] if states else []),
                *([visit.net_fen if visit.bill_id else None] if amounts else []),
                visit.branch.name,
            )
