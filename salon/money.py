"""Money: an integer number of fen (1/100 of the currency) everywhere but in forms, templates and files.

SQLite stores a DecimalField as a float, so sums and equality go wrong there; integers do not. Rounding is half up, once,
where a decimal number enters.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

SYMBOLS = {"CNY": "¥", "HKD": "HK$", "TWD": "NT$", "MOP": "MOP$", "USD": "$", "SGD": "S$", "MYR": "RM", "EUR": "€"}
MAX_FEN = 10**12  # ten thousand million yuan: more than any salon, far less than a BigIntegerField
MAX_LINE_FEN = 10**8  # a million yuan for one line, given or given back: far above any salon's
MAX_BILL_FEN = 10**9  # ten million yuan for a bill and for a payment


def rounded(value, places):
    """A Decimal with so many places; halves go away from zero. Django's number_format cuts off what it does not show."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def round_half_up(value):
    """The integer nearest to a Decimal; halves go away from zero."""
    return int(rounded(value, 0))


def prorated(fen, part, whole):
    """`fen` × part ÷ whole, in fen; halves go away from zero. `whole` is above zero."""
    size = (2 * abs(fen * part) + whole) // (2 * whole)
    return size if fen * part >= 0 else -size


def extended_price(unit_price_fen, quantity_milli):
    """Unit price × quantity in thousandths, before any discount, in fen; halves go away from zero."""
    return prorated(unit_price_fen, quantity_milli, 1000)


def average(fen, count):
    """Fen for each of so many; 0 where there is none."""
    return prorated(fen, 1, count) if count else 0


def to_fen(amount):
    """Fen of an amount in yuan given as Decimal, int or decimal text."""
    return round_half_up(Decimal(amount) * 100)


def to_yuan(fen):
    """The Decimal amount in yuan, two places."""
    return Decimal(fen).scaleb(-2)


def format_money(fen, *, symbol=True, places=2):
    """`¥ 8,420.00` in the language in force, never broken over two lines; a true minus sign before the symbol."""
    text = number_format(rounded(to_yuan(abs(fen)), places), decimal_pos=places, force_grouping=True)
    if symbol:
        text = f"{SYMBOLS.get(settings.CURRENCY, settings.CURRENCY)}\xa0{text}"
    return f"−{text}" if fen < 0 else text


def spread(total, weights):
    """`total` split in proportion to non-negative `weights` by largest remainder; the parts sum to `total`.

    Ties go to the earlier part. All weights zero: everything goes to the first part. No weights: an empty list.
    """
    weights = list(weights)
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    sign = -1 if total < 0 else 1
    exact = [divmod(abs(total) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _rest in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-exact[i][1], i))
    for i in by_remainder[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


_GROUPED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:,\d{3})+(?!\d)")
_WRITTEN_OTHERWISE = re.compile(r"[eE_]")  # what Decimal reads as well, and nobody means: 1e3, 1_000


def ungrouped(text):
    """Typed figures without the commas between thousands. Any other comma stays, so that the text is no number: 38,00 is 38 to
    one and 3,800 to another.
    """
    return _GROUPED.sub(lambda found: found[0].replace(",", ""), text)


class YuanField(forms.DecimalField):
    """A form field people type yuan into; its cleaned value and initial value are fen."""

    default_error_messages = {"invalid": _("Enter an amount of money, such as 380 or 380.50.")}

    def __init__(self, *, min_fen=0, max_fen=MAX_FEN, **kwargs):
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_digits=16, decimal_places=2, min_value=to_yuan(min_fen), max_value=to_yuan(max_fen), **kwargs)

    def prepare_value(self, value):
        return to_yuan(value) if isinstance(value, int) else value

    def to_python(self, value):
        if isinstance(value, str):
            value = ungrouped(value.replace("，", ",").strip().lstrip("¥￥").strip())
            if _WRITTEN_OTHERWISE.search(value):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def clean(self, value):
        amount = super().clean(value)
        return None if amount is None else to_fen(amount)

    def has_changed(self, initial, data):
        try:
            return initial != self.clean(data)
        except ValidationError:
            return True
