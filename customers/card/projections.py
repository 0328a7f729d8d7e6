"""Columns of a card that higher floors fill: derived, so always rebuildable."""

from django.db import connection
from django.db.models import Q

from customers.card.models import Customer


def note_visit(*, customer_ids, on):
    """Customers came on a day: their `last_visit_on` becomes that day unless a later one stands there."""
    earlier = Q(last_visit_on=None) | Q(last_visit_on__lt=on)
    Customer.objects.filter(earlier, pk__in=customer_ids).update(last_visit_on=on)


def set_last_visit(*, days):
    """Set `last_visit_on` from {customer id: day or None}, after visits were voided."""
    for customer_id, day in days.items():
        Customer.objects.filter(pk=customer_id).update(last_visit_on=day)


def note_visits(*, days):
    """`note_visit` for many: {customer id: last day}. One statement for each, in one call of the driver."""
    statement = (
        f"UPDATE {Customer._meta.db_table} SET last_visit_on = %s "  # noqa: S608 - a name from the model
        "WHERE id = %s AND (last_visit_on IS NULL OR last_visit_on < %s)"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(day.isoformat(), pk, day.isoformat()) for pk, day in days.items()])
