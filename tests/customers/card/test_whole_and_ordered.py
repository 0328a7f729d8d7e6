"""What is written of a card is written whole or not at all; what is read of it stands in the order it is meant to."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.card import services
from customers.card.models import Address, Customer, FamilyMember, SafetyNote
from customers.card.search import lookup, queries
from salon.database import replica
from tests import builders

OWN, GUEST = "13812346621", "13911112222"


class Broken(Exception):
    pass


def test_a_safety_note_is_noted_and_retired_with_its_card_or_not_at_all(receptionist, customer, monkeypatch):
    actor = builders.actor_of(receptionist)
    note = services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")

    def broken(*_arguments, **_how):
        raise Broken

    monkeypatch.setattr(Customer, "save", broken)
    with pytest.raises(Broken):
        services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="酒精")
    with pytest.raises(Broken):
        services.retire_safety_note(actor=actor, note=note)
    assert list(SafetyNote.objects.values_list("tag__name", "ended_on")) == [("果酸", None)]
    assert Customer.objects.get().version == 2


def test_only_the_card_that_is_changed_gets_a_new_version(receptionist, customer, branch):
    actor = builders.actor_of(receptionist)
    builders.make_customer(branch=branch)
    services.edit_card(actor=actor, customer=customer, version=1, fields={"note": "轻"})
    services.add_safety_note(actor=actor, customer=customer, kind="allergy", substance="果酸")
    assert list(Customer.objects.order_by("pk").values_list("version", flat=True)) == [3, 1]


def test_allergies_come_first_and_rows_in_the_order_they_were_entered(receptionist, customer):
    for kind, name in (("condition", "孕期"), ("allergy", "果酸"), ("allergy", "酒精")):
        SafetyNote.objects.create(customer=customer, kind=kind, tag=builders.make_tag(name), noted_on="2026-01-01")
    assert [str(note) for note in customer.safety_notes.all()] == ["果酸", "酒精", "孕期"]
    shown = queries.safety_of([customer.pk], builders.actor_of(receptionist).today)
    assert [str(note) for note in shown[customer.pk]] == ["果酸", "酒精", "孕期"]
    assert not queries.safety_of([], builders.actor_of(receptionist).today)
    addresses = [Address.objects.create(customer=customer, street=street) for street in "ab"]
    family = [FamilyMember.objects.create(customer=customer, relation=relation) for relation in "ab"]
    for rows, made in ((customer.addresses, addresses), (customer.family, family)):
        assert (list(rows.all()), list(rows.reverse())) == (made, made[::-1])


def test_whom_she_referred_stands_by_card_date_the_latest_first(desk, customer, branch):
    days = ("2025-03-01", "2026-01-01", "2025-03-01")
    first, second, third = (builders.make_customer(branch=branch, card_date=day, referred_by=customer) for day in days)
    assert list(desk.get(customer.get_absolute_url()).context["referred"]) == [second, third, first]


def test_of_more_than_are_shown_no_database_chooses_which(receptionist, customer, other_branch):
    """Without an order SQLite happens to keep that of the ids, PostgreSQL none."""
    actor = builders.actor_of(receptionist)
    builders.make_customer(branch=other_branch, phone=GUEST)
    with CaptureQueriesContext(connection) as asked:
        assert queries.by_number(actor, OWN)[:2]
        assert queries.search(actor, OWN)
        assert queries.guests_by_phone(actor, GUEST)[0]
        assert lookup.same_phone(actor, {OWN, GUEST}) == ([customer], True)
        assert lookup.same_name(actor, "张晓梅", branch=customer.branch) == [customer]
    cut = [
        query["sql"]
        for query in asked
        if re.match(r"SELECT .* FROM \"customers_(phone|customer)\".* LIMIT ([2-9]|\d\d)", query["sql"], re.DOTALL)
    ]
    assert len(cut) >= 5
    assert [sql for sql in cut if "ORDER BY" not in sql] == []


def test_the_list_as_a_file_is_read_from_the_copy_where_there_is_one(manager, monkeypatch):
    asked = []
    monkeypatch.setattr(replica, "has_copy", lambda: bool(asked.append(1)))
    response = builders.client_of(manager).get("/customers/export/")
    assert b"".join(response.streaming_content)
    response.close()
    assert asked
