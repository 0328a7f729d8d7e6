"""What the browser tests of refunds find in the database of their salon."""

from archives.visits.entries import GuestEntry
from archives.visits.models import Bill
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


def refunded():
    """The refunds that stand: [[fen by means], ...]."""
    return [[[p.means, p.amount_fen] for p in bill.payments.all()] for bill in Bill.objects.exclude(refunds=None)]
