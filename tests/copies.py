"""The test database of each worker of a run: the first worker migrates one, which takes three seconds, the others copy it.

Django migrates the copies too and finds nothing left to do.
"""

import os
import secrets
from contextlib import ExitStack, closing, contextmanager

from django.db.backends.signals import connection_created

from tests import live, shared


@contextmanager
def of_the_first(connection):
    """Around the making of the test database; gives what is to be called when it is made."""
    with ExitStack() as turn:
        kept = shared.folder() / "migrated"
        turn.enter_context(shared.alone("migrated"))
        if "PYTEST_XDIST_WORKER" not in os.environ:  # there are no others
            yield turn.close
        elif kept.exists():
            turn.close()
            BEGIN_WITH[connection.vendor](connection, kept)
            yield turn.close
        else:
            yield lambda: (KEEP[connection.vendor](connection, kept), turn.close())


def _keep_sqlite(connection, kept):
    with closing(connection.Database.connect(kept)) as file:
        connection.connection.backup(file)


def _begin_with_sqlite(_connection, kept):
    def load(sender, connection, **kwargs):
        connection_created.disconnect(load)
        with closing(connection.Database.connect(kept)) as file:
            file.backup(connection.connection)

    connection_created.connect(load, weak=False)


def _keep_postgresql(connection, kept):
    model = f"salon_model_{secrets.token_hex(6)}"
    connection.close()  # a database is copied while nobody is in it
    live.on_server(f'CREATE DATABASE "{model}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    shared.note_database(model)
    kept.write_text(model)


def _begin_with_postgresql(connection, kept):
    connection.settings_dict["TEST"]["TEMPLATE"] = kept.read_text()


KEEP = {"sqlite": _keep_sqlite, "postgresql": _keep_postgresql}
BEGIN_WITH = {"sqlite": _begin_with_sqlite, "postgresql": _begin_with_postgresql}
