"""The owner's workbook: one month of the company in one Excel file, with the tiers as they are."""

from django.utils.translation import gettext as _

from archives.visits import export as visits
from archives.visits.queries import with_details
from salon import exports, xlsx
from salon.shop.models import Item
from segmentation.reports import sales
from segmentation.runs import export as tiers
from segmentation.runs.explain import period_words
from segmentation.runs.models import TierRun
from segmentation.runs.queries import overview
from segmentation.scoring import abc

SOLD_AT_LEAST = 20  # items in the chart


def sheets(month, actor):
    """The sheets of a month: summary, customers with tiers (if there is a run), visits, items by sales, definitions."""
    run = TierRun.objects.current()
    yield _summary(month, run)
    if run:
        yield tiers.sheet(run, actor=actor)
    yield _visits(month, actor)
    yield _items(sales.by_item(month))
    yield exports.facts_sheet([*exports.about(actor), *_definitions(month), *(tiers.definitions(run) if run else ())])


def _summary(month, run):
    """Figures beside those of the month before and of a year ago; consumption by month and by tier, each with its chart."""
    rows, charts = [], []

    def table(*added):
        """The numbers of the first and last of these rows."""
        first = len(rows) + 1
        rows.extend(added)
        return {"first": first, "last": len(rows)}

    table((str(month), None, None, None), ("", str(month), str(month.ahead(-1)), str(month.ahead(-12))))
    table(*_compared([sales.totals(each) for each in (month, month.ahead(-1), month.ahead(-12))]), _gap())
    table((_("Month"), _("Consumption"), None, None))
    trend = table(*((str(each), xlsx.money(fen), None, None) for each, fen in sales.by_month(month)))
    charts.append(xlsx.Chart(_("Consumption by month"), 0, 1, anchor="F2", is_line=True, **trend))
    table(_gap(), (_("Branch"), _("Consumption"), _("Visits"), None))
    table(*((name, xlsx.money(fen), count, None) for name, fen, count in sales.by_branch(month)))
    if run:
        found = overview(run)
        of_run = {"period": period_words(run), "day": run.as_of}
        table(_gap(), (_("Tiers: %(period)s up to %(day)s") % of_run, None, None, None))
        table((_("Tier"), _("Consumption"), _("Customers"), _("Share of the consumption")))
        of_tiers = [(tier, found.tiers[tier]) for tier in abc.CLASSES]
        named = table(*((t, xlsx.money(g.spent_fen), g.heads, xlsx.share(g.spent_share)) for t, g in of_tiers))
        charts.append(xlsx.Chart(_("Consumption by tier"), 0, 1, anchor="F18", **named))
    columns = [xlsx.Column("", width=26), *(xlsx.Column("", xlsx.ANY, width=16) for _n in range(3))]
    return xlsx.Sheet(_("Summary"), columns, rows, charts, has_titles=False)


def _gap():
    return (None, None, None, None)


def _compared(totals):
    yield (_("Consumption"), *(xlsx.money(each.net_fen) for each in totals))
    yield (_("Visits"), *(each.visits for each in totals))
    yield (_("Customers"), *(each.customers for each in totals))
    yield (_("New customers"), *(each.new_customers for each in totals))
    yield (_("Consumption per visit"), *(xlsx.money(each.per_visit_fen) for each in totals))


def _visits(month, actor):
    found = with_details(sales.visits_of(month)).order_by("business_date", "pk").iterator(chunk_size=1000)
    return xlsx.Sheet(_("Visits"), visits.columns(actor), (visits.row(actor, visit) for visit in found))


def _items(found):
    """Items by sales, with a chart of the first ones' cumulative share."""
    kinds = dict(Item.KINDS)
    columns = [
        xlsx.Column(_("Item"), width=28),
        xlsx.Column(_("Category")),
        xlsx.Column(_("Kind")),
        xlsx.Column(_("Quantity"), xlsx.NUMBER),
        xlsx.Column(_("Sales"), xlsx.MONEY),
        xlsx.Column(_("Rank"), xlsx.WHOLE),
        xlsx.Column(_("Cumulative share"), xlsx.SHARE),
        xlsx.Column("ABC", width=8),
    ]
    rows = [(i.name, i.category, str(kinds[i.kind]), i.quantity_milli / 1000, i.value_fen, i.rank, i.share, i.abc) for i in found]
    last = 1 + min(len(rows), SOLD_AT_LEAST)
    charts = [xlsx.Chart(_("Items by sales"), 0, 4, 2, last, "J2")] if rows else []
    return xlsx.Sheet(_("Items"), columns, rows, charts)


def _definitions(month):
    return [
        (_("Month"), f"{month.first} – {month.last}"),
        (_("Consumption"), _("Value of services and products on their business date, refunds taken off, in yuan.")),
        (_("Visits"), _("Finished visits with at least one line above zero.")),
        (_("New customers"), _("Customers whose first paid visit ever is in the month.")),
        (_("Items"), _("Sales without a customer's name are included. Class by share: A to 70 %, B to 90 % of all sales.")),
    ]
