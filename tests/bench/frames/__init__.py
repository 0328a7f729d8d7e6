"""The tiers by pandas, polars and DuckDB: run by the Python of .venv-bench, which has these and nothing of the product."""
