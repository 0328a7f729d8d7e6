"""Importing visits: rows of a file become visits, each of one customer (or nobody) on one receipt and day."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from archives.imports import known, lines
from archives.imports.catalogue import Catalogue
from archives.imports.writing import VisitWriter
from customers.imports.cards import CardWriter, NewCard
from customers.imports.engine import Importer, RowError, companion_refused
from customers.imports.guesses import BARRED
from customers.imports.people import People, by_card_number, survivors_of
from salon.dates import business_date
from salon.money import MAX_BILL_FEN, format_money

MOST_LINES = 32_767


class Person(NamedTuple):
    """Whose visit a row is: the id of a card, or the number of a card that is yet to be made; neither for nobody."""

    customer: int | None = None
    new_card: str = ""


class VisitKey(NamedTuple):
    """What tells the visits of a file apart. Its text sorts by day, then by receipt."""

    on: date
    receipt_no: str
    person: Person

    def as_text(self):
        return json.dumps([self.on.isoformat(), self.receipt_no, *self.person], ensure_ascii=False)

    @classmethod
    def from_text(cls, packed):
        on, receipt_no, customer, new_card = json.loads(packed)
        return cls(date.fromisoformat(on), receipt_no, Person(customer, new_card))


@dataclass
class Draft:
    """A visit as the file has it. `customer` is an id or None; `new_card` the number of a card that is yet to be made."""

    on: date
    receipt_no: str
    rows: list
    entries: list
    customer: int | None = None
    new_card: str = ""
    is_within_reach: bool = True

    @property
    def identity(self):
        return self.receipt_no, self.on, self.new_card or self.customer

    @property
    def receipt(self):
        """What visits of one bill share; a visit without a receipt number has a bill of its own."""
        return (self.on, self.receipt_no) if self.receipt_no else (self.on, self.rows[0])

    @property
    def content(self):
        """A digest of the rows, whatever their order."""
        parts = sorted(json.dumps(lines.content(entry), ensure_ascii=False) for entry in self.entries)
        return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


class VisitImporter(Importer):
    """Reads, checks and stores the rows of one file of visits at one branch. `run` is set before something is stored."""

    run = None

    def __init__(self, spool, **options):
        super().__init__(spool, **options)
        self._today = business_date(self.now, cutoff_hour=self.branch.cutoff_hour, time_zone=self.branch.time_zone)
        self._people = People(self.reach, self.guesses)
        self._catalogue = Catalogue(self.branch, self.user)

    # --- reading

    def check(self, rows):
        read = [(row, *lines.read(row, self._today)) for row in rows]
        entries = [entry for _row, entry, _problems in read]
        self._people.look_up([e.card_no for e in entries], [e.phone for e in entries if not e.card_no])
        kept, refused = [], []
        for row, entry, problems in read:
            key = None
            try:
                key = self._key(entry)
            except RowError as error:
                problems.append(str(error))
            if problems:
                refused.append((row.number, " ".join(problems)))
            elif warning := lines.mismatch(entry):
                row.warn(warning)
            kept.append(self.keep(row, key, lines.packed(entry)))
        self.spool.add(kept)
        self.spool.refuse(refused)

    def _key(self, entry):
        """The visit a row belongs to, as text. None if that cannot be told. Raises RowError."""
        return VisitKey(entry.on, entry.receipt_no, self._person(entry)).as_text() if entry.is_placed else None

    def _person(self, entry):
        if entry.is_anonymous:
            return Person()
        if self.guesses.bar(entry.card_no or entry.phone):
            raise RowError(str(BARRED))
        if entry.card_no:
            pk = self._people.card(entry.card_no)
            if pk is not None:
                return Person(customer=pk)
            if self.create_customers:
                return Person(new_card=entry.card_no)
            raise RowError(self._unknown_number(entry.card_no))
        if not entry.phone:
            raise RowError(_("A name alone does not say whose visit this is: give the card number or the phone."))
        found = self._people.phone(entry.phone)
        if len(found) == 1:
            return Person(customer=found[0])
        if found:
            raise RowError(_("Several cards have the phone %(phone)s. Give the card number.") % {"phone": entry.phone})
        raise RowError(self._unknown_phone(entry.phone))

    def _unknown_number(self, number):
        """The same for a number that another branch's card bears and for one that no card bears."""
        if self.reach.everywhere:
            return _("There is no card with the number %(number)s.") % {"number": number}
        return _("This branch knows no card with the number %(number)s.") % {"number": number}

    def _unknown_phone(self, phone):
        if self.reach.everywhere:
            return _("No card has the phone %(phone)s.") % {"phone": phone}
        return _("This branch knows no card with the phone %(phone)s.") % {"phone": phone}

    def settle(self):
        self.spool.refuse_companions(companion_refused)

    # --- planning

    def must_stay_together(self, key, other):
        """Visits of one receipt are on one bill, if the receipt has a number."""
        one, two = VisitKey.from_text(key), VisitKey.from_text(other)
        return bool(one.receipt_no) and (one.on, one.receipt_no) == (two.on, two.receipt_no)

    def plan_chunk(self, groups):
        drafts = self._new_drafts(groups)
        names = set()
        for draft in drafts:
            if draft.new_card:
                names.add(("customer", draft.new_card))
            for entry in draft.entries:
                names.add(("item", json.dumps([entry.item, entry.kind], ensure_ascii=False)))
                names.update(("staff", name) for name in entry.staff)
        self.spool.note_names(names)
        self._count(drafts)

    def plan(self, progress=None):
        super().plan(progress)
        self.counts["customers"] = len(self.spool.names("customer"))
        self.counts["items"] = self._catalogue.count_new_items(json.loads(name) for name in self.spool.names("item"))
        self.counts["staff"] = self._catalogue.count_new_staff(self.spool.names("staff"))

    def _new_drafts(self, groups):
        """The visits of some groups that are to be stored; the others are skipped or refused here."""
        drafts = [_draft(key, rows) for key, rows in groups]
        self._resolve(drafts)
        stored = known.visits(self.branch, drafts)
        new, sizes = {}, _sizes(drafts)
        for draft in drafts:
            if reason := self._refusal(draft, stored, new, sizes):
                self.spool.refuse((row, reason) for row in draft.rows)
            elif draft.identity in stored:
                self.spool.skip((row, "") for row in draft.rows)
                self.counts["skipped"] += len(draft.rows)
                self.counts["skipped_visits"] += 1
            else:
                new[draft.identity] = draft
                self.tell(_equal_rows(draft))
        return list(new.values())

    def _resolve(self, drafts):
        """Cards may have been made, merged or moved to another branch since the rows were checked."""
        made = by_card_number({draft.new_card for draft in drafts if draft.new_card}, self.reach)
        moved = survivors_of({draft.customer for draft in drafts})
        for draft in drafts:
            if draft.new_card in made:
                draft.customer, draft.new_card = made[draft.new_card], ""
            draft.customer = moved.get(draft.customer, draft.customer)
        reached = self.reach.of(draft.customer for draft in drafts) | {None}
        for draft in drafts:
            draft.is_within_reach = draft.customer in reached

    def _refusal(self, draft, stored, new, sizes):
        if not draft.is_within_reach:
            return _("This branch does not know this customer any more.")
        if len(draft.rows) > MOST_LINES:
            return _("A visit has at most %(n)d lines.") % {"n": MOST_LINES}
        if draft.identity in new:
            return _("This visit stands in the file twice, under two numbers of one card.")
        if draft.identity in stored and not stored[draft.identity].is_same(draft):
            return _("This visit is stored already, with other content.")
        if sizes[draft.receipt] > MAX_BILL_FEN:
            return _("A receipt comes to at most %(most)s.") % {"most": format_money(MAX_BILL_FEN)}
        return ""

    def _count(self, drafts):
        for draft in drafts:
            self.counts["visits"] += 1
            self.counts["lines"] += len(draft.rows)
            self.counts["anonymous"] += draft.customer is None and not draft.new_card
            self.counts["amount_fen"] += sum(lines.money_of(entry).value_fen for entry in draft.entries)
            self.counts["last_day"] = draft.on.isoformat()  # they come in the order of their days
            self.counts["first_day"] = self.counts["first_day"] or self.counts["last_day"]

    # --- storing

    def store(self, **how):
        self._writer = VisitWriter(self.branch, self._catalogue, now=self.now, user=self.user, run=self.run)
        self._cards = CardWriter(self.branch, now=self.now, user=self.user, everywhere=self.reach.everywhere)
        super().store(**how)
        self.counts["renumbered"] = self._cards.renumbered
        self.counts["items"], self.counts["staff"] = self._catalogue.made_items, self._catalogue.made_staff

    def store_chunk(self, groups):
        drafts = self._new_drafts(groups)
        if drafts:
            self._make_cards(drafts)
            self._writer.write(drafts)
        self._count(drafts)

    def _make_cards(self, drafts):
        """Cards for the unknown numbers, with the first name and phone their rows give. Chunks come by day, so the first
        visit of a new card is in the chunk that makes it.
        """
        wanted = {}
        for draft in drafts:
            if draft.new_card:
                wanted.setdefault(draft.new_card, []).append(draft)
        cards = [_new_card(number, its) for number, its in wanted.items()]
        if not cards:
            return
        for its, pk in zip(wanted.values(), self._cards.write(cards), strict=True):
            for draft in its:
                draft.customer, draft.new_card = pk, ""
        self.counts["customers"] += len(cards)


