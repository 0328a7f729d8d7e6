"""import_customers: bring a file of customers into the archive (columns: DESIGN of the import page, or the template it offers)."""

from customers.imports.command import ImportCommand


class Command(ImportCommand):
    help = "Import customers from an Excel or CSV file of any length. Rows that cannot be taken are listed with the reason."
    kind = "customers"
