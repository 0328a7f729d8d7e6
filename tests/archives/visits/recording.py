"""Short ways to record bills in tests."""

import uuid

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry, LineEntry


def line(item, **fields):
    return LineEntry(item=item, **{"unit_price_fen": item.price_fen, "minutes": item.minutes} | fields)


def record(actor, customer, *lines, paid=None, key=None, **fields):
    total = sum(entry.value_fen for entry in lines)
    return services.record_bill(
        actor=actor,
        key=key or uuid.uuid4(),
        branch=actor.branch,
        guests=fields.pop("guests", None) or [GuestEntry(customer, tuple(lines))],
        payments=[("wechat", total)] if paid is None else paid,
        **fields,
    )
