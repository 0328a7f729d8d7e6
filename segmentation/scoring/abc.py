"""ABC by share: the few who bring most of the consumption are A (Dickie, 1951: "ABC inventory analysis", on Pareto's law).

In order of amount, descending, `before` is the sum of all amounts strictly ahead and T the sum of all positive amounts:

    A  if 100 × before < 70 × T
    B  if 100 × before < 90 × T
    C  otherwise, and for every amount that is not positive

so whoever crosses a limit is still in the better class, and equal amounts are always in one class. Integers throughout.
The same rule serves customers and items.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, takewhile

CLASSES = A, B, C = "A", "B", "C"
SHARES = (70, 90)  # percent of the total where A and B end
BLOCK = 10_000


@dataclass(frozen=True)
class Bounds:
    """The least amounts in A and in B (None: nobody is) and the positive total T, all in the unit of the amounts."""

    a_from: int | None
    b_from: int | None
    total: int

    def class_of(self, amount):
        """A, B or C."""
        if self.a_from is not None and amount >= self.a_from:
            return A
        if self.b_from is not None and amount >= self.b_from:
            return B
        return C


def bounds(ordered, shares=SHARES):
    """The Bounds of a sequence of integer amounts in ascending order."""
    positive = ordered[bisect_right(ordered, 0) :]
    total = sum(positive)
    if not total:
        return Bounds(None, None, 0)
    # Who reaches a limit has a `before` below it; the next one has not, unless it has the same amount, and then it is no loss.
    return Bounds(*(_reaching(positive, -(-share * total // 100)) for share in shares), total)


def _reaching(ordered, limit):
    """The amount with which the sum of the greatest reaches a limit, which is at most the sum of all. Block by block, because
    adding up a million amounts one after another takes longer than anything else here.
    """
    ahead, end = 0, len(ordered)
    while ahead + (block := sum(ordered[max(0, end - BLOCK) : end])) < limit:
        ahead, end = ahead + block, end - BLOCK
    sums = accumulate(reversed(ordered[max(0, end - BLOCK) : end]), initial=ahead)
    return ordered[end - sum(1 for _ in takewhile(lambda including: including < limit, sums))]


def rank(ordered, amount):
    """1 + how many amounts are strictly greater."""
    return 1 + len(ordered) - bisect_right(ordered, amount)


def cumulative_share(ordered, amount):
    """The sum of all amounts of at least this one ÷ T, as (sum, T); (1, 1) for an amount that is not positive."""
    if amount <= 0:
        return 1, 1
    total = sum(ordered[bisect_right(ordered, 0) :])
    return sum(ordered[bisect_left(ordered, amount) :]), total


def is_top(ahead, count, percent):
    """True for one of the top `percent` of `count`, with `ahead` of them strictly ahead; so equals are in or out together."""
    return 100 * ahead < percent * count
