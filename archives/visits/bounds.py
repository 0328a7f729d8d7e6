"""Amounts no salon has: the database refuses to store them, from whatever hand they come."""

from salon import guards
from salon.money import MAX_BILL_FEN, MAX_LINE_FEN

_FAR_OFF = "ABS(NEW.{0}) > {1} OR ABS(NEW.{2}) > {1}"
_TOO_MUCH = "no salon has an amount so large"
guards.refuse("archives_line", "INSERT", _FAR_OFF.format("value_fen", MAX_LINE_FEN, "payable_fen"), _TOO_MUCH)
guards.refuse("archives_bill", "INSERT", _FAR_OFF.format("payable_fen", MAX_BILL_FEN, "paid_fen"), _TOO_MUCH)
guards.refuse("archives_payment", "INSERT", f"ABS(NEW.amount_fen) > {MAX_BILL_FEN}", _TOO_MUCH)
