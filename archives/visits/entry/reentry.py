"""Entering again what was undone: what the form starts with, and what a page that was made before the undo means by now."""

from dataclasses import replace

from django.db.models import Min

from archives.visits.desk import questions as plan_questions
from archives.visits.entry.parsing import OTHER_PAYER
from archives.visits.entry.queries import identified_of, prefill_correction
from archives.visits.models import DONE, Bill, Line, Visit
from archives.visits.undo import services as undo
from archives.visits.undo.models import UndoneVisit
from salon import access
from salon.forms import sent_id


def undone_bill(actor, visit_pk):
    """The bill of a visit that this person has undone. Raises Http404."""
    bills = Bill.objects.filter(voided_by=actor.user, visits__undone__isnull=False)
    return access.get(actor, bills.distinct(), visits=visit_pk)


def prefill_undone(actor, bill):
    """The form filled with what an undone bill said, for the visits that are open again. Saved, it takes the bill's place.

    After an undone correction it corrects the bill that stands again. Who was billed since on another bill is left out.
    `actor` is at the bill's branch.
    """
    visits = list(bill.visits.order_by("pk"))
    filled = prefill_correction(bill)
    open_ones = open_in_place_of(visits)
    for visit, guest in zip(visits, filled.guests):
        guest["visit"] = open_ones[visit.pk].pk if visit.pk in open_ones else None
    place = place_of(actor, bill)
    filled.head.update(replaces=place and place.pk, nobody="1")  # what was asked before it was stored is not asked again
    _answer_as_before(actor, bill, place, filled)
    billed = {each.visit_id for each in _billed_since(bill)}
    filled = _without(filled, [n for n, visit in enumerate(visits) if visit.pk in billed])
    return replace(filled, visits=list(open_ones.values()), replaces=place)


def _without(filled, left_out):
    """A Prefill without some of its guests, their lines, and what was typed of a payment for all."""
    if not left_out:
        return filled
    stay = {n: place for place, n in enumerate(n for n in range(len(filled.guests)) if n not in left_out)}
    head = {name: value for name, value in filled.head.items() if not name.startswith("pay-")}
    if head["payer"] != OTHER_PAYER:
        head["payer"] = stay.get(head["payer"], 0)
    return replace(
        filled,
        head=head,
        guests=[filled.guests[n] for n in stay],
        customers=[filled.customers[n] for n in stay],
        lines=[line | {"guest": stay[line["guest"]]} for line in filled.lines if line["guest"] in stay],
    )


def _answer_as_before(actor, bill, stands, filled):
    """Fill in that a line is meant besides what its customer had that day before: that was asked when the bill was stored."""
    customers, items = [guest["customer"] for guest in filled.guests], [line["item"] for line in filled.lines]
    had = plan_questions.had_already(actor, customers, items, bill.business_date, but_of=stands)
    first = Line.objects.filter(visit__bill=bill).aggregate(first=Min("pk"))["first"]
    for line in filled.lines:
        known = had.get((customers[line["guest"]], line["item"]))
        if known and known.pk < first:
            line["again"] = known.pk


def _billed_since(bill):
    """The UndoneVisits of an undone bill whose customers were served and billed since, each on another bill."""
    undone = UndoneVisit.objects.filter(visit__bill=bill, reopened__status=DONE)
    return list(undone.select_related("reopened").order_by("visit"))


def stored_beside(bill, customer_ids):
    """{customer id: Visit}: the last visit each of these has on a bill stored since `bill` was undone, at its branch and
    for its day, whatever was done in it: the undone bill is meant to be stored again for the same people.
    """
    since = Visit.objects.done().filter(
        branch=bill.branch_id,
        customer__in=customer_ids,
        business_date=bill.business_date,
        bill__refunds=None,
        bill__recorded_at__gt=bill.voided_at,
    )
    return {visit.customer_id: visit for visit in since.select_related("customer").order_by("pk")}


def _in_place_of(bill):
    """The bill in place of an undone one: the content it had corrected, or what was entered instead; None if there is none."""
    return Bill.objects.filter(replaces=bill).first()


def stored_since(bill):
    """The visit that shows what an undone bill was meant to be is stored since, or was; None while it is to be entered again."""
    stands = _in_place_of(bill)
    if stands is None:
        billed = _billed_since(bill)
        return billed[0].reopened if len(billed) == bill.visits.count() else None
    if undo.is_undone(stands):
        return stored_since(stands)
    if not undo.former_bill(bill):
        return (_in_place_of(stands) or stands).visits.first()
    if not stands.voided_at:
        return None
    return stored_since(stands) if _in_place_of(stands) else stands.visits.first()


# --- A page from before ----------------------------------------------------------------------------------------------


def open_in_place_of(visits):
    """{visit id: the open visit that it is now}, of Visits that are open or were undone, one undo after another."""
    found, asked = {}, {visit.pk: [visit.pk] for visit in visits}
    while asked:
        undone = UndoneVisit.objects.filter(visit__in=asked, reopened__isnull=False).select_related("reopened")
        following = {each.visit_id: each.reopened for each in undone}
        found |= {pk: following[now] for now, pks in asked.items() if now in following for pk in pks}
        asked = {following[now].pk: pks for now, pks in asked.items() if now in following}
    return {visit.pk: found.get(visit.pk, visit) for visit in visits if found.get(visit.pk, visit).is_open}


def place_of(actor, bill):
    """The bill whose place an entry made for that of `bill` takes by now: itself, or what came of it by corrections and undoing;
    None where nothing stands, where it was entered again, or where it is not this person's to store again.
    """
    stands = _in_place_of(bill)
    if not undo.is_undone(bill):
        return place_of(actor, stands) if stands else None if bill.voided_at else bill
    if stands is None:
        return bill if bill.voided_by_id == actor.user.pk else None
    return place_of(actor, stands) if undo.is_undone(stands) or undo.former_bill(bill) else None


def as_of_now(form, sent, stored=None):
    """What was sent too late, fit to be saved now: visits that are open no more are let go, or taken as they are open again; it
    takes no place that is taken; and it knows whose the corrected visits are by now.

    `form`: the EntryForm of what was sent; `stored`: the Bill that was stored under its key, if one was.
    """
    data = sent.copy()
    visits = open_in_place_of(Visit.objects.filter(pk__in=form.visits, branch=form.actor.branch))
    for guest in form.guests:
        visit = visits.get(sent_id(guest["visit"].value()))
        data[f"{guest.prefix}-visit"] = str(visit.pk) if visit else ""
    before = form.replaced or (stored if undo.is_undone(stored) else None)
    place = before and place_of(form.actor, before)
    data["replaces"] = str(place.pk) if place else ""
    if place:
        data["identified"] = identified_of(place)
    return data
