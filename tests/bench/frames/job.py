"""What the three have in common: the questions to the database, the table of results, time and memory.

Each library reads what it needs, computes last paid day, paid visit days, consumption, scores, segment and class of everybody as
docs and segmentation/scoring define them, and stores a row for each customer in a new table of the same database. (First paid
day, history and explanation, which the product stores too, it is spared.) `way`: "grouped" lets the database do the GROUP BY,
"rows" reads every visit.
"""

import json
import os
import sys
import time
from contextlib import closing

import psycopg

from salon.database import sqlite
from tests.bench import memory
from tests.bench.frames.results import COLUMNS, CREATE, TABLE

sqlite.use_bundled_library()  # the one without the WAL bug: the salon's server has this file open
import sqlite3  # noqa: E402

CORES = os.cpu_count() or 1  # so many connections read where every visit is read
COUNTED = (
    "status = 'done' AND customer_id IS NOT NULL AND business_date <= '{as_of}' "
    "AND customer_id NOT IN (SELECT id FROM customers_customer WHERE merged_into_id IS NOT NULL)"
)
ROWS = f"SELECT customer_id, business_date, has_positive_line, net_fen FROM archives_visit {{hint}} WHERE {COUNTED}"
GROUPED = f"""
SELECT * FROM (
  SELECT customer_id, MAX(CASE WHEN has_positive_line THEN business_date END) AS last_paid_on,
         COUNT(DISTINCT CASE WHEN has_positive_line AND business_date > '{{start_on}}' THEN business_date END) AS visit_days,
         CAST(SUM(CASE WHEN business_date > '{{start_on}}' THEN net_fen ELSE 0 END) AS bigint) AS consumption_fen
  FROM archives_visit {{hint}} WHERE {COUNTED} GROUP BY customer_id) x
WHERE last_paid_on IS NOT NULL
"""
# Rows R5 to R1, columns FM 1 to 5, as the product's documentation has them; written down once more, so that an error shows.
SEGMENTS = {
    5: ("new", "promising", "potential_loyal", "champion", "champion"),
    4: ("promising", "promising", "potential_loyal", "loyal", "champion"),
    3: ("about_to_sleep", "need_attention", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "about_to_sleep", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "hibernating", "at_risk", "cannot_lose", "cannot_lose"),
}
SEGMENT_OF = {10 * r + fm: name for r, names in SEGMENTS.items() for fm, name in enumerate(names, start=1)} | {0: "lapsed"}


class Job:
    """What is asked: {"url": of PostgreSQL or "", "file": of SQLite or "", "as_of", "start_on", "way"}."""

    def __init__(self, url, file, as_of, start_on, way):
        self.url, self.file, self.way = url, file, way
        self.as_of, self.start_on = as_of, start_on

    def sql(self, text):
        """A question with its days; on SQLite through the index that the product uses, which its planner would not take."""
        hint = "" if self.url else "INDEXED BY visit_counts"
        return text.format(as_of=self.as_of, start_on=self.start_on, hint=hint)

    @property
    def address(self):
        """The database as connectorx wants it."""
        return self.url.replace("postgres://", "postgresql://", 1) if self.url else f"sqlite://{self.file}"

    def store_csv(self, csv):
        """Store results given as CSV (bytes, without heading, in the order of COLUMNS) on PostgreSQL."""
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(CREATE)
            with cursor.copy(f"COPY {TABLE} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(csv)

    def store_rows(self, rows):
        """Store results given as tuples in the order of COLUMNS on SQLite, in one durable transaction."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(CREATE)
            connection.executemany(f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(COLUMNS))})", rows)
            connection.execute("COMMIT")


def run(compute, store, version):
    """Do the job on the command line: `store(job, compute(job))`; says how long each took (s), and how much memory (MiB)."""
    job = Job(**json.loads(sys.argv[1]))
    memory.forget_peak()
    before, began = memory.resident(), time.perf_counter()
    result = compute(job)
    computed = time.perf_counter()
    store(job, result)
    stored, peak = time.perf_counter(), memory.peak()
    told = {"computing": computed - began, "storing": stored - computed, "version": version}
    print(json.dumps(told | {"mb": None if before is None else peak - before}))
