"""What must hold in the database after every import."""

from django.db import connection

from tests.segmentation.demo import rules

# Rules of the demo that hold for what is imported, too; the others are about numbering, refunds with an original, working days.
HELD = [
    "a bill is not what was paid for it",
    "a bill is not the sum of its visits",
    "a visit is not the sum of its lines",
    "has_positive_line is wrong",
    "a line does not say what its item is",
    "positions have gaps",
    "another reason without remark",
    "a refund has an allowance",
    "an allowance is not what was given back",
    "a visit is voided without its bill, or its bill without it",
    "visit and bill differ",
    "the payer is not on the bill",
    "moments are out of order",
    "somebody came before the card was made",
    "the last visit on a card is wrong",
    "two cards have one number",
    "a phone has no first entry in its history",
]
OF_NEW_CARDS = ["a card has no first entry in its history"]


def broken_rules(names=HELD):
    """{rule: rows that break it}."""
    with connection.cursor() as cursor:
        found = {}
        for name in names:
            cursor.execute(rules.ALL[name])
            if rows := cursor.fetchall():
                found[name] = rows
    return found
