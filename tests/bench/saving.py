"""Ten people save visits of five lines through `serve`: how long each waits until hers is on the disk."""

import random
import threading
import time
import uuid
from dataclasses import dataclass, field

from tests.bench.figure import Figure, p50, p95
from tests.bench.inside import actor_named, bare_cursor, client_named
from tests.bench.visitor import Visitor

LINES, SAVE_MS, MOST_QUERIES = 5, 40, 25
ADDRESS = "/visits/new/"


def measure(salon, effort):
    """The figure of saving. The salon is started."""
    prepared = salon.call("tests.bench.saving:prepare", count=effort.saves + effort.people, people=effort.people)
    desk = Desk(salon.port, effort, prepared)
    desk.run()
    if desk.problems:
        raise RuntimeError(f"{len(desk.problems)} saves failed, first: {desk.problems[0]}")
    counted = salon.call("tests.bench.saving:count_queries", form=prepared["spare"])
    floor = salon.call("tests.bench.saving:bare", times=min(effort.saves, 100))
    yield Figure(
        f"visit with {LINES} lines, saved durably",
        p95(desk.times),
        SAVE_MS,
        "ms",
        f"{len(desk.times)} saves, {effort.people} people, each about every {effort.think_seconds:g} s, then opening the visit; "
        f"longest {max(desk.times):.0f} ms, no error; floor: the same rows by bare SQL in one durable transaction, one person",
        median=p50(desk.times),
        floor=p95(floor),
        queries=counted,
        most_queries=MOST_QUERIES,
    )


