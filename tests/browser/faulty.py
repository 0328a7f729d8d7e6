"""`serve` with two cards that cannot be opened: number 500 meets a fault of ours, number 503 a busy database."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from salon.database import sqlite  # noqa: E402

sqlite.use_bundled_library()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

import django  # noqa: E402

django.setup()

from django.core.management import execute_from_command_line  # noqa: E402
from django.db import OperationalError  # noqa: E402

from salon import access  # noqa: E402

FAULTS = {500: RuntimeError("a fault of ours"), 503: OperationalError("database is locked")}
get = access.get


def get_or_fail(actor, queryset, **lookup):
    if lookup.get("pk") in FAULTS:
        raise FAULTS[lookup["pk"]]
    return get(actor, queryset, **lookup)


access.get = get_or_fail
execute_from_command_line(sys.argv)
