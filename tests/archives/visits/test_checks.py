"""check_data finds each kind of damage, and none where there is none."""

import io
import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models import QuerySet

from archives.management.commands import check_data
from archives.visits import checks
from archives.visits.bills import means, services
from archives.visits.identify import services as identify
from archives.visits.models import Bill, Line
from customers.card import portraits
from customers.card.models import Customer
from salon import guards
from salon.database import integrity, sequences
from salon.serving import health
from salon.storage import media
from tests.archives.visits.recording import LineEntry, record
from tests.builders import actor_of, make_customer, make_item
from tests.marks import sqlite_only

pytestmark = pytest.mark.django_db

DAMAGE = {
    "UPDATE archives_visit SET net_fen = net_fen - 1": "stored consumption is not the sum of their lines",
    "UPDATE archives_visit SET has_positive_line = NOT has_positive_line": "marked wrongly as having a line of value",
    "UPDATE archives_bill SET paid_fen = 1, payable_fen = 1": "bills that are not paid by their payments",
    "UPDATE archives_line SET payable_fen = payable_fen + 1": "bills that do not ask what their lines ask",
    "UPDATE archives_staffshare SET share_bp = 9999": "lines whose shares are not the whole line",
    "UPDATE archives_staffshare SET value_fen = value_fen - 1": "lines whose shares are not the whole line",
    "UPDATE customers_customer SET last_visit_on = '2001-01-01'": "customers who came later than their card says",
    "UPDATE customers_customer SET last_visit_on = NULL": "customers who came later than their card says",
    "UPDATE archives_visit SET customer_id = NULL": "visits given to a customer that are nobody's",
    "UPDATE archives_payment SET amount_fen = 1 WHERE correction_id IS NOT NULL": "corrected means of payment that do not sum",
    "UPDATE customers_customer SET portrait = 'gone.webp'": "Files are gone from the data directory: photo of",
    "INSERT INTO archives_bill (branch_id, receipt_no, business_date, payable_fen, paid_fen, recorded_at, void_reason) "
    "SELECT branch_id, 'X', business_date, 0, 0, recorded_at, '' FROM archives_bill": "bills without a visit",
}


@pytest.fixture
def visits(receptionist, manager, beautician, customer):
    """A usual visit, given back the day after; a free one; one with two who share the work; and a customer without any."""
    actor, item = actor_of(receptionist), make_item()
    bill = record(actor, customer, LineEntry(item=item, unit_price_fen=38_000, shares=((beautician, 10_000),)))
    record(actor, customer, LineEntry(item=item, unit_price_fen=0, shares=((beautician, 4_000), (receptionist, 6_000))), paid=[])
    record(actor, customer, LineEntry(item=item, unit_price_fen=9_999, shares=((beautician, 3_333), (receptionist, 6_667))))
    other = make_customer(branch=receptionist.branch)
    nobodys = record(actor, None, LineEntry(item=item, unit_price_fen=100)).visits.get()
    identify.identify_visit(actor=actor, key=uuid.uuid4(), visit=nobodys, customer=other)
    make_customer(branch=receptionist.branch)
    record(actor, None, LineEntry(item=item, unit_price_fen=200))
    means.correct_means(
        actor=actor,
        key=uuid.uuid4(),
        bill=record(actor, customer, LineEntry(item=item, unit_price_fen=300)),
        payments=[("cash", 300)],
        reason="点错了",
        seen_last=0,
    )
    services.refund(
        actor=actor_of(manager, now=actor.now + timedelta(days=1)),
        key=uuid.uuid4(),
        bill=bill,
        lines=[(Line.objects.get(visit__bill=bill), 1000, 38_000)],
        payments=[("wechat", 38_000)],
        reason="不满意",
    )


def said():
    """What the command complains of; "" if all is well."""
    err = io.StringIO()
    try:
        call_command("check_data", stdout=io.StringIO(), stderr=err)
    except CommandError as error:
        return err.getvalue() + str(error)
    return ""


def test_nothing_to_say(visits):
    assert said() == ""


def test_nothing_to_say_of_an_empty_database(db):
    assert said() == ""


@pytest.mark.parametrize("statement", DAMAGE)
def test_damage_is_found(visits, statement):
    with guards.suspended(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert DAMAGE[statement] in said()


def test_the_first_rows_are_named_in_order(branch, monkeypatch):
    pks = sorted(make_customer(branch=branch).pk for _each in range(check_data.SHOWN + 2))
    monkeypatch.setattr(checks, "broken", lambda: [("odd ones", Customer.objects.order_by("-pk"))])
    assert f"There are odd ones: {', '.join(map(str, pks[:10]))}\n" in said()


# --- What cannot be read is said in a sentence -------------------------------------------------------------------------


MALFORMED = DatabaseError("database disk image is malformed\nCONTEXT:  of the server's own")


class Unreadable(QuerySet):
    """Rows on a damaged page: they are asked for, and the database gives up."""

    def _fetch_all(self):
        raise MALFORMED


def fail(*_arguments):
    raise MALFORMED


def test_a_table_whose_rows_cannot_be_read_is_named_and_the_next_is_read(customer, monkeypatch):
    checked = [("odd bills", Unreadable(Bill)), ("odd customers", Customer.objects.all())]
    monkeypatch.setattr(checks, "broken", lambda: checked)
    unreadable, odd, _sum_of_it = said().splitlines()
    assert unreadable == ("The table archives_bill cannot be read (database disk image is malformed). Restore the last backup.")
    assert odd == f"There are odd customers: {customer.pk}"


def test_a_table_whose_pictures_cannot_be_looked_for_is_named(db, monkeypatch):
    monkeypatch.setattr(media.Column, "lost", fail)
    named = {line for line in said().splitlines() if line.startswith("The table ")}
    assert {line.split()[2] for line in named} == {column.table for column in media.columns()}
    assert all(line.endswith("cannot be read (database disk image is malformed). Restore the last backup.") for line in named)


@pytest.mark.parametrize("step", [(integrity, "sentences"), (health, "of_the_schema"), (sequences, "behind")])
def test_whatever_else_cannot_be_read_is_said_in_a_line(db, monkeypatch, step):
    monkeypatch.setattr(*step, fail)
    assert said() == "The database cannot be read: database disk image is malformed"


def test_a_portrait_that_is_there_is_no_damage(visits, customer, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    portraits.path_of("a.webp").parent.mkdir(parents=True)
    portraits.path_of("a.webp").write_bytes(b"RIFF")
    type(customer).objects.filter(pk=customer.pk).update(portrait="a.webp")
    assert said() == ""


@sqlite_only
def test_a_row_that_points_nowhere(visits):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        cursor.execute("UPDATE customers_customer SET branch_id = 987654321")
    try:
        assert "refers to a row of salon_branch that is not there" in said()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET branch_id = (SELECT min(id) FROM salon_branch)")


def test_a_bill_that_moved_branch_is_found_until_it_is_voided(customer, receptionist, stranger, owner):
    actor, item = actor_of(receptionist), make_item()
    wrong = record(actor, customer, LineEntry(item=item, unit_price_fen=38_000))
    moved = record(actor, customer, LineEntry(item=item, unit_price_fen=38_000), replaces=wrong)
    assert said() == ""
    with guards.suspended():
        type(moved).objects.filter(pk=moved.pk).update(branch=stranger.branch)
    assert f"bills that were corrected into another branch: {moved.pk}" in said()
    services.void_bill(actor=actor_of(owner), key=uuid.uuid4(), bill=moved, reason="店不对")
    assert said() == ""
