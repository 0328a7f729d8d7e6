"""The tiers by polars."""

import connectorx
import polars as pl
import pyarrow  # noqa: F401 - connectorx would load it while it reads

from tests.bench.frames import job as jobs
from tests.bench.frames.results import COLUMNS


def compute(job):
    frame = (_grouped if job.way == "grouped" else _from_rows)(job)
    is_scored, figures = pl.col("visit_days") > 0, (("r", "last_paid_on"), ("f", "visit_days"), ("m", "consumption_fen"))
    amount = pl.col("consumption_fen")
    scored = frame.filter(is_scored)
    scored = scored.with_columns(
        (1 + 5 * (pl.col(column).rank("min").cast(pl.Int64) - 1) // scored.height).alias(score) for score, column in figures
    ).join(_classes(scored), on="consumption_fen")
    lapsed = frame.filter(~is_scored).with_columns(
        *(pl.lit(0, pl.Int64).alias(score) for score, _column in figures), pl.lit("C").alias("abc")
    )
    code = pl.when(pl.col("r") > 0).then(10 * pl.col("r") + (pl.col("f") + pl.col("m") + 1) // 2).otherwise(0)
    both = pl.concat([scored, lapsed], how="diagonal")
    return both.with_columns(
        code.replace_strict(jobs.SEGMENT_OF, return_dtype=pl.String).alias("segment"),
        pl.when(amount > 0).then(pl.col("abc")).otherwise(pl.lit("C")).alias("abc"),
    ).select(COLUMNS)


def _grouped(job):
    frame = connectorx.read_sql(job.address, job.sql(jobs.GROUPED), return_type="polars")
    if frame.schema["last_paid_on"] == pl.String:
        frame = frame.with_columns(pl.col("last_paid_on").str.to_date())
    return frame.with_columns(pl.col("customer_id", "visit_days", "consumption_fen").cast(pl.Int64))


def _from_rows(job):
    address, question = job.address, job.sql(jobs.ROWS)
    visits = connectorx.read_sql(address, question, return_type="polars", partition_on="customer_id", partition_num=jobs.CORES)
    day, paid = pl.col("business_date"), pl.col("has_positive_line")
    in_period = day > pl.lit(job.start_on).str.to_date()
    figures = visits.lazy().group_by("customer_id").agg(
        day.filter(paid).max().alias("last_paid_on"),
        day.filter(paid & in_period).n_unique().cast(pl.Int64).alias("visit_days"),
        pl.col("net_fen").filter(in_period).sum().cast(pl.Int64).alias("consumption_fen"),
    )  # fmt: skip
    return figures.filter(pl.col("last_paid_on").is_not_null()).collect()


def _classes(scored):
    amount = pl.col("consumption_fen")
    amounts = scored.group_by(amount).agg(amount.clip(lower_bound=0).sum().alias("sum")).sort(amount, descending=True)
    before, total = pl.col("sum").cum_sum() - pl.col("sum"), amounts["sum"].sum()
    letter = pl.when(100 * before < 70 * total).then(pl.lit("A")).when(100 * before < 90 * total).then(pl.lit("B"))
    return amounts.select("consumption_fen", letter.otherwise(pl.lit("C")).alias("abc"))


def store(job, frame):
    if job.url:
        job.store_csv(frame.write_csv(include_header=False).encode())
    else:
        job.store_rows(frame.with_columns(pl.col("last_paid_on").cast(pl.String)).iter_rows())


if __name__ == "__main__":
    jobs.run(compute, store, pl.__version__)
