"""The guard triggers of the database are exactly those the code declares."""

import pytest
from django.db import DatabaseError, connection, transaction

from salon import guards
from tests.marks import postgresql_only

pytestmark = pytest.mark.django_db


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop(guard):
    run(f'DROP TRIGGER "{guard.name}"' + (f' ON "{guard.table}"' if connection.vendor == "postgresql" else ""))


def test_every_declared_guard_is_there_and_no_other():
    assert guards.registered()
    assert (guards.missing(), guards.undeclared()) == ([], {})


def test_a_dropped_guard_is_missed_and_comes_back():
    guard = guards.registered()[0]
    drop(guard)
    assert guards.missing() == [guard.name]
    guards.install()
    assert guards.missing() == []


def test_a_rule_that_changed_leaves_no_old_guard_behind(monkeypatch):
    old = guards.Guard(guards.registered()[0].table, "DELETE", "OLD.id > 1000", "a rule of last year")
    monkeypatch.setattr(guards, "_guards", [*guards.registered(), old])
    guards.install()
    monkeypatch.undo()
    assert guards.undeclared() == {old.name: old.table}
    guards.install()
    assert guards.undeclared() == {}


@postgresql_only
def test_an_append_only_table_cannot_be_truncated():
    guard = next(guard for guard in guards.registered() if guard.on_truncate)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        run(f'TRUNCATE "{guard.table}" CASCADE')
