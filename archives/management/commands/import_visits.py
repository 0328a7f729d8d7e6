"""import_visits: bring a file of visits into the archive (its columns: the import page lists them)."""

from customers.management.commands._importing import ImportCommand


class Command(ImportCommand):
    help = "Import visits from an Excel or CSV file of any length. Rows that cannot be taken are listed with the reason."
    kind = "visits"
