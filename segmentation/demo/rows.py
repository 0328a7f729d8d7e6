"""Single rows of the demo, under ids given by the program: one seed gives the same rows on both databases."""

from datetime import UTC, datetime

from salon.database.rows import first_free_id

CHUNK = 2_000  # visits, or cards, stored at once


def create(model, *, on=None, **fields):
    """Create one object under the next free id, so that ids are the same on both databases. `on`: the day its history begins."""
    made = model(pk=first_free_id(model), **fields)
    if on:
        made._history_date = beginning(on)
    made.save(force_insert=True)
    return made


def beginning(day):
    """The moment of a day at which a history begins."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
