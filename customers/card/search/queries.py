"""Finding a customer in a second: by name in either script, its pinyin or the given name's, initials, phone, card number.

What was typed is read as beginnings of key columns (terms.py). Each beginning is a limited range of one index; the union of
these, ranked, is one statement. Nothing is scanned, so a million customers cost what a thousand do.
"""

from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, Q, Value, When

from customers.card.models import RECENT_KEYS, Customer, Phone, SafetyNote
from customers.card.search import old_numbers, terms
from customers.log.services import guests_told, log_find, log_guests, may_ask_for_guests
from salon import access, panels, text

FEW, MANY = 20, 60  # candidates from each range: for a letter or three digits, for more
# shown of a card in a hit, and by its panels
SHOWN = ("card_no", "card_is_phone", "name", "called", "portrait", "last_visit_on", "branch__name")
GIVEN_PART = 4  # of four places one is for somebody found by her given name's reading, if there is one
RECENT = 100  # of so many who came last all that fit are candidates, so that a short beginning finds who comes often


@dataclass(frozen=True)
class Hit:
    """A customer found, with what the list of hits shows of her. Of a guest from another branch it shows next to nothing."""

    customer: Customer
    badge: list
    number: str = ""
    safety: tuple = ()  # SafetyNotes in force
    former: tuple = ()  # (name, card number as it may be read) of merged cards by which she was found
    hints: tuple = ()
    is_guest: bool = False

    @property
    def masked_name(self):
        """The surname alone: 王*."""
        return f"{self.customer.name[:1]}*"


def search(actor, words, limit=20, *, guests=()):
    """The customers that fit best, as Hits: exact matches first, who is found by her given name's reading last, each part by
    who came last; `guests` of other branches at the end.

    Four queries, one if merged cards fit, and those of the panels, however many customers there are; a few more for a whole
    phone number, which is logged. Merged cards lead to the surviving one. Raises FindLimitReached.
    """
    alternatives = read(actor, words)
    rows = _candidates(actor, alternatives, words)
    found, guests = _cards(actor, rows, limit), list(guests)
    pks = [customer.pk for customer in found]
    numbers, safety, former = _numbers(pks, alternatives), safety_of(pks, actor.today), _former(actor, pks, rows)
    badges = panels.collect("customer.badge", actor, found + guests)
    hints = panels.collect("customer.hints", actor, found)
    hits = [
        Hit(
            customer,
            badges[customer.pk],
            number=numbers.get(customer.pk, ""),
            safety=safety.get(customer.pk, ()),
            former=former.get(customer.pk, ()),
            hints=hints[customer.pk],
        )
        for customer in found
    ]
    return hits + [Hit(c, badges[c.pk], is_guest=True) for c in guests]


def best(actor, words, limit):
    """The customers the actor may open that fit `words`, best first. Raises FindLimitReached."""
    return _cards(actor, _candidates(actor, read(actor, words), words), limit)


def read(actor, words):
    """What was typed, read (terms.read); that somebody asks by a whole number is logged. Raises FindLimitReached."""
    alternatives = terms.read(words, actor.branch)
    numbers = {start.prefix for start in terms.phones_in(alternatives) if start.whole}
    if numbers:
        _log_numbers(actor, numbers)
    return alternatives


def by_number(actor, digits):
    """The cards in use the actor may open that have a phone of exactly these digits; logged. Raises FindLimitReached."""
    _log_numbers(actor, {digits})
    cards = Customer.objects.present().visible_to(actor).select_related("branch").order_by("pk")
    return cards.filter(pk__in=Phone.objects.filter(digits=digits).values("customer"))


def _log_numbers(actor, numbers):
    """Log whose of the actor's customers these whole numbers are. A number that begins a card number asks for the card."""
    if access.sees(actor, "phone"):
        return
    ids = list(Phone.objects.filter(digits__in=numbers).order_by("customer_id").values_list("customer_id", flat=True)[:MANY])
    known = list(Customer.objects.visible_to(actor).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)) if ids else []
    if not known:
        cards = Customer.objects.listed_for(actor)
        if any(cards.filter(text.starts_with("card_key", number)).exists() for number in numbers):
            return
    log_find(actor=actor, ids=known)


def _cards(actor, rows, limit):
    """The first cards of the candidates, best first (_best_ids)."""
    ids = _best_ids(rows, limit)
    if not ids:
        return []
    cards = Customer.objects.present().visible_to(actor).select_related("branch").filter(pk__in=ids).only(*SHOWN)
    return sorted(cards, key=lambda customer: ids.index(customer.pk))


