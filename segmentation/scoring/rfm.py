"""RFM: recency, frequency and monetary scores from 1 (worst) to 5 (best), and the segments named after them.

Hughes, Strategic Database Marketing (1994), scores by quintiles. Ours are tie-safe: the score of a value is

    1 + floor(5 × L / N)        L: how many of the N values are strictly worse

so that equal values always score equally, whatever their order, and it works from five values up. It is kept as *bounds*,
the least value of each score above 1, which explain a score ("F 4 begins at 9 visit days") and let a database apply it.
"""

from bisect import bisect_left, bisect_right

SCORES = 5

NEW, PROMISING, POTENTIAL_LOYAL, LOYAL, CHAMPION = "new", "promising", "potential_loyal", "loyal", "champion"
NEED_ATTENTION, ABOUT_TO_SLEEP, AT_RISK, CANNOT_LOSE = "need_attention", "about_to_sleep", "at_risk", "cannot_lose"
HIBERNATING, LOST, LAPSED = "hibernating", "lost", "lapsed"

# Rows: R from 5 to 1; columns: FM from 1 to 5.
SEGMENTS = {
    5: (NEW, PROMISING, POTENTIAL_LOYAL, CHAMPION, CHAMPION),
    4: (PROMISING, PROMISING, POTENTIAL_LOYAL, LOYAL, CHAMPION),
    3: (ABOUT_TO_SLEEP, NEED_ATTENTION, NEED_ATTENTION, LOYAL, LOYAL),
    2: (HIBERNATING, ABOUT_TO_SLEEP, AT_RISK, AT_RISK, CANNOT_LOSE),
    1: (LOST, HIBERNATING, AT_RISK, CANNOT_LOSE, CANNOT_LOSE),
}
NAMES = tuple(dict.fromkeys(name for row in SEGMENTS.values() for name in row))  # without LAPSED, who have no scores


def bounds(ordered):
    """The least value that scores 2, 3, 4 and 5; None where no value does.

    `ordered`: a sequence of comparable values from worst to best, one per member of the scored set. For recency these are
    the days of the last visit, as numbers: the later, the better. An empty sequence gives four times None.
    """
    n = len(ordered)
    return tuple(_least(ordered, -(-score * n // SCORES)) for score in range(1, SCORES))


def _least(ordered, worse):
    """The least value with at least `worse` values strictly below it, or None."""
    if worse >= len(ordered):
        return None
    value = ordered[worse]
    if bisect_left(ordered, value) >= worse:
        return value
    after = bisect_right(ordered, value)
    return ordered[after] if after < len(ordered) else None


def score(value, bounds):
    """The score from 1 to 5 of a value, by the bounds of the set it belongs to."""
    return 1 + sum(bound is not None and value >= bound for bound in bounds)


def fm(f, m):
    """Frequency and monetary score in one: their mean, rounded half up."""
    return (f + m + 1) // 2


def segment(r, f, m):
    """The segment of three scores from 1 to 5; LAPSED for 0, 0, 0 (known, but without a paid visit day in the period)."""
    if r == f == m == 0:
        return LAPSED
    return SEGMENTS[r][fm(f, m) - 1]
