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
    entries = AccessEntry.objects.filter(action=AccessEntry.FIND, at__gt=actor.now - FIND_PERIOD).order_by()
    ids = list(entries.alias(by=F("user_id") + 0).filter(by=actor.user.pk).values_list("customer_id", flat=True))
    found = {pk for pk in ids if pk is not None}
    return found, ids.count(None)
