"""Search as you type: what a receptionist and the owner type, letter by letter, in the database and through `serve`."""

import random
import time
from urllib.parse import urlencode

from tests.bench.figure import Figure, p50, p95
from tests.bench.inside import actor_named, bare_cursor, bare_ms
from tests.bench.visitor import visitor_of

USERS = {"reception": "receptionist", "owner": "owner"}
STATEMENT_MS, REQUEST_MS = 1, 30
PEOPLE = 300  # customers whose names are typed
SEED = 20_261_122
ADDRESS = "/customers/search/"


def measure(salon, effort):
    """Figures of both roles. The salon is started."""
    for username, role in USERS.items():
        typed = salon.call("tests.bench.search:things_typed", username=username, count=effort.searches)
        inside = salon.call("tests.bench.search:in_database", username=username, typed=typed)
        yield Figure(
            f"search, {role}: the statement that finds the candidates, executed and fetched",
            p95(inside["statement"]),
            STATEMENT_MS,
            "ms",
            f"{len(typed)} beginnings of names, whole and given, initials, numbers; floor: one bare prefix SELECT on an index",
            median=p50(inside["statement"]),
            floor=p95(inside["floor"]),
        )
        paths = [f"{ADDRESS}?{urlencode({'q': words})}" for words, *_rest in typed]
        with visitor_of(salon, username) as visitor:
            empty = _warm_and_time(visitor, [f"{ADDRESS}?q="] * (effort.pages + effort.warm_up), effort)
            times = _warm_and_time(visitor, paths, effort)
        counts = salon.call("tests.bench.inside:queries_of", username=username, paths=paths[: effort.pages * 5], htmx=True)
        yield Figure(
            f"search, {role}: the whole request",
            p95(times),
            REQUEST_MS,
            "ms",
            "GET over a connection kept open; floor: the same request with nothing typed",
            median=p50(times),
            floor=p95(empty),
            queries=max(counts),
        )


def _warm_and_time(visitor, paths, effort):
    return [visitor.timed(path, HX_Request="true") for path in paths][effort.warm_up :]


# --- In a process that has the salon's database -----------------------------------------------------------------------


def things_typed(username, count):
    """[(what was typed, the key column a bare search would use, the key), ...]: each letter of what finds a customer."""
    from opencc import OpenCC

    from customers.card.models import Customer

    actor, chance = actor_named(username), random.Random(SEED)
    mine = Customer.objects.present().listed_for(actor)
    last = mine.order_by("-pk").values_list("pk", flat=True).first()
    drawn = chance.sample(range(1, last + 1), min(last, PEOPLE * 4))
    people = list(mine.filter(pk__in=drawn).order_by("pk").prefetch_related("phones")[:PEOPLE])
    old_form = OpenCC("s2t").convert
    typed = [sample for person in people for sample in _ways_to(person, old_form(person.name))]
    chance.shuffle(typed)
    return (typed * (count // len(typed) + 1))[:count]


def _ways_to(person, old_form):
    """Everything somebody types on the way to one customer; `old_form`: her name in traditional script."""
    for shown in dict.fromkeys([person.name, old_form]):
        yield from ((shown[:n], "name_key", person.name_key[:n]) for n in range(1, len(shown) + 1))
    yield from ((person.pinyin[:n], "pinyin", person.pinyin[:n]) for n in range(1, len(person.pinyin) + 1))
    yield from ((person.initials[:n], "initials", person.initials[:n]) for n in range(1, len(person.initials) + 1))
    given = person.given_pinyin or ""
    yield from ((given[:n], "given_pinyin", given[:n]) for n in range(1, len(given) + 1))
    card = person.card_no
    yield from ((card[:n], "card_key", person.card_key[:n]) for n in range(1, len(card) + 1))
    for phone in person.phones.all():
        digits = phone.digits
        yield from ((digits[-n:], "digits_reversed", digits[::-1][:n]) for n in (3, 4, 6))
        yield from ((digits[:n], "digits", digits[:n]) for n in (3, 5, 7, 9, 11))
        yield (f"{person.initials} {digits[-4:]}", "digits_reversed", digits[::-1][:4])
        yield (f"{person.name[:1]}{digits[-4:]}", "digits_reversed", digits[::-1][:4])


def in_database(username, typed):
    """{"statement": [ms, ...], "floor": [ms, ...]} for everything typed."""
    actor = actor_named(username)
    for words, *_rest in typed:  # what is read on a shop's day is in memory; what the disk takes on the first is not measured
        _statement_ms(actor, words)
    statement = [_statement_ms(actor, words) for words, *_rest in typed]
    with bare_cursor() as (cursor, mark):
        floor = [_floor_ms(cursor, mark, column, key) for _words, column, key in typed]
    return {"statement": statement, "floor": floor}


def _statement_ms(actor, words):
    """From handing the statement of `candidates` to the database until its rows have been fetched."""
    from django.db import connection

    from customers.card.search import queries

    began = []

    def watch(execute, *arguments):
        began.append(time.perf_counter())
        return execute(*arguments)

    with connection.execute_wrapper(watch):
        queries.candidates(actor, words)
        ended = time.perf_counter()
    return (ended - began[0]) * 1000 if began else 0.0


def _floor_ms(cursor, mark, column, key):
    from salon.text import next_prefix

    table, pk = ("customers_phone", "customer_id") if column.startswith("digits") else ("customers_customer", "id")
    statement = f"SELECT {pk} FROM {table} WHERE {column} >= {mark} AND {column} < {mark} ORDER BY {column}, {pk} LIMIT 20"
    return bare_ms(cursor, statement, [key, next_prefix(key)])
