"""import_customers: bring a file of customers into the archive (its columns: the import page lists them)."""

from customers.management.commands._importing import ImportCommand


class Command(ImportCommand):
    help = "Import customers from an Excel or CSV file of any length. Rows that cannot be taken are listed with the reason."
    kind = "customers"
