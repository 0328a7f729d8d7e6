"""Two people edit one card: the second sees both values, and nothing is lost."""

import random

import pytest
from django.db import connection
from django.http import QueryDict
from django.urls import reverse

from customers.card import services, state
from customers.card.editing.entry import CardEntry
from customers.card.editing.three_way import merge, three_way
from customers.card.models import Customer
from customers.card.services import RowEntry
from tests import builders
from tests.customers.card import filling


def text_of(response):
    return response.content.decode()


@pytest.fixture
def card(manager, branch):
    return services.create_card(
        actor=builders.actor_of(manager),
        branch=branch,
        fields={"name": "张晓梅", "occupation": "教师", "note": "轻", "wechat": "old_id", "birth_month": 6, "birth_day": 1},
        rows={
            "phones": [RowEntry({"number": "13812346621", "label": "本人"}), RowEntry({"number": "02162345678"})],
            "addresses": [RowEntry({"city": "上海市", "street": "南京西路"})],
            "family": [RowEntry({"relation": "女儿", "name": "李小雨"})],
        },
    )


@pytest.fixture
def url(card):
    return reverse("customers:edit", args=[card.pk])


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


def race(first, second, url, hers, mine):
    """Both open the form, one saves, then the other; returns the second answer."""
    page_of_first, page_of_second = first.get(url), second.get(url)
    assert filling.send(first, url, hers, page=page_of_first).status_code == 302
    return filling.send(second, url, mine, page=page_of_second)


def test_what_only_they_changed_is_taken_over(desk, boss, card, url):
    response = race(boss, desk, url, {"occupation": "律师"}, {"note": "重"})
    assert response.status_code == 409
    again = filling.inputs(response)
    assert (again["occupation"], again["note"], again["version"]) == ("律师", "重", "2")
    assert "顾敏" in text_of(response)
    card.refresh_from_db()
    assert (card.occupation, card.note) == ("律师", "轻")  # nothing of the second is stored yet
    assert filling.send(desk, url, {}, page=response).status_code == 302
    card.refresh_from_db()
    assert (card.occupation, card.note, card.version) == ("律师", "重", 3)


def test_what_both_changed_shows_both(desk, boss, card, url):
    hers, mine = ({"occupation": job, "family-0-name": name} for job, name in (("律师", "李大雨"), ("医生", "李小")))
    response = race(boss, desk, url, hers, mine)
    assert (response.status_code, response.context["entry"].conflicts) == (409, hers)
    assert filling.inputs(response)["occupation"] == "医生"
    assert '<bdi class="prose">律师</bdi>' in text_of(response)
    assert filling.send(desk, url, {}, page=response).status_code == 302
    card.refresh_from_db()
    assert card.occupation == "医生"
    assert [record.occupation for record in card.history.all()] == ["医生", "律师", "教师"]


def test_what_they_emptied_is_shown_as_empty(desk, boss, card, url):
    hers = {"occupation": "", "note": "", "family-0-name": ""}
    response = race(boss, desk, url, hers, {"occupation": "医生", "family-0-name": "李大雨"})
    entry = response.context["entry"]
    assert entry.conflicts == {"occupation": "–", "family-0-name": "–"}
    assert entry.taken == [("note", "–")]
    assert text_of(response).count('<bdi class="prose">–</bdi>') == 2


def test_the_same_change_twice_is_no_conflict(desk, boss, card, url):
    response = race(boss, desk, url, {"occupation": "律师"}, {"occupation": "律师"})
    assert response.status_code == 409
    assert "Stored meanwhile" not in text_of(response)


def test_a_third_save_in_between_is_seen_too(desk, boss, card, url):
    response = race(boss, desk, url, {"occupation": "律师"}, {"note": "重"})
    assert filling.send(boss, url, {"called": "张姐"}).status_code == 302
    response = filling.send(desk, url, {}, page=response)
    assert response.status_code == 409
    again = filling.inputs(response)
    assert (again["occupation"], again["called"], again["note"]) == ("律师", "张姐", "重")
    assert filling.send(desk, url, {}, page=response).status_code == 302


