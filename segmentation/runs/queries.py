"""What a run says in sum: how many of each tier, what they spend, the grid of R × FM, who moved; and whether it is of today.

A manager asks for the home customers of a branch: their tiers are the company's, their shares are of the branch's total.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from customers.card.models import Customer
from salon import money
from salon.dates import months_before
from segmentation.runs import concentration
from segmentation.runs.explain import PROVISIONAL_MONTHS
from segmentation.runs.models import FAILED, STARTED, TierRun, TierSpan
from segmentation.runs.recompute import last_ended_day
from segmentation.scoring import abc, rfm

LARGE = 100_000  # customers of a branch
RUNS_SHOWN = 8
MOVERS_SHOWN = 5
UP, DOWN, NEW = "up", "down", "new"
FM = (F("f") + F("m") + 1) / 2


@dataclass(frozen=True)
class Group:
    """Some customers of a run: how many, what they spent, and both as shares (0 to 1) of all of them."""

    heads: int = 0
    spent_fen: int = 0
    head_share: float = 0.0
    spent_share: float = 0.0

    @property
    def each_fen(self):
        """What one of them spent on average."""
        return money.average(self.spent_fen, self.heads)


@dataclass(frozen=True)
class Cell(Group):
    """A cell of the grid: the group with one recency score and one FM."""

    r: int = 0
    fm: int = 0
    segment: str = ""


@dataclass(frozen=True)
class Overview:
    """A run in sum, for the company or the home customers of a branch. `provisional`: heads of newcomers."""

    run: object
    all: Group
    tiers: dict
    segments: dict
    grid: list
    provisional: int


def rows_of(run, branch=None):
    """The figures of a run, of one branch's home customers or of all."""
    return of_branch(run.figures(), branch) if branch else run.figures()


def of_branch(rows, branch):
    """Those of `rows` who are home customers of a branch.

    Where a large branch is a good part of all, its pages are found soonest along the order of the list, asking of each row
    whose it is; the customers of another are looked up and sorted. SQLite cannot know which, so the query says it.
    """
    home = Customer.objects.filter(branch=branch)
    if home[LARGE : LARGE + 1].exists():
        return rows.filter(Exists(home.filter(pk=OuterRef("customer"))))
    return rows.filter(customer__branch=branch)


def provisional_from(run):
    """Who first paid after this day is provisional in a run."""
    return months_before(run.as_of, PROVISIONAL_MONTHS)


def overview(run, branch=None):
    """The Overview of a run. One query."""
    provisional = Count("pk", filter=Q(first_paid_on__gt=provisional_from(run)))
    counted = rows_of(run, branch).annotate(fm=FM).values("tier", "r", "fm")
    counted = counted.annotate(heads=Count("pk"), spent=Coalesce(Sum("consumption_fen"), 0), provisional=provisional)
    cells = list(counted.values_list("tier", "r", "fm", "heads", "spent", "provisional", named=True))
    heads, spent = sum(cell.heads for cell in cells), sum(cell.spent for cell in cells)

    def group(kind, chosen, **place):
        of_heads, of_spent = sum(cell.heads for cell in chosen), sum(cell.spent for cell in chosen)
        return kind(of_heads, of_spent, _part(of_heads, heads), _part(of_spent, spent), **place)

    def of_segment(name):
        return [cell for cell in cells if _segment(cell) == name]

    return Overview(
        run=run,
        all=group(Group, cells),
        tiers={tier: group(Group, [cell for cell in cells if cell.tier == tier]) for tier in abc.CLASSES},
        segments={name: group(Group, of_segment(name)) for name in (*rfm.NAMES, rfm.LAPSED)},
        grid=[
            [
                group(Cell, [c for c in cells if (c.r, c.fm) == (r, fm)], r=r, fm=fm, segment=rfm.SEGMENTS[r][fm - 1])
                for fm in range(1, rfm.SCORES + 1)
            ]
            for r in rfm.SEGMENTS
        ],
        provisional=sum(cell.provisional for cell in cells),
    )


def _segment(cell):
    return rfm.SEGMENTS[cell.r][cell.fm - 1] if cell.r else rfm.LAPSED


def _part(part, whole):
    return part / whole if whole else 0.0


