"""Writing the access log."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from customers.log.models import AccessEntry
from salon.accounts.models import User

HOUR = timedelta(hours=1)
TOLD_OF_GUESTS = (AccessEntry.ELSEWHERE, AccessEntry.GUEST)


def log(action, *, actor, address, customer=None, field=""):
    """One entry: `actor`, at network address `address`, did `action` (AccessEntry.ACTIONS) with a customer's card, or many."""
    pk = customer.pk if customer else None
    return AccessEntry.objects.create(
        user=actor.user, branch=actor.branch, action=action, field=field, customer_id=pk, address=address
    )


def log_view(*, actor, customer, address):
    """Somebody opened a page that shows a customer's card or visit."""
    return log(AccessEntry.VIEW, actor=actor, customer=customer, address=address)


def log_export(*, actor, what, address):
    """Somebody took a whole list away: `what` is one of privacy's EXPORT_NAMES."""
    return log(AccessEntry.EXPORT, actor=actor, address=address, field=what)


# --- Customers of other branches, whom a whole phone number finds -------------------------------------------------------


def guests_told(actor):
    """Ids of the customers of other branches whom the person was told of within the hour."""
    told = AccessEntry.objects.filter(user=actor.user, action__in=TOLD_OF_GUESTS, at__gt=actor.now - HOUR)
    return set(told.order_by().values_list("customer_id", flat=True))


def may_ask_for_guests(actor, told):
    """False once the person was told of as many as one may be within an hour: then no number is looked up elsewhere.

    That holds whether the number is anybody's or not, so that the refusal tells nothing.
    """
    return len(told) < settings.GUESTS_AN_HOUR


def log_guests(*, actor, ids, address):
    """Record that the person is told that these customers of other branches have a phone; returns the ids that may be told.

    Call it before showing anything. Who was told of within the hour is not counted again.
    """
    return _log_guests(actor, set(ids), address) if ids else set()


@transaction.atomic
def _log_guests(actor, ids, address):
    User.objects.select_for_update().get(pk=actor.user.pk)  # so that none slips through between two requests
    told = guests_told(actor)
    new = [pk for pk in sorted(ids) if pk not in told][: max(0, settings.GUESTS_AN_HOUR - len(told))]
    for pk in new:
        AccessEntry.objects.create(
            user=actor.user, branch=actor.branch, action=AccessEntry.ELSEWHERE, customer_id=pk, address=address
        )
    return ids & told | set(new)
