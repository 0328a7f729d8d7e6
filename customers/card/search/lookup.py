"""Finding cards that may be the same person, and a person somebody names while filling in a card."""

from django.db.models import Q
from django.utils.translation import gettext_lazy

from customers.card.models import Customer
from customers.card.search import queries, terms
from customers.log.services import guests_told, log_guests, may_ask_for_guests
from salon import text

MOST = 5  # candidates shown
MANY = 8
LIMIT_REACHED = gettext_lazy(
    "You have found as many customers of other branches as one may within an hour: other branches were not asked."
)


def _others(actor, customer):
    cards = Customer.objects.present().visible_to(actor).select_related("branch").order_by("pk")
    return cards.exclude(pk=customer.pk) if customer else cards


def same_phone(actor, digits, *, customer=None):
    """(cards the actor may see, whether there are others) that have a phone with one of these digits.

    That there are others is logged; None instead: the person was told of too many within the hour, so it was not looked up.
    """
    if not digits:
        return [], False
    known = Customer.objects.present().filter(phones__digits__in=digits).distinct()
    if customer:
        known = known.exclude(pk=customer.pk)
    shown = list(_others(actor, customer).filter(pk__in=known.values("pk"))[:MOST])
    return shown, False if actor.is_owner else _is_elsewhere(actor, known)


def _is_elsewhere(actor, known):
    if not may_ask_for_guests(actor, guests_told(actor)):
        return None
    hidden = known.exclude(pk__in=Customer.objects.visible_to(actor).values("pk")).order_by("pk")
    return bool(log_guests(actor=actor, ids=list(hidden.values_list("pk", flat=True)[:MOST])))


def by_whole_number(actor, words):
    """The one card in use the actor may open that has this card number or phone, typed whole; None if none or several have.

    Raises FindLimitReached.
    """
    cards = Customer.objects.present().visible_to(actor)
    key, digits = text.fold(words), terms.whole_number(words)
    found = list(cards.filter(card_key=key)[:2]) if key else []
    if not found and digits:
        found = list(queries.by_number(actor, digits)[:2])
    return found[0] if len(found) == 1 else None


def same_name(actor, name, *, branch, customer=None, birthday=None):
    """Cards of the same folded name: of `branch`, and of any branch the actor sees if the birthday is the same too.

    `birthday` is (calendar, month, day).
    """
    key = text.fold(name)[:120]
    if not key:
        return []
    match = Q(branch=branch)
    if birthday and birthday[1]:
        match |= Q(birth_calendar=birthday[0], birth_month=birthday[1], birth_day=birthday[2])
    return list(_others(actor, customer).filter(match, name_key=key)[:MOST])


def people(actor, words):
    """(cards, are they sure) that a person may mean by a name, a phone or a card number: the exact ones, else what fits.

    Raises FindLimitReached.
    """
    key, digits = text.fold(words), terms.whole_number(words)
    if not key:
        return [], False
    found = list(_others(actor, None).filter(Q(name_key=key[:120]) | Q(card_key=key[:60]))[:MANY])
    if not found and digits:
        found = list(queries.by_number(actor, digits)[:MANY])
    if found:
        return found, True
    if digits:
        return list(_others(actor, None).filter(text.starts_with("card_key", key[:60]))[:MANY]), False
    return queries.best(actor, words, MANY), False
