"""Finding a customer: by everything people type, only who may be found, best first, without a scan."""

import itertools
import re
from datetime import timedelta

import pytest
from django.db import connection

from customers.card.models import Customer, Phone
from customers.card.search import queries, terms
from customers.privacy.models import GuestPass
from tests import builders, naughty


@pytest.fixture
def actor(receptionist):
    return builders.actor_of(receptionist)


def found(actor, words):
    return [hit.customer.name for hit in queries.search(actor, words)]


def add(branch, name, card_no=None, **fields):
    """A customer whose card number no fixture uses."""
    return builders.make_customer(branch=branch, name=name, card_no=card_no or f"X{next(_numbers)}", **fields)


_numbers = itertools.count(1)


@pytest.fixture
def people(branch):
    """张晓梅 JA-000318 with two phones, and others who are like her in one way."""
    mei = builders.make_customer(branch=branch, name="张晓梅", card_no="JA-000318", phone="13812346621")
    Phone.objects.create(customer=mei, number="021-6288 1234")
    builders.make_customer(branch=branch, name="赵雪萌", card_no="JA-001102", phone="13987650457")
    builders.make_customer(branch=branch, name="單慧敏", card_no="JA-000009", phone="13711112222")
    builders.make_customer(branch=branch, name="欧阳静", card_no="4e135", phone="15900001234")
    builders.make_customer(branch=branch, name="吕伟", card_no="JA-003180", phone="13812340000")
    builders.make_customer(branch=branch, name="Anna Smith", card_no="JA-000777", phone="+44 20 7946 0958")
    return mei


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("张", ["张晓梅"]),
        ("張曉", ["张晓梅"]),
        ("晓梅", ["张晓梅"]),
        ("张 晓梅", ["张晓梅"]),
        ("zhangx", ["张晓梅"]),
        ("ZHANG xiaomei", ["张晓梅"]),
        ("zhang'xiao'm", ["张晓梅"]),
        ("zxm", ["张晓梅", "赵雪萌"]),
        ("zhangxm", ["张晓梅"]),
        ("zhaoxm", ["赵雪萌"]),
        ("ouyj", ["欧阳静"]),
        ("oyj", ["欧阳静"]),
        ("shm", ["單慧敏"]),
        ("shanhui", ["單慧敏"]),
        ("danhui", ["單慧敏"]),
        ("dhm", ["單慧敏"]),
        ("单", ["單慧敏"]),
        ("單", ["單慧敏"]),
        ("lvwei", ["吕伟"]),
        ("lyuwei", ["吕伟"]),
        ("lüwei", ["吕伟"]),
        ("anna", ["Anna Smith"]),
        ("Anna Smith", ["Anna Smith"]),
        ("smith", ["Anna Smith"]),
        ("13812346621", ["张晓梅"]),
        ("138 1234 6621", ["张晓梅"]),
        ("+86 138-1234-6621", ["张晓梅"]),
        ("013812346621", ["张晓梅"]),
        ("１３８１２３４６６２１", ["张晓梅"]),
        ("1381234", []),
        ("1381234662", []),
        ("138 6621", []),
        ("138 1234", []),
        ("6621", ["张晓梅"]),
        ("457", []),
        ("50457", []),
        ("66 21", ["张晓梅"]),
        ("02162881234", ["张晓梅"]),
        ("1234", ["张晓梅", "欧阳静"]),
        ("9460958", []),
        ("442079460958", ["Anna Smith"]),
        ("0958", ["Anna Smith"]),
        ("318", ["张晓梅"]),
        ("9", ["單慧敏"]),
        ("JA-318", ["张晓梅"]),
        ("ja000318", ["张晓梅"]),
        ("JA-0003", ["张晓梅"]),
        ("4e135", ["欧阳静"]),
        ("4E1", ["欧阳静"]),
        ("zxm 6621", ["张晓梅"]),
        ("zxm6621", ["张晓梅"]),
        ("zxm-6621", []),  # made like a card number
        ("zxm6621 999", []),
        ("张138", []),
        ("zxm13812346621", ["张晓梅"]),
        ("6621 张", ["张晓梅"]),
        ("张 0457", []),
        ("zhang 138", []),
        ("梅", []),
        ("", []),
        ("   ", []),
        ("- -", []),
    ],
)
def test_everything_people_type_finds_whom_they_mean(actor, people, words, names):
    assert sorted(found(actor, words)) == sorted(names)


