"""The database itself refuses to change what must stay: every guard, broken once by plain SQL, on both databases."""

import pytest
from django.db import DatabaseError, connection, transaction

from archives.visits.bills import means, services
from archives.visits.identify import services as identify
from archives.visits.undo import services as undo
from customers.log.models import AccessEntry
from salon import guards
from tests.archives.visits.recording import LineEntry, record
from tests.builders import actor_of, make_branch, make_customer, make_item
from tests.marks import sqlite_only

# What each guard must refuse. A guard that is declared and not named here fails the first test.
REFUSED = {
    ("customers_accessentry", "UPDATE"): ["UPDATE {t} SET field = 'phone'", "UPDATE {t} SET id = id"],
    ("customers_accessentry", "DELETE"): ["DELETE FROM {t}"],
    ("archives_line", "INSERT"): [
        "INSERT INTO {t} (visit_id, position, item_id, kind, item_name, quantity_milli, unit_price_fen, discount_fen, "
        "discount_reason, value_fen, payable_fen, cost_fen, minutes) "
        f"SELECT visit_id, 99, item_id, kind, item_name, 1000, 1, 0, '', {amounts}, 0, 0 FROM {{t}}"
        for amounts in ("100000001, 1", "-100000001, 1", "1, 100000001")
    ],
    ("archives_payment", "INSERT"): [
        f"INSERT INTO {{t}} (bill_id, position, means, amount_fen) SELECT bill_id, 99, 'cash', {fen} FROM {{t}}"
        for fen in (1_000_000_001, -1_000_000_001)
    ],
    ("archives_bill", "INSERT"): [
        "INSERT INTO {t} (branch_id, receipt_no, business_date, payable_fen, paid_fen, recorded_at, void_reason) "
        f"SELECT branch_id, receipt_no, business_date, {fen}, {fen}, recorded_at, '' FROM {{t}}"
        for fen in (1_000_000_001, -1_000_000_001)
    ],
    ("archives_line", "UPDATE"): ["UPDATE {t} SET value_fen = value_fen + 1", "UPDATE {t} SET item_name = 'x'"],
    ("archives_line", "DELETE"): ["DELETE FROM {t}"],
    ("archives_staffshare", "UPDATE"): ["UPDATE {t} SET share_bp = 5000"],
    ("archives_staffshare", "DELETE"): ["DELETE FROM {t}"],
    ("archives_payment", "UPDATE"): ["UPDATE {t} SET amount_fen = 0", "UPDATE {t} SET means = 'cash'"],
    ("archives_payment", "DELETE"): ["DELETE FROM {t}"],
    ("archives_meanscorrection", "UPDATE"): ["UPDATE {t} SET bill_id = bill_id", "UPDATE {t} SET recorded_at = recorded_at"],
    ("archives_meanscorrection", "DELETE"): ["DELETE FROM {t}"],
    ("archives_undonevisit", "UPDATE"): ["UPDATE {t} SET reopened_id = NULL"],
    ("archives_undonevisit", "DELETE"): ["DELETE FROM {t}"],
    ("archives_identifiedvisit", "UPDATE"): ["UPDATE {t} SET recorded_at = recorded_at"],
    ("archives_identifiedvisit", "DELETE"): ["DELETE FROM {t}"],
    ("archives_visit", "DELETE"): ["DELETE FROM {t} WHERE status = 'done'", "DELETE FROM {t} WHERE status = 'voided'"],
    ("archives_visit", "UPDATE"): [
        "UPDATE {t} SET net_fen = net_fen - 1 WHERE status = 'done'",
        "UPDATE {t} SET has_positive_line = NOT has_positive_line WHERE status = 'done'",
        "UPDATE {t} SET business_date = '2020-01-01' WHERE status = 'done'",
        "UPDATE {t} SET receipt_no = 'X-1' WHERE status = 'done'",
        "UPDATE {t} SET branch_id = {other} WHERE status = 'done'",
        "UPDATE {t} SET customer_id = NULL WHERE status = 'done'",
        "UPDATE {t} SET customer_id = NULL WHERE status = 'voided'",
        "UPDATE {t} SET recorded_at = '2020-01-01 00:00:00' WHERE status = 'done'",
        "UPDATE {t} SET status = 'arrived', bill_id = NULL, business_date = NULL WHERE status = 'done'",
        "UPDATE {t} SET status = 'done', voided_at = NULL WHERE status = 'voided'",
        "UPDATE {t} SET voided_at = '2020-01-01 00:00:00' WHERE status = 'voided'",
    ],
    ("archives_bill", "DELETE"): ["DELETE FROM {t}"],
    ("archives_bill", "UPDATE"): [
        "UPDATE {t} SET payable_fen = 1, paid_fen = 1",
        "UPDATE {t} SET business_date = '2020-01-01'",
        "UPDATE {t} SET receipt_no = 'X-1'",
        "UPDATE {t} SET branch_id = {other}",
        "UPDATE {t} SET voided_at = NULL, voided_by_id = NULL WHERE voided_at IS NOT NULL",
    ],
}
# What is meant to go through: the guards refuse no more than they should.
ALLOWED = [
    "UPDATE archives_visit SET customer_id = {customer}",  # cards are merged
    "UPDATE archives_bill SET payer_id = {customer}",
    "UPDATE archives_visit SET done_at = NULL WHERE status = 'done'",
]


