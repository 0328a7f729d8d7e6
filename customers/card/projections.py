"""Columns of a card that higher floors fill: derived, so always rebuildable."""

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
