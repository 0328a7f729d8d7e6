"""What somebody typed to find a customer, read as beginnings of the key columns (REQUIREMENTS B10).

Phones are masked, so no part of one finds anybody: only a whole number does (queries.py has it logged), and the last four digits
where everybody sees these.

A query is a list of alternatives; each is a list of words that must all fit; each word is a tuple of Starts of which one
must fit. "zxm 6621" is one alternative of two words; "zxm6621" is also a card number.
"""

import re
import unicodedata
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Length

from customers.card.models import Phone
from salon import text
from salon.access import TAIL_DIGITS, TAIL_FROM

LONGEST = 80  # characters read of what was typed
MOST_WORDS = 6
SHORTEST_NUMBER = 3  # so many digits after a name are a word of their own
SHORTEST_READING = 2  # so many letters are looked for in given names: one letter is the beginning of a surname
FULL_NUMBER = 8  # so many digits and more can be a whole phone number
VAGUE, SOME, PART, LONG, SURE = range(5)  # how much a word narrows down: a letter, a surname, 621, a name, 6621
GIVEN_BEGINS, GIVEN, BEGINS, EXACT = range(4)  # how well a card fits: those who are found by a given name's reading stand last
_UNFINISHED = re.compile(r"(?:0086|86|0)?1[3-9]\d{0,8}|0\d{0,8}")  # a mobile, or a number with an area code, half typed
_NUMBER = re.compile(r"[+(]?[\d(][\d()\-./]*")
_GLUED = re.compile(rf"(\D+?)(\d{{{SHORTEST_NUMBER},}})")
_SERIAL = re.compile(r"([a-z0-9]{1,12})-0*(\d{1,9})")
_UMLAUT = re.compile("([ln])(yu|ue)")
_SYLLABLE = (
    "(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:[iu]ang|iong|[aeio]ng|i?ao|u?ai|[iuv]?an|[aeiou]n|ei|er|i[aeu]|ou|u[aeio]|ve|[aeiouv]))"
)
_SURNAME_AND_INITIALS = re.compile(f"({_SYLLABLE})({_SYLLABLE})?([b-df-hj-np-tw-z]{{2,3}})")


@dataclass(frozen=True)
class Start:
    """A column of Customer, or of Phone, whose text begins with `prefix`, or with `whole` is `prefix`.

    `also` is a second column and its prefix that must fit too; `least` so many characters the column must have.
    `of_given`: it is the reading of a given name, which many share: nana.
    """

    column: str
    prefix: str
    of_phone: bool = False
    whole: bool = False
    also: tuple = ()
    least: int = 0
    of_given: bool = False

    def is_about(self, columns):
        """True if the start needs no other columns than these; none given: all."""
        return not columns or {self.column, *self.also[:1]} <= set(columns)

    def sql(self, column, alias):
        """(condition, parameters): a range of `column`, which the index serves if it is the bare column of `alias`."""
        if self.whole:
            return f"{column} = %s", [self.prefix]
        condition, params = _range(column, self.prefix)
        if self.also:
            more, values = _range(f"{alias}.{self.also[0]}", self.also[1])
            return f"({condition} AND {more})", params + values
        if self.least:
            return f"({condition} AND LENGTH({column}) >= %s)", [*params, self.least]
        return f"({condition})", params

    def fit_sql(self, column):
        """(expression, parameters): how well a row fits that does, EXACT or less."""
        whole, part = (GIVEN, GIVEN_BEGINS) if self.of_given else (EXACT, BEGINS)
        return f"CASE WHEN {column} = %s THEN {whole} ELSE {part} END", [self.prefix]

    @property
    def q(self):
        """The same as a Q on Customer."""
        if self.of_phone:
            return Q(Exists(self.phones.filter(customer=OuterRef("pk"))))
        if self.whole:
            return Q(**{self.column: self.prefix})
        return text.starts_with(self.column, self.prefix) & (text.starts_with(*self.also) if self.also else Q())

    @property
    def phones(self):
        """The phones that fit a start of phones."""
        if self.whole:
            return Phone.objects.filter(**{self.column: self.prefix})
        fits = text.starts_with(self.column, self.prefix)
        return Phone.objects.alias(length=Length(self.column)).filter(fits, length__gte=self.least)

    def is_of(self, digits):
        """True if a phone with these digits fits a start of phones."""
        if self.whole:
            return digits == self.prefix
        return len(digits) >= self.least and digits[::-1].startswith(self.prefix)


