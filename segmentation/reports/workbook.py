"""The owner's workbook: one month of the company in one Excel file, with the tiers as they are."""

from dataclasses import replace

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from archives.visits import export as visits
from archives.visits.bills.models import Payment
from archives.visits.queries import with_names
from salon import exports
from salon.lists import some_at_a_time
from salon.shop.models import Item
from salon.spreadsheets import xlsx
from segmentation.reports import breakdown, sales, summary, words
from segmentation.runs import export as tiers
from segmentation.runs.models import TierRun

SOLD_MOST = 15  # items in the chart
BESIDE = 14  # centimetres of a chart beside its rows


def sheets(month, actor):
    """The sheets of a month; of one that is not over, as far as it has come. Each says whose it is, of which month, made when."""
    month, run = month.so_far(actor.today), TierRun.objects.current()
    salon, about = exports.salon_name(), exports.made_line(actor, f"{month.first} – {month.last}", _("as corrected since"))
    for sheet in _sheets(month, run, actor):
        sheet.title, sheet.about = f"{salon} · {words.month_name(month)} · {sheet.name}", sheet.about or about
        sheet.has_block = True
        yield sheet


def _sheets(month, run, actor):
    yield summary.sheet(month, run)
    yield _staff(breakdown.by_staff(month), month)
    yield _means(breakdown.by_means(month), month)
    yield _days(breakdown.by_day(month))
    yield _items(sales.by_item(month))
    if run:
        yield replace(tiers.sheet_in_words(run, actor), about=exports.made_line(actor, tiers.as_computed(run)))
    yield _visits(month, actor)
    yield exports.facts_sheet([*exports.about(actor), *_definitions(month), *(tiers.definitions(run) if run else ())])


def _part(fen, whole):
    return fen / whole if whole > 0 else None


def _sums(rows, *names):
    return [sum(getattr(row, name) for row in rows) for name in names]


def _staff(found, month):
    whole, before = sum(row.total_fen for row in found), words.column_name(month.ahead(-1))
    columns = [
        xlsx.Column(_("Staff"), width=20),
        xlsx.Column(_("Branch"), width=18),
        xlsx.Column(_("Services"), xlsx.MONEY),
        xlsx.Column(_("Products"), xlsx.MONEY),
        xlsx.Column(_("Together"), xlsx.MONEY),
        xlsx.Column(_("Share"), xlsx.SHARE),
        xlsx.Column(_("Services done"), xlsx.WHOLE),
        xlsx.Column(_("Customers served"), xlsx.WHOLE),
        xlsx.Column(before, xlsx.MONEY),
        xlsx.Column(_("Growth"), xlsx.CHANGE),
    ]
    rows = [
        (
            *(row.name or _("Without anybody's name"), row.branch, row.services_fen, row.products_fen, row.total_fen),
            *(_part(row.total_fen, whole), row.services, row.customers or None, row.before_fen),
            words.growth(row.total_fen, row.before_fen),
        )
        for row in found
    ]
    services, products, past = _sums(found, "services_fen", "products_fen", "before_fen")
    total = (_("Together"), "", services, products, whole, _part(whole, whole), None, None, past, words.growth(whole, past))
    return _with_chart(_("By staff"), columns, rows, total, _chart(_("Sales by staff"), 0, (2, 3), ("accent", "tier-b")))


def _means(found, month):
    whole, names = sum(row.net_fen for row in found), dict(Payment.MEANS)
    columns = [
        xlsx.Column(_("Means of payment"), width=22),
        xlsx.Column(_("Payments"), xlsx.WHOLE),
        xlsx.Column(_("Received"), xlsx.MONEY),
        xlsx.Column(_("Refunded"), xlsx.MONEY),
        xlsx.Column(_("Net"), xlsx.MONEY),
        xlsx.Column(_("Share"), xlsx.SHARE),
        xlsx.Column(words.column_name(month.ahead(-1)), xlsx.MONEY),
        xlsx.Column(_("Growth"), xlsx.CHANGE),
    ]
    rows = [
        (
            *(str(names.get(row.means, row.means)), row.payments, row.received_fen, row.returned_fen or None, row.net_fen),
            *(_part(row.net_fen, whole), row.before_fen, words.growth(row.net_fen, row.before_fen)),
        )
        for row in found
    ]
    count, received, returned, past = _sums(found, "payments", "received_fen", "returned_fen", "before_fen")
    total = (_("Together"), count, received, returned, whole, _part(whole, whole), past, words.growth(whole, past))
    return _with_chart(_("By means of payment"), columns, rows, total, _chart(_("Received by means of payment"), 0, (4,)))


