"""A believable salon with customers and years of visits, the same for the same seed. `seed_demo` is the command."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from archives.visits.models import Visit
from customers.card.models import Customer
from salon.database import sequences
from salon.database.rows import Tables
from salon.dates import months_before
from salon.money import spread
from salon.shop.models import Sequence
from segmentation.demo import habits, lives, particulars, people, till
from segmentation.demo.bare import bare_tables
from segmentation.demo.basket import Basket
from segmentation.demo.chance import between, generator
from segmentation.demo.days import Days, minute_of
from segmentation.demo.desk import Desk
from segmentation.demo.history import History
from segmentation.demo.names import HARD_NAMES
from segmentation.demo.origins import record_origins
from segmentation.demo.rows import CHUNK, create
from segmentation.demo.shop import NEVER, open_shop

TRAVELLERS, EACH_OF = 150, 40  # how many customers of one branch are now and then seen at the next; one of so many
TRAVEL_GAP = (60, 160)


@dataclass(frozen=True)
class Wish:
    """What is asked for. `as_of`: the last day, today at the front desk; `now`: the moment there."""

    customers: int
    years: int
    seed: int
    as_of: date
    now: datetime

    @property
    def first_day(self):
        return months_before(self.as_of, 12 * self.years)


@transaction.atomic
def seed_salon(wish):
    """Fill an empty database, all or nothing; returns the Salon, with the passwords of its log-ins."""
    salon = open_shop(customers=wish.customers, years=wish.years, as_of=wish.as_of)
    days = Days(wish.first_day, wish.as_of, settings.TIME_ZONE)
    tables = Tables(**people.TABLES, **particulars.TABLES, **till.TABLES)
    tastes = habits.Tastes(salon.services, salon.products)
    counts = spread(wish.customers, [place.weight for place in salon.places])
    with bare_tables(tables.models):
        travellers = []
        for place, count in zip(salon.places, counts):
            travellers = _Branch(wish, salon, place, days, tables, tastes).fill(count, travellers)
    for place in salon.places:
        record_origins(place)
    _note_last_visits()
    sequences.catch_up()  # ids were given by the program, in these tables and in others
    return salon


class _Branch:
    """One branch: its cards, then its years, then its front desk."""

    def __init__(self, wish, salon, place, days, tables, tastes):
        self._wish, self._salon, self._place, self._days, self._tables = wish, salon, place, days, tables
        self._cards = people.Cards(tables, salon, place, days, tastes, self._chance("cards"))
        self._till = till.Till(tables, place, self._chance("till"))
        basket = Basket(salon, place, days, tastes, self._chance("basket"))
        self._history = History(tables, salon, place, days, basket, self._till, self._chance("history"))

    def _chance(self, subject):
        return generator(self._wish.seed, self._place.code, subject)

    def fill(self, count, travellers):
        """Write everything about the branch; returns the customers who will be seen at the next one, too."""
        is_first = self._place is self._salon.places[0]
        customers = self._write_cards(count - is_first, HARD_NAMES if is_first else ())
        first_timer = None
        if is_first and count:
            first_timer = self._cards.write(habits.NEVER_BOUGHT, self._days.last, known=[], name=people.FIRST_TIMER)
        self._tables.store()
        self._history.expect_everybody([*customers, *self._seen_here(travellers)])
        self._history.run()
        self._fill_desk(customers, first_timer)
        self._tables.store()
        create(Sequence, branch_id=self._place.id, kind="card", last=self._cards.number)
        create(Sequence, branch_id=self._place.id, kind="receipt", last=self._till.receipts)
        return [person for person in customers[::EACH_OF] if person.visits > 1][:TRAVELLERS]

    def _write_cards(self, count, hard_names):
        """All cards of the branch in the order of their dates; the hard names stand evenly among them."""
        chance, known = self._chance("lives"), []
        step = max(1, count // (len(hard_names) + 1))
        named = {step * n + step // 2: name for n, name in enumerate(hard_names)}
        for n, (ordinal, habit) in enumerate(lives.newcomers(chance, self._days, count)):
            person = self._cards.write(habit, ordinal, known=known, name=named.get(n))
            lives.begin(chance, self._days, person)
            known.append(person)
            if len(self._tables.cards.rows) >= CHUNK:
                self._tables.store()
        for part, person in self._cards.cast.items():
            person.until = self._days.last - part.silent_days if part.silent_days else NEVER
        return known

    def _seen_here(self, travellers):
        """Customers of another branch who come to this one now and then, too."""
        chance = self._chance("travellers")
        seen = []
        for person in travellers:
            gap = between(chance, *TRAVEL_GAP)
            due = self._days.open_on_or_after(max(person.since, self._days.first) + gap)
            if due <= person.until:
                seen.append(replace(person, gap=gap, due=due, worker=self._place.like(person.worker), friend=None))
        return seen

    def _fill_desk(self, customers, first_timer):
        now_minute = minute_of(self._wish.now, self._days.last, settings.TIME_ZONE)
        cast = {part.name: person for part, person in self._cards.cast.items()}
        desk = Desk(self._history, self._till, self._place, self._days, self._chance("desk"), now_minute=now_minute, cast=cast)
        desk.fill(customers, first_timer, self._salon.consultation)


def _note_last_visits():
    """Fill `last_visit_on` of every card in one statement. Refunds do not count as coming; they alone are negative here."""
    came = Visit.objects.done().filter(customer=OuterRef("pk"), net_fen__gte=0).values("customer")
    Customer.objects.update(last_visit_on=Subquery(came.annotate(last=Max("business_date")).values("last")))