def _either(conditions):
    """The condition that one of several holds, and its parameters; false if there is none."""
    conditions = list(conditions)
    together = " OR ".join(condition for condition, _params in conditions)
    return f"({together or '1 = 0'})", [value for _condition, params in conditions for value in params]


def _range(column, prefix):
    upper = text.next_prefix(prefix)
    return (f"{column} >= %s AND {column} < %s", [prefix, upper]) if upper else (f"{column} >= %s", [prefix])


@dataclass(frozen=True)
class Word:
    """One word: `starts`, of which one must fit, and how much it narrows down (`weight`; the heaviest word is looked up)."""

    starts: tuple
    weight: int
    is_number: bool = False

    def sql(self, alias, columns=()):
        """(condition, parameters) that one row of Customer fits the word; with `columns`, by these alone."""
        starts = [start for start in self.starts if not start.of_phone and start.is_about(columns)]
        conditions, params = _either(start.sql(f"{alias}.{start.column}", alias) for start in starts)
        # An expression, not the bare column: or else SQLite looks through all phones that begin so, for every row.
        phones = [start.sql(f"p.{start.column} || ''", "p") for start in self.starts if start.of_phone and not columns]
        if phones:
            numbers, values = _either(phones)
            has_phone = f"0 < (SELECT COUNT(*) FROM customers_phone p WHERE p.customer_id = {alias}.id AND {numbers})"  # noqa: S608
            return f"({has_phone} OR {conditions})", values + params
        return conditions, params

    def fit_sql(self, alias, columns=()):
        """(expression, parameters): how well a row fits that does, looked at by itself: by its name better than by the reading
        of its given name.
        """
        readings = [start for start in self.starts if start.of_given]
        if not readings:
            return str(BEGINS), []
        by_name, params = Word(tuple(start for start in self.starts if not start.of_given), self.weight).sql(alias, columns)
        whole, keys = _either((f"{alias}.{s.column} = %s", [s.prefix]) for s in readings if s.is_about(columns))
        return f"CASE WHEN {by_name} THEN {BEGINS} WHEN {whole} THEN {GIVEN} ELSE {GIVEN_BEGINS} END", params + keys

    @property
    def q(self):
        """The same as a Q on Customer."""
        found = Q()
        for start in self.starts:
            found |= start.q
        return found


def read(typed, branch=None):
    """The alternatives of what was typed: [[Word, ...], ...]; empty if it holds nothing to look for.

    `branch` is where the person works: a bare number can be the serial of a card of that branch.
    """
    typed = unicodedata.normalize("NFKC", text.clean_text(typed[:LONGEST])).lower()
    words = typed.split()[:MOST_WORDS]
    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    texts = [word for word in words if word not in numbers]
    if not texts:
        return _read_numbers(numbers, branch)
    alternatives = []
    name = _name(text.fold("".join(texts)), texts[-1] if len(texts) == 1 else "", branch)
    if name:
        alternatives.append([name, *(_number(number, branch) for number in numbers)])
    glued = _GLUED.fullmatch(texts[0]) if len(words) == 1 and not _SERIAL.fullmatch(texts[0]) else None
    if glued and (first := _name(text.fold(glued[1]), "", branch)):
        alternatives.append([first, _number(glued[2], branch)])
    return alternatives


