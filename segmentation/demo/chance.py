"""Drawing by chance, the same way for the same seed on every machine: everything comes from `random()` of one generator."""

import random
from bisect import bisect_right
from itertools import accumulate


def generator(*subject):
    """A generator of its own for a subject, such as (seed, "JA", "cards"): a change of one does not shift the others."""
    return random.Random("/".join(map(str, subject)))  # noqa: S311 - nothing secret is drawn from it


class Weighted:
    """Values that are drawn in proportion to their weights."""

    def __init__(self, weights):
        """`weights`: {value: weight} or pairs (value, weight)."""
        pairs = list(weights.items() if isinstance(weights, dict) else weights)
        self.values = [value for value, _weight in pairs]
        self._sums = list(accumulate(weight for _value, weight in pairs))
        self._whole = self._sums[-1]
        self._last = len(pairs) - 1

    def draw(self, rng):
        return self.values[bisect_right(self._sums, rng.random() * self._whole, 0, self._last)]


def one_of(rng, values):
    """One of several values, each as likely."""
    return values[int(rng.random() * len(values))]


def between(rng, low, high):
    """A whole number from `low` to `high`, both included, each as likely."""
    return low + int(rng.random() * (high - low + 1))


def lines(text):
    """The lines of a block of text, without the indentation."""
    return [line.strip() for line in text.strip().splitlines()]


def words(text):
    """The words of a text."""
    return text.split()
