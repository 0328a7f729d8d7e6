"""`manage.py` with one guard taken out, for the controls: a check that cannot see the fault proves nothing.

UNGUARDED names it: `transaction` (record_bill without its transaction), `key` (no operation key is claimed),
`acknowledgement` (the answer goes out before the visit is stored), `sync` (SQLite synchronises its log now and then),
`version` (a card is saved whatever its version), `pointer` (a run is the current one before its tiers are written), `alone`
(a run does not look whether another works), `release` (its lock is a file that outlives it), or `import` (an import without
its transaction).
"""

import functools
import os
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from salon.database import sqlite  # noqa: E402

sqlite.use_bundled_library()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import execute_from_command_line  # noqa: E402
from django.utils import timezone  # noqa: E402

from archives.visits.bills import services  # noqa: E402
from customers.card import services as cards  # noqa: E402
from customers.imports import engine  # noqa: E402
from salon import operations  # noqa: E402
from salon.serving import boot  # noqa: E402
from segmentation.runs import models as runs  # noqa: E402
from segmentation.runs import recompute, spans  # noqa: E402


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


def _current_before_it_is_written():
    write = spans.write_changes

    def publish_first(run, count):
        runs.TierRun.objects.filter(pk=run.pk).update(status=runs.FINISHED, finished_at=timezone.now())
        write(run, count)

    spans.write_changes = publish_first


def _whoever_else_works():
    @contextmanager
    def held(_name):
        yield True

    recompute.locks = types.SimpleNamespace(held=held)


def _with_a_lock_that_stays():
    @contextmanager
    def held(name):
        file = settings.DATA_DIR / f"{name}.taken"
        try:
            file.touch(exist_ok=False)
        except FileExistsError:
            yield False
            return
        yield True
        file.unlink()

    recompute.locks = types.SimpleNamespace(held=held)


def _import_without_transaction():
    engine.transaction = types.SimpleNamespace(atomic=lambda **_savepoint: nullcontext())


OUT = {
    "transaction": _without_transaction,
    "key": _without_key,
    "acknowledgement": _before_it_is_stored,
    "sync": _without_sync,
    "version": _whatever_the_version,
    "pointer": _current_before_it_is_written,
    "alone": _whoever_else_works,
    "release": _with_a_lock_that_stays,
    "import": _import_without_transaction,
}

if __name__ == "__main__":
    OUT[os.environ["UNGUARDED"]]()
    execute_from_command_line(sys.argv)
