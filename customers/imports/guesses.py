"""What stands behind the mask of a phone, 138****6621, is one of ten thousand numbers, and a file has as many rows.

Who sees phones masked may bring files that name people by phone, and no honest file names many of one mask. So a number that
nobody has, but whose mask somebody's phone shows, is remembered for a day; after a few of one mask by one person, rows with
any number of that mask are refused alike, hit or miss. The bare command asks for nobody, and is not counted.

Of a number with fewer than eleven digits (Hong Kong, Taiwan) the mask shows no head, so that numbers share one by chance more
often: there more are allowed the more such numbers the person has asked, which a guesser gains little by.
"""

from collections import Counter, defaultdict
from datetime import timedelta

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from customers.card.models import Phone
from customers.card.search.terms import whole_number
from customers.imports.models import GuessedPhone
from customers.log.models import AccessEntry
from salon import text
from salon.access import MASKED, mask_phone

MOST = 5  # numbers of one mask that nobody has, asked by one person within PERIOD
# Masks without a head, by how many digits they end in: one more is allowed for each so many numbers asked. There are 10,000
# such masks (100), so that many honest numbers put a tenth of a number behind each: ten times less than what is allowed.
ONE_MORE_FOR = {4: 1_000, 2: 10}
PERIOD = timedelta(days=1)
MOST_NAMED = 5  # customers in the access log for one mask
BARRED = _("Too many numbers were tried that differ only where this one is masked. Give the card number, or try tomorrow.")


class Guesses:
    """The numbers one person has tried in vain, by mask. `user` None: the command, whose guesses do not count."""

    def __init__(self, *, user, branch, now):
        self._user, self._branch, self._now = user, branch, now
        self._shown = None
        self._tried, self._of_shape = defaultdict(set), Counter()
        if user:
            self._remember(GuessedPhone.objects.filter(user=user).values_list("mask", "digest"))

    def _remember(self, guesses):
        for mask, digest in guesses:
            self._tried[mask].add(digest)
            self._of_shape[_shape(mask)] += 1

    def note(self, numbers):
        """Remember these numbers (phones, or card numbers made like one) that nobody has who may be meant."""
        new = defaultdict(set)
        for digits in filter(None, map(whole_number, numbers if self._user else ())):
            mask = _mask(digits)
            if mask in self._masks_shown():
                new[mask].add(_digest(digits))
        rows = [(mask, digest) for mask in new for digest in new[mask] - self._tried[mask]]
        kept = [GuessedPhone(user=self._user, mask=mask, digest=digest, at=self._now) for mask, digest in rows]
        GuessedPhone.objects.bulk_create(kept, ignore_conflicts=True)
        were_full = {mask for mask in new if self._is_full(mask)}
        self._remember(rows)
        for mask in sorted(new.keys() - were_full):
            if self._is_full(mask):
                self._log(mask)

    def bar(self, number):
        """True if nothing is said of this number any more."""
        return self._is_full(_mask(whole_number(number or "")))

    def _is_full(self, mask):
        has_head, tail = shape = _shape(mask)
        more = 0 if has_head else self._of_shape[shape] // ONE_MORE_FOR.get(tail, 1)
        return len(self._tried.get(mask, ())) > MOST + more

    def _masks_shown(self):
        """The masks of all phones there are: asked once, and only for a file that names somebody unknown."""
        if self._shown is None:
            digits = Phone.objects.order_by().values_list("digits", flat=True)
            self._shown = set(map(_mask, digits.iterator(chunk_size=10_000)))
        return self._shown

    def _log(self, mask):
        """Whose phone was guessed at, for the access log of those customers."""
        tail = mask.rpartition("*")[2]
        phones = Phone.objects.filter(digits_reversed__startswith=tail[::-1]).order_by("pk")
        meant = [pk for pk, digits in phones.values_list("customer", "digits") if _mask(digits) == mask]
        entry = {"user": self._user, "branch": self._branch, "action": AccessEntry.FIND, "field": "phone"}
        AccessEntry.objects.bulk_create(AccessEntry(customer_id=pk, **entry) for pk in dict.fromkeys(meant[:MOST_NAMED]))


def forget(now):
    """Delete what no longer counts: called before a file is taken, so that what is kept counts."""
    GuessedPhone.objects.filter(at__lte=now - PERIOD).delete()


def _mask(digits):
    return mask_phone(digits, MASKED)


def _shape(mask):
    """(whether a mask shows the first digits, how many it shows of the last)."""
    head, tail = mask[: mask.find("*")], mask.rpartition("*")[2]
    return bool(head), len(tail)


def _digest(digits):
    return salted_hmac("customers.imports.guesses", text.phone_digits(digits)).hexdigest()[:16]
