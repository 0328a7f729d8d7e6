"""What the database refuses to change in bills and finished visits, whoever asks (salon/guards.py)."""

from archives.visits.models import DONE, VOIDED
from salon import guards
from salon.money import MAX_BILL_FEN, MAX_LINE_FEN

for _table in ("archives_line", "archives_staffshare", "archives_payment", "archives_meanscorrection"):
    guards.append_only(_table)
_FINISHED = f"OLD.status IN ('{DONE}', '{VOIDED}')"
_SAME = "NEW.{0} IS NOT DISTINCT FROM OLD.{0}"
guards.refuse("archives_visit", "DELETE", _FINISHED, "a finished visit is voided, never deleted")
_VISIT_MONEY = ("branch_id", "bill_id", "receipt_no", "business_date", "net_fen", "has_positive_line", "recorded_at")
_STATUS_STAYS = f"NEW.status = OLD.status AND {_SAME.format('voided_at')}"
_IS_VOIDED_NOW = f"OLD.status = '{DONE}' AND NEW.status = '{VOIDED}'"
guards.refuse(
    "archives_visit",
    "UPDATE",
    f"{_FINISHED} AND NOT ({' AND '.join(_SAME.format(c) for c in _VISIT_MONEY)} AND ({_STATUS_STAYS} OR {_IS_VOIDED_NOW}))",
    "the money of a finished visit never changes",
)
# From nobody's to a customer's once, and never back; from one card to another only when cards are merged.
guards.refuse(
    "archives_visit",
    "UPDATE",
    f"{_FINISHED} AND OLD.customer_id IS NOT NULL AND NEW.customer_id IS NULL",
    "a finished visit is not taken from its customer",
)
guards.refuse("archives_bill", "DELETE", "", "bills are voided, never deleted")
_BILL_MONEY = ("branch_id", "receipt_no", "business_date", "payable_fen", "paid_fen", "recorded_at")
guards.refuse(
    "archives_bill",
    "UPDATE",
    f"NOT ({' AND '.join(map(_SAME.format, _BILL_MONEY))}) OR OLD.voided_at IS NOT NULL AND NOT {_SAME.format('voided_at')}",
    "the money of a bill never changes",
)

# Amounts no salon has, from whatever hand they come.
_FAR_OFF = "ABS(NEW.{0}) > {1} OR ABS(NEW.{2}) > {1}"
_TOO_MUCH = "no salon has an amount so large"
guards.refuse("archives_line", "INSERT", _FAR_OFF.format("value_fen", MAX_LINE_FEN, "payable_fen"), _TOO_MUCH)
guards.refuse("archives_bill", "INSERT", _FAR_OFF.format("payable_fen", MAX_BILL_FEN, "paid_fen"), _TOO_MUCH)
guards.refuse("archives_payment", "INSERT", f"ABS(NEW.amount_fen) > {MAX_BILL_FEN}", _TOO_MUCH)
