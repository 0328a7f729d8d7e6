"""The front desk on the last day: who was here, who is here, who is expected today, tomorrow and in the days after.

Times of today are reckoned from now, whatever the hour, so that the desk is alive whenever the demo is started.
"""

from archives.visits.models import ARRIVED, CANCELLED, EXPECTED, IN_CARE, NO_SHOW
from segmentation.demo.chance import between
from segmentation.demo.days import CLOSES, OPENS
from segmentation.demo.habits import NEVER_BOUGHT
from segmentation.demo.till import quarter

FIRST_DONE, LAST_DONE = -260, -15  # minutes from now
MIDNIGHT = 24 * 60
WAITS, BARELY_HERE, IN_CARE_SINCE, LATE_BY = 6, 2, 25, 20  # minutes
FEWEST, MOST = 5, 24  # done, and expected, on one day
UNWRITTEN = 2  # of today's finished visits still lack the note for next time
DAYS_AHEAD = 6


class Desk:
    """Fills the last day and those after it at one branch. `cast`: {name: Person} of those with a part to play."""

    def __init__(self, history, till, place, days, rng, *, now_minute, cast):
        self._history, self._till, self._place, self._days, self._rng = history, till, place, days, rng
        self._now, self._cast = now_minute, cast
        self._today = days.day(days.last)

    def fill(self, people, first_timer, consultation):
        """Today in all states, then the days to come. `first_timer`: whose card was made today, or None."""
        waiting = self._line_up(people)
        count = min(MOST, max(FEWEST, len(waiting.due) * 2 // 5))
        self._done(waiting, count)
        self._here(waiting, first_timer, consultation)
        self._to_come(waiting, count + 1)
        prospects = [person for person in people if person.habit is NEVER_BOUGHT]
        for ahead in range(1, DAYS_AHEAD + 1):
            self._expected_on(ahead, waiting, prospects, consultation)

    def _line_up(self, people):
        due = self._history.due_on(self._days.last)
        soon = [person for ahead in range(1, 20) for person in self._history.due_on(self._days.last + ahead)]
        return _Waiting(due, soon, self._cast)

    # --- today

    def _done(self, waiting, count):
        self._history.start(self._today)
        for n in range(count):
            minute = max(0, self._now + FIRST_DONE + (LAST_DONE - FIRST_DONE) * n // max(1, count - 1))
            party = [waiting.next("欧阳静" if n == 1 else None)] if n != 3 else [None]
            if n == 3 or party[0]:
                self._history.serve(self._today, minute, party, note_chance=1 if n >= UNWRITTEN else 0)

    def _here(self, waiting, first_timer, consultation):
        """In care, waiting, and just arrived."""
        now, stamp = self._now, self._today.stamp
        in_care = waiting.next("周雅琴")
        if in_care:
            since = {"arrived_at": stamp(now - IN_CARE_SINCE - 9), "started_at": stamp(now - IN_CARE_SINCE)}
            self._expect(in_care, self._today, now - IN_CARE_SINCE, status=IN_CARE, **since)
        if first_timer:
            came = stamp(now - WAITS)
            self._expect(first_timer, self._today, None, status=ARRIVED, items=(consultation,), arrived_at=came, recorded_at=came)
        arrived = waiting.next()
        if arrived:
            minutes = BARELY_HERE if first_timer else WAITS
            self._expect(arrived, self._today, now, status=ARRIVED, arrived_at=stamp(now - minutes))

    def _to_come(self, waiting, count):
        """Who is late, who is still to come, who did not come, who called it off."""
        steps = [-LATE_BY] + [25 + n * 420 // count for n in range(count - 1)]
        for n, step in enumerate(steps):
            person = waiting.next("单慧敏" if n == 1 else None)
            if person:
                self._expect(person, self._today, self._now + step)
        for status, step in ((NO_SHOW, -130), (CANCELLED, 150)):
            person = waiting.next()
            if person:
                self._expect(person, self._today, self._now + step, status=status)

    # --- the days to come

    def _expected_on(self, ahead, waiting, prospects, consultation):
        """Tomorrow as many as today, then fewer; among them somebody who never bought anything."""
        ordinal = self._days.last + ahead
        if self._days.open_on_or_after(ordinal) != ordinal:
            return
        day, rng = self._days.day(ordinal), self._rng
        count = max(1, (FEWEST + 1) // ahead)
        for n in range(count):
            person = waiting.next()
            if person:
                self._expect(person, day, OPENS + n * 600 // count + between(rng, 0, 90))
        if prospects and ahead % 2:
            prospect = prospects.pop(int(rng.random() * len(prospects)))
            self._expect(prospect, day, between(rng, OPENS + 60, CLOSES - 120), items=(consultation,))

    def _expect(self, person, day, minute, *, status=EXPECTED, items=None, recorded_at=None, **moments):
        booked = self._days.day(self._days.last - between(self._rng, 1, 6)).stamp(between(self._rng, OPENS, CLOSES))
        self._till.expect(
            person,
            status=status,
            day=day,
            time=None if minute is None else quarter(min(max(minute, 0), MIDNIGHT - 1)),
            worker=self._history.worker_of(person, self._days.last),
            items=items or list(dict.fromkeys(person.favourites))[: 1 + (person.purse > 1)],
            recorded_at=recorded_at or booked,
            **moments,
        )


class _Waiting:
    """Who may come, each once: those due first, the cast when they are called by name."""

    def __init__(self, due, soon, cast):
        self.due, self._cast = due, dict(cast)
        kept_back = {person.id for person in cast.values()}
        self._line = [person for person in (*due, *soon) if person.id not in kept_back]
        self._at = 0

    def next(self, name=None):
        """The next person, or the one of that name if she is in the cast. None when nobody is left."""
        if name in self._cast:
            return self._cast.pop(name)
        if self._at == len(self._line):
            return None
        self._at += 1
        return self._line[self._at - 1]
