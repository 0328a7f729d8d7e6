"""Whom a row of a file means: by card number, else by a phone number only one card has. Never by name."""

from django.db.models import F

from customers.card.models import Customer, Phone
from salon import text

KEPT = 50_000  # answers remembered at once
MOST_MERGES = 10


class People:
    """Answers by batches, remembering the last ones."""

    def __init__(self):
        self._by_card, self._by_digits = {}, {}

    def look_up(self, card_numbers, phones):
        """Ask the database for all that are not remembered; `card` and `phone` answer then."""
        self._by_card = {} if len(self._by_card) > KEPT else self._by_card
        self._by_digits = {} if len(self._by_digits) > KEPT else self._by_digits
        cards = {number for number in card_numbers if number} - self._by_card.keys()
        digits = {text.phone_digits(phone) for phone in phones if phone} - self._by_digits.keys()
        self._by_card |= dict.fromkeys(cards) | by_card_number(cards)
        self._by_digits |= dict.fromkeys(digits, ()) | _by_digits(digits)

    def card(self, number):
        """The id of the card with this number (of the one it was merged into), or None."""
        return self._by_card[number]

    def phone(self, number):
        """The ids of the cards that have this number."""
        return self._by_digits[text.phone_digits(number)]


def by_card_number(numbers):
    """{card number: id of the card}; a card that was merged stands for the one it became."""
    if not numbers:
        return {}
    found = Customer.objects.filter(card_no__in=numbers).order_by().values_list("card_no", "pk", "merged_into")
    found = {number: (pk, into) for number, pk, into in found}
    survivors = survivors_of([pk for pk, into in found.values() if into])
    return {number: survivors.get(pk, pk) for number, (pk, _into) in found.items()}


def survivors_of(ids):
    """{id: id of the card it was merged into, in the end} for those of these cards that were merged."""
    ends = {pk: pk for pk in ids}
    for _step in range(MOST_MERGES):
        into = Customer.objects.filter(pk__in=set(ends.values()), merged_into__isnull=False).order_by()
        into = dict(into.values_list("pk", "merged_into"))
        if not into:
            break
        ends = {pk: into.get(end, end) for pk, end in ends.items()}
    return {pk: end for pk, end in ends.items() if pk != end}


def _by_digits(digits):
    found = {}
    rows = (
        Phone.objects.filter(digits__in=digits, customer__merged_into=None).order_by("customer")
        if digits
        else Phone.objects.none()
    )
    for each, pk in rows.values_list("digits", F("customer_id")):
        found[each] = (*found.get(each, ()), pk)
    return found
