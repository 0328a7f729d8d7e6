"""The writing of a run: spans closed and opened in short chunks, and undone again if their run never finished.

Each chunk is a transaction of its own with a pause after it, so that a receptionist's save never waits long (on SQLite
there is one writer at a time, and without the pause the next chunk would take its turn at once). Nothing of it shows
before the run is marked finished; killed anywhere, the next run takes it back.
"""

import time

from django.db import connection, transaction

from segmentation.runs.metrics import CHANGES_TABLE, FIGURE_COLUMNS, SCORE_COLUMNS, scored_sql
from segmentation.runs.models import StudyTier, TierSpan

CHUNKS = {"sqlite": 2_500, "postgresql": 5_000}  # rows in a transaction: on SQLite whoever saves waits for all of them
PAUSE_SECONDS = 0.02
_COPIED = f"{FIGURE_COLUMNS}, {SCORE_COLUMNS}"

_CLOSE = f"""
UPDATE segmentation_tierspan SET to_run_id = %(run)s
WHERE id IN (SELECT old_id FROM {CHANGES_TABLE} WHERE seq > %(after)s AND seq <= %(last)s AND old_id IS NOT NULL)
"""  # noqa: S608
# The tier of before: of the span just closed, or of the last one of somebody who had left the universe.
_OPEN = f"""
INSERT INTO segmentation_tierspan (from_run_id, {_COPIED}, tier, tier_since, previous_tier)
SELECT %(run)s, {", ".join(f"c.{column}" for column in _COPIED.split(", "))}, c.abc,
       CASE WHEN c.old_id IS NOT NULL AND o.tier = c.abc THEN o.tier_since ELSE %(as_of)s END,
       CASE WHEN o.tier IS NULL THEN '' WHEN o.tier = c.abc THEN o.previous_tier ELSE o.tier END
FROM {CHANGES_TABLE} c LEFT JOIN segmentation_tierspan o ON o.id = COALESCE(c.old_id, (
  SELECT last.id FROM segmentation_tierspan last WHERE last.customer_id = c.customer_id AND last.from_run_id < %(run)s
  ORDER BY last.from_run_id DESC LIMIT 1))
WHERE c.seq > %(after)s AND c.seq <= %(last)s AND c.customer_id IS NOT NULL
"""  # noqa: S608


def write_changes(run, count):
    """Close and open the spans of the `count` changes collected, as of `run`."""
    chunk = CHUNKS[connection.vendor]
    with connection.cursor() as cursor:
        for after in range(0, count, chunk):
            values = {"run": run.pk, "as_of": run.as_of, "after": after, "last": after + chunk}
            with transaction.atomic():
                cursor.execute(_CLOSE, values)
                cursor.execute(_OPEN, values)
            pause()


def write_study(run, bounds):
    """Store the figures of a study: its own rows, beside the history."""
    scored, values = scored_sql(bounds)
    sql = (
        f"INSERT INTO segmentation_studytier (run_id, {_COPIED}, tier, tier_since, previous_tier) "  # noqa: S608
        f"SELECT %s, {_COPIED}, abc, %s, '' FROM ({scored}) s WHERE customer_id > %s AND customer_id <= %s"
    )
    chunk = CHUNKS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(customer_id), MAX(customer_id) FROM run_figures")
        first, last = cursor.fetchone()
        for after in range((first or 1) - 1, last or 0, chunk):
            with transaction.atomic():
                cursor.execute(sql, [run.pk, run.as_of, *values, after, after + chunk])
            pause()


def undo(run):
    """Take back whatever a run wrote that did not finish: its spans go, those it closed are open again.

    Safe to repeat, and whatever is read meanwhile are the tiers of the last finished run.
    """
    _in_chunks(StudyTier.objects.filter(run=run), lambda rows: rows.delete())
    _in_chunks(TierSpan.objects.filter(from_run=run), lambda rows: rows.delete())
    _in_chunks(TierSpan.objects.filter(to_run=run), lambda rows: rows.update(to_run=None))


def _in_chunks(rows, act):
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[: CHUNKS[connection.vendor]]):
        with transaction.atomic():
            act(rows.filter(pk__lte=ids[-1]))
        pause()


def pause():
    """Let those wait who have been waiting."""
    if connection.vendor == "sqlite":
        time.sleep(PAUSE_SECONDS)
