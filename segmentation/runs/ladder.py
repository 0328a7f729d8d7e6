"""Rank and cumulative share on read, exactly, without looking at everybody.

A run keeps some hundred *steps* of its distribution: an amount, how many customers have at least this much, and the sum of
what they spent. The standing of any amount is that of the next step above it plus the few customers in between, whom an
index finds.
"""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from django.db import connections, router

from segmentation.runs.models import StudyTier, TierSpan

STEPS = 500


@dataclass(frozen=True)
class Standing:
    """Where an amount stands: its rank among `count` customers (equals share it), and what all with at least this amount
    spent, as `share_fen` of `total_fen` (1 of 1 for an amount that is not positive). `at_least`: how many those are.
    """

    rank: int
    count: int
    share_fen: int
    total_fen: int
    at_least: int

    @property
    def share(self):
        """The cumulative share, 0 to 1."""
        return self.share_fen / self.total_fen


def steps(ordered):
    """[[amount, how many have at least it, the sum of their positive amounts]], ascending, about STEPS of them.

    `ordered`: the amounts of the universe, ascending. A step stands at the least of several equal amounts.
    """
    size = max(1, len(ordered) // STEPS)
    positive = ordered[bisect_right(ordered, 0) :]
    above = array("q", accumulate(reversed(positive), initial=0))  # by how many are ahead
    found, place = [], len(ordered)
    while place >= size:
        place = bisect_left(ordered, ordered[place - size])
        count = len(ordered) - place
        found.append([ordered[place], count, above[min(count, len(positive))]])
    return found[::-1]


def standings(run, amounts):
    """{amount: Standing} in a finished run. One query, however many amounts."""
    amounts = set(amounts)
    if not amounts:
        return {}
    parts, values = [], []
    for amount in amounts:
        step = _step_above(run.ladder, amount)
        source, params = _rows_of(run)
        between = "consumption_fen >= %s" if step is None else "consumption_fen >= %s AND consumption_fen < %s"
        parts.append(
            f"SELECT %s, COUNT(*), SUM(CASE WHEN consumption_fen > %s THEN 1 ELSE 0 END), "  # noqa: S608
            f"SUM(CASE WHEN consumption_fen > 0 THEN consumption_fen ELSE 0 END) FROM {source} AND {between}"
        )
        values += [amount, amount, *params, amount, *([] if step is None else [step[0]])]
    with connections[router.db_for_read(TierSpan)].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return {amount: _standing(run, amount, here, ahead or 0, int(spent or 0)) for amount, here, ahead, spent in cursor}


class Everybody:
    """The standing of any amount of a finished run, for who asks of very many: one reading of all amounts, 16 bytes a head."""

    def __init__(self, run):
        amounts = run.figures().order_by("consumption_fen").values_list("consumption_fen", flat=True)
        self._amounts = array("q", amounts.iterator(chunk_size=10_000))
        self._below = array("q", accumulate((max(0, fen) for fen in self._amounts), initial=0))  # sums of those before a place

    def __getitem__(self, amount):
        """The Standing of an amount somebody has."""
        count, total = len(self._amounts), self._below[-1]
        here = bisect_left(self._amounts, amount)
        share = (total - self._below[here], total) if amount > 0 else (1, 1)
        return Standing(1 + count - bisect_right(self._amounts, amount), count, *share, at_least=count - here)


def amount_at(run, place):
    """The amount of the customer at a place (1: the dearest), or None beyond the last. One query of few rows."""
    counts = [count for _amount, count, _spent in reversed(run.ladder)]  # ascending, from the dearest step down
    step = bisect_left(counts, place)
    rows = run.figures()
    if step < len(counts):
        rows = rows.filter(consumption_fen__gte=run.ladder[-1 - step][0])
    if step:
        rows = rows.filter(consumption_fen__lt=run.ladder[-step][0])
    offset = place - 1 - (counts[step - 1] if step else 0)
    return rows.order_by("-consumption_fen").values_list("consumption_fen", flat=True)[offset : offset + 1].first()


def _step_above(ladder, amount):
    place = bisect_right(ladder, amount, key=lambda step: step[0])
    return ladder[place] if place < len(ladder) else None


def _standing(run, amount, here, ahead, spent):
    step = _step_above(run.ladder, amount)
    count, above = (step[1], step[2]) if step else (0, 0)
    share = (above + spent, run.total_fen) if amount > 0 else (1, 1)
    return Standing(1 + count + ahead, run.universe, *share, at_least=count + here)


def _rows_of(run):
    if run.is_study:
        return f"{StudyTier._meta.db_table} WHERE run_id = %s", [run.pk]
    # An expression, so that SQLite begins with the amounts and not with all runs up to this one.
    return f"{TierSpan._meta.db_table} WHERE from_run_id + 0 <= %s AND (to_run_id IS NULL OR to_run_id > %s)", [run.pk, run.pk]
