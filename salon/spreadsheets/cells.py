"""What a cell of a table means: text, an exact number such as a card number, a day, money, a quantity.

A cell is text, a number, True or False, None, or {"t": ISO date}, as tables.py gives it. Each reader returns a value,
None or "" for an empty cell, or raises CellError with a sentence for people.
"""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from django.utils.translation import gettext as _

from salon import text
from salon.money import MAX_FEN, round_half_up
from salon.spreadsheets import formulas

KEPT = 20_000  # texts whose meaning is remembered: the same days and prices come again and again
EXACT = 10**15  # a spreadsheet keeps fifteen digits of a number
MAX_MILLI = 10**12
FAINTEST = Decimal("0.001")  # of a fen: what is less is the dust of binary fractions
LONGEST = 200  # characters of a day or number: what is longer is none, and is neither read nor remembered
FIRST_YEAR, LAST_YEAR = 1900, 2200
EPOCH = date(1899, 12, 30)  # day 0 of Excel's serial dates
SERIALS = range(1, 110_000)  # 1900 to 2201
_DAY = re.compile(r"(\d{4})[-/.年\s](\d{1,2})[-/.月\s](\d{1,2})日?(?:[T\s].*|[上下午周星期(].*)?")
_AROUND_SIGNS = re.compile(r"(?<!\s)\s++(?=[-/.年月])|(?<=[-/.年月])\s++")  # each run of blanks is looked at once
_DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T\s]?\d{2}:?\d{2}.*|\d{4,6})?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_MONEY_WORDS = re.compile(r"人民币|RMB|CNY|HK\$|NT\$|US\$|[¥￥$€]|元整|元|块|塊", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[,']\d{3})+(?:\.\d*)?")
_MINUS = str.maketrans("−–—‐‑", "-----")
_NOTHING = {"-", "--", "---", "/", "\\", "nan", "null", "none", "#n/a"}
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,2}")


class CellError(Exception):
    """The cell does not say what its column asks for; the message says so."""


def shown(cell):
    """A cell as people see it: for previews and for the table of refused rows."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    if isinstance(cell, dict):
        return cell["t"].removesuffix("T00:00:00").replace("T", " ")
    return str(cell)


def plain(cell, longest=None, *, lines=False):
    """Cleaned text. Raises CellError if it is longer than `longest` characters."""
    value = text.clean_text(formulas.unguarded(shown(cell)), lines=lines)
    if longest is not None and len(value) > longest:
        raise CellError(_("“%(begin)s…” is longer than %(n)d characters.") % {"begin": value[:20], "n": longest})
    return value


def exact(cell, longest):
    """A number of a card or receipt: without the blanks around it, otherwise character for character."""
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            raise CellError(_("%(value)s has lost its last digits in Excel. Format the column as text.") % {"value": cell})
        value = format(Decimal(shown(cell)), "f")
    else:
        value = formulas.unguarded(shown(cell).strip()).strip()
    cleaned = value if value.isprintable() else text.clean_text(value)
    if not cleaned:
        return ""
    if cleaned is not value and cleaned != unicodedata.normalize("NFC", value):
        raise CellError(_("“%(value)s” contains signs that cannot be stored.") % {"value": text.clean_text(value)[:40]})
    if len(value) > longest:
        raise CellError(_("“%(begin)s…” is longer than %(n)d characters.") % {"begin": value[:20], "n": longest})
    return value


def phone(cell, longest=30):
    """A phone number as it was written; "" if the cell has no digits. A number whose digits Excel has lost is refused."""
    if isinstance(cell, float) and not cell.is_integer() or _DAMAGED.fullmatch(shown(cell).strip()):
        raise CellError(
            _("The phone number %(value)s has lost digits in Excel. Format the column as text.") % {"value": shown(cell)}
        )
    value = plain(cell, longest)
    value = value.removesuffix(".0") if re.fullmatch(r"\d+\.0", value) else value
    return value if text.phone_digits(value) else ""


def _short(value, error):
    """A text without the blanks around it. Raises what `error` makes of it if it is too long to be read."""
    value = value.strip()
    if len(value) > LONGEST:
        raise error(value)
    return value


# --- Days ----------------------------------------------------------------------------------------------------------------


def day(cell):
    """A date: Excel's own, its serial number, 20240105, 2024-1-5, 2024/1/5, 2024.1.5, 2024年1月5日; a time of day is dropped."""
    if isinstance(cell, bool):
        raise _no_day(cell)
    if isinstance(cell, (int, float)):
        return _day_of_number(cell)
    return _day_of_text(_short(shown(cell), _no_day))


@lru_cache(maxsize=KEPT)
def _day_of_text(value):
    value = text.clean_text(formulas.unguarded(value))
    value = text.normalized("NFKC", value).translate(_MINUS)
    if not value:
        return None
    value = _AROUND_SIGNS.sub("", value)
    if match := _DAY.fullmatch(value) or _DIGITS_DAY.fullmatch(value):
        return _day_of(value, *map(int, match.groups()))
    if match := _SERIAL.fullmatch(value):
        return _day_of_number(int(match[1]))
    raise _no_day(value)


def _day_of_number(number):
    whole = int(number)
    if whole in SERIALS:
        return EPOCH + timedelta(days=whole)
    if match := _DIGITS_DAY.fullmatch(str(whole)):
        return _day_of(whole, *map(int, match.groups()))
    raise _no_day(number)


def _day_of(value, year, month, month_day):
    try:
        found = date(year, month, month_day)
    except ValueError:
        raise _no_day(value) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _no_day(value)
    return found


def _no_day(value):
    return CellError(_("“%(value)s” is not a date. Write it as 2024-01-31.") % {"value": str(value)[:40]})


# --- Numbers -------------------------------------------------------------------------------------------------------------


def number(cell):
    """A Decimal, or None for an empty cell: ¥1,234.50, １２３, (50.00), 50-, −50, 1 234.5元."""
    if isinstance(cell, (bool, dict)):
        raise _no_number(shown(cell))
    if isinstance(cell, (int, float)):
        value = Decimal(repr(cell))
        if not value.is_finite():
            raise _no_number(cell)
        return value
    return _number_of_text(_short(shown(cell), _no_number))


@lru_cache(maxsize=KEPT)
def _number_of_text(original):
    original = text.clean_text(formulas.unguarded(original))
    value = _MONEY_WORDS.sub("", text.normalized("NFKC", original).translate(_MINUS))
    value = re.sub(r"[\s\u3000]", "", value).replace("，", ",")
    if not value or value.casefold() in _NOTHING:
        return None
    if match := re.fullmatch(r"\((.+)\)|([^-]+)-", value):
        value = f"-{match[1] or match[2]}"
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "").replace("'", "")
    if not _NUMBER.fullmatch(value):
        raise _no_number(original)
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _no_number(original) from None


def _no_number(value):
    return CellError(_("“%(value)s” is not a number.") % {"value": str(value)[:40]})


def money(cell):
    """Fen, rounded half up once, or None for an empty cell."""
    return _scaled(cell, 100, MAX_FEN)


def is_rounded(cell, fen):
    """True if a cell of money says a part of a fen more or less than the `fen` read from it. The last digits of a binary
    fraction, 198.99999999999997, say nothing.
    """
    value = number(cell)
    return value is not None and abs(value * 100 - fen) > FAINTEST


def quantity(cell):
    """Thousandths, or None for an empty cell."""
    return _scaled(cell, 1000, MAX_MILLI)


def _scaled(cell, factor, most):
    value = number(cell)
    if value is None:
        return None
    if abs(value) * factor > most:
        raise CellError(_("%(value)s is out of range.") % {"value": shown(cell)[:40]})
    return round_half_up(value * factor)