def test_masked_fields_never_show_theirs(desk, boss, card, url):
    hers = {"wechat": "secret_new", "phones-0-number": "13999998888", "addresses-0-street": "北京东路秘密", "health": "糖尿病"}
    mine = {"wechat": "mine_new", "phones-0-number": "13777776666", "addresses-0-street": "我的路", "health": "心脏病"}
    response = race(boss, desk, url, hers, mine)
    assert (response.status_code, "wechat" in response.context["entry"].conflicts) == (409, True)
    page = text_of(response)
    for secret in ("secret_new", "13999998888", "北京东路", "糖尿病"):
        assert secret not in page
    for hint in ("s****", "139****8888", "北****"):
        assert hint in page
    again = filling.inputs(response)
    assert (again["wechat"], again["phones-0-number"], again["addresses-0-street"]) == ("mine_new", "13777776666", "我的路")
    assert filling.send(desk, url, {}, page=response).status_code == 302
    card.refresh_from_db()
    assert (card.wechat, card.health) == ("mine_new", "糖尿病\n心脏病")
    assert [p.number for p in card.phones.all()] == ["13777776666", "02162345678"]


def test_a_masked_row_is_open_where_two_changed_it_and_else_folded(desk, boss, card, url):
    folded, opened = '<details class="full">', '<details class="full" open>'
    page = text_of(desk.get(url))
    assert (page.count(folded), page.count(opened)) == (1, 0)
    page = text_of(race(boss, desk, url, {"addresses-0-street": "北京东路"}, {"note": "重"}))
    assert (page.count(folded), page.count(opened)) == (1, 0)
    page = text_of(race(boss, desk, url, {"addresses-0-street": "北京西路"}, {"addresses-0-street": "我的路"}))
    assert (page.count(folded), page.count(opened)) == (0, 1)


def test_masked_fields_left_empty_keep_theirs(desk, boss, card, url):
    hers = {"wechat": "secret_new", "phones-0-number": "13999998888", "addresses-0-street": "北京东路"}
    response = race(boss, desk, url, hers, {"note": "重"})
    assert (response.status_code, response.context["entry"].conflicts) == (409, {})
    assert filling.send(desk, url, {}, page=response).status_code == 302
    card.refresh_from_db()
    assert (card.wechat, card.note) == ("secret_new", "重")
    assert card.phones.first().number == "13999998888"
    assert card.addresses.get().street == "北京东路"


def test_rows_both_added(desk, boss, card, url):
    hers = {"phones-2-number": "13900001111", "family-1-relation": "儿子"}
    mine = {"phones-2-number": "13900002222", "family-1-relation": "母亲"}
    response = race(boss, desk, url, hers, mine)
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert card.phones.count() == 4
    assert set(card.family.values_list("relation", flat=True)) == {"女儿", "儿子", "母亲"}


def test_the_same_phone_added_by_both_is_one(desk, boss, card, url):
    response = race(boss, desk, url, {"phones-2-number": "13900001111"}, {"phones-2-number": "139 0000 1111"})
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert card.phones.count() == 3


def test_a_row_they_removed_goes_and_comes_back_if_it_was_edited(desk, boss, card, url):
    response = race(boss, desk, url, {"phones-1-DELETE": "on", "family-0-DELETE": "on"}, {"family-0-name": "李大雨"})
    assert response.status_code == 409
    assert "021****5678" in text_of(response)
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert list(card.phones.values_list("number", flat=True)) == ["13812346621"]
    assert card.family.get().name == "李大雨"


def test_a_label_typed_for_a_phone_they_removed_is_at_least_said(desk, boss, card, url):
    response = race(boss, desk, url, {"phones-1-DELETE": "on"}, {"phones-1-label": "办公室"})
    assert "办公室" in text_of(response)
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert card.phones.count() == 1


def test_a_row_i_removed_and_they_changed_is_said(desk, boss, card, url):
    response = race(boss, desk, url, {"family-0-name": "李大雨"}, {"family-0-DELETE": "on"})
    assert response.context["entry"].conflicts == {"family-0-DELETE": "女儿 李大雨"}
    assert filling.inputs(response)["family-0-DELETE"] == "on"
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert not card.family.exists()


def test_two_main_numbers_are_a_question_at_once(desk, boss, card, url):
    hers = {"phones-0-is_main": None, "phones-1-is_main": "on"}
    mine = {"phones-0-is_main": None, "phones-2-number": "13900001111", "phones-2-is_main": "on"}
    response = race(boss, desk, url, hers, mine)
    assert response.status_code == 409
    assert "Only one number can be the main one." in text_of(response)
    assert filling.send(desk, url, {"phones-1-is_main": None}, page=response).status_code == 302
    assert card.phones.get(is_main=True).number == "13900001111"


def test_a_safety_note_in_between_is_said(desk, boss, beautician, card, url):
    page = desk.get(url)
    services.add_safety_note(actor=builders.actor_of(beautician), customer=card, kind="allergy", substance="果酸")
    response = filling.send(desk, url, {"note": "重"}, page=page)
    assert response.status_code == 409
    assert "果酸" in text_of(response)
    assert filling.send(desk, url, {}, page=response).status_code == 302