@pytest.fixture
def rows(receptionist, manager, beautician, customer):
    """A finished bill, a voided one, one that was undone, and an entry of the access log; returns what the statements need."""
    actor, item = actor_of(receptionist), make_item()
    line = LineEntry(item=item, unit_price_fen=38_000, shares=((beautician, 10_000),))
    paid = record(actor, customer, line)
    means.correct_means(
        actor=actor,
        key="00000000-0000-4000-8000-000000000003",
        bill=paid,
        payments=[("cash", 38_000)],
        reason="点错",
        seen_last=0,
    )
    gone = record(actor, customer, line)
    services.void_bill(actor=actor_of(manager), key="00000000-0000-4000-8000-000000000001", bill=gone, reason="记错了")
    nobodys = record(actor, None, line).visits.get()
    identify.identify_visit(actor=actor, key="00000000-0000-4000-8000-000000000004", visit=nobodys, customer=customer)
    slip = record(actor, customer, line)
    undo.undo_bill(actor=actor, key="00000000-0000-4000-8000-000000000002", bill=slip)
    AccessEntry.objects.create(user=receptionist.user, branch=receptionist.branch, action="view", customer_id=customer.pk)
    return {"other": make_branch().pk, "customer": make_customer(branch=receptionist.branch).pk}


def run(statement, **values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(**values))
        return cursor.rowcount


def declared():
    return {(guard.table, guard.event) for guard in guards.registered()}


def test_every_guard_has_its_case():
    assert declared() == set(REFUSED)


@pytest.mark.parametrize(("guard", "statement"), [(guard, each) for guard, some in REFUSED.items() for each in some])
def test_a_guard_refuses(rows, guard, statement):
    table = guard[0]
    with pytest.raises(DatabaseError, match=f"guard {table}"):
        run(statement, t=table, **rows)


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_is_meant_to_change_changes(rows, statement):
    assert run(statement, **rows) > 0


@sqlite_only
@pytest.mark.parametrize("table", sorted({table for table, event in declared() if event == "DELETE"}))
def test_a_guarded_table_is_not_replaced_into(rows, table):
    """INSERT OR REPLACE is SQLite's way to delete a row by the back door."""
    columns = ", ".join(f'"{c.name}"' for c in connection.introspection.get_table_description(connection.cursor(), table))
    with pytest.raises(DatabaseError, match="guard"):
        run(f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}")


def test_without_its_guard_the_same_statement_goes_through(rows):
    """The control: it is the guard that refuses, nothing else."""
    guard = next(g for g in guards.registered() if (g.table, g.event) == ("customers_accessentry", "UPDATE"))
    run(f'DROP TRIGGER "{guard.name}"' + (f" ON {guard.table}" if connection.vendor == "postgresql" else ""))
    assert run("UPDATE customers_accessentry SET field = 'phone'") == 1
    assert guards.missing() == [guard.name]
