"""Correcting by which means a bill was paid: the same day, without voiding it, the sum unchanged."""

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from archives.visits.bills import entries, services
from archives.visits.bills.models import MeansCorrection, MeansRemark, Payment
from archives.visits.models import Bill
from salon import operations
from salon.errors import Barred, Conflict


def why_not(actor, bill):
    """Why this person cannot correct the means of a bill now, as a sentence; "" if it can be done."""
    if bill.voided_at:
        return _("This bill has been voided already.")
    if bill.refunds_id:
        return _("A refund is not corrected. Void it and refund again.")
    if not bill.paid_fen:
        return _("Nothing was paid for this bill.")
    if bill.business_date != services.branch_day(actor, bill.branch):
        return _("Means of payment can be corrected on the day of the bill only.")
    if not services.may_void(actor, bill):
        return _("Only a manager can correct the means of payment of this bill.")
    if bill.refunded_by.filter(voided_at=None).exists():
        return _("Something of this bill was refunded. Void the refund first.")
    if bill.payments.as_corrected().filter(means=Payment.STORED_VALUE).exists():
        return _("What was paid by stored value is not corrected here. Correct the bill instead.")
    return ""


def seen(bill):
    """What a form was filled from: the number of the correction that holds, 0 for none."""
    return bill.means_corrections.aggregate(last=Max("pk"))["last"] or 0


@transaction.atomic
def correct_means(*, actor, key, bill, payments, reason, seen_last):
    """Write down anew how a bill was paid. Returns the MeansCorrection.

    `payments`: [(means, fen), ...] above 0, the sum of the bill. `seen_last`: what `seen` said when the form was made.
    Raises EntryError, Barred (`why_not`), Conflict if somebody corrected it meanwhile, AlreadyDone, KeyConflict.
    """
    url = reverse("visits:detail", args=[bill.visits.first().pk])
    data = {"bill": bill.pk, "payments": [list(payment) for payment in payments], "reason": reason}
    operations.claim(key=key, user=actor.user, action="means", data=data, url=url)
    bill = Bill.objects.select_for_update().select_related("branch").get(pk=bill.pk)
    if barred := why_not(actor, bill):
        raise Barred(barred)
    if seen(bill) != seen_last:
        raise Conflict(_("Somebody corrected the means of payment meanwhile. Look at the bill again."))
    for problem in entries.payment_problems(payments, bill.paid_fen):
        raise problem
    if sorted(payments) == sorted(bill.payments.as_corrected().values_list("means", "amount_fen")):
        raise entries.EntryError(_("This is how it was paid already."), "payments")
    correction = MeansCorrection.objects.create(bill=bill, recorded_by=actor.user, recorded_at=actor.now)
    MeansRemark.objects.create(correction=correction, text=reason)
    after = bill.payments.aggregate(last=Max("position"))["last"]
    Payment.objects.bulk_create(
        Payment(bill=bill, position=n, means=means, amount_fen=fen, correction=correction)
        for n, (means, fen) in enumerate(payments, start=after + 1)
    )
    return correction