@pytest.mark.parametrize("version", ["", "0", "99", "-1", "abc", "9" * 40])
def test_a_version_that_never_was_loses_nothing(desk, card, url, version):
    response = filling.send(desk, url, {"version": version, "occupation": "医生", "called": "张姐"})
    assert response.status_code == 409
    assert "教师" in text_of(response)
    again = filling.inputs(response)
    assert (again["occupation"], again["called"]) == ("医生", "张姐")
    assert filling.send(desk, url, {}, page=response).status_code == 302
    assert card.phones.count() == 2
    assert card.addresses.count() == 1


def test_two_referrers(desk, boss, card, url, branch):
    builders.make_customer(branch=branch, name="王芳")
    builders.make_customer(branch=branch, name="李娜")
    response = race(boss, desk, url, {"referrer": "王芳"}, {"referrer": "李娜"})
    assert '<bdi class="prose">王芳</bdi>' in text_of(response)
    assert filling.send(desk, url, {}, page=response).status_code == 302
    card.refresh_from_db()
    assert card.referred_by.name == "李娜"


def test_the_service_itself_refuses_a_stale_version(receptionist, card):
    actor = builders.actor_of(receptionist)
    services.edit_card(actor=actor, customer=card, version=1, fields={"note": "a"})
    with pytest.raises(services.Stale):
        services.edit_card(actor=actor, customer=card, version=1, fields={"note": "b"})
    card.refresh_from_db()
    assert (card.note, card.version) == ("a", 2)


def test_the_card_as_it_was_at_each_version(receptionist, card):
    """Also when the clock goes backwards between saves, and when nothing but rows changed."""
    actor = builders.actor_of(receptionist)
    seen = [state.current(card)]
    phone = card.phones.first()
    for change in (
        {"rows": {"phones": [RowEntry(pk=phone.pk, values={"label": "换了"})]}},
        {"fields": {"note": "x"}, "rows": {"family": [RowEntry({"relation": "儿子"})]}},
        {"rows": {"phones": [RowEntry(pk=phone.pk, remove=True)]}},
        {"fields": {"name": "张三"}},
    ):
        card.refresh_from_db()
        back = builders.actor_of(receptionist, now=actor.now.replace(year=2001))
        card = services.edit_card(actor=back, customer=card, version=card.version, **{"fields": {}} | change)
        seen.append(state.current(card))
    assert [state.at_version(card, version) for version in range(1, 6)] == seen
    assert state.at_version(card, 6) is None


# --- the rule itself, and many random pairs --------------------------------------------------------------------------


def test_three_way():
    assert three_way("b", "b", "b") == ("b", False, False)
    assert three_way("b", "t", "b") == ("t", True, False)
    assert three_way("b", "b", "m") == ("m", False, False)
    assert three_way("b", "t", "m") == ("m", False, True)
    assert three_way("b", "x", "x") == ("x", False, False)


OPEN = {
    "name": ["张晓梅", "张三", "李四"],
    "called": ["", "张姐", "李姐"],
    "occupation": ["", "教师", "律师"],
    "note": ["", "轻", "重\n第二行"],
    "gender": ["", "female", "male"],
    "potential": ["", "high", "low"],
    "birth_day": ["1", "2", "3"],
    "skin_type": ["", "dry", "oily"],
}
MASKED = ["wechat"]


def posted_by(entry, version):
    """What a browser sends of an entry's form, as it was rendered."""
    form, data = entry.form, QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            value = "on" if value else None
        if value not in (None, ""):
            data[bound.html_name] = str(value)
    for formset in entry.formsets.values():
        for bound in formset.management_form:
            data[bound.html_name] = str(bound.value())
        for row in formset:
            for bound in row:
                if bound.value() not in (None, "", False):
                    data[bound.html_name] = "on" if bound.value() is True else str(bound.value())
    data["version"] = str(version)
    return data


def random_changes(chance, data):
    """A few changes to what was rendered: {input: value}."""
    changes = {name: chance.choice(values) for name, values in OPEN.items() if chance.random() < 0.3}
    if chance.random() < 0.3:
        changes["wechat"] = f"id{chance.randrange(1000)}"
    for n in range(2):
        if f"phones-{n}-id" in data and chance.random() < 0.3:
            kind = chance.choice(["number", "label", "DELETE"])
            value = {"number": f"139{chance.randrange(10**8):08d}", "label": chance.choice(["甲", "乙"]), "DELETE": "on"}[kind]
            changes[f"phones-{n}-{kind}"] = value
    if chance.random() < 0.3:
        total = int(data["family-TOTAL_FORMS"]) - 1
        changes[f"family-{total}-relation"] = f"亲戚{chance.randrange(10**6)}"
    return changes


