"""The heavy SQL of a run: figures per customer, the bounds of their scores, and what differs from the tiers of before.

Method (measured against window functions, row loops and data frames; docs/scale.md): aggregate once through the covering
index of visits into a temporary table; take the bounds of scores and classes from the distribution of values; score by
these bounds in SQL; keep only the rows that differ from the open spans. Everything until there reads and takes no lock: the
writing (recompute.py) has little left to do.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import chain, repeat

from django.db import connection

from segmentation.runs import ladder
from segmentation.scoring import abc, rfm

FIGURES_TABLE, CHANGES_TABLE = "run_figures", "run_changes"
FIGURE_COLUMNS = "customer_id, first_paid_on, last_paid_on, visit_days, consumption_fen"
SCORE_COLUMNS = "r, f, m, segment, abc"

# First and last paid day since ever, paid visit days and consumption in the period, of everybody with a line above zero. Cards
# that were merged away are taken out afterwards: there are few, and asking at each visit costs more.
_AGGREGATE = """
SELECT customer_id, MIN(paid_on), MAX(paid_on), COUNT(DISTINCT CASE WHEN {in_period} THEN paid_on END),
       SUM(CASE WHEN {in_period} THEN net_fen ELSE 0 END)
FROM (
  SELECT customer_id, business_date, net_fen, CASE WHEN has_positive_line THEN business_date END AS paid_on
  FROM archives_visit {hint}
  WHERE status = 'done' AND customer_id IS NOT NULL AND business_date <= %(as_of)s
) visits
GROUP BY customer_id HAVING MAX(paid_on) IS NOT NULL
"""


_MERGED_AWAY = f"""
DELETE FROM {FIGURES_TABLE} WHERE customer_id IN (SELECT id FROM customers_customer WHERE merged_into_id IS NOT NULL)
"""  # noqa: S608


def _aggregate_sql(start_on):
    """The one statement that reads the visits; parameters as_of and start_on."""
    hint = "INDEXED BY visit_counts" if connection.vendor == "sqlite" else ""  # its planner prefers a worse one
    return _AGGREGATE.format(in_period="business_date > %(start_on)s" if start_on else "1 = 1", hint=hint)


@dataclass(frozen=True)
class Bounds:
    """The bounds a run found: four per score (rfm.bounds) and those of ABC; `universe` and `scored` are head counts,
    `ladder` the steps by which ranks are found.
    """

    r: tuple
    f: tuple
    m: tuple
    abc: abc.Bounds
    universe: int
    scored: int
    ladder: list

    def as_json(self):
        """As TierRun.bounds stores them."""
        days = [day and str(day) for day in self.r]
        return {"r": days, "f": list(self.f), "m": list(self.m), "abc": [self.abc.a_from, self.abc.b_from]}


def collect_figures(as_of, start_on):
    """Fill the temporary table of figures for everybody of the universe."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {FIGURES_TABLE}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {FIGURES_TABLE} (customer_id {_id_type()} PRIMARY KEY, first_paid_on date, "
            "last_paid_on date, visit_days integer, consumption_fen bigint)"
        )
        cursor.execute(
            f"INSERT INTO {FIGURES_TABLE} ({FIGURE_COLUMNS}) {_aggregate_sql(start_on)}",  # noqa: S608
            {"as_of": as_of, "start_on": start_on},
        )
        cursor.execute(_MERGED_AWAY)
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {FIGURES_TABLE}")


def _id_type():
    return "bigint" if connection.vendor == "postgresql" else "INTEGER"


def find_bounds():
    """The Bounds of the figures collected. Scores are over those with a paid visit day in the period."""
    with connection.cursor() as cursor:
        days, counts = _days_and_counts(cursor)
        cursor.execute(f"SELECT consumption_fen FROM {FIGURES_TABLE} WHERE visit_days > 0")  # noqa: S608
        amounts = sorted(amount for (amount,) in cursor)
        # Of those without a visit most have spent nothing.
        cursor.execute(f"SELECT consumption_fen, COUNT(*) FROM {FIGURES_TABLE} WHERE visit_days = 0 GROUP BY 1")  # noqa: S608
        lapsed = _expanded(dict(cursor))
    bounds = rfm.bounds(days), rfm.bounds(counts), rfm.bounds(amounts), abc.bounds(amounts)
    return Bounds(*bounds, len(amounts) + len(lapsed), len(amounts), ladder.steps(sorted(amounts + lapsed)))


def _days_and_counts(cursor):
    """All last paid days and all numbers of visit days in ascending order, out of one histogram: few pairs, each many times."""
    cursor.execute(
        f"SELECT last_paid_on, visit_days, COUNT(*) FROM {FIGURES_TABLE} WHERE visit_days > 0 GROUP BY 1, 2"  # noqa: S608
    )
    days, counts = Counter(), Counter()
    for day, count, heads in cursor:
        days[day] += heads
        counts[count] += heads
    return _expanded(days), _expanded(counts)


