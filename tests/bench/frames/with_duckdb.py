"""The tiers by DuckDB: PostgreSQL attached, SQLite read through Arrow.

(DuckDB's own extension for SQLite carries a library before 3.39, which cannot open a database with today's triggers.)
"""

import importlib.util
from pathlib import Path

import connectorx
import duckdb
import pyarrow.dataset  # noqa: F401 - DuckDB would load it while it reads

from tests.bench.frames import job as jobs
from tests.bench.frames.results import COLUMNS, CREATE, TABLE

FROM_ROWS = """
SELECT customer_id, MAX(business_date) FILTER (has_positive_line) AS last_paid_on,
       COUNT(DISTINCT business_date) FILTER (has_positive_line AND business_date > DATE '{start_on}') AS visit_days,
       COALESCE(SUM(net_fen) FILTER (business_date > DATE '{start_on}'), 0)::BIGINT AS consumption_fen
FROM {visits}
GROUP BY customer_id HAVING MAX(business_date) FILTER (has_positive_line) IS NOT NULL
"""
# before: of all amounts strictly ahead. Equal amounts are peers of one row in the order, and are taken off again.
SCORED = """
SELECT customer_id, last_paid_on, visit_days, consumption_fen,
       1 + 5 * (rank() OVER (ORDER BY last_paid_on) - 1) // count(*) OVER () AS r,
       1 + 5 * (rank() OVER (ORDER BY visit_days) - 1) // count(*) OVER () AS f,
       1 + 5 * (rank() OVER (ORDER BY consumption_fen) - 1) // count(*) OVER () AS m,
       sum(greatest(consumption_fen, 0)) OVER (ORDER BY consumption_fen DESC)
         - sum(greatest(consumption_fen, 0)) OVER (PARTITION BY consumption_fen) AS before,
       sum(greatest(consumption_fen, 0)) OVER () AS total
FROM figures WHERE visit_days > 0
"""
RESULT = """
CREATE TABLE result AS
SELECT customer_id, last_paid_on, visit_days, consumption_fen, r, f, m,
       CASE 10 * r + (f + m + 1) // 2 {segments} END AS segment,
       CASE WHEN consumption_fen <= 0 THEN 'C' WHEN 100 * before < 70 * total THEN 'A' WHEN 100 * before < 90 * total THEN 'B'
            ELSE 'C' END AS abc
FROM ({scored})
UNION ALL
SELECT customer_id, last_paid_on, visit_days, consumption_fen, 0, 0, 0, 'lapsed', 'C' FROM figures WHERE visit_days = 0
"""


def compute(job):
    """The connection whose table `result` has the tiers."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    if job.url:
        connection.execute(f"LOAD '{_extension('postgres_scanner')}'")
        connection.execute(f"ATTACH '{job.url}' AS shop (TYPE postgres)")
    connection.execute(f"CREATE TABLE figures AS {(_grouped if job.way == 'grouped' else _from_rows)(job, connection)}")
    segments = " ".join(f"WHEN {code} THEN '{name}'" for code, name in jobs.SEGMENT_OF.items())
    connection.execute(RESULT.format(segments=segments, scored=SCORED))
    return connection


def _grouped(job, connection):
    if job.url:
        return f"SELECT * FROM postgres_query('shop', $${job.sql(jobs.GROUPED)}$$)"
    connection.register("read", connectorx.read_sql(job.address, job.sql(jobs.GROUPED), return_type="arrow"))
    return "SELECT * REPLACE (last_paid_on::DATE AS last_paid_on) FROM read"


def _from_rows(job, connection):
    if job.url:
        visits = f"({jobs.ROWS.replace(' archives_', ' shop.archives_').replace(' customers_', ' shop.customers_')})"
        return FROM_ROWS.format(visits=job.sql(visits), start_on=job.start_on)
    options = {"partition_on": "customer_id", "partition_num": jobs.CORES}
    connection.register("read", connectorx.read_sql(job.address, job.sql(jobs.ROWS), return_type="arrow", **options))
    return FROM_ROWS.format(visits="read", start_on=job.start_on)


def _extension(name):
    """The extension's file, which a package of that name carries: DuckDB itself would fetch it from somewhere."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    (file,) = Path(package.submodule_search_locations[0]).rglob(f"{name}.duckdb_extension")
    return file


def store(job, connection):
    found = f"SELECT {', '.join(COLUMNS)} FROM result"
    if not job.url:
        text = found.replace("last_paid_on", "last_paid_on::VARCHAR")
        job.store_rows(connection.execute(text).fetchall())
        return
    connection.execute("BEGIN")
    connection.execute(f"CALL postgres_execute('shop', $${CREATE}$$)")
    connection.execute("CALL pg_clear_cache()")
    connection.execute(f"INSERT INTO shop.{TABLE} {found}")
    connection.execute("COMMIT")


if __name__ == "__main__":
    jobs.run(compute, store, duckdb.__version__)
