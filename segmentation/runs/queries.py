"""What a run says in sum: how many of each tier, what they spend, the grid of R × FM, who moved, how concentrated it is.

A manager asks for the home customers of a branch: their tiers are the company's, their shares are of the branch's total.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from segmentation.runs.models import StudyTier, TierSpan
from segmentation.scoring import abc, rfm

TOPS = (1, 5, 10, 20)  # percent of heads whose share of the consumption is told
POINTS = 100  # of the Pareto curve


@dataclass(frozen=True)
class Group:
    """Some customers of a run: how many, what they spent, and both as shares (0 to 1) of all of them."""

    heads: int = 0
    spent_fen: int = 0
    head_share: float = 0.0
    spent_share: float = 0.0


@dataclass(frozen=True)
class Cell(Group):
    """A cell of the grid: the group with one recency score and one FM."""

    r: int = 0
    fm: int = 0
    segment: str = ""


@dataclass
class Overview:
    """A run in sum, for the company or the home customers of a branch."""

    run: object
    all: Group
    tiers: dict
    segments: dict
    grid: list
    moves: dict = field(default_factory=dict)


def rows_of(run, branch=None):
    """The figures of a run: spans of a published one, rows of a study; of one branch's home customers, or of all."""
    rows = StudyTier.objects.filter(run=run) if run.is_study else TierSpan.objects.at(run)
    return rows.filter(customer__branch=branch) if branch else rows


def overview(run, branch=None):
    """The Overview of a run. Two queries."""
    counted = rows_of(run, branch).order_by().annotate(fm=(F("f") + F("m") + 1) / 2).values_list("tier", "r", "fm")
    cells = list(counted.annotate(heads=Count("pk"), spent=Coalesce(Sum("consumption_fen"), 0)))
    heads, spent = sum(cell[3] for cell in cells), sum(cell[4] for cell in cells)

    def group(kind, chosen, **place):
        of_heads, of_spent = sum(cell[3] for cell in chosen), sum(cell[4] for cell in chosen)
        return kind(of_heads, of_spent, _part(of_heads, heads), _part(of_spent, spent), **place)

    def of_segment(name):
        return [cell for cell in cells if _segment(cell) == name]

    return Overview(
        run=run,
        all=group(Group, cells),
        tiers={tier: group(Group, [cell for cell in cells if cell[0] == tier]) for tier in abc.CLASSES},
        segments={name: group(Group, of_segment(name)) for name in (*rfm.NAMES, rfm.LAPSED)},
        grid=[
            [
                group(Cell, [c for c in cells if c[1:3] == (r, fm)], r=r, fm=fm, segment=rfm.SEGMENTS[r][fm - 1])
                for fm in range(1, rfm.SCORES + 1)
            ]
            for r in sorted(rfm.SEGMENTS, reverse=True)
        ],
        moves=moves(run, branch),
    )


def _segment(cell):
    _tier, r, fm, *_sums = cell
    return rfm.SEGMENTS[r][fm - 1] if r else rfm.LAPSED


def _part(part, whole):
    return part / whole if whole else 0.0


def moves(run, branch=None):
    """{(tier before, tier now): heads} of those whose tier changed in this run; newcomers come from "". One query."""
    if run.is_study:
        return {}
    changed = rows_of(run, branch).filter(from_run=run, tier_since=run.as_of).exclude(previous_tier=F("tier"))
    counted = changed.order_by().values_list("previous_tier", "tier").annotate(heads=Count("pk"))
    return {(before, now): heads for before, now, heads in counted}


def movers(run, branch=None):
    """The spans behind `moves` that went up or down, the dearest first."""
    changed = (
        rows_of(run, branch).filter(from_run=run, tier_since=run.as_of).exclude(Q(previous_tier="") | Q(previous_tier=F("tier")))
    )
    return changed.select_related("customer").order_by("-consumption_fen", "pk")


@dataclass(frozen=True)
class Concentration:
    """How much of the consumption how few bring: `tops` {percent of heads: share}, `curve` [(heads, share)] both 0 to 1, and
    `heads_for_80`, the smallest share of heads that brings 80 %.
    """

    tops: dict
    curve: list
    heads_for_80: float


def concentration(amounts):
    """The Concentration of amounts in descending order; those that are not positive count as heads only."""
    count = len(amounts)
    total = sum(amount for amount in amounts if amount > 0)
    if not total:
        return Concentration(dict.fromkeys(TOPS, 0.0), [(0.0, 0.0)], 0.0)
    shares, above = [0.0], 0
    for amount in amounts:
        above += max(0, amount)
        shares.append(above / total)
    places = sorted({0, count, *range(0, count, max(1, count // POINTS))})
    return Concentration(
        tops={percent: shares[-(-percent * count // 100)] for percent in TOPS},
        curve=[(place / count, shares[place]) for place in places],
        heads_for_80=bisect_left(shares, 0.8) / count,
    )
