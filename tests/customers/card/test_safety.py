"""Safety notes: seen by everybody who serves her, added by anybody who may see her, retired, never deleted."""

from datetime import timedelta

import pytest
from django.urls import reverse

from customers.card import panels, services
from customers.card.models import Customer, SafetyNote
from salon.shop.models import Tag
from tests import builders
from tests.customers.card import filling


def add(client, customer, values):
    return filling.send(client, reverse("customers:safety_add", args=[customer.pk]), values, marker="substance")


@pytest.mark.parametrize("role", ["receptionist", "beautician", "manager", "owner"])
def test_every_role_adds_and_sees_it(request, role, customer, expected):
    client = builders.client_of(request.getfixturevalue(role))
    assert add(client, customer, {"kind": "allergy", "substance": "果酸", "remark": "发红"}).status_code == 302
    note = SafetyNote.objects.get()
    assert (note.tag.name, note.tag.kind, note.remark, note.noted_by) == (
        "果酸", Tag.INGREDIENT, "发红", request.getfixturevalue(role).user,
    )  # fmt: skip
    page = client.get(customer.get_absolute_url()).content.decode()
    assert page.count('<span class="chip bad"') >= 2  # in the head and in the sheet
    assert "果酸" in page
    customer.refresh_from_db()
    assert customer.version == 2


def test_a_known_tag_is_used_whatever_the_spelling(desk, customer):
    known = builders.make_tag("果酸")
    assert add(desk, customer, {"kind": "allergy", "substance": " 果 酸 "}).status_code == 302
    assert SafetyNote.objects.get().tag == known
    assert add(desk, customer, {"kind": "condition", "substance": "孕期"}).status_code == 302
    assert Tag.objects.get(name="孕期").kind == Tag.CONDITION
    assert Tag.objects.count() == 2


def test_the_same_again_is_refused_and_kept(desk, customer):
    add(desk, customer, {"substance": "果酸"})
    response = add(desk, customer, {"substance": "果酸", "remark": "第二次"})
    assert response.status_code == 422
    assert "This is noted already." in response.content.decode()
    assert filling.inputs(response, "substance")["remark"] == "第二次"
    assert SafetyNote.objects.count() == 1


@pytest.mark.parametrize("values", [{"substance": ""}, {"substance": " - . "}, {"substance": "x" * 41}, {"kind": "other"}])
def test_bad_input_is_refused(desk, customer, values):
    assert add(desk, customer, {"substance": "果酸"} | values).status_code == 422
    assert not SafetyNote.objects.exists()
    assert not Tag.objects.exists()


def test_sent_twice_it_is_one_note(desk, customer):
    url = reverse("customers:safety_add", args=[customer.pk])
    data = filling.inputs(desk.get(url), "substance") | {"substance": "果酸"}
    assert [desk.post(url, data).status_code for _each in range(2)] == [302, 302]
    assert SafetyNote.objects.count() == 1


def test_retiring_keeps_the_note_and_takes_it_off_the_line(desk, customer, receptionist):
    actor = builders.actor_of(receptionist)
    note = services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")
    url = reverse("customers:safety_retire", args=[customer.pk, note.pk])
    assert desk.post(url, {"ended_on": actor.today.isoformat()}).status_code == 302
    note.refresh_from_db()
    assert note.ended_on == actor.today
    assert not customer.safety_notes.in_force(actor.today).exists()
    page = desk.get(customer.get_absolute_url()).content.decode()
    assert '<span class="chip bad"' not in page
    assert "1 retired note" in page
    customer.refresh_from_db()
    version = customer.version
    assert desk.post(url, {"ended_on": actor.today.isoformat()}).status_code == 302  # again: nothing happens
    customer.refresh_from_db()
    assert customer.version == version
    assert add(desk, customer, {"substance": "果酸"}).status_code == 302  # and it can be noted anew
    assert SafetyNote.objects.count() == 2


def test_a_note_is_of_the_day_it_is_said_to_be_of_else_of_today(customer, receptionist):
    actor = builders.actor_of(receptionist)
    yesterday = actor.today - timedelta(days=1)
    for substance, on, noted_on in (("果酸", yesterday, yesterday), ("酒精", None, actor.today)):
        note = services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance=substance, noted_on=on)
        assert SafetyNote.objects.get(pk=note.pk).noted_on == noted_on