def _read_numbers(numbers, branch):
    """Numbers alone: parts that must all fit ("138 6621"), or one number written with blanks ("138 1234 6621")."""
    alternatives = [[_number(number, branch) for number in numbers]] if numbers else []
    if len(numbers) > 1:
        alternatives.append([_number("".join(numbers), branch)])
    return alternatives


def full_number(typed):
    """The digits of what was typed if it is a whole phone number and nothing else, else empty."""
    typed = unicodedata.normalize("NFKC", typed[:LONGEST])
    digits = text.phone_digits(typed)
    is_number = _NUMBER.fullmatch("".join(typed.split()))
    return digits if is_number and FULL_NUMBER <= len(digits) <= 20 else ""


def is_number(typed):
    """True if what was typed is made of numbers only."""
    return all(_NUMBER.fullmatch(word) for word in unicodedata.normalize("NFKC", typed).split())


def _number(written, branch):
    digits, key = text.phone_digits(written), text.fold(written)
    starts = [Start("card_key", key)] if key else []
    if found := phone(written):
        starts.append(found)
    serial = written.lstrip("0")
    if branch and serial.isdecimal() and len(serial) <= 9:
        starts.append(Start("card_key", _card_key(branch.code, serial), whole=True))
    return Word(tuple(starts), SURE if len(digits) > SHORTEST_NUMBER else PART, is_number=True)


def phone(written):
    """The Start of phones a number means: four digits are the last ones, a whole number is that; None for anything between."""
    digits = text.phone_digits(written)
    if len(digits) == TAIL_DIGITS and is_number("".join(written.split())):
        return Start("digits_reversed", digits[::-1], of_phone=True, least=TAIL_FROM)
    return Start("digits", digits, of_phone=True, whole=True) if whole_number(written) else None


def whole_number(written):
    """The digits of what was typed if it is made like a whole phone number, else empty: nobody asks whose a half typed one is."""
    digits = text.phone_digits(written)
    is_whole = len(digits) >= text.SHORTEST_PHONE and not _UNFINISHED.fullmatch(text.digits_of(written))
    return digits if is_whole and is_number("".join(written.split())) else ""


def phones_in(alternatives):
    """The Starts of phones in what was read."""
    return {start for words in alternatives for word in words for start in word.starts if start.of_phone}


def _card_key(code, serial):
    return text.fold(f"{code}-{int(serial):06d}")


def _name(key, word, branch):
    """The Word of a folded name or card number; None if there is nothing to look for. `word` is it as it was written."""
    if not key:
        return None
    if not key.isascii():
        weight = SOME if len(key) == 1 else LONG
        starts = [Start("name_key", key), Start("given_key", key)]
    else:
        weight = VAGUE if len(key) < 3 else LONG if len(key) > 6 else SOME
        umlaut = _UMLAUT.sub(lambda found: found[1] + ("v" if found[2] == "yu" else "ve"), key)
        spelt = tuple(dict.fromkeys([key, umlaut]))
        starts = [Start(column, each) for column in ("pinyin", "pinyin_alt") for each in spelt]
        starts += [Start("initials", key), Start("initials_alt", key), Start("given_key", key), *_surname_and_initials(key)]
        if len(key) >= SHORTEST_READING:
            starts += [Start(c, each, of_given=True) for c in ("given_pinyin", "given_pinyin_alt") for each in spelt]
    if not key.isalpha() or key.isascii():
        starts.append(Start("card_key", key))
    written = _SERIAL.fullmatch(word)
    if written:
        starts.append(Start("card_key", _card_key(written[1], written[2]), whole=True))
    return Word(tuple(starts), weight)


def _surname_and_initials(key):
    """zhangxm, as many type: the surname spelt, the rest in initials."""
    parts = _SURNAME_AND_INITIALS.fullmatch(key)
    if not parts:
        return []
    surname, second, rest = parts[1], parts[2] or "", parts[3]
    return [Start("initials", surname[0] + second[:1] + rest, also=("pinyin", surname + second))]
