"""The cards of the demo's customers: who they are."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from borax.calendars.lunardate import LunarDate

from customers.card.models import Customer
from segmentation.demo import habits, words
from segmentation.demo.chance import Weighted, between, one_of
from segmentation.demo.habits import Habit
from segmentation.demo.names import FEMALE, MALE, Name, Naming, split
from segmentation.demo.particulars import Particulars

BORN = Weighted({(18, 24): 10, (25, 34): 32, (35, 44): 30, (45, 54): 16, (55, 64): 9, (65, 76): 3})  # ages
SKIN = Weighted({"combination": 28, "dry": 20, "oily": 14, "sensitive": 18, "neutral": 10, "problem": 6, "": 4})
SOURCES = Weighted({"friend": 34, "walk_by": 22, "online": 24, "leaflet": 5, "event": 6, "partner": 4, "staff": 3, "other": 2})
EDUCATION = Weighted({"": 45, "senior": 8, "college": 17, "bachelor": 24, "master": 6})
POTENTIAL = {
    "loyal": Weighted({"high": 45, "medium": 40, "": 15}),
    "regular": Weighted({"high": 22, "medium": 50, "low": 8, "": 20}),
}
USUAL_POTENTIAL = Weighted({"high": 6, "medium": 30, "low": 24, "": 40})
MEN, REFERRED = 0.06, 0.3
OTHER_MARITAL = ("partner", "divorced", "widowed")
AGE_BANDS = ((18, "under18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))


CARD = [field.attname for field in Customer._meta.concrete_fields]
TABLES = {"cards": (Customer, " ".join(CARD))}
_card_row = attrgetter(*CARD)


def band_of(age):
    """The age band of so many years."""
    return next((band for under, band in AGE_BANDS if age < under), "65+")


class Part(NamedTuple):
    """Somebody whom every demo has, to be shown and spoken of."""

    name: str
    called: str
    habit: Habit
    safety: tuple = ()
    phone: str = ""
    silent_days: int = 0  # has not come for about so long
    lunar_birthday_today: bool = False


CAST = (
    Part("张晓梅", "张姐", habits.LOYAL, ("果酸", "孕期"), "13812346621", silent_days=40),
    Part("周雅琴", "周姐", habits.LOYAL),
    Part("欧阳静", "欧阳老师", habits.LOYAL),
    Part("何婉仪", "何太", habits.LOYAL, lunar_birthday_today=True),
    Part("单慧敏", "单姐", habits.REGULAR, ("水杨酸",)),
    Part("曾莉莉", "莉莉", habits.REGULAR),
    Part("赵雪萌", "雪萌", habits.OCCASIONAL, phone="13948250457"),
    Part("沈佩", "沈姐", habits.LAPSING, silent_days=60),
)
FIRST_TIMER = "李婷"  # her card was made today; she waits for a consultation


@dataclass
class Draft:
    """What is decided about a customer before the card is written."""

    name: Name
    habit: Habit
    ordinal: int
    gender: str
    born: int
    part: Part | None = None


class Cards:
    """Writes card after card of one branch and returns each customer as history needs her."""

    def __init__(self, tables, salon, place, days, tastes, rng):
        self._tables, self._salon, self._place, self._days, self._tastes = tables, salon, place, days, tastes
        self._rng, self._names = rng, Naming(rng)
        self._today = date.fromordinal(days.last)
        self._particulars = Particulars(tables, salon, place, days, rng)
        self.number, self.cast = 0, {}
        self._parts = list(CAST) if place is salon.places[0] else []

    def write(self, habit, ordinal, *, known, name=None):
        """The card of a customer who came into the books on that day. `known`: the people before her, who may have sent her.

        `name`: a full name to use instead of one drawn.
        """
        self.number += 1
        draft = self._draft(habit, ordinal, name)
        pk = self._tables.cards.new_id()
        moment = self._days.day(ordinal).stamp(between(self._rng, 10 * 60, 19 * 60))
        avoids = self._particulars.write_safety(pk, draft)
        person = self._tastes.person(self._rng, customer_id=pk, habit=habit, gender=draft.gender, since=ordinal, avoids=avoids)
        person.worker = worker = self._worker(person)
        referrer = self._referrer(known)
        if referrer and self._rng.random() < 0.4:
            person.friend = referrer
        customer = Customer(
            id=pk,
            card_no=f"{self._place.code}-{self.number:06d}",
            branch_id=self._place.id,
            name=draft.name.full,
            called=draft.part.called if draft.part else "",
            gender=draft.gender,
            referred_by_id=referrer and referrer.id,
            source="friend" if referrer else SOURCES.draw(self._rng),
            responsible_id=self._place.successor(worker, self._days.last, pk).id,
            card_date=date.fromordinal(ordinal).isoformat(),
            created_at=moment,
            **self._birth(draft),
        )
        self._describe(customer, draft)
        phone = self._particulars.write_phones(pk, draft.part.phone if draft.part else "")
        customer.set_keys()
        if phone and self._rng.random() < 0.5:
            customer.wechat = f"{customer.initials[:12]}{phone[-4:]}"
        self._tables.cards.add(_card_row(customer))
        self._particulars.write_address(pk)
        self._particulars.write_family(pk, draft)
        if draft.part:
            self.cast[draft.part] = person
        return person

    def _draft(self, habit, ordinal, name):
        rng = self._rng
        part = None if name else next((p for p in self._parts if p.habit is habit), None)
        low, high = BORN.draw(rng)
        born = self._today.year - between(rng, low, high)
        if part:
            self._parts.remove(part)
            return Draft(split(part.name), habit, ordinal, FEMALE, min(born, self._today.year - 28), part)
        gender = MALE if rng.random() < MEN else FEMALE
        if name:
            return Draft(split(name), habit, ordinal, FEMALE, born)
        return Draft(self._names.draw(gender, born), habit, ordinal, gender, born)

    def _worker(self, person):
        """Who serves her as a rule: somebody of the department she comes for."""
        on = max(person.since, self._days.first)
        department = person.favourites[0].department if person.favourites else None
        return one_of(self._rng, self._place.working(on, department))

    def _referrer(self, known):
        return one_of(self._rng, known) if known and self._rng.random() < REFERRED else None

    # --- who she is

    def _birth(self, draft):
        """The columns about the birthday: complete, in the lunar calendar, without year, only an age band, or nothing."""
        rng = self._rng
        if draft.part and draft.part.lunar_birthday_today:
            lunar = LunarDate.from_solar(self._today)
            return {"birth_calendar": "lunar", "birth_year": draft.born, "birth_month": lunar.month, "birth_day": lunar.day}
        kind = rng.random()
        if kind < 0.07:
            age = self._today.year - draft.born
            return {"age_band": band_of(age), "age_band_on": date.fromordinal(draft.ordinal).isoformat()}
        if kind < 0.13 and not draft.part:
            return {}
        month = between(rng, 1, 12)
        is_lunar = rng.random() < (0.34 if draft.born < 1980 else 0.06)
        day = between(rng, 1, 29 if is_lunar else monthrange(draft.born, month)[1])
        return {
            "birth_calendar": "lunar" if is_lunar else "solar",
            "birth_year": draft.born if rng.random() < 0.86 else None,
            "birth_month": month,
            "birth_day": day,
        }

    def _describe(self, customer, draft):
        """Fill what else the card says of her; much stays empty, as on real cards."""
        rng, age = self._rng, self._today.year - draft.born
        if rng.random() < 0.6:
            customer.occupation = self._occupation(age)
        customer.education = EDUCATION.draw(rng)
        if rng.random() < 0.5:
            customer.marital = "single" if age < 26 else "married" if rng.random() < 0.82 else one_of(rng, OTHER_MARITAL)
        if rng.random() < 0.3:
            customer.interests = one_of(rng, words.INTERESTS)
        if rng.random() < 0.05:
            customer.health = one_of(rng, words.HEALTH)
        customer.skin_type = SKIN.draw(rng)
        customer.potential = POTENTIAL.get(draft.habit.name, USUAL_POTENTIAL).draw(rng)
        if rng.random() < 0.34:
            notes = {one_of(rng, words.CARD_NOTES): None, one_of(rng, words.CARD_NOTES): None}
            customer.note = "\n".join(list(notes)[: between(rng, 1, 2)])
        if not customer.called and rng.random() < 0.55:
            customer.called = _form_of_address(draft, customer.occupation, age)

    def _occupation(self, age):
        return words.RETIRED if age >= 58 else words.STUDENT if age < 21 else words.OCCUPATIONS.draw(self._rng)


def _form_of_address(draft, occupation, age):
    """张姐, 李老师, 王总, 小陈, 陈阿姨: as the desk would call her."""
    name = draft.name
    if not name.surname:
        return ""
    if occupation in words.TITLES:
        return name.surname + words.TITLES[occupation]
    if draft.gender == MALE:
        return f"{name.surname}先生"
    if age < 30:
        return f"小{name.surname}" if len(name.surname) == 1 else name.given
    return name.surname + ("阿姨" if age >= 58 else "姐")