def test_an_exact_match_stands_first_then_who_came_last(actor, branch):
    today = actor.today
    for name, days in (("张雪", 400), ("张晓梅", 3), ("张雪梅", 1), ("赵小明", None)):
        last = today - timedelta(days=days) if days else None
        add(branch, name=name, last_visit_on=last)
    assert found(actor, "zx") == ["张雪", "张雪梅", "张晓梅", "赵小明"]
    assert found(actor, "张雪") == ["张雪", "张雪梅"]
    assert found(actor, "z") == ["张雪梅", "张晓梅", "张雪", "赵小明"]


def test_one_letter_finds_who_came_lately_among_many(actor, branch, monkeypatch):
    monkeypatch.setattr(queries, "FEW", 3)
    for n in range(8):
        add(branch, name=f"安{'一二三四五六七八'[n]}")
    add(branch, name="安最", last_visit_on=actor.today)
    assert found(actor, "a")[0] == "安最"


def test_a_surname_of_two_syllables_is_spelt_and_the_rest_are_initials(actor, branch):
    add(branch, name="欧阳晓梅")
    assert found(actor, "ouyangxm") == ["欧阳晓梅"]


def test_a_card_number_may_hold_characters(actor, branch):
    add(branch, name="张晓梅", card_no="贵宾001")
    assert found(actor, "贵宾001") == ["张晓梅"]
    assert found(actor, "贵宾") == []  # a name


@pytest.mark.parametrize(("words", "is_number"), [("张 318", True), ("z 318", True), ("晓梅 318", False), ("zhangxi 318", False)])
def test_the_word_that_narrows_down_most_is_looked_up(words, is_number):
    (alternative,) = terms.read(words)
    assert max(alternative, key=lambda word: word.weight).is_number == is_number


def test_a_whole_number_is_a_number_and_nothing_else():
    assert terms.full_number("+86 138-1234-6621") == "13812346621"
    assert terms.full_number("张13812346621") == ""


def test_a_number_means_exactly_the_cards_that_have_it(actor, people):
    assert [card.name for card in queries.by_number(actor, "13812346621")] == ["张晓梅"]


def test_a_merged_card_leads_to_the_surviving_one(actor, people, branch):
    add(branch, name="张小妹", card_no="JA-000778", merged_into=people)
    assert found(actor, "张小妹") == ["张晓梅"]
    assert found(actor, "JA-000778") == ["张晓梅"]
    assert sorted(found(actor, "zxm")) == ["张晓梅", "赵雪萌"]


def test_the_number_shown_is_the_one_that_was_typed(actor, people):
    assert [hit.number for hit in queries.search(actor, "02162881234")] == ["021-6288 1234"]
    assert [hit.number for hit in queries.search(actor, "晓梅 1234")] == ["021-6288 1234"]
    assert [hit.number for hit in queries.search(actor, "zxm 0216288")] == []
    assert [hit.number for hit in queries.search(actor, "晓梅")] == ["13812346621"]


def test_other_branches_are_not_found_by_their_names_or_parts_of_numbers(actor, people, stranger):
    other = builders.actor_of(stranger)
    for words in ("张晓梅", "zxm", "6621", "1381234662", "JA-000318", "318", "z", "02162881"):
        assert queries.search(other, words) == []


def with_guests(staff, words):
    """The hits as the page of the search box shows them."""
    actor = builders.actor_of(staff)
    guests, is_limited = queries.guests_by_phone(actor, words)
    assert not is_limited
    return queries.search(actor, words, guests=guests)


