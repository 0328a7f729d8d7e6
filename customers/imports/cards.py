"""Storing many new cards at once: what create_card stores of one, with phone, address and the first entry of the history."""

from dataclasses import dataclass, field
from datetime import UTC, date
from operator import attrgetter

from django.db import connection

from customers.card.models import Address, Customer, Phone
from customers.card.search.terms import whole_number
from customers.card.services import next_card_no
from salon.access import TAIL, mask_phone
from salon.database import rows
from salon.shop.models import Branch

CARD = [column.attname for column in Customer._meta.concrete_fields]
PHONE = ["id", "customer_id", "number", "label", "is_main", "digits", "digits_reversed"]
ADDRESS = ["id", "customer_id", "province", "city", "district", "community", "street", "postcode"]
OF_A_HISTORY = {"history_id", "history_date", "history_change_reason", "history_type", "history_user"}
_card_row = attrgetter(*CARD)
_phone_row = attrgetter(*PHONE)


@dataclass(frozen=True)
class NewCard:
    """A card to be made. `fields` are Customer's; without name its number stands in.

    Without card_no it gets the branch's next number. With one that is taken elsewhere too, and with any that is made like a phone
    where there are other branches: else the answer would say whose phone it is. That one is kept as `old_no`.
    """

    fields: dict
    phones: tuple = ()
    address: dict = field(default_factory=dict)


class CardWriter:
    """Stores NewCards of one branch. Use it inside a transaction. `renumbered`: how many got another number than theirs.

    Numbers of another branch's series (JA-000123) are that branch's to give; with `everywhere` they may be borne all the same,
    and so may those that are made like a phone.
    """

    def __init__(self, branch, *, now, user=None, everywhere=False):
        self._branch, self._user, self.renumbered = branch, user, 0
        self._series = frozenset() if everywhere else _series_of_others(branch)  # empty where there is no other branch
        self._moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        self._tables = rows.Tables(
            of=rows.SharedTable,
            cards=(Customer, " ".join(CARD)),
            phones=(Phone, " ".join(PHONE)),
            addresses=(Address, " ".join(ADDRESS)),
        )

    def write(self, cards):
        """Store cards; returns their ids in order."""
        self._tables.begin()
        self._wanted = {card.fields.get("card_no") for card in cards} - {None, ""}
        self._taken = set(Customer.objects.filter(card_no__in=self._wanted).values_list("card_no", flat=True))
        bore = Customer.objects.filter(branch=self._branch, old_no__in=self._wanted)
        self._bore = set(bore.values_list("old_no", flat=True))  # by a card that was merged into one of another branch
        ids = [self._write(card) for card in cards]
        self._tables.store()
        for model, key in ((Customer, "id"), (Phone, "customer_id"), (Address, "customer_id")):
            self._record_origin(model, key, ids)
        return ids

    def _write(self, card):
        tables = self._tables
        pk = tables.cards.new_id()
        customer = Customer(pk=pk, branch_id=self._branch.pk, created_at=self._moment, **card.fields)
        if customer.card_no in self._taken or self._is_withheld(customer.card_no):
            customer.old_no, customer.card_no = "" if customer.card_no in self._bore else customer.card_no, ""
            self.renumbered += 1
        customer.card_no = customer.card_no or self._next_number()
        customer.set_keys(card.phones)
        if not customer.name:  # the number stands in, as far as anybody may read it
            customer.name = mask_phone(customer.card_no, TAIL) if customer.card_is_phone else customer.card_no
            customer.set_keys(card.phones)
        tables.cards.add(tuple(map(_stored, _card_row(customer))))
        seen = set()
        for number in card.phones:
            phone = Phone(pk=0, customer_id=pk, number=number, is_main=not seen)
            phone.set_keys()
            if phone.digits and phone.digits not in seen:
                phone.pk = tables.phones.new_id()
                tables.phones.add(tuple(map(_stored, _phone_row(phone))))
                seen.add(phone.digits)
        if card.address:
            parts = [card.address.get(part, "") for part in ADDRESS[2:]]
            tables.addresses.add((tables.addresses.new_id(), pk, *parts))
        return pk

    def _is_withheld(self, number):
        return _series(number) in self._series or bool(self._series and whole_number(number or ""))

    def _next_number(self):
        """The branch's next card number that neither a stored card nor one of these bears."""
        while (number := next_card_no(self._branch)) in self._wanted:
            pass
        return number

    def _record_origin(self, model, key, ids):
        """The first entry in the change history of these rows, in one statement for each thousand."""
        history, quoted = model.history.model, connection.ops.quote_name
        kept = ", ".join(quoted(each.column) for each in history._meta.concrete_fields if each.name not in OF_A_HISTORY)
        with connection.cursor() as cursor:
            for start in range(0, len(ids), 500):
                part = ids[start : start + 500]
                cursor.execute(
                    f"INSERT INTO {quoted(history._meta.db_table)} ({kept}, history_date, history_type, history_user_id) "  # noqa: S608
                    f"SELECT {kept}, %s, '+', %s FROM {quoted(model._meta.db_table)} "
                    f"WHERE {quoted(key)} IN ({', '.join(['%s'] * len(part))}) ORDER BY id",
                    [self._moment, self._user and self._user.pk, *part],
                )


def _series_of_others(branch):
    return frozenset(code.casefold() for code in Branch.objects.exclude(pk=branch.pk).values_list("code", flat=True))


def _series(number):
    """What stands before the serial of a number such as JA-000123: the code of a branch, perhaps."""
    code, _dash, serial = number.rpartition("-")
    return code.casefold() if serial.isdecimal() else None


def _stored(value):
    """A column's value as salon/database/rows.py takes it."""
    return value.isoformat() if isinstance(value, date) else value
