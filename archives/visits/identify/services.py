"""Giving a walk-in's visit to a customer: "that was me last Tuesday". No money moves, and it happens once.

A finished visit goes to her with what was refunded of it; a mistake is mended by correcting the bill. An open one is hers
from now on, and is finished as hers.
"""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from archives.visits.bills import services
from archives.visits.bills.entries import EntryError
from archives.visits.identify.models import IdentifiedVisit
from archives.visits.models import DONE, UNFINISHED, VOIDED, Bill, Line, Visit
from archives.visits.queries import safety_conflicts
from customers.card import projections
from salon import operations
from salon.errors import Barred, Conflict


def why_not(actor, visit):
    """Why this person cannot give a visit to a customer now, as a sentence; "" if it can be done. At most two queries."""
    if visit.customer_id:
        return _("This visit is a customer's already.")
    if visit.status == VOIDED:
        return _("This visit was voided: it counts for nobody.")
    if visit.status in UNFINISHED:
        return ""
    if visit.status != DONE:
        return _("Nobody was here: this visit is “%(state)s”.") % {"state": visit.get_status_display()}
    if visit.bill.refunds_id:
        return _("This is a refund: it goes with the visit that was refunded.")
    if (services.branch_day(actor, visit.branch) - visit.business_date).days > services.BACKDATE_DAYS.get(actor.role, 0):
        return _("This visit is too long ago to be given to a customer by you. Ask your manager.")
    return ""


@transaction.atomic
def identify_visit(*, actor, key, visit, customer):
    """Give a visit that was recorded for nobody to a customer the actor may serve. Returns the visit.

    Her bill's payer, if nobody was known, is she; the refunds of the bill are hers too. `key`: UUID of action "identify".
    Raises Barred with the reason (`why_not`), EntryError if she has a visit on that receipt, Conflict, AlreadyDone, KeyConflict.
    """
    data = {"visit": visit.pk, "customer": customer.pk}
    operations.claim(key=key, user=actor.user, action="identify", data=data, url=visit.get_absolute_url())
    bills = _locked_bills(visit)
    visit = Visit.objects.select_related("bill", "branch").get(pk=visit.pk)
    if reason := why_not(actor, visit):
        raise Barred(reason)
    refunded = Visit.objects.filter(bill__in=bills, bill__refunds__isnull=False, customer=None, status=DONE)
    hers = [visit, *refunded]
    _hand_over(hers, customer)
    IdentifiedVisit.objects.bulk_create(
        IdentifiedVisit(visit=each, recorded_by=actor.user, recorded_at=actor.now) for each in hers
    )
    Bill.objects.filter(pk__in=bills, payer=None).update(payer=customer)
    if visit.bill:
        projections.note_visit(customer_ids=[customer.pk], on=visit.business_date)
    visit.refresh_from_db()
    return visit


def _locked_bills(visit):
    """Ids of the visit's bill and its refunds, locked before anything is read: none is voided or refunded beside this."""
    if visit.bill_id is None:
        return []
    bills = Bill.objects.filter(Q(pk=visit.bill_id) | Q(refunds=visit.bill_id)).order_by("pk")
    return [bill.pk for bill in bills.select_for_update()]


def _hand_over(visits, customer):
    still = Visit.objects.filter(pk__in=[visit.pk for visit in visits], customer=None, status__in=[DONE, *UNFINISHED])
    try:
        with transaction.atomic():
            handed = still.update(customer=customer)
    except IntegrityError:
        raise EntryError(_already_there(visits[0], customer)) from None
    if handed != len(visits):
        raise Conflict(_("Somebody moved this visit meanwhile. Look at it again."))


def _already_there(visit, customer):
    """What the constraint visit_once_per_receipt means."""
    if visit.receipt_no:
        words = _("%(name)s stands on receipt %(receipt)s already. A customer can stand on a bill only once.")
    else:
        words = _("%(name)s has a visit without receipt number on that day already.")
    return words % {"name": customer.name, "receipt": visit.receipt_no}


def visits_beside(actor, visit, customer):
    """Her other visits at the branch that day which stand or are still to come: perhaps it is one of them. One query."""
    others = Visit.objects.visible_to(actor).filter(branch=visit.branch_id, customer=customer, day=visit.day)
    return others.filter(status__in=[DONE, *UNFINISHED], bill__refunds=None).order_by("pk")


def not_tolerated(actor, visit, customer):
    """[(item name, tag name)] of what was done, or is planned, although a note in force now speaks against it. Four queries."""
    names = dict(Line.objects.filter(visit=visit).values_list("item", "item_name"))
    names = names or dict(visit.planned.order_by("pk").values_list("item", "item__name"))
    found = safety_conflicts([customer.pk], names, actor.today)
    return [(name, tag.name) for item, name in names.items() for tag in found.get((customer.pk, item), ())]
