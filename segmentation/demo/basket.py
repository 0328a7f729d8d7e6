"""What somebody takes at a visit: services, products, the discount, and who does the work."""

from segmentation.demo import words
from segmentation.demo.chance import Weighted, one_of
from segmentation.demo.habits import NEVER_BOUGHT
from segmentation.demo.till import Entry

FAVOURITE = Weighted({0: 58, 1: 28, 2: 14})
CONSULTED_FIRST = 0.3  # of first visits begin with a free look at the skin
ONLY_A_PRODUCT = 0.035
MUCH_AT_ONCE = 0.3  # chance that a lavish purse takes two pieces or a further product
OFFER_TAKEN, OFFER_PERCENT = 0.28, 15
TWO_SERVE = 0.07
SPLITS = ((6000, 4000), (5000, 5000), (7000, 3000))
INSISTS = 0.08  # of those with a safety note insist on an item it speaks against
PRODUCT_BACK, SERVICE_BACK = 0.014, 0.0008
BACK_WITHIN = 18  # days

# What the desk gives beyond the usual discount: (chance, per cent, reason, remark needed), of lines without another discount.
FAVOURS = ((0.004, 50, "complaint", False), (0.004, 30, "staff", False), (0.006, 10, "other", True))


class Basket:
    """Composes the lines of visits at one branch."""

    def __init__(self, salon, place, days, tastes, rng):
        self._salon, self._place, self._days, self._rng = salon, place, days, rng
        self._services_for_all, self._products_for_all = tastes.of_passers_by()
        self._on_duty = {}

    def start(self, day):
        """Note who serves today."""
        self._on_duty = {offer.department: () for offer in self._salon.services}
        for department in self._on_duty:
            self._on_duty[department] = self._place.working(day.ordinal, department) or self._place.working(day.ordinal)

    def for_person(self, person, day, worker):
        """The lines of a customer's visit."""
        if person.habit is NEVER_BOUGHT:
            return [self._entry(self._salon.consultation, 1000, person, day, worker)]
        rng, habit = self._rng, person.habit
        entries = []
        if not person.visits and rng.random() < CONSULTED_FIRST:
            entries.append(self._entry(self._salon.consultation, 1000, person, day, worker))
        wants_product = day.ordinal >= person.supplied_until and rng.random() < habit.product
        if not (wants_product and rng.random() < ONLY_A_PRODUCT):
            entries += [self._entry(offer, 1000, person, day, worker) for offer in self._services(person)]
        if wants_product:
            entries += self._products(person, day, worker)
        return entries or [self._entry(self._salon.consultation, 1000, person, day, worker)]

    def for_unknown(self, day, worker):
        """What somebody without a card takes: one thing, at the price of the list."""
        rng = self._rng
        wanted = self._services_for_all if rng.random() < 0.8 else self._products_for_all
        return [self._entry(wanted.draw(rng), 1000, None, day, worker)]

    def _services(self, person):
        rng, favourites = self._rng, person.favourites
        chosen = favourites[min(FAVOURITE.draw(rng), len(favourites) - 1)] if favourites else person.services.draw(rng)
        yield from self._unless_harmful(chosen, person)
        chance = person.habit.extra
        while rng.random() < chance:
            extra = person.services.draw(rng)
            if extra is chosen:
                return
            yield from self._unless_harmful(extra, person)
            chosen, chance = extra, chance / 2

    def _products(self, person, day, worker):
        rng = self._rng
        known = person.keeps and rng.random() < 0.6
        offer = one_of(rng, person.keeps) if known else person.products.draw(rng)
        lavish = person.purse == 3 and rng.random() < MUCH_AT_ONCE
        milli = 2000 if lavish or rng.random() < 0.06 else 1000
        person.supplied_until = day.ordinal + offer.lasts_days * milli // 1300
        entries = [self._entry(each, milli, person, day, worker) for each in self._unless_harmful(offer, person)]
        if lavish:
            more = person.products.draw(rng)
            if more is not offer:
                entries += [self._entry(each, 1000, person, day, worker) for each in self._unless_harmful(more, person)]
        return entries

    def _unless_harmful(self, offer, person):
        """The offer, unless a safety note speaks against it and she does not insist (only where somebody can answer for it)."""
        if not offer.tags & person.avoids:
            return (offer,)
        return (offer,) if self._place.desk_user and self._rng.random() < INSISTS else ()

    def _entry(self, offer, milli, person, day, worker):
        rng = self._rng
        unit = offer.prices[min(day.years_ago, len(offer.prices) - 1)]
        gross = milli * unit // 1000
        discount, reason, remark = self._discount(gross, person, day) if gross else (0, "", "")
        against = ()
        if person and offer.tags & person.avoids:
            against = tuple(sorted(offer.tags & person.avoids))
        return Entry(
            offer,
            milli,
            unit,
            offer.costs[min(day.years_ago, len(offer.costs) - 1)],
            discount,
            reason,
            self._shares(offer, worker),
            remark,
            against,
            self._goes_back(offer, day) if gross > discount and rng.random() < PRODUCT_BACK else 0,
        )

    def _discount(self, gross, person, day):
        """(fen off, reason, remark). What remains is whole yuan."""
        rng = self._rng
        kind = rng.random()
        if day.has_offer and kind < OFFER_TAKEN:
            return _off(gross, OFFER_PERCENT), "offer", ""
        if person and person.percent and kind > 0.12:
            return _off(gross, person.percent), "member" if person.percent <= 10 else "regular", ""
        if kind > 0.985:
            off = gross % 1_000
            return off, "rounding" if off else "", ""
        for chance, percent, reason, needs_remark in FAVOURS:
            kind -= chance
            if kind < 0:
                return _off(gross, percent), reason, one_of(rng, words.DISCOUNT_REMARKS) if needs_remark else ""
        return 0, "", ""

    def _shares(self, offer, worker):
        rng = self._rng
        doing = worker
        if offer.minutes and worker.department != offer.department:
            doing = one_of(rng, self._on_duty[offer.department])
        if rng.random() < TWO_SERVE:
            other = one_of(rng, self._on_duty[offer.department])
            if other.id != doing.id:
                first, second = one_of(rng, SPLITS)
                return (doing.id, first), (other.id, second)
        return ((doing.id, 10_000),)

    def _goes_back(self, offer, day):
        """The ordinal of the day on which this is given back, 0 for never: mostly products, and only within the history."""
        rng = self._rng
        if offer.minutes and rng.random() > SERVICE_BACK / PRODUCT_BACK:
            return 0
        on = self._days.open_on_or_after(day.ordinal + 1 + int(rng.random() * BACK_WITHIN))
        return on if on < self._days.last else 0


def _off(gross, percent):
    """What is taken off so that whole yuan remain."""
    return gross - gross * (100 - percent) // 10_000 * 100
