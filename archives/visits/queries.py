"""Reading visits: what to repeat, what speaks against an item, the day's board, how often somebody comes."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch

from archives.visits.bills.models import Payment
from archives.visits.models import (
    ARRIVED,
    CANCELLED,
    DONE,
    EXPECTED,
    IN_CARE,
    NO_SHOW,
    VOIDED,
    Line,
    PlannedItem,
    SafetyOverride,
    StaffShare,
    Visit,
    VisitNote,
)
from customers.card.models import Customer, SafetyNote
from salon import access
from salon.money import extended_price
from salon.shop.models import Item

RHYTHM_DAYS = 730  # how far back the usual interval is measured
AHEAD_DAYS = 366  # how far ahead somebody can be expected
_SHORT_RECEIPT = re.compile(r"R0*([0-9]{1,7})")


def safety_conflicts(customer_ids, item_ids, on):
    """{(customer id, item id): [Tag, ...]} where a safety note in force on a day names a tag of the item. Two queries."""
    notes = SafetyNote.objects.in_force(on).filter(customer__in=set(customer_ids)).select_related("tag")
    by_customer = defaultdict(dict)
    for note in notes:
        by_customer[note.customer_id][note.tag_id] = note.tag
    if not by_customer:
        return {}
    tagged = Item.tags.through.objects.filter(item__in=set(item_ids)).order_by("tag_id").values_list("item_id", "tag_id")
    found = defaultdict(list)
    for item_id, tag_id in tagged:
        for customer_id, tags in by_customer.items():
            if tag_id in tags:
                found[customer_id, item_id].append(tags[tag_id])
    return dict(found)


@dataclass(frozen=True)
class Repeat:
    """What "repeat last visit" fills in: lines as dicts for the form, and the means of payment used."""

    visit: Visit
    lines: list
    means: str


def repeat_last_visit(customer):
    """The last finished visit with lines as a Repeat at today's prices, or None. A discount is repeated in proportion."""
    visit = (
        Visit.objects.done()
        .filter(customer=customer, bill__refunds=None)
        .filter(Exists(Line.objects.filter(visit=OuterRef("pk"), item__is_active=True)))
        .order_by("-business_date", "-pk")
        .first()
    )
    if visit is None:
        return None
    shares = Prefetch("shares", StaffShare.objects.select_related("staff").order_by("pk"))
    lines = visit.lines.filter(item__is_active=True).select_related("item").prefetch_related(shares)
    payment = Payment.objects.as_corrected().filter(bill=visit.bill_id).order_by("-amount_fen", "pk").first()
    means = payment.means if payment and payment.means in Payment.OFFERED else ""
    return Repeat(visit, [_repeated(line) for line in lines], means)


def _repeated(line):
    gross_then = extended_price(line.unit_price_fen, line.quantity_milli)
    gross_now = extended_price(line.item.price_fen, line.quantity_milli)
    discount = gross_now * line.discount_fen // gross_then if gross_then else 0
    return {
        "item": line.item_id,
        "quantity_milli": line.quantity_milli,
        "unit_price_fen": line.item.price_fen,
        "discount_fen": discount,
        "discount_reason": line.discount_reason if discount else "",
        "minutes": line.item.minutes,
        "shares": [[share.staff_id, share.share_bp] for share in line.shares.all() if share.staff.is_active],
    }


@dataclass(frozen=True)
class Rhythm:
    """When a customer came: first and last paid visit day within RHYTHM_DAYS, and how many days in between on average."""

    last: object
    visit_days: int
    usual_days: int | None


def rhythms(customer_ids, today):
    """{customer id: Rhythm} from the paid visit days of the last two years. One query, through the covering index."""
    since = today - timedelta(days=RHYTHM_DAYS)
    rows = (
        Visit.objects.done()
        .filter(customer__in=customer_ids, has_positive_line=True, business_date__gt=since, business_date__lte=today)
        .values_list("customer")
        .annotate(first=Min("business_date"), last=Max("business_date"), days=Count("business_date", distinct=True))
    )
    return {
        customer_id: Rhythm(last, days, round((last - first).days / (days - 1)) if days > 1 else None)
        for customer_id, first, last, days in rows
    }


def latest_next_notes(customer_ids, before=None):
    """{customer id: the text of the newest note for the next visit}; `before`: a visit, of notes older than it. One query."""
    notes = VisitNote.objects.filter(kind=VisitNote.NEXT, visit__customer__in=customer_ids).exclude(visit__status=VOIDED)
    if before:
        notes = notes.filter(visit__day__lte=before.day).exclude(visit=before.pk)
    newest = notes.values("visit__customer").annotate(newest=Max("pk")).values("newest")
    return dict(VisitNote.objects.filter(pk__in=newest).values_list("visit__customer", "text"))


def with_details(visits):
    """Visits with what a list or timeline shows of them, in a constant number of queries."""
    lines = Line.objects.prefetch_related(
        Prefetch("shares", StaffShare.objects.select_related("staff").order_by("-share_bp", "pk"))
    )
    return visits.select_related("customer", "branch", "assigned").prefetch_related(
        Prefetch("lines", lines),
        Prefetch("planned", PlannedItem.objects.select_related("item").order_by("pk")),
        Prefetch("notes", VisitNote.objects.select_related("by__staff")),
    )


