"""Writing the access log."""

from customers.log.models import AccessEntry


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
