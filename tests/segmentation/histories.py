"""Histories for tests of tiers: visits of many customers written straight into the tables, without the services."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from archives.visits.models import DONE, Bill, Visit
from tests import builders

NOON = datetime(2026, 6, 30, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def day(text):
    return date.fromisoformat(text)


def make_visits(branch, rows, serial=1):
    """Done visits out of (customer or None, business date, [fen of each line]); their money is as the services store it."""
    bills, visits = [], []
    for number, (customer, on, lines) in enumerate(rows, start=serial):
        net = sum(lines)
        bill = Bill(
            branch=branch,
            receipt_no=f"T{number}",
            business_date=on,
            payer=customer,
            payable_fen=net,
            paid_fen=net,
            recorded_at=NOON,
        )
        bills.append(bill)
        visits.append(
            Visit(
                branch=branch, customer=customer, status=DONE, receipt_no=bill.receipt_no, business_date=on, day=on, net_fen=net,
                has_positive_line=any(fen > 0 for fen in lines), recorded_at=NOON, done_at=NOON,
            )
        )  # fmt: skip
    Bill.objects.bulk_create(bills)
    for bill, visit in zip(bills, visits, strict=True):
        visit.bill = bill
    return Visit.objects.bulk_create(visits)


def make_customers(branch, names):
    """{name: Customer}; the name is the card number too."""
    return {name: builders.make_customer(branch=branch, name=name, card_no=name) for name in names}
