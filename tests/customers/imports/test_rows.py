"""Rows of customers one by one: what is read of a cell, what is stored of a card, and how much is asked of the database."""

import os
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from customers.card.models import Address, Customer, Phone
from customers.imports import card_rows, engine, folders, importer, registry
from customers.imports.cards import CardWriter, NewCard
from customers.imports.engine import RowError
from customers.imports.guesses import Guesses
from customers.imports.people import People, Reach, by_card_number
from tests import builders
from tests.archives.imports.importing import import_customers, write_csv
from tests.archives.reading import counted

HEADER = "卡号 姓名 手机 小区"
TODAY = date(2026, 11, 26)


def row_of(cell):
    """A row whose every cell is this."""
    return engine.Row(1, [cell], dict.fromkeys(("phone", "card_date", "birthday"), 0))


# --- Cells ------------------------------------------------------------------------------------------------------------


def test_phones_are_taken_once_and_as_many_as_may_be():
    most = [f"138{n:08d}" for n in range(card_rows.MOST_PHONES)]
    data, row = {"phones": []}, row_of("、".join(most))
    card_rows._read_phones(row, data, TODAY)
    assert (data["phones"], row.warnings) == (most, [])
    with pytest.raises(RowError):
        card_rows._read_phones(row_of("、".join([*most, "13900000000"])), {"phones": []}, TODAY)
    data, row = {"phones": []}, row_of("13800138000、138 0013 8000、无")
    card_rows._read_phones(row, data, TODAY)
    assert data["phones"] == ["13800138000"]
    assert len(row.warnings) == 1, "only what is no number"


def test_a_card_is_of_today_at_the_latest():
    data = {"fields": {}}
    card_rows._read_card_date(row_of(TODAY), data, TODAY)
    assert (data["fields"]["card_date"], data["says_card_date"]) == (TODAY.isoformat(), True)
    with pytest.raises(RowError):
        card_rows._read_card_date(row_of(TODAY + timedelta(days=1)), data, TODAY)


@pytest.mark.parametrize(
    ("calendar", "day", "is_future"),
    [("solar", TODAY, False), ("solar", TODAY + timedelta(days=1), True), ("lunar", TODAY + timedelta(days=1), False)],
)
def test_a_birthday_of_tomorrow_is_none(calendar, day, is_future):
    assert card_rows._is_future(calendar, day.year, day.month, day.day, TODAY) == is_future
    assert not card_rows._is_future(calendar, None, day.month, day.day, TODAY)


@pytest.mark.parametrize("cell", ["农历1899年1月1日", "2026-11-27", "农历2027年1月1日"])
def test_a_year_that_cannot_be_is_refused(cell):
    with pytest.raises(RowError, match="is no birthday"):
        card_rows._read_birthday(row_of(cell), {"fields": {}}, TODAY)


@pytest.mark.parametrize(
    ("said", "stored", "is_same"),
    [
        ({"birth_calendar": "solar"}, {"birth_calendar": "lunar"}, True),  # of no birthday
        ({"birth_calendar": "solar", "birth_month": 3}, {"birth_calendar": "lunar"}, False),
        ({"birth_calendar": "solar", "birth_year": 1990}, {"birth_calendar": "lunar"}, False),
        ({"birth_calendar": "solar", "birth_month": 3}, {"birth_calendar": "solar"}, True),
    ],
)
def test_a_calendar_is_compared_where_there_is_a_birthday(said, stored, is_same):
    assert importer._same("birth_calendar", said, stored) == is_same


# --- Cards ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(branch):
    """store("A1", …): cards with these numbers, as a file of the branch makes them; the Customers."""

    def do(*numbers, phones=()):
        with transaction.atomic():
            writer = CardWriter(branch, now=timezone.now())
            fields = {"name": "甲", "card_date": TODAY}
            ids = writer.write([NewCard({"card_no": number, **fields}, phones) for number in numbers])
        return [Customer.objects.get(pk=pk) for pk in ids]

    return do


def test_a_number_is_kept_unless_it_is_taken_or_anothers_to_give(store, branch, other_branch):
    builders.make_customer(branch=other_branch, card_no="X1", old_no="X2")
    builders.make_customer(branch=other_branch, card_no="X2")
    kept = [f"{branch.code}-900000", f"{other_branch.code}-VIP", other_branch.code, "77"]
    assert [card.card_no for card in store(*kept)] == kept
    renumbered = store("X1", "X2", f"{other_branch.code}-000009")
    assert [card.old_no for card in renumbered] == ["X1", "X2", f"{other_branch.code}-000009"]
    builders.make_customer(branch=branch, card_no="Y1", old_no="X3")
    builders.make_customer(branch=other_branch, card_no="X3")
    assert store("X3")[0].old_no == ""  # another card of the branch bore it


def test_a_phone_is_stored_once_and_the_first_is_the_main_one(store):
    (card,) = store("A1", phones=("13800138000", "138-0013-8000", "无", "02162881234"))
    assert list(card.phones.order_by("pk").values_list("number", "is_main")) == [("13800138000", True), ("02162881234", False)]


def others(*branches):
    """Cards a file does not mean."""
    for branch in branches:
        for n in range(5):
            card = builders.make_customer(
                branch=branch, card_no=f"Z{branch.pk}{n}", old_no=f"Q{n}", phone=f"1370000{branch.pk}00{n}"
            )
            Address.objects.create(customer=card, city="上海")


