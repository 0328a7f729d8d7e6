"""`serve` with one guard taken out, for the controls: a check that cannot see the fault proves nothing.

UNGUARDED names it: `transaction` (record_bill without its transaction), `key` (no operation key is claimed),
`acknowledgement` (the answer goes out before the visit is stored), `sync` (SQLite synchronises its log now and then), or
`version` (a card is saved whatever its version).
"""

import functools
import os
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from salon import sqlite  # noqa: E402

sqlite.use_bundled_library()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import execute_from_command_line  # noqa: E402

from archives.visits import services  # noqa: E402
from customers.card import services as cards  # noqa: E402
from salon import boot, operations  # noqa: E402


def _without_transaction():
    services.record_bill = services.record_bill.__wrapped__


def _without_key():
    services.operations = types.SimpleNamespace(**vars(operations))
    services.operations.claim = lambda **_: types.SimpleNamespace(save=lambda **_: None)


def _before_it_is_stored():
    record, unstored = services.record_bill, ThreadPoolExecutor(4)  # few: each thread keeps a connection to the database

    @functools.wraps(record)
    def later(**entry):
        unstored.submit(lambda: (time.sleep(0.5), record(**entry)))
        return types.SimpleNamespace(first_visit=types.SimpleNamespace(pk=1), receipt_no="?", payable_fen=0)

    services.record_bill = later


def _without_sync():
    options = settings.DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=NORMAL")
    boot.SQLITE_SETTINGS["synchronous"] = 1  # or serve would notice


def _whatever_the_version():
    lock = cards._lock
    cards._lock = lambda actor, pk, version=None: lock(actor, pk)


OUT = {
    "transaction": _without_transaction,
    "key": _without_key,
    "acknowledgement": _before_it_is_stored,
    "sync": _without_sync,
    "version": _whatever_the_version,
}
OUT[os.environ["UNGUARDED"]]()
execute_from_command_line(sys.argv)
