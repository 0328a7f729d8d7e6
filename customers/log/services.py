"""Writing the access log, and what may only happen together with an entry: finding somebody by a whole masked number."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers.log.models import AccessEntry
from salon.accounts.models import User
from salon.lists import Refused

FIND_PERIOD = timedelta(hours=1)
TOLD_OF_GUESTS = (AccessEntry.ELSEWHERE, AccessEntry.GUEST)
MOST_NAMED = 5  # entries for one number, which thousands of cards can share that a file filled with a stand-in


class FindLimitReached(Refused):
    """The person has typed as many whole numbers within the hour as one person may."""

    def __init__(self):
        super().__init__(
            _("You have looked up as many whole numbers as one person may in an hour. Find by name, or by the last four digits.")
        )


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


@transaction.atomic
def log_find(*, actor, ids, field="phone"):
    """Record that somebody typed the whole of a masked value, and whose it is: `ids` of customers, none if nobody's.

    Call it before anything is shown. Within an hour a person may find settings.FINDS_AN_HOUR customers so, and miss
    settings.FIND_MISSES_AN_HOUR times; after either hit and miss are refused alike (FindLimitReached), so that the refusal
    says nothing. Whom somebody found within the hour is not counted again.
    """
    User.objects.select_for_update().get(pk=actor.user.pk)  # nobody slips through beside oneself
    found, missed = _finds_lately(actor)
    new = [pk for pk in ids if pk not in found][:MOST_NAMED]
    if ids and not new:
        return
    if len(found) >= settings.FINDS_AN_HOUR or missed >= settings.FIND_MISSES_AN_HOUR:
        raise FindLimitReached
    entry = {"user": actor.user, "branch": actor.branch, "action": AccessEntry.FIND, "field": field, "address": actor.address}
    AccessEntry.objects.bulk_create(AccessEntry(customer_id=pk, **entry) for pk in new or [None])


def _finds_lately(actor):
    """(ids of customers the person found within the hour, how often nobody was found).

    The person is compared as an expression: SQLite would rather go through all entries of the person than those of an hour.
    """
    entries = AccessEntry.objects.filter(action=AccessEntry.FIND, at__gt=actor.now - FIND_PERIOD)
    ids = list(entries.alias(by=F("user_id") + 0).filter(by=actor.user.pk).values_list("customer_id", flat=True))
    found = {pk for pk in ids if pk is not None}
    return found, ids.count(None)


# --- Customers of other branches, whom a whole phone number finds -------------------------------------------------------


def guests_told(actor):
    """Ids of the customers of other branches whom the person was told of within the hour."""
    told = AccessEntry.objects.filter(user=actor.user, action__in=TOLD_OF_GUESTS, at__gt=actor.now - FIND_PERIOD)
    return set(told.values_list("customer_id", flat=True))


def may_ask_for_guests(actor, told):
    """False once the person was told of as many as one may be within an hour: then no number is looked up elsewhere.

    That holds whether the number is anybody's or not, so that the refusal tells nothing.
    """
    return len(told) < settings.GUESTS_AN_HOUR


def log_guests(*, actor, ids):
    """Record that the person is told that these customers of other branches have a phone; returns the ids that may be told.

    Call it before showing anything. Who was told of within the hour is not counted again.
    """
    return _log_guests(actor, set(ids)) if ids else set()


@transaction.atomic
def _log_guests(actor, ids):
    User.objects.select_for_update().get(pk=actor.user.pk)  # so that none slips through between two requests
    told = guests_told(actor)
    new = [pk for pk in ids if pk not in told][: max(0, settings.GUESTS_AN_HOUR - len(told))]
    for pk in new:
        AccessEntry.objects.create(
            user=actor.user, branch=actor.branch, action=AccessEntry.ELSEWHERE, customer_id=pk, address=actor.address
        )
    return ids & told | set(new)
