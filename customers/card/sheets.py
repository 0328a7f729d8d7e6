"""The data page of a card: everything the card says, in groups, masked for the one who reads."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from customers.card import birthdays, show, state
from customers.card.models import Customer
from customers.card.search import old_numbers
from salon import access


@dataclass(frozen=True)
class Fact:
    """One line: a label and its values. `reveal` names the masked field to ask for; `is_text` keeps line breaks."""

    label: str
    values: tuple
    reveal: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class Sheet:
    """A titled group of facts."""

    title: str
    facts: list


def of(actor, customer):
    """The sheets of a card: a constant number of queries."""
    reader = _Reader(actor, customer)
    return [
        Sheet(_("Person"), reader.person()),
        Sheet(_("Contact"), reader.contact()),
        Sheet(_("Health and skin"), reader.health()),
        Sheet(_("Card"), reader.card()),
    ]


class _Reader:
    def __init__(self, actor, customer):
        self.actor, self.customer = actor, customer
        self.names = show.Names(actor)

    def plain(self, name, **options):
        """A field of the card as a fact."""
        field = Customer._meta.get_field(name)
        phones = [self.customer.card_no] if self.customer.card_is_phone else []
        value = show.shown(self.actor, name, getattr(self.customer, state.attribute(name)), self.names, phones)
        return Fact(str(field.verbose_name), (value,) if value else (), **options)

    def rows(self, kind_name):
        """Phones, addresses or family members in words, with the mark of the chosen one."""
        kind = state.ROW_KINDS[kind_name]
        for row in getattr(self.customer, kind_name).all():
            marks = [getattr(row, "label", "")]
            if kind.chosen and getattr(row, kind.chosen):
                marks.append(str(kind.model._meta.get_field(kind.chosen).verbose_name))
            if kind_name == state.FAMILY and row.birth_month:
                marks.append(birthdays.month_and_day(row.birth_month, row.birth_day))
            yield " · ".join(filter(None, [show.shown_row(self.actor, kind, state.columns(kind, row)), *marks]))

    def masked_rows(self, kind_name, group):
        kind = state.ROW_KINDS[kind_name]
        values = tuple(self.rows(kind_name))
        reveal = group if values and access.may_reveal(self.actor, group) else ""
        return Fact(str(kind.model._meta.verbose_name_plural), values, reveal)

    def masked(self, name, group, **options):
        fact = self.plain(name, **options)
        stored = getattr(self.customer, name)
        return Fact(fact.label, fact.values, group if stored and access.may_reveal(self.actor, group) else "", fact.is_text)

    def person(self):
        family = state.ROW_KINDS[state.FAMILY].model._meta.verbose_name_plural
        return [
            self.plain("name"),
            self.plain("called"),
            self.plain("gender"),
            self.birthday(),
            *self.age(),
            *(self.plain(name) for name in ("occupation", "education", "marital", "interests")),
            Fact(str(family), tuple(self.rows(state.FAMILY))),
        ]

    def birthday(self):
        full = access.visibility(self.actor, "birthday") == access.FULL
        text = birthdays.in_words(self.customer, year=full) if show.sees(self.actor, "birth_month") == access.FULL else ""
        return Fact(_("Birthday"), (text,) if text else ())

    def age(self):
        """Only for those who see the whole birthday: the age, or the band once stated."""
        if access.visibility(self.actor, "birthday") != access.FULL:
            return
        years = birthdays.age(self.customer, self.actor.today)
        if years is not None:
            yield Fact(_("Age"), (str(years),))
        elif self.customer.age_band:
            stated = date_format(self.customer.age_band_on, "DATE_FORMAT") if self.customer.age_band_on else ""
            band = self.customer.get_age_band_display()
            yield Fact(_("Age"), (_("%(band)s (stated %(day)s)") % {"band": band, "day": stated} if stated else band,))

    def contact(self):
        return [
            self.masked_rows(state.PHONES, "phone"),
            self.masked("wechat", "wechat"),
            self.masked_rows(state.ADDRESSES, "address"),
        ]

    def health(self):
        return [self.plain("skin_type"), self.masked("health", "health", is_text=True)]

    def old_number(self):
        """Only where there is one; masked if it is a phone of the card."""
        if number := old_numbers.shown(self.actor, self.customer):
            yield Fact(str(Customer._meta.get_field("old_no").verbose_name), (number,))

    def card(self):
        branch = Fact(_("Branch"), (self.customer.branch.name,))
        names = ("source", "referred_by", "responsible", "potential")
        return [
            self.plain("card_no"),
            *self.old_number(),
            branch,
            self.plain("card_date"),
            *(self.plain(name) for name in names),
            self.plain("note", is_text=True),
        ]
