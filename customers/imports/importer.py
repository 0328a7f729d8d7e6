"""Importing customers: each row a card. Cards that exist are never changed: the same again is skipped, other content refused."""

from datetime import date

from django.utils.translation import gettext as _

from customers.card.models import Address, Customer, Phone
from customers.imports import card_rows
from customers.imports.cards import CardWriter, NewCard
from customers.imports.engine import Importer, RowError
from customers.imports.guesses import BARRED
from customers.imports.people import People
from salon import text
from salon.dates import business_date

COMPARED = (
    "name", "called", "gender", "birth_calendar", "birth_year", "birth_month", "birth_day", "wechat", "occupation", "interests",
    "skin_type", "source", "note",
)  # fmt: skip


class CustomerImporter(Importer):
    """Reads, checks and stores the rows of one file of customers of one branch."""

    run, in_file_order = None, True

    def __init__(self, spool, **options):
        super().__init__(spool, **options)
        self._today = business_date(self.now, cutoff_hour=self.branch.cutoff_hour, time_zone=self.branch.time_zone)

    # --- reading

    def check(self, rows):
        kept, refused = [], []
        for row in rows:
            data, problems = card_rows.read(row, self._today)
            key = None
            if not problems:
                try:
                    key = self._key(row, data)
                except RowError as error:
                    problems.append(str(error))
            if problems:
                refused.append((row.number, " ".join(problems)))
            kept.append(self.keep(row, key, data))
        self.spool.add(kept)
        self.spool.refuse(refused)

    def _key(self, row, data):
        """By what the customer can be found again: the card number, else the first phone. Raises RowError."""
        number, phones = data["fields"]["card_no"], data["phones"]
        if not number and not phones:
            raise RowError(_("There is neither a card number nor a phone, so the customer could not be found again."))
        return f"c{number}" if number else f"p{text.phone_digits(phones[0])}"

    # --- planning and storing

    def plan_chunk(self, groups):
        self.counts["customers"] += len(self._new(groups))

    def store(self, **how):
        self._writer = CardWriter(self.branch, now=self.now, user=self.user, everywhere=self.reach.everywhere)
        super().store(**how)
        self.counts["renumbered"] = self._writer.renumbered

    def store_chunk(self, groups):
        new = self._new(groups)
        if new:
            self._writer.write([_new_card(data) for data in new])
        self.counts["customers"] += len(new)

    def _new(self, groups):
        """The data of the cards that are to be made; other rows are skipped or refused here."""
        people = People(self.reach, self.guesses)
        firsts = [rows[0][1] for _key, rows in groups]
        people.look_up([d["fields"]["card_no"] for d in firsts], [d["phones"][0] for d in firsts if not d["fields"]["card_no"]])
        found = {key: _found(people, rows[0][1]) for key, rows in groups}
        stored = _stored({pk for ids in found.values() for pk in ids})
        for key, rows in groups:
            self.guesses.note(_phones_not_of(rows[0][1], found[key], stored))
        self._skipped = []
        made = [new for key, rows in groups if (new := self._verdict(rows, found[key], stored))]
        self.spool.skip(self._skipped)
        self.counts["skipped"] += len(self._skipped)
        return made

    def _verdict(self, rows, ids, stored):
        """The data to store of the rows of one customer, or None."""
        if any(map(self.guesses.bar, _asked(rows[0][1], ids))):
            self.spool.refuse((row, str(BARRED)) for row, _data in rows)
            return None
        if len(ids) > 1:
            self.spool.refuse((row, _("Several cards have this phone. Give the card number.")) for row, _data in rows)
            return None
        (first, kept), others = rows[0], rows[1:]
        refusal = self._refusal(kept, stored[ids[0]]) if ids else ""
        if refusal:
            self.spool.refuse([(first, refusal)])
        elif ids:
            self._skipped.append((first, ""))
        for row, data in others:
            self._compare(row, data, first, kept, refusal)
        return None if ids else kept

    def _refusal(self, data, card):
        """Why a row about a stored card is refused, or "" where it says what the card says.

        What another branch keeps is not compared: the answer would tell it.
        """
        if not self.reach.everywhere and card[0]["branch"] != self.branch.pk:
            return _("The card of this customer is kept by another branch.")
        differing = _differing(data, *card)
        return _("This card exists already, with another %(what)s.") % {"what": ", ".join(differing)} if differing else ""

    def _compare(self, row, data, first, kept, refusal):
        """A further row of a customer is compared with the first one only: a file has one guess at what a card says."""
        differing = _differing(data, kept["fields"], kept["phones"], kept["address"])
        if differing:
            reason = _("This customer stands in row %(row)d already, with another %(what)s.")
            refusal = reason % {"row": first, "what": ", ".join(differing)}
        if refusal:
            self.spool.refuse([(row, refusal)])
        else:
            self._skipped.append((row, _("Row %(row)d says this already; it was left out.") % {"row": first}))


def _found(people, data):
    """The ids of the cards a row may mean."""
    if data["fields"]["card_no"]:
        pk = people.card(data["fields"]["card_no"])
        return () if pk is None else (pk,)
    return people.phone(data["phones"][0])


def _asked(data, ids):
    """The numbers of a row that something is said of: the card's, and the phones where they are compared or looked for."""
    number = data["fields"]["card_no"]
    return [number, *(data["phones"] if ids or not number else ())]


def _phones_not_of(data, ids, stored):
    """Phones a row says of a stored card that has others."""
    own = {text.phone_digits(number) for pk in ids for number in stored[pk][1]}
    return [number for number in data["phones"] if ids and text.phone_digits(number) not in own]


def _stored(ids):
    """{id: (fields, phones, address parts)} of stored cards."""
    cards = {pk: ({}, [], {}) for pk in ids}
    for values in Customer.objects.filter(pk__in=ids).values("pk", "branch", "card_date", *COMPARED):
        values["card_date"] = values["card_date"].isoformat()
        cards[values["pk"]][0].update(values)
    for pk, number in Phone.objects.filter(customer__in=ids).values_list("customer", "number"):
        cards[pk][1].append(number)
    for values in Address.objects.filter(customer__in=ids).order_by("-pk").values("customer_id", *card_rows.ADDRESS):
        cards[values["customer_id"]][2].update(values)
    return cards


def _differing(data, fields, phones, address):
    """The names of what a row says and a card has not, as people call them; what the row does not say does not matter."""
    names = [name for name in COMPARED if _says(data["fields"].get(name)) and not _same(name, data["fields"], fields)]
    if data.get("says_card_date") and data["fields"]["card_date"] != fields.get("card_date"):
        names.append("card_date")
    titles = [str(Customer._meta.get_field(name).verbose_name) for name in names]
    if {text.phone_digits(number) for number in data["phones"]} - {text.phone_digits(number) for number in phones}:
        titles.append(str(Phone._meta.get_field("number").verbose_name))
    if any(address.get(part) != value for part, value in data["address"].items()):
        titles.append(str(Address._meta.verbose_name))
    return titles


def _says(value):
    return value not in (None, "")


def _same(name, said, stored):
    if name == "birth_calendar" and not (said.get("birth_month") or said.get("birth_year")):
        return True
    return said[name] == stored.get(name)


def _new_card(data):
    fields = dict(data["fields"])
    fields["card_date"] = date.fromisoformat(fields["card_date"])
    return NewCard(fields, tuple(data["phones"]), data["address"])