def test_a_note_ends_on_the_day_it_is_said_to_else_today_and_only_that_card_is_changed(customer, receptionist, branch):
    actor = builders.actor_of(receptionist)
    other = builders.make_customer(branch=branch)
    for substance, on, ended_on in (("果酸", actor.today - timedelta(days=1), None), ("酒精", None, actor.today)):
        given = {"noted_on": actor.today - timedelta(days=3), "kind": "allergy", "substance": substance}
        services.add_safety_note(actor=actor, customer=other, **given)  # the same of two people is not the same note
        note = services.add_safety_note(actor=actor, customer=customer, **given)
        services.retire_safety_note(actor=actor, note=note, ended_on=on)
        assert SafetyNote.objects.get(pk=note.pk).ended_on == (ended_on or on)
    versions = [Customer.objects.get(pk=card.pk).version for card in (customer, other)]
    services.retire_safety_note(actor=actor, note=note)  # once more: nothing is changed, here or elsewhere
    assert [Customer.objects.get(pk=card.pk).version for card in (customer, other)] == versions


def test_the_timeline_says_what_kind_of_note_it_was(customer, receptionist):
    actor = builders.actor_of(receptionist)
    for kind, substance in (("allergy", "果酸"), ("condition", "孕期")):
        services.add_safety_note(actor=actor, customer=customer, kind=kind, substance=substance)
    events = panels.timeline(actor, [customer])[customer.pk]
    assert {str(event.title) for event in events} == {"Card made", "Allergy noted: 果酸", "Contra-indication noted: 孕期"}


def test_a_day_that_cannot_be_is_refused(desk, customer, receptionist):
    actor = builders.actor_of(receptionist)
    note = services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")
    url = reverse("customers:safety_retire", args=[customer.pk, note.pk])
    for day in (actor.today + timedelta(days=1), actor.today - timedelta(days=1), ""):
        assert desk.post(url, {"ended_on": str(day)}).status_code == 422
    note.refresh_from_db()
    assert note.ended_on is None


def test_what_is_wrong_stands_beside_the_note_it_is_about(desk, customer, receptionist):
    actor = builders.actor_of(receptionist)
    first, second = (
        services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance=name) for name in ("果酸", "酒精")
    )
    page = desk.post(reverse("customers:safety_retire", args=[customer.pk, second.pk]), {"ended_on": ""}).content.decode()
    assert page.count("This field is required.") == 1
    at = {note: page.index(reverse("customers:safety_retire", args=[customer.pk, note.pk])) for note in (first, second)}
    error = page.index("This field is required.")
    assert max(note_at for note_at in at.values() if note_at < error) == at[second]


def test_other_people_and_other_cards(customer, stranger, beautician, other_branch, desk, receptionist):
    actor = builders.actor_of(receptionist)
    note = services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")
    add_url = reverse("customers:safety_add", args=[customer.pk])
    retire = reverse("customers:safety_retire", args=[customer.pk, note.pk])
    for client in (builders.client_of(stranger), builders.client_of(beautician)):  # who does not serve her
        assert client.get(add_url).status_code == 404
        assert client.post(add_url, {"substance": "x"}).status_code == 404
        assert client.post(retire, {"ended_on": actor.today}).status_code == 404
    elsewhere = builders.make_customer(branch=customer.branch)
    assert desk.post(reverse("customers:safety_retire", args=[elsewhere.pk, note.pk]), {}).status_code == 404
    assert desk.get(retire).status_code == 405
    assert desk.post(reverse("customers:safety_retire", args=[customer.pk, 10**30]), {}).status_code == 404


def test_one_that_ends_tomorrow_is_in_force_and_not_retired(desk, customer, receptionist):
    today = builders.actor_of(receptionist).today
    ends = (None, today + timedelta(days=1), today)
    notes = [
        SafetyNote.objects.create(customer=customer, tag=builders.make_tag(f"t{n}"), noted_on="2025-01-01", ended_on=end)
        for n, end in enumerate(ends)
    ]
    shown = desk.get(f"/customers/{customer.pk}/").context
    assert [sorted(note.pk for note in shown[name]) for name in ("safety_notes", "retired_notes")] == [
        [note.pk for note in notes[:2]],
        [notes[2].pk],
    ]
