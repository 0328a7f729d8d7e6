"""Writing visits: recording a bill, voiding it, giving money back, and the states of a visit that is not done yet."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LineEntry:
    """One line as it was entered. `shares`: ((StaffMember, basis points), ...), which sum to 10,000, or empty.

    `overrides`: {tag id: reason} for each safety note of the customer that speaks against the item.
    """

    item: object
    quantity_milli: int = 1000
    unit_price_fen: int = 0
    discount_fen: int = 0
    discount_reason: str = ""
    remark: str = ""
    minutes: int = 0
    shares: tuple = ()
    overrides: dict = field(default_factory=dict)


@dataclass(frozen=True)
class GuestEntry:
    """One customer of a bill (None: somebody unknown) with her lines and notes; `visit` is her open visit, if there is one."""

    customer: object | None
    lines: tuple = ()
    next_note: str = ""
    desk_note: str = ""
    visit: object | None = None
