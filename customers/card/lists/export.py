"""The customer list as a workbook: exactly the filtered list, with what its page shows."""

from django.utils.translation import gettext as _

from salon import access, panels
from salon.spreadsheets import xlsx


def sheet(actor, found, columns):
    """The Sheet of a Listing of customers; `columns` are the panels that add a column to the list."""
    phones, skin = access.visibility(actor, "phone"), access.sees(actor, "skin")
    shown = [
        xlsx.Column(_("Card number")),
        xlsx.Column(_("Customer")),
        xlsx.Column(_("Tier"), width=8),
        xlsx.Column(_("Last visit"), xlsx.DAY),
        *([] if phones == access.HIDDEN else [xlsx.Column(_("Phone"))]),
        *(xlsx.Column(str(column.label)) for column in columns),
        *([xlsx.Column(_("Skin type"))] if skin else []),
        xlsx.Column(_("Responsible")),
        xlsx.Column(_("Card date"), xlsx.DAY),
        xlsx.Column(_("Branch")),
    ]
    return xlsx.Sheet(_("Customers"), shown, _rows(actor, found, columns, phones, skin))


def _rows(actor, found, columns, phones, skin):
    for customers in found.every_row():
        badges = panels.collect("customer.badge", actor, customers)
        added = [panel.show(actor, customers) for panel in columns]
        for customer in customers:
            numbers = [access.mask_phone(phone.number, phones) for phone in customer.main_phones]
            cells = [column.get(customer.pk) for column in added]
            yield (
                customer.card_no_for(actor),
                customer.name,
                next(iter(badges[customer.pk]), ""),
                customer.last_visit_on,
                *([] if phones == access.HIDDEN else [" ".join(numbers)]),
                *(cell.text if cell else "" for cell in cells),
                *([customer.get_skin_type_display()] if skin else []),
                customer.responsible.name if customer.responsible else "",
                customer.card_date,
                customer.branch.name,
            )
