"""What may only happen together with an entry in the access log: a reveal, and serving a guest of another branch."""

from django.conf import settings
from django.db import transaction

from customers.card.models import Customer
from customers.card.search.lookup import LIMIT_REACHED
from customers.log.models import AccessEntry, AccessReason
from customers.log.services import FindLimitReached, guests_told, log, log_find, may_ask_for_guests
from customers.privacy.models import GuestPass
from salon import access, dates
from salon.accounts.models import User
from salon.errors import Barred


class RevealLimitReached(Exception):
    """The person has looked at as many whole fields today as one person may."""


class ReasonMissing(Exception):
    """The field is shown only to somebody who says why."""


@transaction.atomic
def log_reveal(*, actor, customer, field, address, reason=""):
    """Record that `actor` sees the whole of a masked field group; call it before showing anything.

    Raises RevealLimitReached after settings.REVEALS_A_DAY on one business day, ReasonMissing where the policy asks why.
    """
    if access.visibility(actor, field) == access.ON_REASON and not reason:
        raise ReasonMissing
    if _reveals_today(actor) >= settings.REVEALS_A_DAY:
        raise RevealLimitReached
    entry = log(AccessEntry.REVEAL, actor=actor, customer=customer, address=address, field=field)
    if reason:
        AccessReason.objects.create(entry=entry, text=reason)
    return entry


def _reveals_today(actor):
    """How many fields the actor has revealed on this business day; their row stays locked, so that none slips through."""
    User.objects.select_for_update().get(pk=actor.user.pk)
    begin, _end = dates.moments_of(actor.today, actor.branch)
    return AccessEntry.objects.filter(user=actor.user, action=AccessEntry.REVEAL, at__gte=begin).count()


def log_known(*, actor, customer):
    """A whole number led to a customer the actor may see anyway: logged, but of a guest just let in, who is in the log already.
    Raises Barred beyond the limit of such finds.
    """
    if customer.pk in guests_told(actor):
        return
    try:
        log_find(actor=actor, ids=[customer.pk])
    except FindLimitReached as reached:
        raise Barred(str(reached)) from None


def check_guest_limit(actor, customers):
    """Raises Barred where a whole number would tell the actor of a customer of another branch, or of none, and that many were
    found within the hour that no more are looked up.
    """
    if actor.is_owner:
        return
    told = guests_told(actor)
    known = bool(customers) and (
        {each.pk for each in customers} <= told
        or Customer.objects.visible_to(actor).filter(pk__in=[each.pk for each in customers]).exists()
    )
    if not known and not may_ask_for_guests(actor, told):
        raise Barred(LIMIT_REACHED)


@transaction.atomic
def open_guest_pass(*, actor, customer, digits, address):
    """Let the actor's branch open the card of another branch's customer until the end of the business day.

    `digits` is her whole phone number as the person gave it. Raises Customer.DoesNotExist if it is not hers.
    """
    return _open_pass(actor, Customer.objects.present().get(pk=customer.pk, phones__digits=digits), address)


@transaction.atomic
def let_in(*, actor, customers):
    """A visit says that they are at the actor's branch today: their cards are open there until the end of the business day, as if
    their whole numbers had been given. Nothing for the branch's own customers.
    """
    for customer in customers:
        if customer.branch_id != actor.branch.pk:
            _open_pass(actor, customer, actor.address)


def _open_pass(actor, customer, address):
    found, made = GuestPass.objects.get_or_create(
        customer=customer, branch=actor.branch, business_date=actor.today, defaults={"user": actor.user}
    )
    if made:
        log(AccessEntry.GUEST, actor=actor, customer=customer, address=address)
    return found
