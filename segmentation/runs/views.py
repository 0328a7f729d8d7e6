"""The manager's pages of tiers: a run in sum, and its customers one by one."""

from dataclasses import dataclass
from functools import partial

from django import forms
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from customers.card.lists.views import MoreFilters
from customers.exports.registry import Kind
from customers.exports.services import answer
from salon import access, exports
from salon.database import replica
from salon.lists import Sort, listing
from salon.shop.models import Branch
from segmentation.runs import explain, export, ladder, pictures, queries
from segmentation.runs.filters import TierFilter
from segmentation.runs.models import FIGURES, TierRun
from segmentation.runs.queries import DOWN, NEW, UP
from segmentation.scoring import rfm

SORTS = {
    "rank": Sort(_("Best rank"), ("-consumption_fen", "-customer_id")),
    "consumption": Sort(_("Least consumption"), ("consumption_fen", "customer_id")),
    "recency": Sort(_("Longest away"), ("last_paid_on", "-customer_id")),
    "visit_days": Sort(_("Most visit days"), ("-visit_days", "-customer_id")),
}


class RunForm(forms.Form):
    """Which run is asked for; nothing: the current one."""

    run = forms.ModelChoiceField(TierRun.objects.finished(), required=False)


def opened_run(request, current):
    """The run a page shows: the one asked for by ?run=, else the current one. 404 for none such."""
    form = RunForm(request.GET)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data["run"] or current


def about(request, current, run, branch):
    """Context of what every page of tiers says: which run this is, of whom, and whether tonight's is missing."""
    runs = queries.latest_runs()
    return {
        "run": run,
        "current": current,
        "is_current": run == current,
        "period": run and explain.period_words(run),
        "seconds": run and (run.finished_at - run.started_at).total_seconds(),
        "branch": branch,
        "runs": runs,
        "lag": queries.lag(current, runs, request.actor.now),
    }


@require_safe
@replica.reading()
def overview(request):
    """A run in sum, for the branch asked for or, for the owner, for all."""
    actor, current = request.actor, TierRun.objects.current()
    run, branch = opened_run(request, current), _branch(request)
    context = about(request, current, run, branch)
    if actor.is_owner:
        context["branches"] = Branch.objects.visible_to(actor).order_by("name", "pk")
    if run is None:
        return render(request, "segmentation/runs/none_yet.html", context)
    shown = queries.overview(run, branch)
    few = queries.concentration_of(run, branch, shown)
    moves = queries.moves(run, branch)
    context |= {
        "shown": shown,
        "cards": [_card(run, shown, moves, tier) for tier in shown.tiers],
        "few": few,
        "top": next((top for top in few.tops if top.percent == 20), None),
        "pareto": pictures.pareto(shown, few),
        "shares": pictures.shares(shown),
        "segments": [(name, group) for name, group in shown.segments.items() if group.heads],
        "risk": _together(shown.segments[rfm.AT_RISK], shown.segments[rfm.CANNOT_LOSE]),
        "grid_most": max(cell.heads for row in shown.grid for cell in row),
        "scope": _scope(request, current, run, branch),
    }
    if moves:
        movers = [(kind, moves.count(kind), queries.movers(run, kind, branch)) for kind in (UP, DOWN)]
        context |= {"moves": moves, "pairs": _pairs(moves), "movers": movers}
    return render(request, "segmentation/runs/overview.html", context)


def _scope(request, current, run, branch):
    """What a link to the list must say besides its filter, so that it shows the same run and branch."""
    scope = {"branch": branch.pk} if branch and request.actor.is_owner else {}
    return scope if run == current else scope | {"run": run.pk}


def _together(*groups):
    return queries.Group(sum(each.heads for each in groups), sum(each.spent_fen for each in groups))


def _pairs(moves):
    """[(tier before, tier now, heads, filter of the list that shows them)]; who is gone is in no list."""
    found = []
    for (before, now), heads in sorted(moves.heads.items(), key=lambda pair: (pair[0][1] or "Z", pair[0][0])):
        query = {"was": before, "tier": now} if before else {"moved": NEW, "tier": now}
        found.append((before, now, heads, query if now else None))
    return found


def _branch(request):
    """Whose home customers are looked at: the manager's branch; of an owner's choice, or None for all."""
    actor, asked = request.actor, request.GET.get("branch")
    if not actor.is_owner:
        return actor.branch
    return access.get(actor, Branch.objects.all(), pk=asked) if asked else None


def _card(run, shown, moves, tier):
    begins = dict(zip("AB", run.bounds["abc"]))
    return {"tier": tier, "group": shown.tiers[tier], "begins": begins.get(tier), "net": moves.net(tier) if moves else 0}


@dataclass(frozen=True)
class Row:
    """A customer in the list: her figures, where they stand, and why in words."""

    figures: object
    standing: ladder.Standing
    told: explain.Explanation
    recency_days: int
    is_provisional: bool
    since: str


def _row(run, figures, standings):
    standing = standings[figures.consumption_fen]
    return Row(
        figures=figures,
        standing=standing,
        told=explain.explain(run, figures, standing),
        recency_days=(run.as_of - figures.last_paid_on).days,
        is_provisional=explain.is_provisional(figures.first_paid_on, run.as_of),
        since="" if run.is_study else explain.since(figures),
    )


def _found(request, run, branch):
    """The Listing of a run's customers, filtered and sorted."""
    rows = queries.rows_of(run, branch).select_related("customer__branch")
    rows = rows.only(*FIGURES, "customer__name", "customer__card_no", "customer__card_is_phone", "customer__branch__name")
    return listing(request, partial(TierFilter, opened=run, branch=branch), rows, sorts=SORTS, default="rank")


def _own_branch(actor):
    """Whose home customers the list holds: a manager's; the owner filters."""
    return None if actor.is_owner else actor.branch


@require_safe
@replica.reading()
def tier_list(request):
    """The customers of a run with their figures, filtered and sorted."""
    current = TierRun.objects.current()
    run, branch = opened_run(request, current), _own_branch(request.actor)
    context = about(request, current, run, branch)
    if run is None:
        return render(request, "segmentation/runs/none_yet.html", context)
    found = _found(request, run, branch)
    standings = ladder.standings(run, [figures.consumption_fen for figures in found.rows])
    context |= {
        "listing": found,
        "rows": [_row(run, figures, standings) for figures in found.rows],
        "more": Folded(found.filterset.form),
        "reset": "" if run == current else f"run={run.pk}",
    }
    return render(request, "segmentation/runs/list.html", context)


@require_safe
@replica.reading()
def tier_export(request):
    """The same list as a workbook, whole."""
    return answer(request, "tiers:export")


def prepared(request):
    """The list as a file (customers/exports)."""
    actor, run = request.actor, opened_run(request, TierRun.objects.current())
    found = run and _found(request, run, _own_branch(actor))
    if not found or found.errors:
        return None
    return exports.of_list(request, "tiers", export.sheet_of_list(actor, run, found), found, export.definitions(run))


EXPORT = Kind("tiers:export", "tiers:list", "tiers", _("Tiers"), prepared)


class Folded(MoreFilters):
    """The filters of the tier list that stand folded away; which run it is, is not one of them."""

    FIRST = ("q", "branch", "tier", "segment", "moved")

    def __init__(self, form):
        super().__init__(form)
        self.rest = [field for field in self.rest if field.name != "run"]