def store(actor, card, entry, version):
    return services.edit_card(actor=actor, customer=card, version=version, **entry.to_store())


def is_valid_without_questions(entry):
    valid = entry.is_valid()
    return (
        valid or all(e.code == "warning" for e in entry.form.errors.as_data().get("__all__", [])) and len(entry.form.errors) == 1
    )


def test_of_fifteen_random_pairs_of_edits_none_is_lost(manager, receptionist, branch):
    edit_in_pairs(manager, receptionist, branch, pairs=15)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_of_hundreds_of_random_pairs_of_edits_none_is_lost(manager, receptionist, branch):
    edit_in_pairs(manager, receptionist, branch, pairs=250 if connection.vendor == "postgresql" else 150)


@pytest.fixture(autouse=True)
def without_limits(settings):
    """Hundreds of edits stand for weeks at a desk, in which phones are typed."""
    settings.FINDS_AN_HOUR = settings.FIND_MISSES_AN_HOUR = 1_000_000


def edit_in_pairs(manager, receptionist, branch, pairs):
    """Both render version v; the first saves, the second meets 409, saves the merged form. Then every change of the second
    stands, every change of the first stands where the second did not change the same, and what was replaced is in the history.
    """
    chance = random.Random(20261122)
    first, second = builders.actor_of(manager), builders.actor_of(receptionist)
    conflicts = 0
    for number in range(pairs):
        card = services.create_card(
            actor=first,
            branch=branch,
            fields={"name": f"张{number}", "occupation": "教师", "wechat": "id0", "birth_month": 6, "birth_day": 1},
            rows={"phones": [RowEntry({"number": "13800000001"}), RowEntry({"number": "13800000002"})]},
        )
        rendered = {who: posted_by(CardEntry(actor=who, customer=card), 1) for who in (first, second)}
        base = state.current(card)
        changes = {who: random_changes(chance, rendered[who]) for who in (first, second)}
        data = rendered[first].copy()
        data.update(changes[first])
        entry = CardEntry(actor=first, customer=Customer.objects.get(pk=card.pk), data=data)
        assert is_valid_without_questions(entry), entry.form.errors
        card = store(first, card, entry, 1)
        after_first = state.current(card)

        mine = rendered[second].copy()
        mine.update(changes[second])
        if card.version != 1:
            merged = merge(actor=second, customer=card, base=state.at_version(card, 1), theirs=after_first, posted=mine)
            conflicts += len(merged.conflicts)
            mine = merged.data
        entry = CardEntry(actor=second, customer=Customer.objects.get(pk=card.pk), data=mine)
        assert is_valid_without_questions(entry), (
            [(f.errors, f.non_form_errors()) for f in entry.formsets.values()],
            list(changes.values()),
        )
        card = store(second, card, entry, card.version)
        check_nothing_lost(card, base, after_first, state.current(card), changes[second])
    assert conflicts > pairs / 10  # the pairs did meet


def check_nothing_lost(card, base, after_first, final, changes_of_second):
    for name in [*OPEN, *MASKED]:
        wanted = changes_of_second.get(name)
        before = base.fields[name]
        changed = wanted is not None and wanted != ("" if before is None else str(before))
        expected = wanted if changed else after_first.fields[name]
        assert str(final.fields[name] or "") == str(expected or ""), (name, changes_of_second)
        if str(after_first.fields[name] or "") != str(final.fields[name] or ""):
            assert any(getattr(record, name) == after_first.fields[name] for record in card.history.all())
    numbers = {row["number"] for row in final.rows["phones"].values()}
    typed = {value for name, value in changes_of_second.items() if name.endswith("-number")}
    assert typed <= numbers
    removed = {n for n, pk in enumerate(base.rows["phones"]) if changes_of_second.get(f"phones-{n}-DELETE")}
    for n, pk in enumerate(base.rows["phones"]):
        theirs = after_first.rows["phones"].get(pk)
        if theirs and n not in removed and f"phones-{n}-number" not in changes_of_second:
            assert final.rows["phones"][pk]["number"] == theirs["number"]
        if theirs and f"phones-{n}-label" in changes_of_second:
            assert final.rows["phones"][pk]["label"] == changes_of_second[f"phones-{n}-label"]
    kin = {row["relation"] for row in final.rows["family"].values()}
    assert {row["relation"] for row in after_first.rows["family"].values()} <= kin
    assert {value for name, value in changes_of_second.items() if name.endswith("-relation")} <= kin
