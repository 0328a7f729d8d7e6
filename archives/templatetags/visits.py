"""Template filters about visits."""

from django import template

from archives.visits import queries
from customers.card.search.queries import safety_of

register = template.Library()
register.filter("staff_names", queries.staff_names)
register.filter("item_names", queries.item_names)


@register.inclusion_tag("archives/visits/_before_care.html", takes_context=True)
def before_care(context, customer, visit=None):
    """What must be known of a customer (None: a walk-in) before anything else: the safety line, and last time's note.

    On the page of a `visit` it is the note that stood before it. Two queries.
    """
    if customer is None:
        return {}
    return {
        "safety": safety_of([customer.pk], context["actor"].today)[customer.pk],
        "note": queries.latest_next_notes([customer.pk], before=visit).get(customer.pk, ""),
    }