def _new_card(number, drafts):
    entries = [entry for draft in drafts for entry in draft.entries]
    name = next((entry.name for entry in entries if entry.name), "")
    phone = next((entry.phone for entry in entries if entry.phone), "")
    first = min(draft.on for draft in drafts)
    return NewCard({"card_no": number, "name": name, "card_date": first}, (phone,) if phone else ())


def _equal_rows(draft):
    """(row, warning) of each row of a visit that says what an earlier one says: two lines, unless somebody looks."""
    first = {}
    for row, entry in zip(draft.rows, draft.entries) if draft.rows[1:] else ():
        said = json.dumps(lines.content(entry))
        if said in first:
            yield row, _("Row %(row)d of the same visit says exactly this; both are taken.") % {"row": first[said]}
        first.setdefault(said, row)


def _sizes(drafts):
    """{receipt: what its lines come to, given and given back together}: no payment of its bill can be larger."""
    sizes = Counter()
    for draft in drafts:
        sizes[draft.receipt] += sum(abs(lines.money_of(entry).value_fen) for entry in draft.entries)
    return sizes


def _draft(packed, rows):
    key = VisitKey.from_text(packed)
    entries = [lines.unpacked(data, on=key.on, receipt_no=key.receipt_no) for _row, data in rows]
    return Draft(key.on, key.receipt_no, [row for row, _data in rows], entries, *key.person)
