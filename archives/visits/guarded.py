"""What the database refuses to change in bills and finished visits, whoever asks (salon/guards.py)."""

from salon import guards

for _table in ("archives_line", "archives_staffshare", "archives_payment"):
    guards.append_only(_table)
_FINISHED = "OLD.status IN ('done', 'voided')"
_SAME = "NEW.{0} IS NOT DISTINCT FROM OLD.{0}"
guards.refuse("archives_visit", "DELETE", _FINISHED, "a finished visit is voided, never deleted")
_VISIT_MONEY = ("branch_id", "bill_id", "receipt_no", "business_date", "net_fen", "has_positive_line", "recorded_at")
_STATUS_STAYS = f"NEW.status = OLD.status AND {_SAME.format('voided_at')}"
_IS_VOIDED_NOW = "OLD.status = 'done' AND NEW.status = 'voided'"
guards.refuse(
    "archives_visit",
    "UPDATE",
    f"{_FINISHED} AND NOT ({' AND '.join(_SAME.format(c) for c in _VISIT_MONEY)} AND ({_STATUS_STAYS} OR {_IS_VOIDED_NOW}))",
    "the money of a finished visit never changes",
)
guards.refuse("archives_bill", "DELETE", "", "bills are voided, never deleted")
_BILL_MONEY = ("branch_id", "receipt_no", "business_date", "payable_fen", "paid_fen", "recorded_at")
guards.refuse(
    "archives_bill",
    "UPDATE",
    f"NOT ({' AND '.join(map(_SAME.format, _BILL_MONEY))}) OR OLD.voided_at IS NOT NULL AND NOT {_SAME.format('voided_at')}",
    "the money of a bill never changes",
)
