"""Is the database file whole? SQLite has no checksums, so `serve` looks through it before anybody works with it.

A small file before the first request is answered, and a damaged one is not served. A large one while the product already works:
then a banner on every page and healthz say what was found. PostgreSQL sees to its own files.
"""

import threading
from pathlib import Path

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

SMALL = 256 * 1024 * 1024  # bytes that are looked through before serving: a second or two
UNREADABLE = ("malformed", "not a database", "corrupt")

_found_while_serving = threading.Event()


def damaged_tables():
    """[(table, what is wrong)] of SQLite's own check; "" where no table can be named, and nothing on PostgreSQL."""
    if connection.vendor != "sqlite":
        return []
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY rootpage")
    except DatabaseError as error:
        return [("", _first_line(error))]
    with cursor:
        tables = [name for (name,) in cursor.fetchall()]
        found = [(table, wrong) for table in tables if (wrong := _wrong_with(cursor, table))]
        # What belongs to no table: pages nobody uses, and the list of tables itself.
        return found if found or not (wrong := _wrong_with(cursor)) else [("", wrong)]


def _wrong_with(cursor, table=None):
    """The first line of what a check says, or ""."""
    try:
        cursor.execute(f"PRAGMA quick_check({connection.ops.quote_name(table) if table else 1})")
        (told,) = cursor.fetchone()
    except DatabaseError as error:
        told = str(error)
    return "" if told == "ok" else told.replace("*** in database main ***", "").strip().partition("\n")[0]


def _first_line(error):
    return str(error).strip().partition("\n")[0]


def sentences():
    """What `damaged_tables` found, a sentence for each, with what to do."""
    for table, wrong in damaged_tables():
        if table:
            yield _("The table %(table)s is damaged (%(wrong)s). Restore the last backup.") % {"table": table, "wrong": wrong}
        else:
            yield _("The database file is damaged (%s). Restore the last backup.") % wrong


def unreadable(table, error):
    """The sentence for a table that could not be read to its end."""
    facts = {"table": table, "wrong": _first_line(error)}
    return _("The table %(table)s cannot be read (%(wrong)s). Restore the last backup.") % facts


def is_small():
    """True for a file that can be looked through while somebody waits, and where there is no file at all."""
    file = Path(str(connection.settings_dict["NAME"]))
    return connection.vendor != "sqlite" or not file.is_file() or file.stat().st_size <= SMALL


def means_damage(exception):
    """True for an error of the database that comes from a damaged file."""
    return connection.vendor == "sqlite" and any(word in str(exception).lower() for word in UNREADABLE)


def note_damage():
    """From now on every page and healthz say that the file is damaged, until `serve` is started anew."""
    _found_while_serving.set()


def is_damaged():
    return _found_while_serving.is_set()


def look_while_serving(tell):
    """Look through the file beside the requests; `tell` is called with each sentence. Returns the thread."""
    looking = threading.Thread(target=_look, args=(tell,), name="integrity", daemon=True)
    looking.start()
    return looking


def _look(tell):
    try:
        for sentence in sentences():
            note_damage()
            tell(sentence)
    finally:
        connection.close()