def _numbers(pks, alternatives):
    """{customer id: the phone number to show}: the one that was typed, whole or by its last digits, else the main one."""
    starts, main, meant = terms.phones_in(alternatives), {}, {}
    for pk, number, digits in Phone.objects.filter(customer__in=pks).values_list("customer", "number", "digits"):
        main.setdefault(pk, number)  # the main one comes first
        if any(start.is_of(digits) for start in starts):
            meant.setdefault(pk, number)
    return main | meant


def safety_of(customer_ids, on):
    """{customer id: her SafetyNotes in force on a day, with their tags, allergies first}. One query."""
    notes, of = SafetyNote.objects.in_force(on).filter(customer__in=customer_ids).select_related("tag"), defaultdict(list)
    for note in notes.only("customer_id", "kind", "remark", "tag__name"):
        of[note.customer_id].append(note)
    return of


def _former(actor, pks, rows):
    """{customer id: [(name, card number)]} of the merged cards among the candidates: they tell why she was found."""
    found, of = set(pks), defaultdict(list)
    if merged := [pk for pk, survivor, *_rest in rows if survivor in found]:
        for card in Customer.objects.filter(pk__in=merged).only("merged_into", "name", "card_no", "card_is_phone").order_by("pk"):
            of[card.merged_into_id].append((card.name, card.card_no_for(actor)))
    return of


def _best_ids(rows, limit):
    """The first ids of candidates, merged cards replaced by the surviving ones: those who fit better first, then who came last.

    Names that begin so leave some places to given names: yuxin is 余心 and more, but 张雨欣 as well.
    """
    ranks = {}
    for pk, merged_into, last_visit_on, fit in rows:
        rank = (fit, str(last_visit_on or ""), pk)
        survivor = merged_into or pk
        ranks[survivor] = max(rank, ranks.get(survivor, rank))
    ids = sorted(ranks, key=ranks.get, reverse=True)
    by_name, by_given = ([pk for pk in ids if (ranks[pk][0] >= terms.BEGINS) == is_name] for is_name in (True, False))
    left = min(len(by_given), limit // GIVEN_PART)
    return (by_name[: limit - left] + by_given)[:limit]


def candidates(actor, words):
    """What `search` ranks, unlogged: for figures, which show nobody."""
    return _candidates(actor, terms.read(words, actor.branch), words)


def _candidates(actor, alternatives, words):
    """Rows (id, merged into, last visit, how well it fits) of the best candidates, unordered. One statement, or none."""
    arms = [arm for alternative in alternatives for arm in _arms(actor, alternative)]
    arms += old_numbers.arms(actor, words)
    return _rows(arms, "c.id, c.merged_into_id, c.last_visit_on, found.fit")


def _rows(arms, columns):
    if not arms:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*statement(arms, columns))
        return cursor.fetchall()


def statement(arms, columns):
    """The statement for what all arms find, of limited ones (id, fit); its parameters. SQLite wants each in its own SELECT."""
    union = " UNION ALL ".join(f"SELECT * FROM ({arm}) AS arm{n}" for n, (arm, _params) in enumerate(arms))  # noqa: S608
    whole = f"SELECT {columns} FROM ({union}) AS found CROSS JOIN customers_customer c WHERE c.id = found.id"  # noqa: S608
    return whole, [value for _arm, params in arms for value in params]


def _arms(actor, words):
    """Limited statements whose union is what the actor may find by these words, which must all fit."""
    if actor.is_owner:
        return [*_ranges(EVERYWHERE, words), *_recent(EVERYWHERE, words)]
    if actor.branch is None:
        return []
    fits, values = _all_fit(words)
    if actor.role == access.BEAUTICIAN:
        # Few customers: those she serves are looked through, not an index of all the branch's names.
        (fit, first), (served, params) = _fit(words), Customer.objects.served_by(actor).query.sql_with_params()
        statement = f"SELECT c.id, {fit} AS fit FROM customers_customer c WHERE c.id IN ({served}) AND {fits}"  # noqa: S608
        return [(statement, [*first, *params, *values])]
    here = (
        f"SELECT c.id, {terms.BEGINS} AS fit FROM customers_guestpass g CROSS JOIN customers_customer c "  # noqa: S608
        f"WHERE g.branch_id = %s AND g.business_date = %s AND c.id = g.customer_id AND {fits}"
    )
    return [*_ranges(_at(actor.branch), words), *_recent(_at(actor.branch), words), (here, [*_here(actor), *values])]


EVERYWHERE = ("", [])


def _at(branch):
    """The condition that a card is of a branch, and its parameters."""
    return "c.branch_id = %s AND ", [branch.pk if branch else None]


def _here(actor):
    return [actor.branch.pk, actor.today]


