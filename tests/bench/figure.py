"""One line of the bench's output."""

from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Figure:
    """What was measured (`value`, the one the limit is about), its limit, and what stands beside it.

    Without a `limit` it is told for information: nothing was promised about it. `floor` is the barest thing that does the same,
    measured the same way. `queries` has a limit of its own.
    """

    name: str
    value: float
    limit: float | None
    unit: str
    how: str = ""
    database: str = ""
    customers: int = 0
    median: float | None = None
    floor: float | None = None
    queries: int | None = None
    most_queries: int | None = None

    @property
    def is_over(self):
        too_many = self.most_queries is not None and self.queries is not None and self.queries > self.most_queries
        return (self.limit is not None and self.value > self.limit) or too_many

    @property
    def verdict(self):
        if self.limit is None and self.most_queries is None:
            return ""
        return "OVER" if self.is_over else "ok"

    def cells(self):
        """What COLUMNS are about, as text."""
        queries = "" if self.queries is None else f"{self.queries}"
        if self.most_queries is not None:
            queries += f" (≤ {self.most_queries})"
        return (
            self.name,
            self.database,
            f"{self.customers:,}" if self.customers else "",
            _amount(self.median, self.unit),
            _amount(self.value, self.unit),
            "" if self.limit is None else f"≤ {_amount(self.limit, self.unit)}",
            _amount(self.floor, self.unit),
            queries,
            self.verdict,
        )


COLUMNS = ("measure", "database", "customers", "p50", "p95", "limit", "floor p95", "queries", "")


def _amount(value, unit):
    if value is None:
        return ""
    return f"{value:.2f} {unit}" if value < 10 and value != int(value) else f"{value:.0f} {unit}"


def p50(values):
    return percentile(values, 50)


def p95(values):
    return percentile(values, 95)


def percentile(values, percent):
    """A percentile of measured values, between the nearest two; a single value stands for itself."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]
