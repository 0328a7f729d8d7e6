"""A given name's reading finds: nana finds 王娜娜. Whom, in which order, by which road a name came into the database."""

import ast
import importlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from customers.card import services
from customers.card.models import Customer
from customers.card.search import queries
from customers.privacy.models import GuestPass
from tests import builders, live
from tests.archives.imports.importing import ALL_COLUMNS, ROW, import_customers, import_visits, write_csv
from tests.customers.card import filling
from tests.hostile import FLOORS

NAMES = ["王娜娜", "欧阳娜娜", "張曉梅", "单慧敏", "王晓乐", "司马懿", "阿卜杜·艾力", "于绿", "Anna Li", "王Lina", "ひろこ"]


@pytest.fixture
def actor(receptionist):
    return builders.actor_of(receptionist)


@pytest.fixture
def people(branch):
    return [builders.make_customer(branch=branch, name=name) for name in NAMES]


def found(actor, words):
    return [hit.customer.name for hit in queries.search(actor, words)]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("nana", ["王娜娜", "欧阳娜娜"]),
        ("na", ["王娜娜", "欧阳娜娜"]),
        ("NA na", ["王娜娜", "欧阳娜娜"]),
        ("xiaomei", ["張曉梅"]),
        ("huimin", ["单慧敏"]),
        ("xiaole", ["王晓乐"]),
        ("xiaoyue", ["王晓乐"]),
        ("yi", ["司马懿"]),
        ("aili", ["阿卜杜·艾力"]),
        ("lv", ["于绿"]),
        ("lyu", ["于绿"]),
        ("li", ["Anna Li", "王Lina"]),
        ("lina", ["王Lina"]),
        ("ouyangnana", ["欧阳娜娜"]),
        ("nn", []),  # initials of a given name: two letters are the beginnings of too many
        ("n", []),
        ("ana", []),
    ],
)
def test_whom_a_given_name_finds(actor, people, words, names):
    assert sorted(found(actor, words)) == sorted(names)


def test_a_number_narrows_it_down(actor, branch):
    for name, phone in (("王娜娜", "13812346621"), ("李娜娜", "13812340457")):
        builders.make_customer(branch=branch, name=name, phone=phone)
    assert found(actor, "nana6621") == found(actor, "nana 6621") == found(actor, "6621 na") == ["王娜娜"]


@pytest.mark.parametrize("role", ["receptionist", "owner", "beautician"])
def test_who_is_found_by_the_whole_name_stands_before_who_is_by_the_given_name(branch, role, request):
    staff = request.getfixturevalue(role)
    actor = builders.actor_of(staff)
    for name, days in (("王娜", 3), ("张娜", 2), ("王楠", 1), ("那英", 300), ("Anna Na", 400)):
        customer = builders.make_customer(branch=branch, name=name, last_visit_on=actor.today - timedelta(days=days))
        customer.visits.create(
            branch=branch, status="expected", expected_on=actor.today, day=actor.today, assigned=staff, recorded_at=actor.now
        )
    in_order = found(actor, "na")
    whole = ["那英", "Anna Na"] if role == "beautician" else ["Anna Na", "那英"]  # of the few she serves, by last visit alone
    assert in_order == [*whole, "张娜", "王娜", "王楠"]


def test_many_of_one_given_name_leave_room_for_whole_names_and_show_who_came_lately(actor, branch, monkeypatch):
    monkeypatch.setattr(queries, "MANY", 4)
    monkeypatch.setattr(queries, "RECENT", 2)
    for n in range(9):
        builders.make_customer(branch=branch, name=f"{'王李张刘陈杨赵黄周'[n]}娜娜")
    often = builders.make_customer(branch=branch, name="吴娜娜", last_visit_on=actor.today)
    whole = builders.make_customer(branch=branch, name="那娜")
    hits = found(actor, "nana")
    assert hits[:2] == [whole.name, often.name]
    assert len(hits) == 6


def test_whole_names_leave_a_quarter_of_the_places_to_given_names(actor, branch):
    for n in range(12):
        builders.make_customer(branch=branch, name=f"余心{'一二三四五六七八九十百千'[n]}", last_visit_on=actor.today)
    for name in ("张雨欣", "李雨欣", "王雨昕"):
        builders.make_customer(branch=branch, name=name)
    names = [hit.customer.name for hit in queries.search(actor, "yuxin", 8)]
    assert [name[0] for name in names] == [*"余余余余余余", *"王李"]
    assert [len(queries.search(actor, "yuxin", limit)) for limit in (3, 20)] == [3, 15]
    assert {hit.customer.name[0] for hit in queries.search(actor, "yuxin", 3)} == {"余"}


