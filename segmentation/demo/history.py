"""Years of visits at one branch, day by day: who is due comes, pays, and is due again after her own interval."""

from collections import defaultdict

from archives.visits.models import CANCELLED, NO_SHOW
from segmentation.demo import words
from segmentation.demo.chance import Weighted, between, one_of
from segmentation.demo.days import CLOSES, OPENS
from segmentation.demo.habits import NEVER_BOUGHT, WIND_DOWN
from segmentation.demo.rows import CHUNK
from segmentation.demo.shop import NEVER
from segmentation.demo.till import Guest, quarter

# When visits end: minute of the day, by the quarter, busy at noon and after work.
ENDS = Weighted([
    (minute, 3 if minute < 12 * 60 else 6 if minute < 14 * 60 else 5 if minute < 18 * 60 else 8)
    for minute in range(OPENS + 60, CLOSES, 15)
])  # fmt: skip
CAME_TO_NOTHING, OF_THESE_NO_SHOW = 0.035, 0.6
BOOKED = 0.62
WALK_INS = 0.04  # for each customer with a card
BRINGS_FRIEND, FRIEND_WITHIN = 0.25, 12  # chance and days: a friend due soon comes along
NOTE_FOR_NEXT, NOTE_OF_DESK = 0.3, 0.03
VOIDED_BILLS, OF_THESE_CORRECTED = 0.006, 0.6
ADVISED_PRODUCT = 0.6


