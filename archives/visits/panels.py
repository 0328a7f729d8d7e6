"""What visits show on the customer's pages, and what becomes of them when a customer is merged or erased."""

from django.db.models import Count, F, Min, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from archives.visits import models
from archives.visits.bills.models import MeansCorrection, MeansRemark, Payment
from archives.visits.identify.models import IdentifiedVisit
from archives.visits.queries import latest_next_notes, receipt_numbers, rhythms, work_of
from archives.visits.undo.models import UNDONE, UndoneVisit
from salon import access, panels
from salon.money import format_money
from salon.templatetags.salon import days_ago

MAX_RECEIPT, MOST_RECEIPTS = 60, 5


def register():
    """Called once, when the floor is ready."""
    panels.register("customer.actions", "visits", actions, order=10, budget=0)
    panels.register("customer.facts", "visits", facts, order=10, budget=1)
    panels.register("customer.hints", "visits", hints, order=10, budget=3)
    panels.register("search.more", "visits", receipts, order=10, budget=1)
    panels.register("branch.goes_on", "visits", open_visits, order=10, budget=1)
    panels.register(panels.TIMELINE, "visit", timeline, order=10, budget=6, label=gettext_lazy("Visits"))
    _follow()


def _follow():
    move, keep, delete = panels.MOVE, panels.KEEP, panels.DELETE
    panels.follow_customer(models.Visit, "customer", on_merge=move, on_erase=keep, meets=("visit_once_per_receipt",))
    panels.follow_customer(models.Bill, "payer", on_merge=move, on_erase=keep)
    panels.follow_customer(models.PlannedItem, "visit__customer", on_merge=move, on_erase=delete)
    panels.follow_customer(models.Line, "visit__customer", on_merge=move, on_erase=keep)
    panels.follow_customer(models.LineRemark, "line__visit__customer", on_merge=move, on_erase=delete)
    panels.follow_customer(models.StaffShare, "line__visit__customer", on_merge=move, on_erase=keep)
    panels.follow_customer(models.RefundAllowance, "line__visit__customer", on_merge=move, on_erase=keep)
    panels.follow_customer(Payment, "bill__payer", on_merge=move, on_erase=keep)
    panels.follow_customer(MeansCorrection, "bill__payer", on_merge=move, on_erase=keep)
    panels.follow_customer(MeansRemark, "correction__bill__payer", on_merge=move, on_erase=delete)
    panels.follow_customer(
        models.SafetyOverride, "line__visit__customer", on_merge=move, on_erase=panels.BLANK, personal=("reason",)
    )
    panels.follow_customer(models.VisitNote, "visit__customer", on_merge=move, on_erase=delete)
    panels.follow_customer(IdentifiedVisit, "visit__customer", on_merge=move, on_erase=keep)
    panels.follow_customer(UndoneVisit, "visit__customer", on_merge=move, on_erase=keep)


def actions(actor, customers):
    """The buttons of a card: record a visit (V)."""
    if not actor.may_write("visits:create"):
        return {}
    url = reverse("visits:create")
    return {c.pk: panels.Action(_("Record a visit"), f"{url}?customer={c.pk}", "pen-line", "V", primary=True) for c in customers}


def receipts(actor, words):
    """The bills whose receipt has this number; "R12" is the twelfth of the actor's branch. For the search box."""
    if not any(char.isdigit() for char in words) or len(words) > MAX_RECEIPT:
        return []
    found = models.Bill.objects.visible_to(actor).filter(receipt_no__in=receipt_numbers(actor, words)).order_by("-pk")
    shown = found.annotate(visit=Min("visits")).values_list("receipt_no", "business_date", "paid_fen", "visit")[:MOST_RECEIPTS]
    return [
        panels.Action(
            f"{receipt} · {date_format(on)} · {format_money(fen)}", reverse("visits:detail", args=[visit]), "receipt-text"
        )
        for receipt, on, fen, visit in shown
    ]


