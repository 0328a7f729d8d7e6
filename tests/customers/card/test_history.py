"""The change history: who, when, what, from what to what."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.card import history, services
from customers.card.services import RowEntry
from tests import builders


@pytest.fixture
def boss(manager):
    return builders.actor_of(manager)


@pytest.fixture
def card(boss, branch):
    return services.create_card(
        actor=boss,
        branch=branch,
        fields={"name": "张晓梅", "occupation": "教师", "wechat": "zhang_secret", "health": "高血压", "birth_year": 1988},
        rows={
            "phones": [RowEntry({"number": "13812346621", "label": "本人"})],
            "addresses": [RowEntry({"city": "上海", "street": "南京路"})],
        },
    )


def change(actor, card, **kwargs):
    card.refresh_from_db()
    return services.edit_card(actor=actor, customer=card, version=card.version, **{"fields": {}} | kwargs)


def told(actor, card):
    """[(who, [(subject, field, before, after)])], newest first."""
    saves, _older = history.saves(actor, card)
    return [(save.by, [(c.subject, c.field, c.before, c.after) for c in save.changes]) for save in saves]


def test_each_save_is_told_once_with_before_and_after(boss, receptionist, card, branch, beautician):
    desk = builders.actor_of(receptionist)
    phone, address = card.phones.get(), card.addresses.get()
    referrer = builders.make_customer(branch=branch, name="王芳")
    change(desk, card, fields={"occupation": "律师", "gender": "female", "responsible": beautician, "referred_by": referrer})
    change(desk, card, rows={"phones": [RowEntry(pk=phone.pk, values={"number": "13900002222", "label": "先生"})]})
    change(boss, card, rows={"addresses": [RowEntry(pk=address.pk, remove=True)], "family": [RowEntry({"relation": "女儿"})]})
    note = services.add_safety_note(actor=desk, customer=card, kind="allergy", substance="果酸", remark="发红")
    services.retire_safety_note(actor=boss, note=note)
    saves = told(boss, card)
    assert [who for who, _changes in saves] == ["顾敏", "林晓彤", "顾敏", "林晓彤", "林晓彤", "顾敏"]
    retired, noted, rows, number, fields, made = [changes for _who, changes in saves]
    assert [(c[1], c[2]) for c in retired] == [("no longer since", "")]
    assert noted == [("safety note", "", "", "Allergy · 果酸 · 发红")]
    assert ("address", "", "上海南****", "") in rows
    assert ("family member", "", "", "女儿") in rows
    assert number == [
        ("phone 138****6621", "phone", "138****6621", "139****2222"),
        ("phone 138****6621", "whose or where", "本人", "先生"),
    ]
    assert fields == [
        ("", "gender", "", "Female"),
        ("", "occupation", "教师", "律师"),
        ("", "referred by", "", "王芳"),
        ("", "responsible", "", "陈美娟"),
    ]
    assert made == [("phone", "", "", "138****6621"), ("address", "", "", "上海南****")]


@pytest.mark.parametrize("role", ["receptionist", "manager", "owner"])
def test_what_is_masked_on_the_card_is_masked_in_its_history(request, role, boss, card):
    staff = request.getfixturevalue(role)
    change(
        boss, card, fields={"wechat": "other_secret", "health": "糖尿病", "birth_year": 1989, "birth_month": 6, "birth_day": 1}
    )
    phone, address = card.phones.get(), card.addresses.get()
    change(boss, card, rows={"phones": [RowEntry(pk=phone.pk, values={"number": "13900002222"})]})
    change(boss, card, rows={"addresses": [RowEntry(pk=address.pk, values={"street": "北京秘密"})]})
    page = builders.client_of(staff).get(reverse("customers:history", args=[card.pk])).content.decode()
    for secret in ("13812346621", "13900002222", "zhang_secret", "other_secret", "高血压", "糖尿病", "北京秘密"):
        assert secret not in page
    assert "139****2222" in page
    assert ("1988" in page) == (role != "receptionist")


def test_a_referrer_of_another_branch_is_not_named(receptionist, boss, card, other_branch):
    hidden = builders.make_customer(branch=other_branch, name="外店秘密")
    change(boss, card, fields={"referred_by": hidden})
    assert "a customer of another branch" in str(told(builders.actor_of(receptionist), card))
    assert "外店秘密" not in str(told(builders.actor_of(receptionist), card))


def test_a_card_number_is_masked_where_it_is_or_was_a_phone_of_this_card(receptionist, boss, card, branch):
    builders.make_customer(branch=branch, phone="13911112222")
    for number in ("A-1", "13911112222", "13812346621"):
        change(boss, card, fields={"card_no": number})
    shown = [changes[0][2:] for _who, changes in told(builders.actor_of(receptionist), card)[:3]]
    assert shown[:2] == [("13911112222", "138****6621"), ("A-1", "13911112222")]
    assert shown[2][1] == "A-1"


def test_what_others_did_since_a_version_is_told_and_nothing_before(receptionist, boss, card):
    desk = builders.actor_of(receptionist)
    services.add_safety_note(actor=boss, customer=card, kind="allergy", substance="酒精")
    seen = change(boss, card, fields={"note": "轻"}).version
    assert (history.who_since(card, seen), history.safety_since(boss, card, seen)) == ([], [])
    services.add_safety_note(actor=desk, customer=card, kind="allergy", substance="果酸")
    assert [who for who, _when in history.who_since(card, seen)] == ["林晓彤"]
    assert history.safety_since(boss, card, seen) == [("safety note", "Allergy · 果酸")]


def test_pages_neither_repeat_nor_skip(boss, card):
    for n in range(45):
        card = change(boss, card, fields={"note": f"n{n}"})
    seen, before = [], None
    for expected in (20, 20, 6):
        saves, before = history.saves(boss, card, before=before)
        assert len(saves) == expected
        seen += saves
    assert before is None
    changes = [save.changes[0] for save in seen[:-1]]
    assert [each.after for each in changes] == [f"n{n}" for n in reversed(range(45))]
    assert [each.before for each in changes] == [*(f"n{n}" for n in reversed(range(44))), ""]
    assert [save.is_first for save in seen] == [*[False] * 45, True]


def test_the_page_pages(desk, boss, card):
    for n in range(25):
        card = change(boss, card, fields={"note": f"value-{n}-"})
    url = reverse("customers:history", args=[card.pk])
    first = desk.get(url)
    assert "value-24-" in first.content.decode()
    assert "value-3-" not in first.content.decode()
    second = desk.get(url, {"before": first.context["older"]})
    assert "value-3-" in second.content.decode()
    assert "value-24-" not in second.content.decode()


@pytest.mark.parametrize("before", ["x", "2026-01-01", "2026-13-01T00:00:00+00:00", "\x00", "9" * 50])
def test_an_odd_moment_is_not_found(desk, card, before):
    assert desk.get(reverse("customers:history", args=[card.pk]), {"before": before}).status_code == 404


def test_who_may_read_it(card, beautician, stranger):
    url = reverse("customers:history", args=[card.pk])
    assert builders.client_of(beautician).get(url).status_code == 403
    assert builders.client_of(stranger).get(url).status_code == 404


def test_the_number_of_queries_is_constant(desk, boss, card, beautician):
    url = reverse("customers:history", args=[card.pk])
    change(boss, card, fields={"responsible": beautician}, rows={"family": [RowEntry({"relation": "女儿"})]})
    services.add_safety_note(actor=boss, customer=card, kind="allergy", substance="果酸")
    change(boss, card, fields={"note": "x"}, rows={"phones": [RowEntry({"number": "13900000000"})]})
    desk.get(url)
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    for n in range(15):
        card.refresh_from_db()
        phone = card.phones.last()
        change(boss, card, fields={"occupation": f"o{n}"}, rows={"phones": [RowEntry(pk=phone.pk, values={"label": f"l{n}"})]})
        services.add_safety_note(actor=boss, customer=card, kind="allergy", substance=f"物质{n}")
    with CaptureQueriesContext(connection) as many:
        desk.get(url)
    assert len(many) <= len(few) + 3  # a table that had no earlier record now has one to look up
    assert len(many) <= 32
