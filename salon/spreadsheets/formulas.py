"""Text that a spreadsheet would take for a formula: a leading quotation mark keeps it text in CSV, and is taken off again."""

_BEGINS = tuple("=+-@\t\r\0＝＋－＠")
_SKIPPED = " \u3000\xa0\ufeff"


def is_formula(value):
    """True if a spreadsheet that opens a CSV file might compute this cell."""
    return value.startswith(_BEGINS) or value.lstrip(_SKIPPED).startswith(_BEGINS)


def guarded(value):
    """The text as a CSV cell that stays text."""
    return f"'{value}" if is_formula(value) else value


def unguarded(value):
    """The text that `guarded` was given; other text as it is."""
    return value[1:] if value.startswith("'") and is_formula(value[1:]) else value