def test_a_full_number_of_another_branch_shows_a_guest_and_nothing_more(people, stranger, beautician):
    for words in ("13812346621", "+86 138 1234 6621", "02162881234"):
        (hit,) = with_guests(stranger, words)
        assert (hit.is_guest, hit.masked_name, hit.number, hit.hints) == (True, "张*", "", ())
    assert with_guests(beautician, "13812346621") == []


def test_beyond_the_limit_only_guests_are_shown_who_were_before(people, stranger, settings):
    settings.GUESTS_AN_HOUR = 1
    actor = builders.actor_of(stranger)
    asked = [queries.guests_by_phone(actor, number) for number in ("13812346621", "13987650457", "13812346621")]
    assert asked == [([people], False), ([], True), ([people], True)]


def test_a_guest_who_is_here_today_is_found_like_ones_own(people, stranger):
    other = builders.actor_of(stranger)
    GuestPass.objects.create(customer=people, branch=other.branch, business_date=other.today, user=stranger.user)
    assert [(h.customer, h.is_guest) for h in queries.search(other, "zxm")] == [(people, False)]
    assert [(h.customer, h.is_guest) for h in queries.search(other, "13812346621")] == [(people, False)]
    GuestPass.objects.update(business_date=other.today - timedelta(days=1))
    assert queries.search(other, "zxm") == []


def test_the_owner_finds_everybody_and_nobody_as_guest(people, owner, other_branch):
    add(other_branch, name="张雪", phone="13812346621")
    hits = queries.search(builders.actor_of(owner), "13812346621")
    assert sorted((h.customer.name, h.is_guest) for h in hits) == [("张晓梅", False), ("张雪", False)]


def test_a_beautician_finds_whom_she_serves(people, beautician, branch):
    actor = builders.actor_of(beautician)
    assert found(actor, "zxm") == []
    people.visits.create(
        branch=branch, status="expected", expected_on=actor.today, day=actor.today, assigned=beautician, recorded_at=actor.now
    )
    assert found(actor, "zxm") == found(actor, "6621") == found(actor, "晓") == ["张晓梅"]


def test_naughty_strings_are_searched_for_without_harm(actor, people):
    for words in naughty.NAUGHTY:
        assert all(hit.customer.pk for hit in queries.search(actor, words)), words


def test_a_name_of_naughty_text_is_found_by_its_beginning(actor, branch):
    for name in ("%张", "_x", "'; --", "{{7*7}}", "𠮷野", "=HYPERLINK"):
        add(branch, name=name)
    assert found(actor, "%张") == ["%张"]
    assert found(actor, "%") == ["%张"]
    assert found(actor, "𠮷") == ["𠮷野"]
    assert found(actor, "{{7") == ["{{7*7}}"]
    assert found(actor, "_") == []


def test_the_number_of_queries_does_not_grow(actor, people, branch, django_assert_num_queries, stub_panels):
    for n in range(15):
        add(branch, name=f"张{n}", phone=f"1380000{n:04d}")
    for words, hits in (("张", 16), ("张晓梅", 1), ("6621", 1)):
        with django_assert_num_queries(4):
            assert len(queries.search(actor, words)) == hits
    queries.search(actor, "13812346621")
    with django_assert_num_queries(13):  # a look into the log of the last hour, and whether it is a guest's
        guests, _is_limited = queries.guests_by_phone(actor, "13812346621")
        assert len(queries.search(actor, "13812346621", guests=guests)) == 1


def test_who_is_found_by_a_merged_card_is_told_with_its_name_and_number(actor, branch, django_assert_num_queries, stub_panels):
    kept, gone = add(branch, name="秦海璐"), add(branch, name="秦晓芳")
    Customer.objects.filter(pk=gone.pk).update(merged_into=kept)
    with django_assert_num_queries(5):
        [hit] = queries.search(actor, "秦晓芳")
    assert (hit.customer, hit.former) == (kept, [("秦晓芳", gone.card_no)])
    add(branch, name="李娜", merged_into=kept)
    assert [hit.former for hit in queries.search(actor, "秦晓芳")] == [[("秦晓芳", gone.card_no)]]  # not by that one
    [hit] = queries.search(actor, "秦海璐")
    assert (hit.customer, hit.former) == (kept, ())


