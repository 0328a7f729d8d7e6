"""The data directory and the database belong together: each holds the same id.

Pictures, imports under way and backups lie in the directory. With another one, pages would lack pictures and a backup would be
without them, so nobody serves or backs up a pair that does not fit. A directory that is moved as a whole takes its file along; a
restored database gets the id of the directory it is restored into.
"""

import os
import secrets
from contextlib import suppress

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from salon.storage.files import sync_folder

FILE = "data-directory-id"


def id_here():
    """The id in this data directory, "" if it has none."""
    with suppress(OSError):
        return (settings.DATA_DIR / FILE).read_text(encoding="utf-8", errors="replace").strip()
    return ""


def make_id_here():
    """The id in this data directory, made if there is none."""
    if number := id_here():
        return number
    number, draft = secrets.token_hex(8), settings.DATA_DIR / f".{FILE}.part"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(settings.DATA_DIR / FILE)
    sync_folder(settings.DATA_DIR)
    return number


def id_in_database():
    """The id in the database, "" if it has none yet."""
    from salon.storage.models import DataDirectory

    if DataDirectory._meta.db_table not in connection.introspection.table_names():
        return ""
    return DataDirectory.objects.values_list("number", flat=True).first() or ""


def fault():
    """Why this directory and this database do not fit, in a sentence with the way out; "" if they do."""
    wanted = id_in_database()
    if not wanted or wanted == id_here():
        return ""
    facts = {"folder": settings.DATA_DIR, "file": FILE, "number": wanted}
    return (
        _(
            "The database belongs to another data directory than %(folder)s: set SALON_DATA_DIR to the one whose file %(file)s "
            "says %(number)s, or move that one here as a whole, or, if it is lost for good, write %(number)s into that file here."
        )
        % facts
    )


def settle():
    """Note the directory in a database that knows of none yet; both at least as new as the last migration."""
    from salon.storage.models import DataDirectory

    if not id_in_database():
        DataDirectory.objects.get_or_create(pk=1, defaults={"number": make_id_here()})
