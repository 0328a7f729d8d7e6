"""The first page of the customer list: each order, and each filter with each order, for a receptionist and for the owner."""

from datetime import timedelta
from urllib.parse import urlencode

from tests.bench.figure import Figure, p50, p95
from tests.bench.inside import actor_named, bare_cursor, bare_ms
from tests.bench.visitor import visitor_of

USERS = {"reception": "receptionist", "owner": "owner"}
LIMIT_MS = 150
ADDRESS = "/customers/"
ORDERS = {  # what the page's orders are in SQL
    "last_visit": "last_visit_on DESC NULLS LAST, id DESC",
    "strokes": "stroke_key, id",
    "pinyin": "pinyin, id",
    "card_date": "card_date DESC NULLS LAST, id DESC",
    "skin": "skin_order, stroke_key, id",
}


def measure(salon, effort):
    """Two figures for each role: the slowest order, and for information the slowest of all filters in any order."""
    filters = salon.call("tests.bench.lists:filters")[:: effort.every_filter]
    for username, role in USERS.items():
        plain = [f"{ADDRESS}?{urlencode({'sort': order})}" for order in ORDERS]
        floor = salon.call("tests.bench.lists:bare", username=username, times=effort.pages)
        name = f"list, {role}, first page: the slowest order"
        yield _slowest(name, salon, username, plain, effort.pages, floor, limit=LIMIT_MS)
        orders = list(ORDERS)[:: effort.every_filter]
        paths = [f"{ADDRESS}?{urlencode({**chosen, 'sort': order})}" for chosen in filters for order in orders]
        name = f"list, {role}, first page: the slowest filter, in any order"
        yield _slowest(name, salon, username, paths, effort.pages, floor, limit=None)


def _slowest(name, salon, username, paths, times, floor, *, limit):
    """The figure of the address that is slowest at the median of a few times: of that one, more are taken."""
    few = max(1, times // 6)
    with visitor_of(salon, username) as visitor:
        medians = {}
        for path in paths:
            visitor.timed(path)  # warms up
            medians[path] = p50([visitor.timed(path) for _ in range(few)])
        worst = max(medians, key=medians.get)
        taken = [visitor.timed(worst) for _ in range(times)]
    (queries,) = salon.call("tests.bench.inside:queries_of", username=username, paths=[worst])
    over = sum(median > LIMIT_MS for median in medians.values())
    how = f"{worst}, the slowest of {len(paths)}, of which {over} take over {LIMIT_MS} ms at the median"
    how += "; floor: the slowest order's bare SELECT … LIMIT 25"
    return Figure(name, p95(taken), limit, "ms", how, median=p50(taken), floor=p95(floor), queries=queries)


# --- In a process that has the salon's database -----------------------------------------------------------------------


def filters():
    """What people filter by, each alone, with values that fit many, some, few and nobody."""
    from customers.card.models import Address
    from salon.shop.models import StaffMember

    actor = actor_named("reception")
    ago = {days: (actor.today - timedelta(days=days)).isoformat() for days in (7, 60, 180, 360)}
    worker = StaffMember.objects.filter(branch=actor.branch, customers__isnull=False).order_by("pk").first()
    community = Address.objects.exclude(community="").order_by("pk").values_list("community", flat=True).first()
    words = [{"q": typed} for typed in ("王", "李", "zxm", "zhang", "z", "6621", "138", "不在这里")]
    choices = [{"gender": "male"}, {"skin_type": "problem"}, {"source": "staff"}, {"source": "unset"}, {"potential": "high"}]
    choices += [{"birth_month": 2}, {"responsible": worker.pk if worker else "unset"}, {"responsible": "unset"}]
    choices += [{"community": community}] if community else []
    days = [{"card_from": ago[7]}, {"card_to": ago[360]}, {"card_from": ago[180], "card_to": ago[60]}, {"seen_from": ago[7]}]
    days += [{"seen_to": ago[360]}, {"seen_from": ago[180], "seen_to": ago[180]}, {"away": 60}, {"away": 3000}]
    return words + choices + days


def bare(username, times):
    """Milliseconds, so many times, of the slowest of the bare statements that fetch a first page by an index."""
    actor = actor_named(username)
    here = "" if actor.is_owner else f"branch_id = {actor.branch.pk} AND "
    with bare_cursor() as (cursor, _mark):
        statements = [
            f"SELECT * FROM customers_customer WHERE {here}merged_into_id IS NULL ORDER BY {order} LIMIT 25"
            for order in ORDERS.values()
        ]
        for statement in statements:
            bare_ms(cursor, statement, ())
        return max(([bare_ms(cursor, statement, ()) for _ in range(times)] for statement in statements), key=p95)
