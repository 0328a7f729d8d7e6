"""All tiers computed by `recompute_tiers`, as in the night, beside the barest way to read and to write as many rows.

Three acts, several times each: the first run of a salon (its tiers and runs are cleared before; visits are not touched), the
same day once more, which must change nothing, and the day after. Afterwards the tiers are what seed_demo leaves: those of a week
before the last day and those of the last day.
"""

import time
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

from tests.bench import process
from tests.bench.figure import Figure
from tests.bench.inside import bare_cursor

FIRST, AGAIN, NEXT = "recompute, the first", "recompute, the same day again", "recompute, the day after"
ACTS = (FIRST, AGAIN, NEXT)
FLOORS, MOST_MB, TENFOLD = 1.5, 150, 12
TABLE = "bench_rows"


def measure(salon, effort):
    """A figure of each act, and one of memory. The salon is started; nobody asks anything."""
    day = date.fromisoformat(salon.call("tests.bench.recompute:last_whole_day"))
    before = day - timedelta(days=1)
    days = {FIRST: before, AGAIN: before, NEXT: day}
    bare(salon, day)  # what a night's run finds in memory is there
    floors, runs = [], {act: [] for act in ACTS}
    for _ in range(effort.runs):
        floors.append(bare(salon, day))
        salon.call("tests.bench.recompute:clear")
        for act, as_of in days.items():
            runs[act].append(one(salon, as_of))
            if act == AGAIN and runs[act][-1].result["changed"]:
                raise RuntimeError(f"a second run of the same day changed {runs[act][-1].result['changed']} tiers")
    leave_in_order(salon)
    yield from (_seconds(act, runs[act], floors) for act in ACTS)
    yield _memory([run for act in ACTS for run in runs[act]])


def one(salon, as_of):
    """The Outcome of one run of the command; its result are facts of the run it stored."""
    outcome = process.command(salon, "recompute_tiers", "--as-of", as_of)
    return replace(outcome, result=salon.call("tests.bench.recompute:last_run"))


def leave_in_order(salon):
    """The tiers and runs as seed_demo leaves them."""
    day = date.fromisoformat(salon.call("tests.bench.recompute:last_whole_day"))
    salon.call("tests.bench.recompute:clear")
    for as_of in (day - timedelta(days=7), day):
        process.command(salon, "recompute_tiers", "--as-of", as_of)


def _seconds(act, runs, floors):
    seconds, floor = [run.seconds for run in runs], median(map(sum, floors))
    facts, loading = runs[0].result, median(run.process_seconds - run.seconds for run in runs)
    reading, rewriting = (median(part) for part in zip(*floors))
    floors = f"bare GROUP BY ({reading:.2f} s) and rewriting a row for each customer ({rewriting:.2f} s)"
    how = (
        f"median of {len(runs)}, {min(seconds):.2f} to {max(seconds):.2f} s, after {loading:.1f} s to load Python and Django; "
        f"{facts['changed']:,} of {facts['universe']:,} customers changed; "
        f"limit: {FLOORS} × floor; floor: {floors}"
    )
    return Figure(act, median(seconds), FLOORS * floor, "s", how, floor=floor)


def _memory(runs):
    known = [run.mb for run in runs if run.mb is not None]
    how = "the most in any of these runs, above the process that has loaded Django" if known else "this system does not tell"
    return Figure("recompute, memory", max(known, default=None), MOST_MB, "MiB", how)


def growth(figures):
    """A Figure for each act and database of which a salon of some size and one of ten times that size were measured."""
    sizes = {(each.name, each.database, each.customers): each for each in figures if each.name in ACTS}
    for (name, database, customers), small in sizes.items():
        large = sizes.get((name, database, customers * 10))
        if large and small.value:
            yield Figure(
                f"{name}: growth from {customers:,} to {customers * 10:,} customers",
                large.value / small.value,
                TENFOLD,
                "×",
                "seconds at the larger one ÷ seconds at the smaller one; floor: the same of the floor",
                database=database,
                floor=large.floor / small.floor if small.floor else None,
            )


# --- The floor --------------------------------------------------------------------------------------------------------


def bare(salon, day):
    """(seconds of the bare GROUP BY, seconds of rewriting as many rows)."""
    return salon.call("tests.bench.recompute:bare_seconds", as_of=day.isoformat())


# --- In a process that has the salon's database -----------------------------------------------------------------------

# One statement that finds last paid day, paid visit days and consumption of everybody, as the product defines them, through the
# index the product uses. Nothing is fetched but the sums of it all, so that carrying rows to Python costs nothing.
GROUP_BY = """
SELECT customer_id, MAX(CASE WHEN has_positive_line THEN business_date END) AS last_paid_on,
       COUNT(DISTINCT CASE WHEN has_positive_line AND business_date > {start_on} THEN business_date END) AS visit_days,
       SUM(CASE WHEN business_date > {start_on} THEN net_fen ELSE 0 END) AS consumption_fen
FROM archives_visit {hint}
WHERE status = 'done' AND customer_id IS NOT NULL AND business_date <= {as_of}
GROUP BY customer_id
"""


def bare_seconds(as_of):
    """[seconds of the bare GROUP BY, seconds of rewriting one row for each customer it found, durably, in one transaction]."""
    from django.db import connection

    statement = group_by(date.fromisoformat(as_of))
    begin = "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN"
    with bare_cursor() as (cursor, _mark):
        sums = "COUNT(*), MAX(last_paid_on), SUM(visit_days), SUM(consumption_fen)"
        reading = _timed(cursor, f"SELECT {sums} FROM ({statement}) found")
        columns = "customer_id bigint PRIMARY KEY, last_paid_on date, visit_days integer, consumption_fen bigint"
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(f"CREATE TABLE {TABLE} ({columns})")
        try:
            cursor.execute(f"INSERT INTO {TABLE} {statement}")
            rewriting = _timed(cursor, begin, f"UPDATE {TABLE} SET visit_days = visit_days + 1", "COMMIT")
        finally:
            cursor.execute(f"DROP TABLE {TABLE}")
    return [reading, rewriting]


def group_by(as_of):
    """GROUP_BY for the usual period up to a day."""
    from django.db import connection

    from salon.dates import Period
    from segmentation.runs.recompute import MONTHS

    hint = "INDEXED BY visit_counts" if connection.vendor == "sqlite" else ""
    return GROUP_BY.format(start_on=f"'{Period.months(as_of, MONTHS).start}'", as_of=f"'{as_of}'", hint=hint)


def _timed(cursor, *statements):
    began = time.perf_counter()
    for statement in statements:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - began


def last_whole_day():
    """The day before the salon was made: what the bench itself saves, on later days, is in no figure."""
    from django.db.models import Max

    from customers.card.models import Customer

    return (Customer.objects.aggregate(day=Max("card_date"))["day"] - timedelta(days=1)).isoformat()


def clear():
    """Forget all tiers and runs, as if the history had been brought in a moment ago."""
    from django.db import connection

    tables = ("segmentation_studytier", "segmentation_tierspan", "segmentation_tierrun")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)}")
        else:
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")


def last_run():
    """{"as_of", "start_on", "universe", "changed"} of the run everybody reads."""
    from segmentation.runs.models import TierRun

    run = TierRun.objects.current()
    return {
        "as_of": run.as_of.isoformat(),
        "start_on": run.start_on.isoformat(),
        "universe": run.universe,
        "changed": run.changed,
    }
