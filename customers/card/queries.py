"""Finding a customer in a second: by name in either script, pinyin, initials, phone or its last digits, card number.

What was typed is read as beginnings of key columns (typed.py). Each beginning is a limited range of one index; the union of
these, ranked, is one statement. Nothing is scanned, so a million customers cost what a thousand do.
"""

from dataclasses import dataclass, field

from django.core.exceptions import EmptyResultSet
from django.db.models import Case, F, IntegerField, Prefetch, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from customers.card import typed
from customers.card.models import Customer, SafetyNote
from salon import access, panels, text

FEW, MANY = 20, 100  # candidates from each range: for one or two letters, for more
RECENT = 200  # of so many who came last all that fit are candidates, so that a short beginning finds who comes often
LATEST_FIRST = (F("last_visit_on").desc(nulls_last=True), "-pk")


@dataclass(frozen=True)
class Hit:
    """A customer found, with what the list of hits shows of her. Of a guest from another branch it shows next to nothing."""

    customer: Customer
    number: str = ""
    badge: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    is_guest: bool = False

    @property
    def masked_name(self):
        """The surname alone: 王*."""
        return f"{self.customer.name[:1]}*"


def search(actor, words, limit=20):
    """The customers that fit best, as Hits: exact matches first, then who came last; guests of other branches at the end.

    Five queries at most and those of the panels, however many customers there are. Merged cards lead to the surviving one.
    """
    found = list(ranked(actor, words)[:limit])
    guests = list(guests_by_phone(actor, words)[:limit])
    badges = panels.collect("customer.badge", actor, found + guests)
    hints = panels.collect("customer.hints", actor, found)
    digits = text.phone_digits(words[: typed.LONGEST])
    hits = [Hit(c, _number(c, digits), badges[c.pk], hints[c.pk]) for c in found]
    return hits + [Hit(c, badge=badges[c.pk], is_guest=True) for c in guests]


def _number(customer, digits):
    """The phone number to show: the one that was typed, else the main one."""
    phones = list(customer.phones.all())
    meant = [p for p in phones if digits and (p.digits.startswith(digits) or p.digits.endswith(digits))]
    return (meant or phones)[0].number if phones else ""


def ranked(actor, words):
    """The customers the actor may open that fit `words`, best first: a queryset of one statement, to be cut by the caller."""
    alternatives = typed.read(words, actor.branch)
    arms = [arm for alternative in alternatives for arm in _arms(actor, alternative)]
    notes = SafetyNote.objects.in_force(actor.today).select_related("tag")
    cards = Customer.objects.present().visible_to(actor).select_related("branch")
    cards = cards.prefetch_related("phones", Prefetch("safety_notes", notes, to_attr="safety"), "absorbed")
    if not arms:
        return cards.none()
    found = Customer.objects.filter(pk__in=_union(arms)).values(survivor=Coalesce("merged_into_id", "pk"))
    exact = [When(_all(word.is_all for word in words), then=0) for words in alternatives]
    by_fit = Case(*exact, default=1, output_field=IntegerField())
    return cards.filter(pk__in=found).order_by(by_fit, *LATEST_FIRST)


def _all(conditions):
    together = Q()
    for condition in conditions:
        together &= Q(condition)
    return together


def _union(arms):
    """The ids all arms find. Django cannot write a union of limited queries for SQLite, so their statements are joined here."""
    statements, params = [], []
    for arm in arms:
        try:
            statement, values = arm.values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            continue
        statements.append(f"SELECT * FROM ({statement}) AS arm{len(statements)}")  # noqa: S608 - Django wrote it
        params += values
    return RawSQL(" UNION ALL ".join(statements) or "SELECT NULL", params)  # noqa: S611


def _arms(actor, words):
    """Limited queries whose union is what the actor may find by these words, which must all fit."""
    fits = _all(word.fits for word in words)
    if actor.is_owner:
        return [*_ranges(Customer.objects.all(), words), *_recent(Customer.objects.all(), words, fits)]
    if actor.branch is None:
        return []
    mine = Customer.objects.filter(branch=actor.branch)
    guests = actor.branch.guest_passes.filter(business_date=actor.today).values("customer")
    if actor.role == access.BEAUTICIAN:
        # Few customers: those she served are looked through, no index of all the branch's names is.
        served = Customer.objects.filter(pk__in=Customer.objects.served_by(actor))
        return [served.filter(fits).order_by(*LATEST_FIRST)[:MANY]]
    here = Customer.objects.filter(pk__in=guests).filter(fits)
    return [*_ranges(mine, words), *_recent(mine, words, fits), here[:MANY]]


def _ranges(cards, words, most=None):
    """One limited index range for each way to read the word that narrows down most; the other words are checked on it."""
    lead = max(words, key=lambda word: word.weight)
    others = _all(word.fits for word in words if word is not lead)
    most = most or (FEW if lead.weight == typed.VAGUE else MANY)
    for start in lead.starts:
        yield cards.filter(start.range(start.path)).filter(others).order_by(start.path, "pk")[:most]


def _recent(cards, words, fits):
    """Those who came last, if they fit; numbers narrow down enough by themselves."""
    if any(word.is_number for word in words):
        return []
    latest = cards.order_by(*LATEST_FIRST).values("pk")[:RECENT]
    return [Customer.objects.filter(pk__in=latest).filter(fits)]


def guests_by_phone(actor, words):
    """Customers of other branches whose whole phone number was typed, for those who may confirm that they are here."""
    digits = typed.full_number(words)
    elsewhere = Customer.objects.present().select_related("branch")
    if not digits or actor.is_owner or actor.branch is None or not actor.may_write("customers:here"):
        return elsewhere.none()
    own = Customer.objects.visible_to(actor).filter(phones__digits=digits).values("pk")
    return elsewhere.filter(phones__digits=digits).exclude(pk__in=own).order_by("pk")


def ids_matching(actor, words, most=1000):
    """Ids of the customers in the actor's lists that fit `words`, or None if there are more than `most`.

    For filters: few ids make any order cheap, and with many the condition `fitting` finds a page soon.
    """
    alternatives = typed.read(words, actor.branch)
    cards = Customer.objects.listed_for(actor)
    arms = [arm for alternative in alternatives for arm in _ranges(cards, alternative, most + 1)]
    if not arms:
        return []
    ids = set(Customer.objects.filter(pk__in=_union(arms)).values_list("pk", flat=True)[: most + 1])
    return sorted(ids) if len(ids) <= most else None


def fitting(actor, words):
    """Q on Customer for everybody who fits `words`."""
    found = Q(pk__in=[])
    for alternative in typed.read(words, actor.branch):
        found |= _all(word.fits for word in alternative)
    return found
