"""A month by staff, by means of payment and by day: figures by hand, and all three agree with the month's totals."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils.html import strip_tags

from archives.visits.bills import services
from archives.visits.bills.models import Payment
from salon.shop.models import Item
from segmentation.reports import breakdown, sales, words
from segmentation.reports.sales import Month, Totals
from segmentation.templatetags.reports import growth
from tests import builders, workbooks
from tests.archives.visits.recording import LineEntry, record


@pytest.fixture
def today(receptionist):
    return builders.actor_of(receptionist).today


@pytest.fixture
def sold(branch, receptionist, beautician):
    """Today: a service by two, 60 to 40, a product by one, a service nobody is named for, all paid by WeChat and in cash."""
    second = builders.make_staff(branch=branch, role="beautician")
    actor, customer = builders.actor_of(receptionist), builders.make_customer(branch=branch)
    service, product = builders.make_item(name="面部护理"), builders.make_item(name="精华", kind="product")
    record(
        actor,
        customer,
        LineEntry(item=service, unit_price_fen=10_001, shares=((beautician, 6_000), (second, 4_000))),
        LineEntry(item=product, unit_price_fen=5_000, shares=((beautician, 10_000),)),
    )
    bill = record(actor, builders.make_customer(branch=branch), LineEntry(item=service, unit_price_fen=3_000, shares=()))
    return {"first": beautician, "second": second, "bill": bill, "actor": actor}


def test_by_staff(sold, today):
    month = Month.of(today)
    rows = [(row.name, row.services_fen, row.products_fen, row.services, row.customers) for row in breakdown.by_staff(month)]
    assert rows == [
        (sold["first"].name, 6_001, 5_000, 1, 1),
        (sold["second"].name, 4_000, 0, 1, 1),
        ("", 3_000, 0, 1, 0),
    ]
    assert sum(row.total_fen for row in breakdown.by_staff(month)) == sales.totals(month).net_fen == 18_001
    following = breakdown.by_staff(month.ahead(1))
    assert {row.name: (row.total_fen, row.before_fen) for row in following} == {
        sold["first"].name: (0, 11_001), sold["second"].name: (0, 4_000), "": (0, 3_000),
    }  # fmt: skip


def test_somebody_stands_there_once_with_both_months_and_nobody_only_for_something(sold, receptionist, today):
    day, first = Month.of(today).ahead(1).first, sold["first"]
    item = Item.objects.get(name="面部护理")
    with time_machine.travel(datetime(day.year, day.month, day.day, 4, tzinfo=UTC), tick=False):  # noon in Shanghai
        actor = builders.actor_of(receptionist)
        for staff, fen in ((first, 100), (sold["second"], 0)):
            line = LineEntry(item=item, unit_price_fen=fen, shares=((staff, 10_000),))
            record(actor, builders.make_customer(branch=first.branch), line, paid=None if fen else [])
    rows = [(row.name, row.total_fen, row.before_fen) for row in breakdown.by_staff(Month.of(day))]
    assert rows == [(first.name, 100, 11_001), (sold["second"].name, 0, 4_000), ("", 0, 3_000)]
    assert breakdown.by_staff(Month.of(day))[-1].services == 0  # those of the month before are of that month
    rows = [(row.name, row.total_fen, row.before_fen) for row in breakdown.by_staff(Month.of(day).ahead(1))]
    assert rows == [(sold["second"].name, 0, 0), (first.name, 0, 100)]  # who worked for nothing was there


def test_a_product_of_nobody_is_no_service(sold, today):
    product = LineEntry(item=Item.objects.get(name="精华"), unit_price_fen=700, shares=())
    record(sold["actor"], builders.make_customer(branch=sold["first"].branch), product)
    nobody = breakdown.by_staff(Month.of(today))[-1]
    assert (nobody.name, nobody.products_fen, nobody.services) == ("", 700, 1)


def test_a_free_service_of_nobody_is_none_that_was_done(sold, today):
    free = LineEntry(item=Item.objects.get(name="面部护理"), unit_price_fen=0, shares=())
    record(sold["actor"], builders.make_customer(branch=sold["first"].branch), free, paid=[])
    assert breakdown.by_staff(Month.of(today))[-1].services == 1


def test_the_workbook_says_the_same_by_staff(sold, today, tmp_path):
    file = tmp_path / "month.xlsx"
    call_command("export_owner_workbook", "--month", str(Month.of(today)), "--output", str(file))
    book = workbooks.opened(file)
    rows = workbooks.records(book["By staff"])
    found = [(row["Services done"], row["Customers served"]) for row in rows]
    assert found[:3] == [(1, 1), (1, 1), (1, None)]  # whom somebody without a name has served, nobody counts
    names = [sold["first"].name, sold["second"].name, "Without anybody's name", "Together"]
    assert [row["Staff"] for row in rows] == names
    (chart,) = book["By staff"]._charts
    assert (chart.anchor._from.col, chart.anchor._from.row) > (0, len(rows))  # below the rows


def test_the_workbook_leaves_empty_what_is_nothing(sold, today, tmp_path):
    Payment.objects.create(bill=sold["bill"], position=7, means="cash", amount_fen=-500)
    file = tmp_path / "month.xlsx"
    call_command("export_owner_workbook", "--month", str(Month.of(today)), "--output", str(file))
    book = workbooks.opened(file)
    refunded = {row["Means of payment"]: row["Refunded"] for row in workbooks.records(book["By means of payment"])}
    assert refunded == {"WeChat Pay": None, "Cash": -5, "Together": -5}
    days = workbooks.records(book["By day"])
    assert {row["New customers"] for row in days} == {None, 2}
    (chart,) = book["By day"]._charts
    assert chart.anchor._from.col > 6  # beside the rows


def test_by_means_and_without_what_was_voided(sold, today):
    month = Month.of(today)
    (row,) = breakdown.by_means(month)
    assert (row.payments, row.received_fen, row.returned_fen, row.net_fen) == (2, 18_001, 0, 18_001)
    first = Payment.objects.exclude(bill=sold["bill"]).get()
    Payment.objects.create(bill=first.bill, position=7, means="cash", amount_fen=-500)
    found = {row.means: (row.received_fen, row.returned_fen) for row in breakdown.by_means(month)}
    assert found == {first.means: (18_001, 0), "cash": (0, -500)}
    Payment.objects.create(bill=first.bill, position=8, means="alipay", amount_fen=20_000)
    Payment.objects.create(bill=first.bill, position=9, means="card", amount_fen=0)  # from a file: no payment
    assert [row.means for row in breakdown.by_means(month)] == ["alipay", first.means, "cash"]
    Payment.objects.create(bill=first.bill, position=10, means="alipay", amount_fen=-20_000)
    services.void_bill(actor=sold["actor"], key=uuid.uuid4(), bill=sold["bill"], reason="错单")
    assert sum(row.net_fen for row in breakdown.by_means(month)) == 14_501
    assert sum(row.total_fen for row in breakdown.by_staff(month)) == 15_001


def test_by_day(sold, today):
    month = Month.of(today)
    days = breakdown.by_day(month)
    assert [each.day for each in days] == [month.first + timedelta(days=n) for n in range(len(days))]
    assert days[-1].day == month.last
    (here,) = (each for each in days if each.net_fen)
    assert here == breakdown.DaySales(today, 18_001, 13_001, 5_000, 2, 2)
    services.void_bill(actor=sold["actor"], key=uuid.uuid4(), bill=sold["bill"], reason="错单")
    assert breakdown.by_day(month)[today.day - 1] == breakdown.DaySales(today, 15_001, 10_001, 5_000, 1, 1)


def test_a_month_that_is_not_over_is_compared_with_as_many_days():
    june = Month.parse("2026-06").so_far(date.fromisoformat("2026-06-10"))
    assert (str(june.last), june.is_whole, str(june.ahead(-1).last)) == ("2026-06-10", False, "2026-05-10")
    assert Month.parse("2026-03").so_far(date.fromisoformat("2026-03-30")).ahead(-1).last.isoformat() == "2026-02-28"
    for today in ("2026-06-30", "2026-07-01", "2026-05-31"):
        assert Month.parse("2026-06").so_far(date.fromisoformat(today)).is_whole
    assert words.month_name(june) == "June 2026, up to day 10"


def test_what_grew_and_what_fell():
    may, june = ([_item(n, fen) for n, fen in enumerate(sold)] for sold in ([100, 500, 0], [300, 100, 0]))
    assert [(each.name, each.fen) for each in breakdown.moved(june, may)] == [("i0", 200), ("i2", 0), ("i1", -400)]
    month = Month.parse("2026-06")
    told = words.sentences(
        month, [Totals(90_000, 9, 5, 1), Totals(100_000, 9, 5, 0), Totals(90_000, 1, 1, 0)], breakdown.moved(june, may)
    )
    assert told[0].replace("\xa0", " ") == (
        "Consumption ¥ 900.00: 10.0% less than in May 2026 (¥ 100.00); as much as in June 2025."
    )
    assert told[1].endswith("In May 2026: 9.")
    assert [sentence.replace("\xa0", " ") for sentence in told[2:]] == ["Grew most: i0 +¥ 2.00.", "Fell most: i1 −¥ 4.00."]


@pytest.mark.parametrize(("part", "shown"), [(0.039, "▲ up by3.9%"), (-0.505, "▼ down by50.5%"), (0, "0.0%"), (None, "")])
def test_growth_has_a_sense_unless_there_is_none(part, shown):
    assert strip_tags(growth(part)) == shown


def test_growth_from_nothing_is_no_figure():
    assert words.growth(5, 0) is None
    assert words.growth(5, -3) is None
    assert words.growth(0, 5) == -1


def _item(number, fen):
    return sales.ItemSales(f"i{number}", "", "service", 1000, fen, 1, 1, "A", number)