def _expanded(heads):
    """Each value as often as it occurs, ascending."""
    return list(chain.from_iterable(repeat(value, heads[value]) for value in sorted(heads)))


class _Values(list):
    """Parameters in the order the statement needs them."""

    def add(self, value):
        self.append(value)
        return "%s"


def _score_case(column, bounds, values):
    """SQL for rfm.score by bounds, 0 for who has no paid visit day in the period."""
    steps = [(score, bound) for score, bound in enumerate(bounds, start=2) if bound is not None]
    whens = "".join(f" WHEN {column} >= {values.add(bound)} THEN {score}" for score, bound in reversed(steps))
    return f"CASE WHEN visit_days = 0 THEN 0{whens} ELSE 1 END"


def _abc_case(bounds, values):
    steps = [(abc.A, bounds.a_from), (abc.B, bounds.b_from)]
    whens = "".join(
        f" WHEN consumption_fen >= {values.add(bound)} THEN '{letter}'" for letter, bound in steps if bound is not None
    )
    return f"CASE WHEN visit_days = 0 THEN '{abc.C}'{whens} ELSE '{abc.C}' END"


def _segment_case():
    """SQL for rfm.segment over the columns r, f and m: the whole table, spelled out."""
    whens = "".join(
        f" WHEN {10 * r + fm} THEN '{rfm.SEGMENTS[r][fm - 1]}'" for r in rfm.SEGMENTS for fm in range(1, rfm.SCORES + 1)
    )
    return f"CASE 10 * r + (f + m + 1) / 2{whens} ELSE '{rfm.LAPSED}' END"


def scored_sql(bounds):
    """(SQL, parameters) of FIGURE_COLUMNS and SCORE_COLUMNS of the universe, by a run's bounds."""
    values = _Values()
    cases = ", ".join(
        [
            f"{_score_case('last_paid_on', bounds.r, values)} AS r",
            f"{_score_case('visit_days', bounds.f, values)} AS f",
            f"{_score_case('consumption_fen', bounds.m, values)} AS m",
            f"{_abc_case(bounds.abc, values)} AS abc",
        ]
    )
    inner = f"SELECT {FIGURE_COLUMNS}, {cases} FROM {FIGURES_TABLE}"  # noqa: S608
    sql = f"SELECT {FIGURE_COLUMNS}, r, f, m, {_segment_case()} AS segment, abc FROM ({inner}) scored"  # noqa: S608
    return sql, values


# What makes a span differ: the segment follows from the scores, the tier from the class.
_COMPARED = ("first_paid_on", "last_paid_on", "visit_days", "consumption_fen", "r", "f", "m", "abc")


def collect_changes(bounds):
    """Fill the temporary table of changes: each new span, each span to close, or both. Returns how many there are.

    A row: seq, old_id (the open span to close, if any), is_new, the figures (null where somebody left the universe).
    """
    different = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    differs = " OR ".join(f"o.{column} {different} n.{column}" for column in _COMPARED)
    scored, values = scored_sql(bounds)
    columns = f"{FIGURE_COLUMNS}, {SCORE_COLUMNS}"
    new = ", ".join(f"n.{column}" for column in columns.split(", "))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {CHANGES_TABLE}")
        seq = "bigserial PRIMARY KEY" if connection.vendor == "postgresql" else "INTEGER PRIMARY KEY"
        cursor.execute(
            f"CREATE TEMPORARY TABLE {CHANGES_TABLE} (seq {seq}, old_id bigint, customer_id bigint, first_paid_on date, "
            "last_paid_on date, visit_days integer, consumption_fen bigint, r smallint, f smallint, m smallint, "
            "segment varchar(15), abc varchar(1))"
        )
        cursor.execute(
            f"INSERT INTO {CHANGES_TABLE} (old_id, {columns}) SELECT o.id, {new} FROM ({scored}) n "  # noqa: S608
            "LEFT JOIN segmentation_tierspan o ON o.customer_id = n.customer_id AND o.to_run_id IS NULL "
            f"WHERE o.id IS NULL OR {differs}",
            values,
        )
        cursor.execute(
            f"INSERT INTO {CHANGES_TABLE} (old_id) SELECT o.id FROM segmentation_tierspan o "  # noqa: S608
            f"WHERE o.to_run_id IS NULL AND NOT EXISTS (SELECT 1 FROM {FIGURES_TABLE} n WHERE n.customer_id = o.customer_id)"
        )
        cursor.execute(f"SELECT COUNT(*) FROM {CHANGES_TABLE}")  # noqa: S608
        return cursor.fetchone()[0]


def drop():
    """Forget the temporary tables."""
    with connection.cursor() as cursor:
        for table in (FIGURES_TABLE, CHANGES_TABLE):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
