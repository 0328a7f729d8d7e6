"""The tiers of a run as a workbook: all customers, the dearest first, or the filtered list; and what each column means."""

from itertools import groupby
from operator import itemgetter

from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from salon import access
from salon.money import format_money
from salon.spreadsheets import xlsx
from segmentation.runs import ladder
from segmentation.runs.explain import is_provisional, period_words
from segmentation.runs.models import FINISHED, SEGMENT_NAMES, TierRun
from segmentation.runs.queries import rows_of

# The fixed names of `export_tiers`, in every language; other programs read them.
NAMES = (
    *("card_no", "name", "recency_days", "visit_days", "consumption", "r", "f", "m", "segment", "rank"),
    *("cumulative_share", "abc", "tier", "previous_tier", "tier_since"),
)
KINDS = {
    "recency_days": xlsx.WHOLE,
    "visit_days": xlsx.WHOLE,
    "consumption": xlsx.MONEY,
    "r": xlsx.WHOLE,
    "f": xlsx.WHOLE,
    "m": xlsx.WHOLE,
    "rank": xlsx.WHOLE,
    "cumulative_share": xlsx.SHARE,
    **dict.fromkeys(("abc", "tier", "previous_tier"), xlsx.MARK),
    "tier_since": xlsx.DAY,
}
WIDTHS = dict.fromkeys("rfm", 6)
STORED = (
    *("customer__card_no", "customer__name", "last_paid_on", "visit_days", "consumption_fen", "r", "f", "m", "segment", "abc"),
    *("tier", "previous_tier", "tier_since", "customer__card_is_phone"),
)


def last_finished():
    """The run finished last, a study too; None if there is none."""
    return TierRun.objects.filter(status=FINISHED).order_by("-finished_at", "-pk").first()


def titles():
    """The columns' names in the language in force."""
    return {
        "card_no": _("Card number"),
        "name": _("Name"),
        "recency_days": _("Recency (days)"),
        "visit_days": _("Paid visit days"),
        "consumption": _("Consumption"),
        "r": "R",
        "f": "F",
        "m": "M",
        "segment": _("Segment"),
        "rank": _("Rank"),
        "cumulative_share": _("Cumulative share"),
        "abc": "ABC",
        "tier": _("Tier"),
        "previous_tier": _("Tier before"),
        "tier_since": _("Tier since"),
    }


def sheet(run):
    """The Sheet of all customers of a run by the fixed English names; card numbers are whole."""
    return xlsx.Sheet("tiers", _columns(NAMES, {name: name for name in NAMES}), _rows(run, access.FULL, translated=False))


def sheet_in_words(run, actor):
    """The same in the language in force, with card numbers that are phones as the actor sees phones.

    While ABC alone makes the tier, its column would be the tier's once more: left out.
    """
    is_twice = not rows_of(run).exclude(tier=F("abc")).exists()
    kept = [name for name in NAMES if not (is_twice and name == "abc")]
    chosen = itemgetter(*map(NAMES.index, kept))
    rows = _rows(run, access.visibility(actor, "phone"), translated=True)
    return xlsx.Sheet(_("Customers"), _columns(kept, titles()), map(chosen, rows))


def _columns(names, titles):
    return [xlsx.Column(titles[name], KINDS.get(name, xlsx.TEXT), WIDTHS.get(name, 0)) for name in names]


def _rows(run, how, *, translated):
    """Rows in the order of NAMES; `how` phones are seen."""
    found = rows_of(run).order_by("-consumption_fen", "customer").values_list(*STORED).iterator(chunk_size=2000)
    for row, rank, share in ranked(found, run.total_fen, amount_of=itemgetter(4)):
        card_no, name, last_paid_on, days, amount, r, f, m, segment, abc, tier, previous, since, is_phone = row
        card_no = access.mask_phone(card_no, how) if is_phone else card_no
        shown = str(SEGMENT_NAMES[segment]) if translated else segment
        recency = (run.as_of - last_paid_on).days
        yield card_no, name, recency, days, amount, r, f, m, shown, rank, share, abc, tier, previous, since


