"""The front desk on a full day, as the receptionist has it open: sixty visits, in every state."""

from tests.bench.figure import Figure, p50, p95
from tests.bench.inside import actor_named, bare_cursor, bare_ms
from tests.bench.visitor import visitor_of

LIMIT_MS = 60
SIXTHS = {"expected": 2, "arrived": 1, "in_care": 1, "done": 2}  # of the day's visits
FIRST_CARDS = 20_000  # among these the customers are looked for


def measure(salon, effort):
    """The figure of the desk. The salon is started; the visits its day lacks are recorded first."""
    counts = salon.call("tests.bench.desk:fill_the_day", visits=effort.today)
    (queries,) = salon.call("tests.bench.inside:queries_of", username="reception", paths=["/"])
    with visitor_of(salon, "reception") as visitor:
        times = [visitor.timed("/") for _ in range(effort.pages + effort.warm_up)][effort.warm_up :]
    floor = salon.call("tests.bench.desk:bare", times=effort.pages)
    told = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
    how = f"GET / through serve; {told}; floor: bare SELECT of the day's visits with their customers"
    yield Figure(f"desk with {effort.today} visits today", p95(times), LIMIT_MS, "ms", how, median=p50(times),
                 floor=p95(floor), queries=queries)  # fmt: skip


# --- In a process that has the salon's database -----------------------------------------------------------------------


def fill_the_day(visits):
    """See to it that the receptionist's branch has so many visits today at least: {state: how many there are}."""
    from archives.visits.models import Visit
    from customers.card.models import Customer

    actor = actor_named("manager")
    today = Visit.objects.filter(branch=actor.branch, day=actor.today)
    free = Customer.objects.present().filter(branch=actor.branch, pk__lte=FIRST_CARDS)
    here = today.exclude(customer=None).values("customer")  # a walk-in has none, and nobody is "not among" nobody
    free = iter(free.exclude(pk__in=here).order_by("pk")[:visits])
    for state, sixths in SIXTHS.items():
        for n in range(visits * sixths // 6 - today.filter(status=state).count()):
            _come(actor, next(free), state, n)
    return {state: today.filter(status=state).count() for state in SIXTHS}


def _come(actor, customer, state, n):
    """A visit of today in a state, by the services that the desk calls."""
    from datetime import time

    from archives.visits.bills.entries import GuestEntry, LineEntry
    from archives.visits.bills.services import record_bill
    from archives.visits.desk import arrivals
    from salon.shop.models import Item, StaffMember

    items = list(Item.objects.on_offer().filter(tags=None).order_by("pk")[n % 20 : n % 20 + 2])
    worker = StaffMember.objects.serving(actor.branch).first()
    if state == "done":
        lines = [LineEntry(item=item, unit_price_fen=item.price_fen, shares=((worker, 10_000),)) for item in items]
        paid = [("wechat", sum(line.value_fen for line in lines))]
        record_bill(
            actor=actor, key=_key(actor, "visit"), branch=actor.branch, guests=[GuestEntry(customer, lines)], payments=paid
        )
    elif state == "expected":
        plan = {"items": items, "assigned": worker, "on": actor.today, "at": time(9 + n % 12, n % 60)}
        arrivals.expect_visit(actor=actor, key=_key(actor, "expect"), branch=actor.branch, customer=customer, **plan)
    else:
        visit = arrivals.check_in(
            actor=actor, key=_key(actor, "check_in"), branch=actor.branch, customer=customer, items=items, assigned=worker
        )
        if state == "in_care":
            arrivals.move_visit(actor=actor, visit=visit, to=state)


def _key(actor, action):
    from salon.operations import new_key, read_key

    return read_key(new_key(actor.user, action), actor.user, action)


def bare(times):
    """Milliseconds, so many times, of the day's visits with their customers, fetched through the driver."""
    actor = actor_named("reception")
    with bare_cursor() as (cursor, mark):
        statement = (
            "SELECT v.*, c.* FROM archives_visit v JOIN customers_customer c ON c.id = v.customer_id "  # noqa: S608
            f"WHERE v.branch_id = {mark} AND v.day = {mark}"
        )
        return [bare_ms(cursor, statement, [actor.branch.pk, actor.today.isoformat()]) for _ in range(times)]
