"""One line of the bench's output."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, its limit, and how."""

    name: str
    value: float
    limit: float
    unit: str
    how: str = ""

    @property
    def is_over(self):
        return self.value > self.limit

    def __str__(self):
        verdict = "OVER" if self.is_over else "ok"
        measured, limit = f"{self.value:.2f} {self.unit}", f"limit {self.limit:g} {self.unit}"
        return f"{self.name:<32} {measured:>12}  {limit:<14} {verdict:<5} {self.how}".rstrip()
