"""What an import asks of the database: no more than it needs; and what it keeps together."""

import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.imports import catalogue, known, writing
from archives.imports.importer import Draft
from archives.imports.lines import Entry
from archives.visits.identify import services as identify
from customers.imports import engine
from tests import builders
from tests.archives.imports.importing import import_visits
from tests.archives.reading import rows_of
from tests.archives.visits.recording import line, record

HEADER = "单号 日期 卡号 手机 项目 金额"


def test_what_is_known_is_read_of_these_days_and_these_visits(branch, write, receptionist):
    """Two queries, unsorted; the lines only of what was entered at the desk, as others have their digest."""
    actor = builders.actor_of(receptionist)
    customer, item = builders.make_customer(branch=branch), builders.make_item(name="甲", price_fen=100)
    bill = record(actor, customer, line(item))
    import_visits(write(HEADER, ["R1", "2024-01-05", "", "", "甲", "1"], ["R2", "2024-01-06", "", "", "甲", "1"]), branch)
    imported = Draft(date(2024, 1, 5), "R1", [1], [Entry(item="甲", amount_fen=100, means="unknown")])
    with CaptureQueriesContext(connection) as asked:
        assert known.visits(branch, [imported])[imported.identity].is_same(imported)
    assert [len(rows_of(each)) for each in asked] == [1]
    at_desk = Draft(
        bill.business_date, bill.receipt_no, [1], [Entry(item="甲", amount_fen=100, means="unknown")], customer=customer.pk
    )
    nobodys = record(actor, None, line(item)).visits.get()
    identify.identify_visit(actor=actor, key=uuid.uuid4(), visit=nobodys, customer=builders.make_customer(branch=branch))
    with CaptureQueriesContext(connection) as asked:
        assert known.visits(branch, [imported, at_desk])[at_desk.identity].is_same(at_desk)
    assert [len(rows_of(each)) for each in asked] == [4, 1]
    assert not [each for each in asked if "ORDER BY" in each["sql"]]


def test_a_phone_is_not_looked_for_where_a_card_number_stands(branch, write):
    builders.make_customer(branch=branch, card_no="A1")
    path = write(HEADER, ["R1", "2024-01-05", "A1", "13800138000", "甲", "1"])
    with CaptureQueriesContext(connection) as asked:
        import_visits(path, branch, dry_run=True)
    assert not [each for each in asked if "customers_phone" in each["sql"]]


def test_the_catalogue_remembers_as_many_items_as_it_may(branch, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(catalogue, "KEPT", 1)
    remembered = catalogue.Catalogue(branch, None)
    made = [remembered.item(Entry(item=name), 100) for name in ("甲", "乙")]
    with django_assert_num_queries(0):
        assert [remembered.item(Entry(item=name), 100) for name in ("甲", "乙")] == made
    remembered.item(Entry(item="丙"), 100)
    with django_assert_num_queries(1):
        assert remembered.item(Entry(item="甲"), 100) == made[0]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_shares_a_receipt_is_stored_together_and_nothing_else(branch, write, monkeypatch, at_once):
    builders.make_customer(branch=branch, card_no="A1")
    stored, write_all = [], writing.VisitWriter.write
    monkeypatch.setattr(engine, "CHUNK", 1)
    monkeypatch.setattr(engine, "PAUSE", 0)
    monkeypatch.setattr(engine, "AT_ONCE", 10 if at_once else 0)

    def noted(self, drafts):
        stored.append([draft.receipt_no for draft in drafts])
        write_all(self, drafts)

    monkeypatch.setattr(writing.VisitWriter, "write", noted)
    rows = [[receipt, "2024-01-05", card, "", "甲", "1"] for receipt in ("", "R1") for card in ("", "A1")]
    import_visits(write(HEADER, *rows, ["R2", "2024-01-05", "", "", "甲", "1"]), branch)
    assert stored == [[""], [""], ["R1", "R1"], ["R2"]]