class History:
    """The visits of one branch. `people`: its customers, with the day of their next visit."""

    def __init__(self, tables, salon, place, days, basket, till, rng):
        self._tables, self._salon, self._place, self._days = tables, salon, place, days
        self._basket, self._till, self._rng = basket, till, rng
        self.calendar = defaultdict(list)

    def expect_everybody(self, people):
        """Put everybody who is to come into the calendar."""
        for person in people:
            if person.due != NEVER:
                self.calendar[person.due].append(person)

    def run(self):
        """All days up to the last one, which is the front desk's."""
        for day in self._days.open_days():
            self.live_through(day)
            if len(self._tables.visits.rows) >= CHUNK:
                self._tables.store()

    def start(self, day):
        """Open the shop on a day."""
        self._basket.start(day)

    def live_through(self, day):
        """One day: everybody due comes or does not, in the order of the clock."""
        self.start(day)
        rng = self._rng
        events = [(minute, n, slip) for n, (minute, slip) in enumerate(self._returns(day))]
        for party in self._parties(day):
            events.append((ENDS.draw(rng) + between(rng, 0, 14), len(events), party))
        events.sort()
        for minute, _n, event in events:
            if isinstance(event, list):
                self.serve(day, minute, event)
            else:
                self._till.give_back(day, minute, event)

    def _returns(self, day):
        return [(between(self._rng, OPENS + 5, CLOSES - 5), slip) for slip in self._till.slips.pop(day.ordinal, ())]

    def _parties(self, day):
        """Who comes together, as lists; None stands for somebody without a card."""
        rng = self._rng
        for person in self.due_on(day.ordinal):
            if person.due != day.ordinal:
                continue  # came with a friend already
            if rng.random() < CAME_TO_NOTHING and person.visits:
                self._stay_away(person, day)
                continue
            person.due = 0
            party, friend = [person], person.friend
            if friend and 0 <= friend.due - day.ordinal <= FRIEND_WITHIN and rng.random() < BRINGS_FRIEND:
                friend.due = 0
                party.append(friend)
            yield party
            if rng.random() < WALK_INS:
                yield [None]

    def due_on(self, ordinal):
        """The people whose next visit is on that day."""
        return [person for person in self.calendar.pop(ordinal, ()) if person.due == ordinal]

    def _stay_away(self, person, day):
        """A no-show or a cancellation; she comes some days later."""
        rng = self._rng
        no_show = rng.random() < OF_THESE_NO_SHOW
        self._till.expect(
            person,
            status=NO_SHOW if no_show else CANCELLED,
            day=day,
            time=quarter(between(rng, OPENS, CLOSES - 90)),
            worker=self.worker_of(person, day.ordinal),
            items=person.favourites[:1],
            recorded_at=self._days.day(max(self._days.first, day.ordinal - between(rng, 1, 6))).stamp(OPENS + 1),
        )
        self.plan_next(person, day.ordinal, gap=between(rng, 3, 12))

    def worker_of(self, person, ordinal):
        """Who serves her now; if that person has left, a colleague takes over for good."""
        worker = self._place.successor(person.worker, ordinal, person.id)
        person.worker = worker
        return worker

    def serve(self, day, minute, party, *, note_chance=NOTE_FOR_NEXT):
        """A party is done at a minute of the day: ring up, plan the next visits."""
        guests = [self._guest(person, day, minute, note_chance) for person in party]
        if self._rng.random() < VOIDED_BILLS:
            self._ring_up_twice(day, minute, guests)
        else:
            self._till.ring_up(day, minute, guests)
        for person in party:
            if person:
                person.visits += 1
                self.plan_next(person, day.ordinal)

    def _guest(self, person, day, minute, note_chance):
        rng = self._rng
        if person:
            worker = self.worker_of(person, day.ordinal)
            entries = self._basket.for_person(person, day, worker)
        else:
            worker = one_of(rng, self._place.working(day.ordinal))
            entries = self._basket.for_unknown(day, worker)
        opens = OPENS if minute > OPENS else 0  # at the demo's front desk it may be any hour
        started = max(opens, minute - 5 - sum(entry.offer.minutes for entry in entries))
        arrived = started - between(rng, 2, 14)
        if not person:
            return Guest(None, entries, worker, arrived, started)
        next_note = desk_note = ""
        if rng.random() < note_chance:
            next_note = words.next_note(rng, self._advice(person))
        if rng.random() < NOTE_OF_DESK:
            desk_note = one_of(rng, words.DESK_NOTES)
        only_products = all(entry.offer.kind == "product" for entry in entries)
        channel = one_of(rng, ("phone", "web", "shop")) if only_products else "shop"
        booked = not only_products and rng.random() < BOOKED
        return Guest(person, entries, worker, arrived, started, booked, channel, next_note, desk_note)

    def _advice(self, person):
        """Names of what may be recommended to her."""
        offers = person.keeps if person.keeps and self._rng.random() < ADVISED_PRODUCT else person.favourites
        return [offer.name for offer in offers] or [one_of(self._rng, self._salon.services).name]

    def _ring_up_twice(self, day, minute, guests):
        """A bill that is voided soon after: one with a mistake that is replaced, or one that was entered twice."""
        void_minute = minute + between(self._rng, 2, 6)
        plain = [self._without_extras(guest) for guest in guests]
        if self._rng.random() < OF_THESE_CORRECTED:
            wrong = self._till.ring_up(day, minute, plain, void_reason=words.CORRECTED, void_minute=void_minute)
            self._till.ring_up(day, void_minute, guests, replaces=wrong)
        else:
            self._till.ring_up(day, minute, guests)
            reason = one_of(self._rng, words.VOID_REASONS)
            self._till.ring_up(day, minute + 1, plain, void_reason=reason, void_minute=void_minute)

    @staticmethod
    def _without_extras(guest):
        """The guest as first entered: the discount forgotten, nothing that goes back later, no notes."""
        entries = [entry._replace(discount_fen=0, reason="", remark="", refund_on=0) for entry in guest.entries]
        return guest._replace(entries=entries, booked=False, next_note="", desk_note="")

    def plan_next(self, person, ordinal, *, gap=None):
        """Note when she comes again, if she does."""
        if person.habit is NEVER_BOUGHT:
            person.due = NEVER
            return
        if ordinal >= person.slows_from and gap is None:
            person.gap *= WIND_DOWN
        due = self._days.plan(self._rng, ordinal, gap or person.gap)
        person.due = due if due <= person.until else NEVER
        if person.due != NEVER:
            self.calendar[due].append(person)
