"""The rows of a bill as column values: the one place that knows what a bill, a finished visit and a line are made of.

The desk makes model instances of them, imports and the demo store them many at once (salon/database/rows.py). Days and moments
are passed on as they are given, as objects or as ISO text.
"""

from archives.visits.bills.models import Payment
from archives.visits.models import (
    DONE,
    Bill,
    Line,
    LineRemark,
    PlannedItem,
    RefundAllowance,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)
from salon.money import extended_price, spread

TABLES = {
    # in the order the rows refer to each other
    "bills": (
        Bill,
        "id branch_id receipt_no business_date payer_id payable_fen paid_fen recorded_by_id recorded_at "
        "voided_at voided_by_id void_reason replaces_id refunds_id",
    ),
    "visits": (
        Visit,
        "id branch_id customer_id status channel expected_on expected_time assigned_id arrived_at care_started_at done_at "
        "bill_id receipt_no business_date day net_fen has_positive_line recorded_at recorded_by_id voided_at",
    ),
    "lines": (
        Line,
        "id visit_id position item_id kind item_name quantity_milli unit_price_fen discount_fen discount_reason "
        "value_fen payable_fen cost_fen minutes refund_of_id",
    ),
    "remarks": (LineRemark, "line_id text"),
    "shares": (StaffShare, "id line_id staff_id share_bp value_fen"),
    "allowances": (RefundAllowance, "line_id value_fen quantity_milli refunded_fen refunded_milli"),
    "payments": (Payment, "id bill_id position means amount_fen"),
    "overrides": (SafetyOverride, "id line_id tag_id reason by_id at"),
    "notes": (VisitNote, "id visit_id kind text by_id at"),
    "planned": (PlannedItem, "id visit_id item_id"),
}


def bill(*, on, payable_fen, **columns):
    """A Bill that stands, paid in full on the business date `on`."""
    never = {"voided_at": None, "voided_by_id": None, "void_reason": "", "replaces_id": None, "refunds_id": None}
    return never | {"business_date": on, "payable_fen": payable_fen, "paid_fen": payable_fen} | columns


def finished(bill, values):
    """What makes a Visit a finished one of a bill's row; its lines are worth `values`, in fen."""
    return {
        "status": DONE,
        "receipt_no": bill["receipt_no"],
        "business_date": bill["business_date"],
        "day": bill["business_date"],
        "done_at": bill["recorded_at"],
        "net_fen": sum(values),
        "has_positive_line": any(value > 0 for value in values),
        "recorded_by_id": bill["recorded_by_id"],
        "recorded_at": bill["recorded_at"],
    }


def open_visit(**columns):
    """A Visit that is not finished: nothing has been paid."""
    unknown = ("expected_on", "expected_time", "assigned_id", "arrived_at", "care_started_at", "done_at", "voided_at")
    unpaid = {"receipt_no": "", "business_date": None, "net_fen": 0, "has_positive_line": False}
    return dict.fromkeys(unknown) | {"channel": "shop"} | unpaid | columns


def visit(bill, values, **columns):
    """A Visit that was finished at once: nobody expected it."""
    return open_visit(branch_id=bill["branch_id"]) | finished(bill, values) | columns


def line(item, *, quantity_milli, unit_price_fen, value_fen, cost_fen, minutes, discount_reason=""):
    """A Line of an `item` (id, kind, name), apart from its visit and position. `cost_fen`: of one piece.

    What is given back, a quantity below zero, has no cost and takes no time.
    """
    is_sale = quantity_milli > 0
    discount_fen = extended_price(unit_price_fen, quantity_milli) - value_fen
    return {
        "item_id": item.id,
        "kind": item.kind,
        "item_name": item.name,
        "quantity_milli": quantity_milli,
        "unit_price_fen": unit_price_fen,
        "discount_fen": discount_fen,
        "discount_reason": discount_reason if discount_fen else "",
        "value_fen": value_fen,
        "payable_fen": value_fen,
        "cost_fen": extended_price(cost_fen, quantity_milli) if is_sale else 0,
        "minutes": minutes if is_sale else 0,
        "refund_of_id": None,
    }


def refund_line(original, *, quantity_milli, fen):
    """The Line that gives back a part of the `original` row: a quantity and an amount, both above zero."""
    kept = {name: original[name] for name in ("item_id", "kind", "item_name", "unit_price_fen", "discount_reason")}
    return kept | {
        "quantity_milli": -quantity_milli,
        "discount_fen": fen - extended_price(original["unit_price_fen"], quantity_milli),
        "value_fen": -fen,
        "payable_fen": -fen,
        "cost_fen": 0,
        "minutes": 0,
        "refund_of_id": original["id"],
    }


def allowance(line, *, refunded_milli=0, refunded_fen=0):
    """The RefundAllowance of a line's row: how much of it can be, and has been, given back."""
    bought = {"value_fen": line["value_fen"], "quantity_milli": line["quantity_milli"]}
    return bought | {"refunded_fen": refunded_fen, "refunded_milli": refunded_milli}


def shares(value_fen, people):
    """The StaffShares of a line's value among `people`: [(staff id, basis points), ...]."""
    parts = spread(value_fen, [bp for _staff, bp in people])
    return [{"staff_id": staff, "share_bp": bp, "value_fen": part} for (staff, bp), part in zip(people, parts)]


def payments(amounts):
    """The Payments of a bill: [(means, fen), ...]."""
    return [{"position": n, "means": means, "amount_fen": fen} for n, (means, fen) in enumerate(amounts, start=1)]
