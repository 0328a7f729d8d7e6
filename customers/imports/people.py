"""Whom a row of a file means: by card number, else by a phone number only one card has. Never by name.

A file may mean the customers its branch knows, and no others: else it would tell the branch of strangers, and change what
is known of them. The command and the owner mean everybody.
"""

from dataclasses import dataclass

from django.db.models import F

from customers.card.models import Customer, Phone
from salon import text
from salon.shop.models import Branch

KEPT = 50_000  # answers remembered at once
MOST_MERGES = 10


@dataclass(frozen=True)
class Reach:
    """Whom a file of `branch` may mean: everybody, or those whose card is the branch's or who were served there."""

    branch: Branch
    everywhere: bool = False

    def of(self, ids):
        """Those of these ids of cards that are within reach, as a set."""
        ids = set(ids)
        if self.everywhere:
            return ids
        own = set(Customer.objects.filter(pk__in=ids, branch=self.branch).values_list("pk", flat=True))
        return own | self._served(ids - own)

    def _served(self, ids):
        """Those with a visit at the branch that is done and came out of no file: a file cannot widen its own reach.

        The branch is compared as an expression, so that SQLite looks at the visits of these few and not at all of the branch.
        """
        if not ids:
            return set()
        visits = self.branch.visits.model.objects.filter(customer__in=ids, status="done", imported__isnull=True)
        here = visits.alias(at=F("branch_id") + 0).filter(at=self.branch.pk)
        return set(here.values_list("customer", flat=True).distinct())


class People:
    """Answers by batches within a Reach, remembering the last ones; what is asked in vain counts among the Guesses."""

    def __init__(self, reach, guesses):
        self._reach, self._guesses = reach, guesses
        self._by_card, self._by_digits = {}, {}

    def look_up(self, card_numbers, phones):
        """Ask the database for all that are not remembered; `card` and `phone` answer then."""
        self._by_card = {} if len(self._by_card) > KEPT else self._by_card
        self._by_digits = {} if len(self._by_digits) > KEPT else self._by_digits
        cards = {number for number in card_numbers if number} - self._by_card.keys()
        digits = {text.phone_digits(phone) for phone in phones if phone} - self._by_digits.keys()
        self._by_card |= dict.fromkeys(cards) | by_card_number(cards, self._reach)
        self._by_digits |= dict.fromkeys(digits, ()) | _by_digits(digits, self._reach)
        self._guesses.note(number for number in cards if self._by_card[number] is None)
        self._guesses.note(each for each in digits if not self._by_digits[each])

    def card(self, number):
        """The id of the card with this number (of the one it was merged into), or None."""
        return self._by_card[number]

    def phone(self, number):
        """The ids of the cards that have this number."""
        return self._by_digits[text.phone_digits(number)]


def by_card_number(numbers, reach):
    """{card number: id of the card} of those within reach; a card that was merged stands for the one it became.

    The branch's own card goes first, then its card that bore the number in the old system, then any other.
    """
    if not numbers:
        return {}
    columns = ("pk", "branch", "merged_into")
    bearing = Customer.objects.filter(card_no__in=numbers).values_list("card_no", *columns)
    bore = Customer.objects.filter(branch=reach.branch, old_no__in=numbers).values_list("old_no", *columns)
    found, own = {}, {}
    for number, pk, branch, into in bearing:
        (own if branch == reach.branch.pk else found)[number] = (pk, into)
    found |= {number: (pk, into) for number, pk, _branch, into in bore} | own
    survivors = survivors_of([pk for pk, into in found.values() if into])
    meant = {number: survivors.get(pk, pk) for number, (pk, _into) in found.items()}
    reached = reach.of(meant.values())
    return {number: pk for number, pk in meant.items() if pk in reached}


def survivors_of(ids):
    """{id of a card: id of the card it was merged into, in the end, or its own}."""
    ends = {pk: pk for pk in ids}
    for _step in range(MOST_MERGES):
        into = Customer.objects.filter(pk__in=set(ends.values()), merged_into__isnull=False)
        into = dict(into.values_list("pk", "merged_into"))
        if not into:
            break
        ends = {pk: into.get(end, end) for pk, end in ends.items()}
    return ends


def _by_digits(digits, reach):
    if not digits:
        return {}
    phones = Phone.objects.filter(digits__in=digits, customer__merged_into=None)
    pairs = list(phones.values_list("digits", F("customer_id")))
    reached, found = reach.of(pk for _digits, pk in pairs), {}
    for each, pk in pairs:
        if pk in reached:
            found[each] = (*found.get(each, ()), pk)
    return found
