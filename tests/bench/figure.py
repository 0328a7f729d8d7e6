"""One line of the bench's output."""

from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Figure:
    """What was measured (`value`, the one the limit is about), its limit, and what stands beside it.

    Without a `limit` it is told for information: nothing was promised about it. `floor` is the barest thing that does the same,
    measured the same way. `queries` has a limit of its own. A rate has a least instead (`at_least`). A `value` of None could not
    be measured, and `how` says why.
    """

    name: str
    value: float | None
    limit: float | None
    unit: str
    how: str = ""
    database: str = ""
    customers: int = 0
    median: float | None = None
    floor: float | None = None
    queries: int | None = None
    most_queries: int | None = None
    at_least: float | None = None

    @property
    def is_promised(self):
        return any(promise is not None for promise in (self.limit, self.at_least, self.most_queries))

    @property
    def is_over(self):
        """True if it misses what was promised, or that could not be measured."""
        if self.value is None:
            return self.is_promised
        too_many = self.most_queries is not None and self.queries is not None and self.queries > self.most_queries
        too_much = self.limit is not None and self.value > self.limit
        too_little = self.at_least is not None and self.value < self.at_least
        return too_many or too_much or too_little

    @property
    def verdict(self):
        if not self.is_promised:
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
            "not measured" if self.value is None else _amount(self.value, self.unit),
            self._promise(),
            _amount(self.floor, self.unit),
            queries,
            self.verdict,
        )

    def _promise(self):
        if self.at_least is not None:
            return f"≥ {_amount(self.at_least, self.unit)}"
        return "" if self.limit is None else f"≤ {_amount(self.limit, self.unit)}"


# "p50" of what was measured several times; "figure" is its p95, or what the measure's name or the lines below the table say.
COLUMNS = ("measure", "database", "customers", "p50", "figure", "limit", "floor", "queries", "")


def _amount(value, unit):
    if value is None:
        return ""
    return f"{value:.2f} {unit}" if value < 10 and value != int(value) else f"{value:,.0f} {unit}"


def p50(values):
    return percentile(values, 50)


def p95(values):
    return percentile(values, 95)


def percentile(values, percent):
    """A percentile of measured values, between the nearest two; a single value stands for itself."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]
