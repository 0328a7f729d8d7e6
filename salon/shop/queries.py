"""Reads and counters of the shop that several rooms need."""

from django.db.models import F

from salon.shop.models import Sequence, Shop


def shop():
    """The company's one row (made by post_migrate)."""
    return Shop.objects.get(pk=1)


def next_number(branch, kind):
    """The next number of a branch's sequence ("card", "receipt").

    Call it inside the transaction that uses the number: the row stays locked until then, so no number is given twice and a
    rolled-back transaction leaves no gap.
    """
    if not Sequence.objects.filter(branch=branch, kind=kind).update(last=F("last") + 1):
        Sequence.objects.bulk_create([Sequence(branch=branch, kind=kind)], ignore_conflicts=True)
        Sequence.objects.filter(branch=branch, kind=kind).update(last=F("last") + 1)
    return Sequence.objects.values_list("last", flat=True).get(branch=branch, kind=kind)
