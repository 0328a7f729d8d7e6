"""On PostgreSQL a table whose numbers were left behind is found, and mended."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from salon import defaults
from salon.database import sequences
from salon.shop.models import Item
from tests.builders import make_item, make_staff
from tests.marks import postgresql_only, sqlite_only


@pytest.fixture
def left_behind(db):
    """Items stored with numbers of their own, as the demo and older versions stored them."""
    greatest = make_item().pk + 500
    Item.objects.create(pk=greatest, name="自带编号", price_fen=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('salon_item', 'id'), %s)", [greatest - 1])
    return greatest


@postgresql_only
def test_one_that_is_behind_is_found_and_mended(left_behind, branch):
    (behind,) = sequences.behind()
    assert (behind.table, behind.next, behind.greatest) == ("salon_item", left_behind, left_behind)
    assert sequences.catch_up() == [behind]
    assert make_item().pk > left_behind
    assert sequences.behind() == []
    make_staff(branch=branch)


@postgresql_only
def test_a_new_row_is_refused_where_nobody_mends_it(left_behind):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_item()


@postgresql_only
def test_check_data_names_it_and_says_how_to_mend_it(left_behind):
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("check_data", stdout=StringIO(), stderr=err)
    assert f"New rows of salon_item would be refused: the next is number {left_behind}" in err.getvalue()
    assert "manage.py mend_sequences" in err.getvalue()
    out = StringIO()
    call_command("mend_sequences", stdout=out)
    assert out.getvalue() == f"New rows of salon_item begin with {left_behind + 1} now.\n"
    call_command("check_data", stdout=StringIO())


@postgresql_only
def test_a_new_database_and_one_that_is_brought_up_to_date_are_right(left_behind):
    """The shop's own row has a number of its own; older versions left the demo's tables behind."""
    assert [each.table for each in sequences.behind()] == ["salon_item"]
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    defaults.prepare(last, using="default")
    assert sequences.behind() == []


@postgresql_only
def test_every_table_with_numbers_is_looked_at(db):
    """Not only those of our models: tables of links, histories and libraries, too."""
    with connection.cursor() as cursor:
        cursor.execute(sequences._OWNED)
        tables = {table for table, _column, _sequence in cursor.fetchall()}
    made = {name for name in connection.introspection.table_names() if _has_numbers(name)}
    assert tables == made
    assert {"salon_item", "salon_item_tags", "salon_historicalitem", "axes_accessattempt"} <= tables


def _has_numbers(table):
    with connection.cursor() as cursor:
        return bool(connection.introspection.get_sequences(cursor, table))


@sqlite_only
def test_sqlite_has_nothing_to_mend(db):
    out = StringIO()
    call_command("mend_sequences", stdout=out)
    assert "nothing to mend" in out.getvalue()
