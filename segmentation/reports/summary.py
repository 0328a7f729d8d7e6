"""The first sheet of the owner's workbook: what grew and what fell, a year of months, branches and tiers, on one page."""

from bisect import bisect_left
from itertools import accumulate

from django.utils.translation import gettext as _

from salon.spreadsheets import xlsx
from segmentation.reports import breakdown, sales, words
from segmentation.runs.explain import period_words
from segmentation.runs.queries import overview
from segmentation.scoring import abc

COLUMNS, FIRST, OTHERS = 6, 24, 14  # how many, and how wide the first and the others are
CHARTS_AT = "H"  # the column right of the tables and a gap
WIDE, GAP = 14.5, 0.4  # centimetres of a chart and below it
POINTS = 28.35  # a centimetre


def sheet(month, run):
    """The Sheet of a month beside the month before and the year before; `run` is the current one, or None."""
    page, columns = _Page(), [xlsx.Column("", xlsx.ANY, FIRST), *(xlsx.Column("", xlsx.ANY, OTHERS) for _n in range(COLUMNS - 1))]
    totals = [sales.totals(each) for each in (month, month.ahead(-1), month.ahead(-12))]
    items = breakdown.moved(sales.by_item(month), sales.by_item(month.ahead(-1)))
    for sentence in words.sentences(month, totals, items):
        page.told(sentence)
    _figures(page, month, totals)
    _months(page, month, totals[1].net_fen)
    _branches(page, month)
    if run:
        _tiers(page, run)
    made = xlsx.Sheet(_("Summary"), columns, page.rows, has_titles=False, has_block=True, is_one_page=True)
    made.charts = page.charts(above=made.first_row - 1)
    return made


class _Page:
    """Tables under each other, and to their right the charts, which share the height."""

    def __init__(self):
        self.rows, self._drawn = [], []

    def line(self, look, *cells):
        self.rows.append(xlsx.Row(look, (*cells, *(None,) * (COLUMNS - len(cells)))))

    def told(self, sentence):
        """A sentence as wide as the tables: beyond them stand the charts, under which it would go on unseen."""
        lines = xlsx.lines_of(sentence, FIRST + (COLUMNS - 1) * OTHERS)
        self.rows.append(xlsx.Row(xlsx.SENTENCE, (sentence, *(None,) * (COLUMNS - 1)), lines))

    def table(self, title, titles, rows):
        """A table under its title; returns where its rows stand. Titles of figures stand at the right, as figures do."""
        self.line(xlsx.SECTION, title)
        beyond = (xlsx.Cell(xlsx.NOTHING, None),) * (COLUMNS - len(titles))
        self.rows.append(xlsx.Row(xlsx.HEADING, (titles[0], *(xlsx.Cell(xlsx.MONEY, each) for each in titles[1:]), *beyond)))
        first = len(self.rows)
        self.rows.extend((*row, *beyond) for row in rows)
        return range(first, len(self.rows))

    def chart(self, title, rows, **more):
        self._drawn.append((title, rows, more))

    def charts(self, above):
        """The charts, of a sheet where so many rows stand above these."""
        tops = [0, *accumulate(map(_height, self.rows))]
        each = tops[-1] / max(1, len(self._drawn))
        made = []
        for number, (title, rows, more) in enumerate(self._drawn):
            at = f"{CHARTS_AT}{above + 1 + bisect_left(tops, number * each)}"
            size = {"width": WIDE, "height": each / POINTS - GAP}
            made.append(xlsx.Chart(title, 0, (1,), above + rows[0] + 1, above + rows[-1] + 1, at, **size, **more))
        return made


def _height(row):
    return xlsx.HEIGHTS[row.look] * (row.lines or 1) if isinstance(row, xlsx.Row) else xlsx.HEIGHTS[xlsx.BODY]


def _figures(page, month, totals):
    before, year = month.ahead(-1), month.ahead(-12)
    now, then, long_ago = map(words.column_name, (month, before, year))
    titles = ("", now, then, _("Change on the month before"), long_ago, _("Change on the year before"))

    def row(label, show, figures):
        now, then, long_ago = figures
        changes = (words.growth(now, then), words.growth(now, long_ago))
        return label, show(now), show(then), xlsx.change(changes[0]), show(long_ago), xlsx.change(changes[1])

    page.table(
        _("The month in figures"),
        titles,
        [
            row(_("Consumption"), xlsx.money, [each.net_fen for each in totals]),
            row(_("Visits"), int, [each.visits for each in totals]),
            row(_("Customers"), int, [each.customers for each in totals]),
            row(_("New customers"), int, [each.new_customers for each in totals]),
            row(_("Consumption per visit"), xlsx.money, [each.per_visit_fen for each in totals]),
        ],
    )


def _months(page, month, before_fen):
    """`before_fen`: the consumption of the month before, on as many days. A month that is not over is compared with that, as
    above, and not drawn: a line of whole months would fall to it.
    """
    found = sales.by_month(month)
    rows, before = [], None
    for each, fen in found:
        before = before if each.is_whole else before_fen
        change = xlsx.change(None if before is None else words.growth(fen, before))
        rows.append((words.column_name(each), xlsx.money(fen), change))
        before = fen
    rows = page.table(_("Thirteen months"), (_("Month"), _("Consumption"), _("Change on the month before")), rows)
    title = _("Consumption by month") if month.is_whole else _("Consumption by month, whole months")
    drawn = len(found) if month.is_whole else len(found) - 1
    page.chart(title, rows[:drawn], is_line=True, from_zero=min(fen for _month, fen in found[:drawn]) >= 0)


def _branches(page, month):
    found = sales.by_branch(month)
    if not found:
        return
    whole = sum(max(0, fen) for _name, fen, _visits in found)
    rows = [(name, xlsx.money(fen), count, xlsx.share(fen / whole if whole else None)) for name, fen, count in found]
    rows = page.table(_("Branches"), (_("Branch"), _("Consumption"), _("Visits"), _("Share of the consumption")), rows)
    if len(found) > 1:
        page.chart(_("Consumption by branch"), rows)


def _tiers(page, run):
    found = overview(run)
    title = _("Tiers: %(period)s up to %(day)s") % {"period": period_words(run), "day": run.as_of}
    titles = (_("Tier"), _("Consumption"), _("Customers"), _("Share of the consumption"))
    of_tiers = [(tier, found.tiers[tier]) for tier in abc.CLASSES]
    rows = page.table(title, titles, [(t, xlsx.money(g.spent_fen), g.heads, xlsx.share(g.spent_share)) for t, g in of_tiers])
    page.chart(_("Consumption by tier"), rows, colours=tuple(f"tier-{tier.lower()}" for tier in abc.CLASSES))
