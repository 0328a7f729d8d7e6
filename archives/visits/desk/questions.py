"""What is asked before somebody is expected or checked in: each may be meant, and is stored once a person says so."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from archives.visits.desk import arrivals
from archives.visits.models import ARRIVED, DONE, IN_CARE, UNFINISHED, Line, Visit
from archives.visits.queries import safety_conflicts
from salon.shop.models import Item


def of_plan(actor, *, customer, day, at, items, assigned, visit=None, is_here=False):
    """(code, question) of each thing that looks odd about a plan. `visit`: the expected visit that is changed.

    A code names the very fact, so that who overruled one is asked about another.
    """
    yield from _not_tolerated(customer, day, items)
    if is_here:
        yield from _instead(actor, customer, day, items, assigned)
    is_other_day = visit is None or visit.day != day
    if is_other_day:
        yield from _second_visit(actor, customer, day, (ARRIVED, IN_CARE) if is_here else UNFINISHED)
        yield from _had_already(actor, customer, day, items)
    if at and assigned and not is_here and (is_other_day or (visit.expected_time, visit.assigned) != (at, assigned)):
        yield from _busy(actor, customer, day, at, items, assigned)


def _not_tolerated(customer, day, items):
    conflicts = safety_conflicts([customer.pk], [item.pk for item in items], day)
    for item in items:
        for tag in conflicts.get((customer.pk, item.pk), ()):
            facts = {"tag": tag.name, "item": item.name}
            yield f"safety-{item.pk}-{tag.pk}", _("Not tolerated: %(tag)s. Plan “%(item)s” all the same?") % facts


def _instead(actor, customer, day, items, assigned):
    """What the expected visit of somebody who is here says, and what was typed would replace."""
    visit = arrivals.expected_visit(actor.branch, customer, day)
    planned = [each.item for each in visit.planned.select_related("item").order_by("pk")] if visit else []
    if items and set(planned) - set(items):
        names = " · ".join(item.name for item in planned)
        code = f"plan-{visit.pk}-{'-'.join(str(item.pk) for item in planned)}"
        yield code, _("The customer is expected for %(items)s. Plan what is chosen here instead?") % {"items": names}
    if assigned and visit and visit.assigned and visit.assigned != assigned:
        facts = {"person": visit.assigned.name, "other": assigned.name}
        question = _("The customer is expected to be served by %(person)s. By %(other)s instead?")
        yield f"person-{visit.pk}-{visit.assigned_id}", question % facts


def _second_visit(actor, customer, day, states):
    other = Visit.objects.filter(branch=actor.branch, customer=customer, day=day, status__in=states).last()
    if other:
        time = other.expected_time or timezone.localtime(other.arrived_at or other.recorded_at).time()
        facts = {"state": other.get_status_display(), "time": f"{time:%H:%M}"}
        yield f"second-{other.pk}", _("There is a visit that day already: %(state)s, %(time)s. Are both meant?") % facts


def _had_already(actor, customer, day, items):
    for line in had_already(actor, [customer.pk], [item.pk for item in items], day).values():
        facts = {"item": line.item_name, "receipt": line.visit.receipt_no}
        yield f"again-{line.pk}", _("“%(item)s” was done that day already, receipt %(receipt)s. Once more?") % facts


def had_already(actor, customer_ids, item_ids, day, but_of=None):
    """{(customer id, item id): Line} of what these customers had on a day at the branch; `but_of`: a Bill that does not count."""
    lines = Line.objects.filter(
        visit__branch=actor.branch,
        visit__customer__in=customer_ids,
        visit__status=DONE,
        visit__business_date=day,
        visit__bill__refunds=None,
        item__in=item_ids,
    )
    if but_of:
        lines = lines.exclude(visit__bill=but_of)
    return {(line.visit.customer_id, line.item_id): line for line in lines.select_related("visit").order_by("pk")}


def _busy(actor, customer, day, at, items, assigned):
    """Others who are expected of the same beautician while this visit lasts; without planned minutes, at the same time."""
    others = Visit.objects.filter(branch=actor.branch, expected_on=day, status__in=UNFINISHED, assigned=assigned)
    others = others.exclude(customer=customer).exclude(expected_time=None)
    starts, ends = _span(day, at, items)
    for other in others.select_related("customer").prefetch_related("planned__item").order_by("expected_time", "pk"):
        begins, finishes = _span(day, other.expected_time, [each.item for each in other.planned.all()])
        if begins < ends and starts < finishes:
            facts = {"person": assigned.name, "name": other.customer or _("Walk-in"), "time": f"{other.expected_time:%H:%M}"}
            text = _("%(person)s is to serve %(name)s at %(time)s already. Both at one time?")
            yield f"busy-{other.pk}-{other.expected_time:%H%M}", text % facts


def _span(day, at, items):
    minutes = sum(item.minutes for item in items if item.kind == Item.SERVICE)
    starts = datetime.combine(day, at)
    return starts, starts + timedelta(minutes=max(minutes, 1))
