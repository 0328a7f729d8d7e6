"""The card of a customer with 500 visits, as who reads it at the desk opens it."""

import random
from datetime import timedelta

from tests.bench.figure import Figure, p50, p95
from tests.bench.inside import actor_named, bare_cursor, bare_ms
from tests.bench.visitor import visitor_of

LIMIT_MS = 100
FIRST_CARDS = 20_000  # among these the customers are looked for
SHOWN = 50  # visits a card shows before somebody asks for older ones


def measure(salon, effort):
    """The figure of the card for a receptionist. The salon is started."""
    many = salon.call("tests.bench.card:customer_with_many_visits", visits=effort.visits)
    few = salon.call("tests.bench.card:customer_with_few_visits")
    paths = [f"/customers/{pk}/" for pk in (few, many)]
    of_few, of_many = salon.call("tests.bench.inside:queries_of", username="reception", paths=paths)
    with visitor_of(salon, "reception") as visitor:
        times = [visitor.timed(paths[1]) for _ in range(effort.pages + effort.warm_up)][effort.warm_up :]
    floor = salon.call("tests.bench.card:bare", customer=many, times=effort.pages)
    yield Figure(
        f"card with {effort.visits} visits",
        p95(times),
        LIMIT_MS,
        "ms",
        f"GET through serve; at most as many queries as a card with few visits; floor: bare SELECTs of {SHOWN} visits",
        median=p50(times),
        floor=p95(floor),
        queries=of_many,
        most_queries=of_few,
    )


# --- In a process that has the salon's database -----------------------------------------------------------------------


def customer_with_few_visits():
    """A customer of the receptionist's branch who came a few times, and was or is expected: her card reads everything too."""
    from archives.visits.models import PlannedItem

    expected = PlannedItem.objects.filter(visit__customer__lte=FIRST_CARDS).values("visit__customer")
    return _customers().filter(came__gte=2, pk__in=expected).order_by("came", "pk").first()["pk"]


def customer_with_many_visits(visits):
    """A customer of the receptionist's branch with so many visits there: the one who came most often, made up to that number."""
    most = _customers().order_by("-came", "pk").first()
    if most["came"] < visits:
        _record_visits(most["pk"], visits - most["came"])
    return most["pk"]


def _customers():
    """{"pk", "came"} of customers of the receptionist's branch with visits there; of a large salon, of the first cards."""
    from django.db.models import Count

    from customers.card.models import Customer

    actor = actor_named("reception")
    rows = Customer.objects.present().filter(branch=actor.branch, pk__lte=FIRST_CARDS, visits__branch=actor.branch).order_by()
    return rows.values("pk").annotate(came=Count("visits"))


def _record_visits(customer_pk, count):
    """So many visits of two lines each, by the service that records every visit, on days of the last year."""
    from archives.visits.bills.entries import GuestEntry, LineEntry
    from archives.visits.bills.services import record_bill
    from customers.card.models import Customer
    from salon.operations import new_key, read_key
    from salon.shop.models import Item, StaffMember

    actor, chance = actor_named("manager"), random.Random(count)
    customer = Customer.objects.get(pk=customer_pk)
    items = list(Item.objects.on_offer().filter(tags=None).order_by("pk")[:40])
    worker = StaffMember.objects.filter(branch=actor.branch, role="beautician", left_on=None).order_by("pk").first()
    for n in range(count):
        lines = [
            LineEntry(item=item, unit_price_fen=item.price_fen, shares=((worker, 10_000),)) for item in chance.sample(items, 2)
        ]
        record_bill(
            actor=actor,
            key=read_key(new_key(actor.user, "visit"), actor.user, "visit"),
            branch=actor.branch,
            guests=[GuestEntry(customer=customer, lines=lines, next_note="力度轻，怕热" if n % 3 == 0 else "")],
            payments=[("wechat", sum(line.value_fen for line in lines))],
            on=actor.today - timedelta(days=n % 360),
        )


BARE = (
    "SELECT * FROM customers_customer WHERE id = {mark}",
    "SELECT * FROM customers_phone WHERE customer_id = {mark}",
    "SELECT * FROM customers_safetynote WHERE customer_id = {mark}",
    f"SELECT * FROM archives_visit WHERE customer_id = {{mark}} ORDER BY day DESC, id DESC LIMIT {SHOWN}",
)
BARE_OF_VISITS = (
    "SELECT * FROM archives_line WHERE visit_id IN ({visits})",
    "SELECT s.* FROM archives_line l JOIN archives_staffshare s ON s.line_id = l.id WHERE l.visit_id IN ({visits})",
    "SELECT * FROM archives_visitnote WHERE visit_id IN ({visits})",
)


def bare(customer, times):
    """Milliseconds, so many times, of the rows a card is made of, fetched through the driver."""
    with bare_cursor() as (cursor, mark):
        return [_bare_card_ms(cursor, mark, customer) for _ in range(times)]


def _bare_card_ms(cursor, mark, customer):
    total = sum(bare_ms(cursor, statement.format(mark=mark), [customer]) for statement in BARE)
    cursor.execute(
        f"SELECT id FROM archives_visit WHERE customer_id = {mark} ORDER BY day DESC, id DESC LIMIT {SHOWN}", [customer]
    )
    visits = [pk for (pk,) in cursor.fetchall()]
    marks = ", ".join([mark] * len(visits))
    return total + sum(bare_ms(cursor, statement.format(visits=marks), visits) for statement in BARE_OF_VISITS)
