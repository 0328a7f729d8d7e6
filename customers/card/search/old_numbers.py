"""The number a card bore in the system it was imported from: found whole, at the branch that keeps the card, never by parts."""

from customers.card.search import terms
from salon import access, text

LONGEST = 60
MOST = 20


def key(words):
    """The key of the old number somebody may have typed; empty if there is none."""
    return text.fold(words[: terms.LONGEST])[:LONGEST]


def arms(actor, words):
    """The statement, as queries.statement takes it, for the cards that bore this number and that the actor's lists hold."""
    old = key(words)
    if not old or not actor.is_owner and (actor.branch is None or actor.role == access.BEAUTICIAN):
        return []
    at, params = ("", []) if actor.is_owner else (" AND c.branch_id = %s", [actor.branch.pk])
    statement = (
        f"SELECT c.id, {terms.EXACT} AS fit FROM customers_customer c "  # noqa: S608
        f"WHERE c.old_key = %s{at} ORDER BY c.id LIMIT %s"
    )
    return [(statement, [old, *params, MOST])]


def shown(actor, customer):
    """The number as the actor may read it: one that is a phone of the card is masked as that phone."""
    phones = {phone.digits for phone in customer.phones.all()}
    if text.phone_digits(customer.old_no) in phones:
        return access.mask_phone(customer.old_no, access.visibility(actor, "phone"))
    return customer.old_no