def open_visits(actor, branches):
    """Whom a branch that is to be closed still waits for, from today on: its desk cannot be opened afterwards."""
    today = min(access.at(actor, branch).today for branch in branches)
    visits = models.Visit.objects.filter(branch__in=branches, status__in=models.UNFINISHED, day__gte=today)
    return {
        pk: ngettext(
            "%(n)d visit there is open: somebody waits or is expected. Finish or cancel it first.",
            "%(n)d visits there are open: somebody waits or is expected. Finish or cancel them first.",
            number,
        ) % {"n": number}
        for pk, number in visits.order_by().values_list("branch").annotate(Count("pk"))
    }  # fmt: skip


def usual_interval(rhythm):
    """A Rhythm in words: "usually every 25 days"; "" where nothing is usual yet."""
    if rhythm is None or rhythm.usual_days is None:
        return ""
    return ngettext("usually every %(n)d day", "usually every %(n)d days", rhythm.usual_days) % {"n": rhythm.usual_days}


def facts(actor, customers):
    """Last visit, how long ago, how often she comes usually; a warning tone when she is overdue by half."""
    found, today = rhythms([c.pk for c in customers], actor.today), actor.today
    return {c.pk: _last_visit_fact(c, found.get(c.pk), today) for c in customers}


def _last_visit_fact(customer, rhythm, today):
    if customer.last_visit_on is None:
        return panels.Fact(_("Last visit"), _("not yet"))
    away = (today - customer.last_visit_on).days
    overdue = rhythm and rhythm.usual_days and away > 1.5 * rhythm.usual_days
    return panels.Fact(
        _("Last visit"), days_ago(customer.last_visit_on, today), usual_interval(rhythm), "warn" if overdue else ""
    )


def hints(actor, customers):
    """In a search hit: how long ago she came, how often usually, and what was noted for this visit."""
    pks = [c.pk for c in customers]
    found, notes, today = rhythms(pks, actor.today), latest_next_notes(pks), actor.today
    return {c.pk: _hints_of(c, found.get(c.pk), notes.get(c.pk), today) for c in customers}


def _hints_of(customer, rhythm, note, today):
    if customer.last_visit_on is None:
        return [panels.Hint(_("has not been here yet"), on_card=False)]
    ago, usual = days_ago(customer.last_visit_on, today), usual_interval(rhythm)
    last = _("last visit %(ago)s") % {"ago": ago}
    if usual:
        last = _("last visit %(ago)s (%(usual)s)") % {"ago": ago, "usual": usual}
    result = [panels.Hint(last, on_card=False)]
    if note:
        result.append(panels.Hint(note))
    return result


def timeline(actor, customers, before=None, limit=50):
    """The latest visits for a card's timeline, which puts them in order: what was done, by whom, for how much, what was noted."""
    visits = (
        models.Visit.objects.of_customers(customers, actor)
        .filter(~UNDONE)
        .annotate(place=Window(RowNumber(), partition_by=F("customer"), order_by=(F("day").desc(), F("pk").desc())))
    )
    if before:
        visits = visits.filter(before.older("visit", "day"))
    columns = ("customer", "day", "status", "net_fen", "bill", "assigned__name")
    shown = list(visits.filter(place__lte=limit).select_related("assigned").only(*columns))
    work, with_amount = work_of(shown), access.visibility(actor, "amount") == access.FULL
    events = {customer.pk: [] for customer in customers}
    for visit in shown:
        events[visit.customer_id].append(_event(visit, work[visit.pk], with_amount))
    return events


def _event(visit, work, with_amount):
    money = format_money(visit.net_fen) if with_amount and visit.bill_id else ""
    return panels.Event(
        on=visit.day,
        kind="visit",
        serial=visit.pk,
        title=" + ".join(work.items) or _("Visit"),
        note=" · ".join(filter(None, [*work.staff.values(), money])),
        body="\n".join(work.notes),
        url=visit.get_absolute_url(),
        chip="" if visit.status == models.DONE else visit.get_status_display(),
        tone={models.VOIDED: "bad", models.NO_SHOW: "bad", models.IN_CARE: "good"}.get(visit.status, ""),
    )
