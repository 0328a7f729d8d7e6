"""Writing the access log."""

from customers.log.models import AccessEntry


def log(action, *, actor, customer, address, field=""):
    """One entry: `actor`, at network address `address`, did `action` (AccessEntry.ACTIONS) with a customer's card."""
    return AccessEntry.objects.create(
        user=actor.user, branch=actor.branch, action=action, field=field, customer_id=customer.pk, address=address
    )


def log_view(*, actor, customer, address):
    """Somebody opened a page that shows a customer's card or visit."""
    return log(AccessEntry.VIEW, actor=actor, customer=customer, address=address)
