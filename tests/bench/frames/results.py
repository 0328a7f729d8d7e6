"""The table in which a library stores its tiers."""

TABLE = "bench_tiers"
COLUMNS = ("customer_id", "last_paid_on", "visit_days", "consumption_fen", "r", "f", "m", "segment", "abc")
CREATE = f"""
CREATE TABLE {TABLE} (customer_id bigint PRIMARY KEY, last_paid_on date, visit_days integer, consumption_fen bigint,
                      r smallint, f smallint, m smallint, segment varchar(15), abc varchar(1))
"""
