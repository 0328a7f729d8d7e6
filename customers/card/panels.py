"""What the card itself shows in its timeline, and what becomes of its rows when cards are merged or erased."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.card.models import Address, FamilyMember, Phone, SafetyNote
from salon import panels

KIND = "card"
MEETS = {  # of two cards that become one, each may have the same number, a main one, the same allergy
    Phone: ("phone_once_per_customer", "phone_one_main"),
    Address: ("address_one_for_deliveries",),
    FamilyMember: (),
    SafetyNote: ("safety_note_once",),
}


def register():
    """Called once, when the floor is ready."""
    for model, meets in MEETS.items():
        panels.follow_customer(model, "customer", on_merge=panels.MOVE, on_erase=panels.DELETE, meets=meets)
    panels.register(panels.TIMELINE, KIND, timeline, order=90, budget=1, label=gettext_lazy("Card"))


def timeline(actor, customers, before=None, limit=50):
    """The day the card was made, and the days allergies and contra-indications were noted and retired."""
    events = {customer.pk: [_made(actor, customer)] for customer in customers}
    for note in SafetyNote.objects.filter(customer__in=customers).select_related("tag"):
        events[note.customer_id] += _of_note(note)
    return {pk: _newest([e for e in each if before is None or e.moment < before], limit) for pk, each in events.items()}


def _newest(events, limit):
    return sorted(events, key=lambda event: event.moment, reverse=True)[:limit]


def _made(actor, customer):
    return panels.Event(on=customer.card_date, kind=KIND, serial=0, title=_("Card made"), note=customer.card_no_for(actor))


def _of_note(note):
    what = _("Allergy") if note.kind == SafetyNote.ALLERGY else _("Contra-indication")
    noted = _("%(what)s noted: %(name)s") % {"what": what, "name": note.tag.name}
    events = [panels.Event(note.noted_on, KIND, note.pk * 2, noted, body=note.remark)]
    if note.ended_on:
        retired = _("%(what)s no longer: %(name)s") % {"what": what, "name": note.tag.name}
        events.append(panels.Event(note.ended_on, KIND, note.pk * 2 + 1, retired))
    return events