@dataclass
class Desk:
    """The people: each saves, opens what was saved as a browser does, thinks, and saves again."""

    port: int
    effort: object
    prepared: dict
    times: list = field(default_factory=list)
    problems: list = field(default_factory=list)

    def run(self):
        forms, shares = self.prepared["forms"], self.effort.people
        people = [
            threading.Thread(target=self._work, args=(session, forms[n::shares], n))
            for n, session in enumerate(self.prepared["sessions"])
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()

    def _work(self, session, forms, seed):
        chance = random.Random(seed)
        with Visitor(self.port, session) as visitor:
            visitor.get("/account/")
            time.sleep(chance.uniform(0, self.effort.think_seconds))
            for number, form in enumerate(forms):
                answer = visitor.post(ADDRESS, form)
                if answer.status != 302 or "/visits/" not in answer.headers["Location"]:
                    self.problems.append((answer.status, answer.body[:500]))
                    return
                if number:  # a person's first save warms up
                    self.times.append(answer.ms)
                visitor.get(answer.headers["Location"])
                time.sleep(chance.uniform(0.5, 1.5) * self.effort.think_seconds)


# --- In a process that has the salon's database -----------------------------------------------------------------------


def prepare(count, people):
    """Sessions of the receptionist, forms to send, and one to spare."""
    from customers.card.models import Customer
    from salon.shop.models import Item, StaffMember
    from tests import live

    actor, chance = actor_named("reception"), random.Random(count)
    items = list(Item.objects.on_offer().filter(tags=None).order_by("pk")[:40])
    worker = StaffMember.objects.filter(branch=actor.branch, role="beautician", is_active=True).order_by("pk").first()
    # Customers who were not here today, each once: the same item twice in a day is asked about.
    absent = Customer.objects.present().filter(branch=actor.branch).exclude(visits__day=actor.today)
    customers = chance.sample(list(absent.order_by("-pk").values_list("pk", flat=True)[: max(5_000, count + 1)]), count + 1)
    forms = [_form(actor, customer, chance.sample(items, LINES), worker) for customer in customers]
    sessions = [live.session_of(actor.user.username) for _ in range(people)]
    return {"sessions": sessions, "forms": forms[1:], "spare": forms[0]}


def _form(actor, customer, items, worker):
    """The visit form as a browser sends it: five lines, a note, paid by WeChat."""
    from salon.operations import new_key

    data = {"operation": new_key(actor.user, "visit"), "on": actor.today.isoformat(), "channel": "shop", "rest": "wechat"}
    data |= {"guests-0-customer": customer, "guests-0-next_note": "力度轻，肩颈多按五分钟"}
    for n, item in enumerate(items):
        data |= {f"lines-{n}-guest": 0, f"lines-{n}-item": item.pk, f"lines-{n}-quantity": 1, f"lines-{n}-price": 380}
        data |= {f"lines-{n}-minutes": 60, f"lines-{n}-staff": worker.pk, f"lines-{n}-share": 100}
    return data


def count_queries(form):
    """How many statements the save takes from first to last, transaction and savepoints included."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_named("reception")
    with CaptureQueriesContext(connection) as captured:
        response = client.post(ADDRESS, form)
    if response.status_code != 302:
        raise RuntimeError(f"the save answered {response.status_code}")
    return len(captured)


# What a save writes, parents first: table -> which rows belong to bill {bill}, and what its foreign keys among these point to.
ROWS = {
    "archives_bill": ("id = {bill}", {}),
    "archives_visit": ("bill_id = {bill}", {"bill_id": "archives_bill"}),
    "archives_line": ("visit_id IN ({visits})", {"visit_id": "archives_visit"}),
    "archives_staffshare": ("line_id IN ({lines})", {"line_id": "archives_line"}),
    "archives_refundallowance": ("line_id IN ({lines})", {"line_id": "archives_line"}),
    "archives_payment": ("bill_id = {bill}", {"bill_id": "archives_bill"}),
    "archives_visitnote": ("visit_id IN ({visits})", {"visit_id": "archives_visit"}),
}


def bare(times):
    """Milliseconds, so many times, of the rows of a stored bill inserted once more, with the writes around them."""
    from django.db import connection

    with bare_cursor() as (cursor, mark):
        template = _rows_of_last_bill(cursor)
        begin = "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN"
        return [_bare_save_ms(cursor, mark, begin, template) for _ in range(times)]


def _rows_of_last_bill(cursor):
    """{table: [row as a dict, ...]} of the bill stored last, and its operation."""
    cursor.execute("SELECT MAX(id) FROM archives_bill")
    (bill,) = cursor.fetchone()
    visits = f"SELECT id FROM archives_visit WHERE bill_id = {bill}"
    lines = f"SELECT id FROM archives_line WHERE visit_id IN ({visits})"
    found = {
        table: _rows(cursor, f"SELECT * FROM {table} WHERE {condition.format(bill=bill, visits=visits, lines=lines)}")
        for table, (condition, _parents) in ROWS.items()
    }
    return found | {"salon_operation": _rows(cursor, "SELECT * FROM salon_operation ORDER BY at DESC LIMIT 1")}


def _rows(cursor, statement):
    cursor.execute(statement)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def _bare_save_ms(cursor, mark, begin, template):
    key = uuid.uuid4()
    began = time.perf_counter()
    cursor.execute(begin)
    cursor.execute(
        "UPDATE salon_sequence SET last = last + 1 WHERE kind = 'receipt' AND branch_id = (SELECT MIN(id) FROM salon_branch)"
    )
    new = {}
    for table, rows in template.items():
        new[table] = {}
        for row in rows:
            values = _values(table, row, new, key)
            old = values.pop("id", None)
            pk = _insert(cursor, mark, table, values, with_id=old is not None)
            new[table][old] = pk
    customer = template["archives_visit"][0]["customer_id"]
    cursor.execute(f"UPDATE customers_customer SET last_visit_on = last_visit_on WHERE id = {mark}", [customer])
    cursor.execute("COMMIT")
    return (time.perf_counter() - began) * 1000


def _values(table, row, new, key):
    """The row once more: below its new parents, with a receipt number and a key of its own."""
    parents = ROWS[table][1] if table in ROWS else {}
    values = row | {column: new[parent][row[column]] for column, parent in parents.items()}
    if "receipt_no" in values:
        values["receipt_no"] = f"BENCH-{key.hex}"
    if "key" in values:
        values["key"] = key.hex if isinstance(row["key"], str) else key
    return values


def _insert(cursor, mark, table, values, *, with_id):
    names, marks = ", ".join(values), ", ".join([mark] * len(values))
    cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}){' RETURNING id' if with_id else ''}", list(values.values()))
    return cursor.fetchone()[0] if with_id else None
