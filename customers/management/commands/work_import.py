"""work_import: the work of an import begun in the browser, started by the server (customers/imports/work.py)."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.imports import work
from customers.imports.models import ImportRun
from salon.processes import untrusted
from salon.processes.background import give_way
from salon.spreadsheets import reading


class Command(BaseCommand):
    help = "Used by the server itself: read or store the file of an import that was begun in the browser."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("step", choices=[work.READ, work.STORE])
        parser.add_argument("language", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *, run, step, language, **options):
        untrusted.take_at_most(reading.FROM_BROWSER.memory)
        if step == work.READ:  # what stores holds the database's lock, and had better be done soon
            give_way()
        work.do(ImportRun.objects.select_related("branch", "user").get(pk=run), step, language, timezone.now)