def test_no_more_is_read_than_a_file_is_about(branch, other_branch, tmp_path):
    card = builders.make_customer(branch=branch, card_no="A1", name="甲", phone="13800138000")
    Address.objects.create(customer=card, community="阳光花园")
    builders.make_customer(branch=branch, card_no="A2", name="乙", phone="13900139000")
    known = [["A1", "甲", "13800138000", "阳光花园"], ["", "乙", "13900139000", ""]]

    def read(*rows):
        path = write_csv(tmp_path / "customers.csv", HEADER, [*known, *rows])
        with counted() as rows_read:
            said = import_customers(path, branch)
        assert said[-1].endswith("2 known already and skipped, 0 refused")
        return rows_read

    few = read(["B1", "丙", "13600136000", ""])
    others(branch, other_branch)
    assert read(["B2", "丁", "13600136001", ""]) == few


def test_a_row_says_the_first_address_of_a_card_that_has_several(either_way, branch, tmp_path):
    card = builders.make_customer(branch=branch, card_no="A1", name="甲")
    for community in ("阳光花园", "康定花园"):
        Address.objects.create(customer=card, community=community)
    rows = [["A1", "甲", "", "阳光花园"]]
    said = import_customers(write_csv(tmp_path / "c.csv", HEADER, rows), branch)
    assert said[-1] == "1 rows read, 0 taken, 1 known already and skipped, 0 refused"


def test_who_has_a_phone_is_found_by_it_alone_and_by_no_merged_card(branch, tmp_path):
    into, merged = (builders.make_customer(branch=branch, name=name) for name in ("甲", "甲旧"))
    Phone.objects.create(customer=into, number="13800138000", is_main=True)
    Phone.objects.create(customer=merged, number="13800138000", is_main=True)
    Customer.objects.filter(pk=merged.pk).update(merged_into=into)
    builders.make_customer(branch=branch, name="别人", phone="13911112222")
    said = import_customers(write_csv(tmp_path / "c.csv", "姓名 手机", [["甲", "13800138000"]]), branch)
    assert said[-1] == "1 rows read, 0 taken, 1 known already and skipped, 0 refused"


def test_a_column_nobody_knows_is_told(branch, tmp_path):
    said = import_customers(write_csv(tmp_path / "c.csv", "卡号 姓名 星座", [["A1", "甲", "狮子"]]), branch)
    assert "This column was not read: 星座" in said
    assert registry.remarks(SimpleNamespace(fact=lambda name, default: default)) == []


def test_a_file_means_an_old_number_of_its_own_branch_only(branch, other_branch):
    """Another branch's old system gave the same numbers to other people."""
    card = builders.make_customer(branch=other_branch, old_no="77001")
    assert by_card_number({"77001"}, Reach(other_branch)) == {"77001": card.pk}
    assert by_card_number({"77001"}, Reach(branch, everywhere=True)) == {}


def test_nothing_is_asked_for_rows_that_name_nobody(branch, django_assert_num_queries):
    with django_assert_num_queries(0):
        People(Reach(branch), Guesses(user=None, branch=branch, now=None)).look_up(["", ""], ["", ""])


def test_kinds_stand_in_their_order_and_each_name_once(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", {})
    second, first = (registry.Kind(name, name, order, (), engine.Importer) for name, order in (("visits", 2), ("customers", 1)))
    registry.register(second)
    registry.register(first)
    assert registry.kinds() == [first, second]
    with pytest.raises(ValueError, match="customers already"):
        registry.register(first)


# --- Parts and what is left -----------------------------------------------------------------------------------------------


class Parts(engine.Importer):
    in_file_order = True

    def __init__(self, groups, together):
        self.spool = SimpleNamespace(groups=lambda as_in_file: iter(groups))
        self.together = together

    def must_stay_together(self, key, other):
        return self.together


@pytest.mark.parametrize(("together", "sizes"), [(False, [2, 2, 2, 2, 2]), (True, [8, 2])])
def test_what_belongs_together_is_stored_together_up_to_a_limit(monkeypatch, together, sizes):
    monkeypatch.setattr(engine, "CHUNK", 2)
    monkeypatch.setattr(engine, "MOST_CHUNKS", 4)
    groups = [(n, [n]) for n in range(10)]
    assert [len(chunk) for chunk in Parts(groups, together)._chunks(None)] == sizes


@pytest.mark.parametrize(("at_once", "pauses"), [(True, 0), (False, 1)])
def test_who_waits_to_save_comes_between_two_parts(branch, tmp_path, monkeypatch, at_once, pauses):
    slept = []
    monkeypatch.setattr(engine, "sleep", slept.append)
    monkeypatch.setattr(engine, "AT_ONCE", 1 if at_once else 0)
    import_customers(write_csv(tmp_path / "c.csv", "卡号 姓名", [["A1", "甲"]]), branch)
    assert len(slept) == pauses


def test_what_nobody_touched_for_a_week_is_forgotten(settings, tmp_path):
    settings.DATA_DIR, now = tmp_path, timezone.now()
    week = timedelta(days=folders.KEPT_DAYS)
    for name, age in (("1", week), ("2", week + timedelta(seconds=1))):
        (folders.root() / name).mkdir(parents=True)
        os.utime(folders.root() / name, ((now - age).timestamp(),) * 2)
    (folders.root() / "file").touch()
    os.utime(folders.root() / "file", (0, 0))
    (folders.root() / "gone").symlink_to(folders.root() / "nowhere")  # as if another request forgets it just now
    folders.prune(now)
    assert {path.name for path in folders.root().iterdir()} == {"1", "file", "gone"}