def with_names(visits):
    """Visits with whom they name, for many at once: what was done is left to work_of."""
    names = ("customer__card_no", "customer__card_is_phone", "customer__name", "branch__name", "assigned__name")
    own = ("day", "receipt_no", "status", "net_fen", "bill_id", "customer_id", "branch_id", "assigned_id")
    return visits.select_related("customer", "branch", "assigned").only(*own, *names)


@dataclass
class Work:
    """What was done at a visit, in words: items (those planned while nothing is done), who served, what was noted."""

    items: list = field(default_factory=list)
    staff: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)


def work_of(visits):
    """{visit id: Work} of visits fetched with their `assigned`. Four queries, for names and texts only."""
    work = {visit.pk: Work() for visit in visits}
    for pk, name in Line.objects.filter(visit__in=work).order_by("visit", "position").values_list("visit", "item_name"):
        work[pk].items.append(name)
    open_ones = [pk for pk, each in work.items() if not each.items]
    for pk, name in PlannedItem.objects.filter(visit__in=open_ones).order_by("pk").values_list("visit", "item__name"):
        work[pk].items.append(name)
    shares = StaffShare.objects.filter(line__visit__in=work).order_by("line__visit", "line__position", "-share_bp", "pk")
    for pk, staff_id, name in shares.values_list("line__visit", "staff", "staff__name"):
        work[pk].staff[staff_id] = name
    for pk, text in VisitNote.objects.filter(visit__in=work).values_list("visit", "text"):
        work[pk].notes.append(text)
    for visit in visits:
        if visit.assigned and not work[visit.pk].staff:
            work[visit.pk].staff[visit.assigned_id] = visit.assigned.name
    return work


def with_everything(visits):
    """Visits with all that the page of one visit shows: as with_details, and remarks, overrides, the bill's payments."""
    overrides = Prefetch("lines__overrides", SafetyOverride.objects.select_related("tag").order_by("pk"))
    related = ("bill__payer", "bill__refunds", "bill__replaces", "recorded_by__staff", "identified__recorded_by__staff")
    return with_details(visits).select_related(*related).prefetch_related("lines__remark", overrides)


def of_the_day(actor, day):
    """The visits of a day at the actor's branch that the actor may see: neither voided nor a refund."""
    return Visit.objects.visible_to(actor).filter(branch=actor.branch, day=day, bill__refunds=None).exclude(status=VOIDED)


BOARD_TIME = {  # what the front desk tells of a visit in each state, in the order of the page: since when it is so
    ARRIVED: "arrived_at",
    IN_CARE: "care_started_at",
    EXPECTED: "expected_time",
    NO_SHOW: "expected_time",
    CANCELLED: "expected_time",
    DONE: "done_at",
}
BOARD_TIMES = tuple(dict.fromkeys(BOARD_TIME.values()))
ON_BOARD, DONE_ON_BOARD = 100, 20  # at most so many of a state, so that no day makes a page nobody can read


def day_board(actor, day):
    """{state: (visits with details, how many there are)} of a day: who has waited longest first, who was done last first.

    As many queries for any number; of many visits of one state the first ON_BOARD (DONE_ON_BOARD) are fetched. Who was moved
    between two of the queries stands, last, where she is by now.
    """
    of = {state: [] for state in BOARD_TIME}
    for pk, state, *times in of_the_day(actor, day).values_list("pk", "status", *BOARD_TIMES):
        when = dict(zip(BOARD_TIMES, times))[BOARD_TIME[state]]
        of[state].append((when is None, when and (-when.timestamp() if state == DONE else when), pk))
    most = dict.fromkeys(BOARD_TIME, ON_BOARD) | {DONE: DONE_ON_BOARD}
    shown = {pk: state for state, rows in of.items() for *_when, pk in sorted(rows)[: most[state]]}
    fetched = with_details(Visit.objects.all()).in_bulk(list(shown))
    now = {pk: fetched[pk].status if pk in fetched else VOIDED for pk in shown}
    return {
        state: (
            [fetched[pk] for pk in sorted(shown, key=lambda pk: shown[pk] != state) if now[pk] == state],
            len(rows) + sum((now[pk] == state) - (shown[pk] == state) for pk in shown),
        )
        for state, rows in of.items()
    }


def staff_names(visit):
    """Names of who served (or is to serve) a visit fetched by with_details, each once, without a query."""
    names = {share.staff_id: share.staff.name for line in visit.lines.all() for share in line.shares.all()}
    if not names and visit.assigned:
        return [visit.assigned.name]
    return list(names.values())


def item_names(visit):
    """Names of the items of a visit fetched by with_details: those done, or those planned."""
    return [line.item_name for line in visit.lines.all()] or [planned.item.name for planned in visit.planned.all()]


def receipt_numbers(actor, words):
    """The receipt numbers somebody may mean: as written or in capitals; "r12" is the twelfth of the actor's branch.

    Whole numbers, so that the index on them serves: a comparison without case would read every bill.
    """
    capitals = unicodedata.normalize("NFKC", words).strip().upper()
    numbers = {words, capitals}
    if actor.branch:
        code = actor.branch.code
        if short := _SHORT_RECEIPT.fullmatch(capitals.removeprefix(f"{code.upper()}-")):
            numbers.add(f"{code}-R{int(short[1]):07d}")
    return numbers


def customer_to_serve(actor, pk):
    """A card in use that the actor may open. Raises Http404."""
    return access.get(actor, Customer.objects.present(), pk=pk)


def last_day_ahead(today):
    """The last day somebody can be expected on."""
    return today + timedelta(days=AHEAD_DAYS)
