"""work_export: the making of a file that somebody asked for, begun by the server (customers/exports/work.py)."""

import os

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.exports import work
from salon.processes.background import give_way


class Command(BaseCommand):
    help = "Used by the server itself: make the file of a list that is long."

    def add_arguments(self, parser):
        parser.add_argument("token")

    def handle(self, *, token, **options):
        os.umask(0o077)
        give_way()
        work.make(token, timezone.now)