def _days(found):
    columns = [
        xlsx.Column(_("Day"), xlsx.DAY),
        xlsx.Column(_("Weekday"), width=12),
        xlsx.Column(_("Consumption"), xlsx.MONEY),
        xlsx.Column(_("Services"), xlsx.MONEY),
        xlsx.Column(_("Products"), xlsx.MONEY),
        xlsx.Column(_("Visits"), xlsx.WHOLE),
        xlsx.Column(_("New customers"), xlsx.WHOLE),
    ]
    rows = [
        (d.day, date_format(d.day, "l"), d.net_fen, d.services_fen, d.products_fen, d.visits, d.new_customers or None)
        for d in found
    ]
    sums = _sums(found, "net_fen", "services_fen", "products_fen", "visits", "new_customers")
    total = (_("Together"), "", *sums)
    chart = xlsx.Chart(_("Consumption by day"), 0, (2,), 0, 0, "", is_across=True, labels_format="d", width=BESIDE, height=20)
    return _with_chart(_("By day"), columns, rows, total, chart)


def _chart(title, labels, values, colours=("accent",)):
    return xlsx.Chart(title, labels, values, 0, 0, "", colours=colours, width=27, height=9)


def _with_chart(name, columns, rows, total, chart):
    """A Sheet of one page: rows, their total, and below them, or beside many of them, the chart."""
    made = xlsx.Sheet(name, columns, [*rows, xlsx.Row(xlsx.TOTAL, total)], has_block=True, is_one_page=True)
    if rows:
        last = made.first_row + len(rows) - 1
        at = f"A{last + 3}" if chart.width > BESIDE else f"{_right_of(columns)}{made.first_row - 1}"
        made.charts = [replace(chart, first=made.first_row, last=last, anchor=at)]
    return made


def _right_of(columns):
    return chr(ord("A") + len(columns) + 1)


def _items(found):
    """Items by sales, with a chart of those that brought most."""
    kinds = dict(Item.KINDS)
    columns = [
        xlsx.Column(_("Item"), width=28),
        xlsx.Column(_("Category")),
        xlsx.Column(_("Kind"), width=10),
        xlsx.Column(_("Quantity"), xlsx.NUMBER),
        xlsx.Column(_("Sales"), xlsx.MONEY),
        xlsx.Column(_("Rank"), xlsx.WHOLE),
        xlsx.Column(_("Cumulative share"), xlsx.SHARE),
        xlsx.Column("ABC", xlsx.MARK),
    ]
    rows = [(i.name, i.category, str(kinds[i.kind]), i.quantity_milli / 1000, i.value_fen, i.rank, i.share, i.abc) for i in found]
    made = xlsx.Sheet(_("Items"), columns, rows, has_block=True)
    if rows:
        last = made.first_row + min(len(rows), SOLD_MOST) - 1
        at = f"{_right_of(columns)}{made.first_row}"  # titles are on each page, and with them what stands beside
        made.charts = [
            xlsx.Chart(_("Items by sales"), 0, (4,), made.first_row, last, at, is_across=True, width=BESIDE, height=14)
        ]
    return made


def _visits(month, actor):
    found = with_names(sales.visits_of(month)).order_by("day", "pk")
    return xlsx.Sheet(_("Visits"), visits.columns(actor, states=False), visits.rows(actor, some_at_a_time(found), states=False))


def _definitions(month):
    return [
        (_("Month"), f"{month.first} – {month.last}"),
        exports.as_corrected(),
        (_("Consumption"), _("Value of services and products on their business date, refunds taken off, in yuan.")),
        (_("Visits"), _("Finished visits with at least one line above zero.")),
        (_("New customers"), _("Customers whose first paid visit ever is in the month.")),
        (
            _("Growth"),
            _("On the month before, or the same month of the year before; of a month that is not over, on as many days."),
        ),
        (_("Staff"), _("Each one's shares of the lines they worked on; what nobody is named for stands in the last row.")),
        (_("Payments"), _("Money that changed hands for the month's bills, by means; voided bills are left out.")),
        (_("Items"), _("Sales without a customer's name are included. Class by share: A to 70%, B to 90% of all sales.")),
    ]
