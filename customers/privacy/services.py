"""Writing the access log, and what may only happen together with an entry in it."""

from django.conf import settings
from django.db import transaction

from customers.card.models import Customer
from customers.privacy.models import AccessEntry, AccessReason, GuestPass
from salon import access, dates
from salon.accounts.models import User


class RevealLimitReached(Exception):
    """The person has looked at as many whole fields today as one person may."""


class ReasonMissing(Exception):
    """The field is shown only to somebody who says why."""


def log_view(*, actor, customer, address):
    """Somebody opened a page that shows a customer's card or visit."""
    return _entry(actor, AccessEntry.VIEW, customer, address)


@transaction.atomic
def log_reveal(*, actor, customer, field, address, reason=""):
    """Record that `actor` sees the whole of a masked field group; call it before showing anything.

    Raises RevealLimitReached after settings.REVEALS_A_DAY on one business day, ReasonMissing where the policy asks why.
    """
    if access.visibility(actor, field) == access.ON_REASON and not reason:
        raise ReasonMissing
    if _reveals_today(actor) >= settings.REVEALS_A_DAY:
        raise RevealLimitReached
    entry = _entry(actor, AccessEntry.REVEAL, customer, address, field=field)
    if reason:
        AccessReason.objects.create(entry=entry, text=reason)
    return entry


def _reveals_today(actor):
    """How many fields the actor has revealed on this business day; their row stays locked, so that none slips through."""
    User.objects.select_for_update().get(pk=actor.user.pk)
    begin, end = dates.moments_of(actor.today, actor.branch)
    return AccessEntry.objects.filter(user=actor.user, action=AccessEntry.REVEAL, at__gte=begin, at__lt=end).count()


@transaction.atomic
def open_guest_pass(*, actor, customer, digits, address):
    """Let the actor's branch open the card of another branch's customer until the end of the business day.

    `digits` is her whole phone number as the person gave it. Raises Customer.DoesNotExist if it is not hers.
    """
    customer = Customer.objects.present().get(pk=customer.pk, phones__digits=digits)
    found, made = GuestPass.objects.get_or_create(
        customer=customer, branch=actor.branch, business_date=actor.today, defaults={"user": actor.user}
    )
    if made:
        _entry(actor, AccessEntry.GUEST, customer, address)
    return found


def log_export(*, actor, what, address):
    """Somebody took a file of customers' data away; `what` says which, in one word."""
    return _entry(actor, AccessEntry.EXPORT, None, address, field=what)


def _entry(actor, action, customer, address, field=""):
    return AccessEntry.objects.create(
        user=actor.user, branch=actor.branch, action=action, field=field, customer_id=customer and customer.pk, address=address
    )