def test_the_number_shown_is_the_one_typed_and_of_several_such_the_main_one(actor, branch, stub_panels):
    customer = add(branch, name="秦海璐", phone="13800001111")
    customer.phones.update(is_main=True)
    for number in ("13800002222", "13900003333"):
        customer.phones.create(number=number)
    for words, number in (("qhl", "1111"), ("13800001111", "1111"), ("2222", "2222"), ("qhl3333", "3333")):
        [hit] = queries.search(actor, words)
        assert hit.number.endswith(number), words


@pytest.fixture
def stub_panels(monkeypatch):
    """Higher floors show nothing, so that only this room's queries are counted."""
    monkeypatch.setattr(queries.panels, "collect", lambda slot, actor, objects: {each.pk: [] for each in objects})


TYPED = ["z", "zx", "zxm", "zhangxm", "张", "张晓梅", "晓梅", "138", "621", "6621", "13812346621", "JA-318", "318"]
TYPED += ["02162881234", "zxm13812346621", "xiaomei", "na 6621"]
TYPED += ["zxm 6621", "张 138", "zhang138", "138 6621"]


@pytest.mark.parametrize("words", TYPED)
@pytest.mark.parametrize("role", ["receptionist", "owner", "beautician"])
def test_the_search_reads_ranges_of_indexes_and_scans_no_table(words, role, people, request, monkeypatch):
    """Both databases' plans. What is read whole is the limited part of each arm, and the latest few by last visit."""
    statements = []
    monkeypatch.setattr(queries, "_rows", lambda arms, columns: statements.append(queries.statement(arms, columns)) or [])
    queries.search(builders.actor_of(request.getfixturevalue(role)), words)
    (statement,) = statements
    scans = scans_on_sqlite(*statement) if connection.vendor == "sqlite" else scans_on_postgresql(*statement)
    assert scans == []


def scans_on_sqlite(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [row[3] for row in cursor.fetchall()]
    whole = re.compile(r"^SCAN (c|p|customers_\w+|archives_\w+)\b|^SEARCH c .*\(branch_id=\?\)$")  # a table, or a branch of it
    return [step for step in steps if whole.match(step) and "last_visit" not in step]


def scans_on_postgresql(sql, params):
    """Tables as small as a test's are read whole for speed, so the planner is told not to where it has a choice, and that each
    row costs much, as a million do.
    """
    with connection.cursor() as cursor:
        for setting in ("enable_seqscan = off", "cpu_tuple_cost = 1000", "cpu_index_tuple_cost = 1000"):
            cursor.execute(f"SET LOCAL {setting}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    found, nodes = [], [each["Plan"] for each in plan]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        whole = "Scan" in node["Node Type"] and "Index Name" in node and "Index Cond" not in node
        if node["Node Type"] == "Seq Scan" or whole and "last_visit" not in node["Index Name"]:
            found.append((node["Node Type"], node.get("Relation Name"), node.get("Index Name")))
    return found


def test_the_plan_test_would_notice_a_scan(actor, people):
    scans = scans_on_sqlite if connection.vendor == "sqlite" else scans_on_postgresql
    assert scans("SELECT id FROM customers_customer c WHERE c.note >= %s", ["x"]) != []


def test_a_very_long_query_is_cut(actor, people):
    assert queries.search(actor, "张" * 100_000) == []
    assert terms.read("9" * 100_000) != []
    assert terms.read("318") != []  # by somebody of no branch


def test_ids_for_filters(actor, people):
    assert queries.ids_matching(actor, "zxm") == sorted(Customer.objects.filter(initials="zxm").values_list("pk", flat=True))
    assert queries.ids_matching(actor, "zxm", most=1) is None
    assert queries.ids_matching(actor, "nobody") == queries.ids_matching(actor, "  ") == []
    assert set(Customer.objects.filter(queries.fitting(actor, "zxm 6621"))) == {people}