def _all_fit(words, alias="c", columns=()):
    conditions = [word.sql(alias, columns) for word in words]
    return " AND ".join(sql for sql, _ in conditions), [value for _, values in conditions for value in values]


def _fit(words, alias="c", columns=()):
    """(expression, parameters): how well a row fits all words, when it was not found by a range: as its name does."""
    return next((fit for word in words if (fit := word.fit_sql(alias, columns))[1]), (str(terms.BEGINS), []))


def _ranges(scope, words, most=None):
    """One limited index range for each way to read the word that narrows down most; the other words are checked on it."""
    lead = max(words, key=lambda word: word.weight)
    fits, values = _all_fit([word for word in words if word is not lead])
    others = f" AND {fits}" if fits else ""
    limit = most or (FEW if lead.weight in (terms.VAGUE, terms.PART) or len(words) > 1 else MANY)
    condition, scope_params = scope
    for start in lead.starts:
        alias = "p" if start.of_phone else "c"
        column = f"{alias}.{start.column}"
        inside, params = start.sql(column, alias)
        if start.of_phone:
            # CROSS JOIN keeps SQLite to this order: the phone range first, then the cards it leads to.
            source, pk = "customers_phone p CROSS JOIN customers_customer c WHERE c.id = p.customer_id AND", "p.customer_id"
        else:
            source, pk = "customers_customer c WHERE", "c.id"
        fit, first = start.fit_sql(column)
        statement = f"SELECT {pk} AS id, {fit} AS fit FROM {source} {condition}{inside}{others}"  # noqa: S608
        order = f" ORDER BY {column}, {pk} LIMIT %s"
        yield statement + order, [*first, *scope_params, *params, *values, limit]


def _recent(scope, words):
    """Those who came last, if they fit; numbers narrow down enough by themselves."""
    if any(word.is_number for word in words):
        return []
    condition, params = scope
    (fits, values), (fit, first) = _all_fit(words, "latest", RECENT_KEYS), _fit(words, "latest", RECENT_KEYS)
    latest = (
        f"SELECT c.id, {', '.join(f'c.{column}' for column in RECENT_KEYS)} FROM customers_customer c "  # noqa: S608
        f"WHERE {condition}c.merged_into_id IS NULL ORDER BY c.last_visit_on DESC NULLS LAST, c.id DESC LIMIT %s"
    )
    statement = f"SELECT latest.id, {fit} AS fit FROM ({latest}) latest WHERE {fits}"  # noqa: S608
    return [(statement, [*first, *params, RECENT, *values])]


def guests_by_phone(actor, words):
    """(customers of other branches whose whole phone number was typed, True if that many were found that no more are looked up)
    for those who may confirm that they are here. Who is found is logged.

    Two queries for a whole number, more for one that is somebody's.
    """
    digits = terms.full_number(words)
    if not digits or actor.is_owner or actor.branch is None or not actor.may_write("customers:here"):
        return [], False
    told = guests_told(actor)
    ids = list(Phone.objects.filter(digits=digits).order_by("customer_id").values_list("customer_id", flat=True)[:MANY])
    known = set(Customer.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", flat=True)) if ids else ids
    elsewhere = Customer.objects.present().select_related("branch").filter(pk__in=[pk for pk in ids if pk not in known])
    guests = list(elsewhere.order_by("pk")) if ids else []
    if not may_ask_for_guests(actor, told):
        return [guest for guest in guests if guest.pk in told], True
    shown = log_guests(actor=actor, ids=[guest.pk for guest in guests])
    return [guest for guest in guests if guest.pk in shown], False


def ids_matching(actor, words, most=1000):
    """Ids of the customers in the actor's lists that fit `words`, or None if there are more than `most`.

    For filters: few ids make any order cheap, and with many the condition `fitting` finds a page soon. A whole number is logged.
    Raises FindLimitReached, which is a list's Refused.
    """
    scope = EVERYWHERE if actor.is_owner else _at(actor.branch)
    arms = [arm for alternative in read(actor, words) for arm in _ranges(scope, alternative, most + 1)]
    ids = {pk for (pk,) in _rows(arms + old_numbers.arms(actor, words), "c.id")}
    return sorted(ids) if len(ids) <= most else None


def fitting(actor, words):
    """A condition on Customer for everybody who fits `words`, in a form no database mistakes for a range to start from.

    Ask `ids_matching` first: it logs and limits.
    """
    found = Q()
    for alternative in terms.read(words, actor.branch):
        together = Q()
        for word in alternative:
            together &= word.q
        found |= together
    if old := old_numbers.key(words):
        found |= Q(old_key=old)
    return Q(Case(When(found, then=Value(True)), default=Value(False))) if found else Q(pk__in=[])
