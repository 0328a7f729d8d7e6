"""What a browser sends for visit entry, in few words."""

from datetime import timedelta

from archives.visits.models import Bill
from salon import operations
from salon.money import to_yuan
from tests import builders


def sent(staff, guests, lines, *, key=None, **head):
    """POST data. `guests`: customers (None: walk-in) or dicts with "customer"; `lines`: dicts with "item" and what matters."""
    today = builders.actor_of(staff).today
    key = key or operations.new_key(staff.user, "visit")
    data = {"operation": key, "on": today.isoformat(), "channel": "shop", "rest": "wechat", "nobody": "1"} | head
    for n, guest in enumerate(guests):
        fields = guest if isinstance(guest, dict) else {"customer": guest}
        customer = fields.pop("customer")
        data |= {f"guests-{n}-customer": customer.pk if customer else ""} | {f"guests-{n}-{k}": v for k, v in fields.items()}
    for n, line in enumerate(lines):
        item = line["item"]
        fields = {"guest": 0, "quantity": "1", "price": str(to_yuan(item.price_fen)), "minutes": item.minutes} | line
        data |= {f"lines-{n}-{k}": v for k, v in fields.items()} | {f"lines-{n}-item": item.pk}
    return data


def only_bill():
    return Bill.objects.get()


def days_before(actor, days):
    return actor.today - timedelta(days=days)