def ranked(rows, total_fen, amount_of):
    """(row, rank, cumulative share) of each of `rows`, the dearest first. Equals share both.

    Equals are gathered to be counted, but not those who spent nothing: they can be half of all, and their share is the whole.
    """
    ahead = above_fen = 0
    for amount, equals in groupby(rows, key=amount_of):
        if amount > 0:
            equals = list(equals)
            above_fen += amount * len(equals)
        rank, share = 1 + ahead, above_fen / total_fen if total_fen else 1
        for row in equals:
            ahead += 1
            yield row, rank, share


def sheet_of_list(actor, run, found):
    """The Sheet of a Listing of figures with their customers: what its page shows, in its order."""
    first = _columns(NAMES, titles())
    added = [xlsx.Column(_("Newcomers")), *([xlsx.Column(_("Home branch"))] if actor.is_owner else [])]
    return xlsx.Sheet(_("Customers by tier"), [*first, *added], _rows_of_list(actor, run, found))


def _rows_of_list(actor, run, found):
    standings = None
    for some in found.every_row():
        standings = standings or ladder.Everybody(run)
        for f in some:
            standing, newcomer = standings[f.consumption_fen], is_provisional(f.first_paid_on, run.as_of)
            yield (
                f.customer.card_no_for(actor),
                f.customer.name,
                (run.as_of - f.last_paid_on).days,
                f.visit_days,
                f.consumption_fen,
                *(f.r, f.f, f.m),
                f.get_segment_display(),
                *(standing.rank, standing.share),
                *(f.abc, f.tier),
                *(("", None) if run.is_study else (f.previous_tier, f.tier_since)),
                _("provisional") if newcomer else "",
                *([f.customer.branch.name] if actor.is_owner else []),
            )


def as_computed(run):
    """What a file of a run knows of corrections: a study all up to its moment, any other run those known when it was computed."""
    at = {"at": date_format(timezone.localtime(run.finished_at), "DATETIME_FORMAT")}
    if run.is_study:
        return _("Visits are taken as corrected since, up to %(at)s.") % at
    return _("They are shown as they were computed, %(at)s; what was corrected later is not in them.") % at


def definitions(run):
    """[(term, what it means in this run)], with the bounds it used."""
    days, counts, amounts = (run.bounds[score] for score in "rfm")
    money = [None if fen is None else format_money(fen) for fen in amounts]
    return [
        (_("Data as of"), f"{run.as_of}"),
        (_("Period"), period_words(run) if run.start_on is None else f"{period_words(run)} (> {run.start_on}, ≤ {run.as_of})"),
        (_("Run"), f"{run.pk}" + (f" · {_('study')}" if run.is_study else "")),
        (_("Corrections"), as_computed(run)),
        (_("Customers"), f"{run.universe}"),
        (_("Recency (days)"), _("Days from the last paid visit day to the day of the data, over all time.")),
        (_("Paid visit days"), _("Different days with at least one line above zero, in the period.")),
        (_("Consumption"), _("Value of services and products in the period, refunds taken off, in yuan.")),
        ("R", _("Recency score 1 to 5: 1 + five times the share of customers who are strictly worse.") + _steps(days)),
        ("F", _("Frequency score 1 to 5, of paid visit days.") + _steps(counts)),
        ("M", _("Monetary score 1 to 5, of consumption.") + _steps(money)),
        (_("Segment"), _("By R and by FM = (F + M + 1) ÷ 2, rounded down.")),
        (_("Rank"), _("1 + how many customers spent strictly more.")),
        (_("Cumulative share"), _("What all with at least this amount spent, as a share of the whole positive consumption.")),
        ("ABC", _("A: those ahead brought less than 70%; B: less than 90%; C: all others.") + _steps(_cuts(run), "BA")),
        (_("Tier since"), _("The day of the run that first gave the tier, in the unbroken stretch.")),
    ]


def _cuts(run):
    a_from, b_from = run.bounds["abc"]
    return [None if fen is None else format_money(fen) for fen in (b_from, a_from)]


def _steps(bounds, names="2345"):
    """ " · 2 ≥ 3 · 3 ≥ 5": where each score or class begins."""
    return "".join(f" · {name} ≥ {bound}" for name, bound in zip(names, bounds, strict=True) if bound is not None)
