"""Writing the access log."""

from customers.privacy.models import AccessEntry


def log_view(*, actor, customer, address):
    """Somebody opened a page that shows a customer's card or visit."""
    return AccessEntry.objects.create(
        user=actor.user, branch=actor.branch, action=AccessEntry.VIEW, customer_id=customer.pk, address=address
    )
