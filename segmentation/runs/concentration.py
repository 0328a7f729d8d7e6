"""80/20 as it is: how much of the consumption how few bring, of a whole company or of the home customers of a branch.

For a company the run's ladder holds the curve, and a few rows between two steps the exact point; a branch has no ladder, so
its amounts are read once. Amounts that are not positive count as heads only.
"""

from dataclasses import dataclass
from itertools import groupby

from segmentation.runs import ladder

TOPS = (1, 5, 10, 20)  # percent of heads whose share of the consumption is told
MOST = 80  # percent of the consumption, and how few bring it
POINTS = 100  # of the curve, about


@dataclass(frozen=True)
class Top:
    """The best `percent` of heads, equals together: how many they are, and their share of the consumption."""

    percent: int
    heads: int
    share: float


@dataclass(frozen=True)
class Concentration:
    """`tops` for each of TOPS; the `curve` as (share of heads, share of consumption); `heads` of `count` bring MOST percent.

    `total_fen` is the sum of the positive amounts.
    """

    count: int
    total_fen: int
    tops: list
    curve: list
    heads: int
    point: tuple


def first_of(percent, count):
    """The place of the last one who is among the best `percent` by counting alone; equals of that amount are in too."""
    return max(1, -(-percent * count // 100))


def least_of_top(rows, percent):
    """The least amount among the best `percent` of some rows of a run; None if there are none. Two queries."""
    count = rows.count()
    last = first_of(percent, count)
    return rows.order_by("-consumption_fen").values_list("consumption_fen", flat=True)[last - 1 : last].first()


def of_run(run):
    """The Concentration of all customers of a run. A constant number of queries for few rows."""
    count, total = run.universe, run.total_fen
    if not total:
        return _nothing(count)
    steps = [(0, 0), *((heads, spent) for _amount, heads, spent in reversed(run.ladder)), (count, total)]
    thin = max(1, len(steps) // POINTS)
    amounts = {percent: ladder.amount_at(run, first_of(percent, count)) for percent in TOPS}
    standings = ladder.standings(run, amounts.values())
    return Concentration(
        count=count,
        total_fen=total,
        tops=[_top(percent, standings[amounts[percent]], total) for percent in TOPS],
        curve=[(heads / count, spent / total) for heads, spent in [*steps[:-1:thin], steps[-1]]],
        **_point(_heads_for_most(run, steps, total), count, total),
    )


def _top(percent, standing, total):
    share = standing.share_fen / total if standing.total_fen == total else 1.0
    return Top(percent, standing.at_least, share)


def _heads_for_most(run, steps, total):
    """(heads, what they spent): the fewest who bring MOST percent. One query between two steps of the ladder."""
    place = next(n for n, (_heads, spent) in enumerate(steps) if 100 * spent >= MOST * total)
    (heads, spent), amounts = steps[place - 1], run.figures()
    if place - 1 > 0:
        amounts = amounts.filter(consumption_fen__lt=run.ladder[-(place - 1)][0])
    amounts = amounts.filter(consumption_fen__gte=run.ladder[-place][0])  # who is below the last step brings next to nothing
    for amount in amounts.order_by("-consumption_fen").values_list("consumption_fen", flat=True):
        heads, spent = heads + 1, spent + amount
        if 100 * spent >= MOST * total:
            break
    return heads, spent


def _point(found, count, total):
    heads, spent = found
    return {"heads": heads, "point": (heads / count, spent / total)}


def of_rows(rows, count, total):
    """The Concentration of `count` rows whose positive amounts sum to `total`. One query.

    Sorted here: in the order of the index every row would be fetched from another place.
    """
    if not total:
        return _nothing(count)
    amounts = rows.values_list("consumption_fen", flat=True).iterator(chunk_size=10_000)
    return of_amounts(sorted(amounts, reverse=True), count, total)


def of_amounts(amounts, count, total):
    """The same of amounts in descending order."""
    tops, curve, most = [], [(0.0, 0.0)], None
    heads, spent = 0, 0
    for amount, equals in groupby(amounts):
        here = sum(1 for _each in equals)
        if most is None and 100 * (spent + here * amount) >= MOST * total:
            few = -(-(MOST * total - 100 * spent) // (100 * amount))
            most = heads + few, spent + few * amount
        heads, spent = heads + here, spent + here * max(0, amount)
        tops += [Top(p, heads, spent / total) for p in TOPS[len(tops) :] if heads >= first_of(p, count)]
        if heads == count or heads / count - curve[-1][0] >= 1 / POINTS:
            curve.append((heads / count, spent / total))
    return Concentration(count=count, total_fen=total, tops=tops, curve=curve, **_point(most, count, total))


def _nothing(count):
    return Concentration(count, 0, [Top(percent, 0, 0.0) for percent in TOPS], [(0.0, 0.0)], 0, (0.0, 0.0))
