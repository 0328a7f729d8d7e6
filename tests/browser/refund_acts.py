"""What the browser tests of refunds find in the database of their salon."""

import uuid

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry
from archives.visits.models import Bill, Line
from customers.card.models import Customer
from salon.shop.models import Item, StaffMember
from tests import builders
from tests.archives.visits.recording import line, record


def bill_of_two():
    """A bill of two customers, paid by two means; the id of its first visit."""
    actor = builders.actor_of(StaffMember.objects.get(user__username="receptionist"))
    first, second = Customer.objects.filter(branch=actor.branch).order_by("pk")[:2]
    items = list(Item.objects.filter(price_fen__gt=0, is_active=True).order_by("pk")[:2])
    two = line(items[1], quantity_milli=3000)
    guests = [GuestEntry(first, (line(items[0]), two)), GuestEntry(second, (line(items[0]),))]
    total = sum(each.value_fen for guest in guests for each in guest.lines)
    return record(actor, first, guests=guests, paid=[("wechat", total - 10_000), ("cash", 10_000)]).first_visit.pk


def bill_given_back():
    """A bill of which all was refunded; the id of its visit."""
    actor = builders.actor_of(StaffMember.objects.get(user__username="receptionist"))
    item = Item.objects.filter(price_fen__gt=0, is_active=True).order_by("pk").first()
    bill = record(actor, Customer.objects.filter(branch=actor.branch).order_by("pk").first(), line(item))
    lines = [(each, each.quantity_milli, each.value_fen) for each in Line.objects.filter(visit__bill=bill)]
    paid = [(each.means, each.amount_fen) for each in bill.payments.all()]
    services.refund(actor=actor, key=uuid.uuid4(), bill=bill, lines=lines, payments=paid, reason="过敏")
    return bill.first_visit.pk


def refunded():
    """The refunds that stand: [[fen by means], ...]."""
    return [[[p.means, p.amount_fen] for p in bill.payments.all()] for bill in Bill.objects.exclude(refunds=None)]