def concentration_of(run, branch, shown):
    """The Concentration behind an Overview of the same run and branch."""
    if branch is None:
        return concentration.of_run(run)
    rows = rows_of(run, branch)
    refunded = rows.filter(consumption_fen__lt=0).aggregate(sum=Coalesce(Sum("consumption_fen"), 0))["sum"]
    return concentration.of_rows(rows, shown.all.heads, shown.all.spent_fen - refunded)


# --- Who moved since the run before -----------------------------------------------------------------------------------


def run_before(run):
    """The published run before a published one, or None; a study has none."""
    return None if run.is_study else TierRun.objects.published().filter(pk__lt=run.pk).order_by("-pk").first()


def with_before(run, rows):
    """Of `rows` of a run those whose tier is new, each with `before`: her tier in the run before; None for who was in none.

    The span of before is the one this run closed, so a second run of the same day moves nobody once more. It is looked for
    among her few spans: the expression keeps SQLite from looking among all that the run closed.
    """
    hers = TierSpan.objects.filter(customer=OuterRef("customer")).annotate(closed_by=F("to_run_id") + 0)
    changed = rows.filter(from_run=run, tier_since=run.as_of)  # necessary, and cheap to ask first
    return changed.annotate(before=Subquery(hers.filter(closed_by=run.pk).values("tier")[:1]))


MOVED = {UP: Q(before__gt=F("tier")), DOWN: Q(before__lt=F("tier")), NEW: Q(before=None)}
_HOW = Case(*(When(condition, then=Value(kind)) for kind, condition in MOVED.items()))


@dataclass(frozen=True)
class Moves:
    """Who moved in a run since the one before, at `since`: heads by (tier before, tier now), "" for not among them, and how many
    went up, went down or are new.
    """

    since: object
    heads: dict
    by_kind: Counter = field(default_factory=Counter)

    def count(self, kind):
        """How many went up, down, or are new."""
        return self.by_kind[kind]

    def net(self, tier):
        """By how many heads a tier has grown."""
        return sum(n * ((now == tier) - (before == tier)) for (before, now), n in self.heads.items())


def moves(run, branch=None):
    """The Moves of a run, or None if there was none before it. Three queries."""
    before = run_before(run)
    if before is None:
        return None
    changed = with_before(run, rows_of(run, branch)).filter(Q(before=None) | ~Q(before=F("tier")))
    came = list(changed.annotate(how=_HOW).values_list("before", "tier", "how").annotate(heads=Count("pk")))
    gone = TierSpan.objects.filter(~Exists(TierSpan.objects.filter(customer=OuterRef("customer"), from_run=run)), to_run=run)
    if branch:
        gone = gone.filter(customer__branch=branch)
    left = gone.values_list("tier").annotate(heads=Count("pk"))
    by_kind = Counter()
    for _was, _tier, how, n in came:
        by_kind[how] += n
    heads = {(was or "", tier): n for was, tier, _how, n in came} | {(tier, ""): n for tier, n in left}
    return Moves(before, heads, by_kind)


def movers(run, kind, branch=None):
    """The customers who spend most of those who went up or down, with `before`. Two queries."""
    names = Prefetch("customer", Customer.objects.only("name"))  # of those shown, after they are sorted
    rows = with_before(run, rows_of(run, branch)).filter(MOVED[kind]).prefetch_related(names)
    return list(rows.order_by("-consumption_fen", "-customer_id")[:MOVERS_SHOWN])


# --- Which run, and is it of today ------------------------------------------------------------------------------------


def latest_runs():
    """The runs started last, whatever became of them, without their ladders."""
    return list(TierRun.objects.defer("ladder", "bounds").order_by("-pk")[:RUNS_SHOWN])


@dataclass(frozen=True)
class Lag:
    """What is wrong with the nightly run: the day it should have reached, the one it did (None: never), days between.

    `is_working`: a run is at it just now; `has_failed`: the last attempt was given up.
    """

    due: object
    reached: object
    days: int
    is_working: bool
    has_failed: bool


def lag(current, runs, now):
    """The Lag of the current tiers, or None if they are of the last business day that has ended. One query."""
    due = last_ended_day(now)
    if current and current.as_of >= due:
        return None
    latest = runs[0] if runs else None
    return Lag(
        due=due,
        reached=current and current.as_of,
        days=(due - current.as_of).days if current else 0,
        is_working=bool(latest and latest.status == STARTED),
        has_failed=bool(latest and latest.status == FAILED),
    )