def test_a_search_by_a_given_name_reveals_nobody_of_another_branch(people, stranger):
    other = builders.actor_of(stranger)
    assert found(other, "nana") == []
    assert queries.ids_matching(other, "nana") == []
    GuestPass.objects.create(customer=people[0], branch=other.branch, business_date=other.today, user=stranger.user)
    assert found(other, "nana") == ["王娜娜"]


def test_lists_are_filtered_by_it_alike(actor, people):
    for words in ("nana", "na", "xiaoyue", "lyu"):
        fitting = Customer.objects.filter(queries.fitting(actor, words))
        assert sorted(fitting.values_list("pk", flat=True)) == queries.ids_matching(actor, words) != [], words


# --- Every writer of names --------------------------------------------------------------------------------------------

READINGS = ("xiaole", "xiaoyue")  # of 晓乐


def by_the_form(branch, staff, _folder):
    filling.send(builders.client_of(staff), "/customers/new/", {"name": "王晓乐"})


def by_a_change_of_the_name(branch, staff, _folder):
    card = builders.make_customer(branch=branch, name="Anna")
    assert card.given_pinyin is None
    services.edit_card(actor=builders.actor_of(staff), customer=card, version=card.version, fields={"name": "王晓乐"})


def by_a_file_of_customers(branch, _staff, folder):
    import_customers(write_csv(folder / "customers.csv", "卡号 姓名", [["A1", "王晓乐"]]), branch)


def by_a_file_of_visits(branch, _staff, folder):
    row = ["王晓乐" if column == "姓名" else cell for column, cell in zip(ALL_COLUMNS.split(), ROW)]
    import_visits(write_csv(folder / "visits.csv", ALL_COLUMNS, [row]), branch, create_customers=True)


def by_the_migration(branch, _staff, _folder):
    builders.make_customer(branch=branch, name="王晓乐")
    Customer.objects.update(given_pinyin=None, given_pinyin_alt=None)
    migration = importlib.import_module("customers.migrations.0006_given_name_readings")
    migration.fill(apps, SimpleNamespace(connection=connection))


WRITERS = [by_the_form, by_a_change_of_the_name, by_a_file_of_customers, by_a_file_of_visits, by_the_migration]


@pytest.mark.parametrize("write", WRITERS)
def test_every_writer_of_names_fills_the_readings(write, branch, receptionist, tmp_path):
    write(branch, receptionist, tmp_path)
    card = Customer.objects.get(name="王晓乐")
    assert (card.given_pinyin, card.given_pinyin_alt) == READINGS
    card.set_keys()
    assert (card.given_pinyin, card.given_pinyin_alt) == READINGS


def test_the_migration_fills_more_than_one_part_and_leaves_letters_alone(branch, monkeypatch):
    for name in ("王娜", "Anna Li", "李乐", "张三", "王明"):
        builders.make_customer(branch=branch, name=name)
    expected = Customer.objects.order_by("pk").values("pk", "given_pinyin", "given_pinyin_alt")
    stored = list(expected)
    Customer.objects.update(given_pinyin=None, given_pinyin_alt=None)
    migration = importlib.import_module("customers.migrations.0006_given_name_readings")
    monkeypatch.setattr(migration, "AT_A_TIME", 2)
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(expected.all()) == stored
    assert [card["given_pinyin"] for card in stored] == ["na", None, "le", "san", "ming"]


def calls():
    """(file, call) for every call in the product's code."""
    for floor in FLOORS:
        for path in (live.ROOT / floor).rglob("*.py"):
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            yield from ((path.relative_to(live.ROOT).as_posix(), node) for node in tree if isinstance(node, ast.Call))


def test_these_are_all_writers_of_names():
    """A new place that makes cards, or changes their names past `save`, has to be tried above (the demo's cards stand in
    tests/segmentation/demo/test_salon.py).
    """
    made, renamed = set(), set()
    for path, call in calls():
        called = ast.unparse(call.func)
        if called == "Customer" or called.startswith("Customer.objects.") and called.endswith("create"):
            made.add(path)
        if called.endswith(".update") and "Customer" in called and any(word.arg == "name" for word in call.keywords):
            renamed.add(path)
    assert made == {
        "customers/card/services.py",
        "customers/card/editing/entry.py",  # for the form to look at
        "customers/imports/cards.py",
        "segmentation/demo/people.py",
    }
    assert renamed == set()
