"""work_backup: the making of a backup that somebody asked for on the page, begun by the server (salon/backups/asked.py)."""

import os

from django.core.management.base import BaseCommand
from django.utils import timezone

from salon.backups import asked
from salon.processes.background import give_way


class Command(BaseCommand):
    help = "Used by the server itself: make the backup that was asked for on the page."

    def handle(self, **options):
        os.umask(0o077)
        give_way()
        asked.make(timezone.now)
