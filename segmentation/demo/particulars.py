"""What hangs on a card: phones, addresses, family, and the safety notes that items are checked against."""

from datetime import date

from customers.card.models import Address, FamilyMember, Phone, SafetyNote
from segmentation.demo import words
from segmentation.demo.catalogue import CONDITIONS
from segmentation.demo.chance import Weighted, between, one_of
from segmentation.demo.chance import words as words_of
from segmentation.demo.names import FEMALE, MALE, Naming

PREFIXES = words_of(
    "130 131 132 133 134 135 136 137 138 139 150 151 152 153 155 156 157 158 159 166 173 175 176 177 178 180 181 182 183 184 185 "
    "186 187 188 189 191 198 199"
)
LABELS = ("丈夫", "工作", "家里", "女儿")
POSTCODES = {"JA": "200040", "XH": "200030", "PD": "200120"}
NEIGHBOURS = 0.88  # live in the district of the branch

SAFETY_SHARE = 0.08
SAFETY = Weighted({
    "果酸": 14, "水杨酸": 10, "酒精": 16, "香精": 14, "视黄醇": 8, "烟酰胺": 5, "植物精油": 6, "海藻提取物": 5,
    "蜂胶": 4, "丙烯酸酯胶": 4, "孕期": 12, "哺乳期": 5, "心脏起搏器": 1, "金属植入物": 3, "光敏体质": 6, "高血压": 4,
})  # fmt: skip
WOMEN_OF_CHILDBEARING_AGE = range(22, 43)
MAYBE_OVER = ("孕期", "哺乳期")


TABLES = {
    "phones": (Phone, "id customer_id number label is_main digits digits_reversed"),
    "addresses": (Address, "id customer_id province city district community street postcode is_delivery"),
    "family": (FamilyMember, "id customer_id relation name birth_month birth_day"),
    "safety": (SafetyNote, "id customer_id kind tag_id remark noted_on noted_by_id ended_on"),
}


class Particulars:
    """Writes the rows that hang on the cards of one branch."""

    def __init__(self, tables, salon, place, days, rng):
        self._tables, self._salon, self._place, self._days, self._rng = tables, salon, place, days, rng
        self._names = Naming(rng)
        self._last_phone = ""

    # --- phones

    def write_phones(self, customer_id, number):
        """One phone for nearly everybody, a second for some; a few share that of the customer before. Returns the main one."""
        kind = self._rng.random()
        if not number and kind < 0.03:
            return ""
        if not number:
            shared = kind < 0.036 and self._last_phone
            number = self._last_phone if shared else self._mobile()
        self._last_phone = number
        self._write_phone(customer_id, _as_typed(number, self._rng.random()), is_main=True)
        if kind > 0.96:
            second = f"021-6{between(self._rng, 1000000, 9999999)}" if kind > 0.985 else self._mobile()
            self._write_phone(customer_id, second, label=one_of(self._rng, LABELS))
        return number

    def _mobile(self):
        return f"{one_of(self._rng, PREFIXES)}{between(self._rng, 0, 99_999_999):08d}"

    def _write_phone(self, customer_id, number, *, label="", is_main=False):
        phone = Phone(number=number)
        phone.set_keys()
        table = self._tables.phones
        table.add((table.new_id(), customer_id, number, label, is_main, phone.digits, phone.digits_reversed))

    # --- where she lives, who belongs to her

    def write_address(self, customer_id):
        """An address for most; a second one for deliveries for a few."""
        kind = self._rng.random()
        if kind < 0.86:
            self._write_address(customer_id, is_delivery=kind < 0.04)
        if kind < 0.03:
            self._write_address(customer_id, is_delivery=False)

    def _write_address(self, customer_id, *, is_delivery):
        rng = self._rng
        code = self._place.code if rng.random() < NEIGHBOURS else one_of(rng, list(words.PLACES))
        district, streets, communities = words.PLACES[code]
        street = ""
        if rng.random() < 0.8:
            lane, house, floor, door = (between(rng, 1, most) for most in (999, 40, 18, 4))
            street = f"{one_of(rng, streets)} {lane} 弄 {house} 号 {floor}0{door} 室"
        table = self._tables.addresses
        community = one_of(rng, communities)
        where = ("上海市", "上海市", district, community, street, POSTCODES[code] if street else "")
        table.add((table.new_id(), customer_id, *where, is_delivery))

    def write_family(self, customer_id, draft):
        """A husband, a daughter, the mother: known of some."""
        rng, table = self._rng, self._tables.family
        if rng.random() > 0.16:
            return
        relations = {words.RELATIONS.draw(rng): None, words.RELATIONS.draw(rng): None}
        for relation in relations:
            name = ""
            if rng.random() < 0.6:
                is_male = relation in ("丈夫", "儿子", "父亲")
                born = draft.born + {"女儿": 28, "儿子": 28, "母亲": -27, "父亲": -27}.get(relation, 0)
                name = self._names.draw(MALE if is_male else FEMALE, born).full
            birthday = (between(rng, 1, 12), between(rng, 1, 28)) if rng.random() < 0.6 else (None, None)
            table.add((table.new_id(), customer_id, relation, name, *birthday))

    # --- what she must not be given

    def write_safety(self, customer_id, draft):
        """Safety notes for some, as SAFETY_SHARE says. Returns the ids of the tags to keep from her."""
        names = self._warnings(draft)
        for name in names:
            self._write_note(customer_id, name, draft.ordinal, is_now=bool(draft.part))
        return frozenset(self._salon.tags[name] for name in names)

    def _warnings(self, draft):
        rng = self._rng
        if draft.part:
            return draft.part.safety
        if rng.random() >= SAFETY_SHARE:
            return ()
        drawn = {SAFETY.draw(rng): None for _ in range(1 if rng.random() < 0.8 else 2)}
        age = date.fromordinal(self._days.last).year - draft.born
        may_bear = draft.gender == FEMALE and age in WOMEN_OF_CHILDBEARING_AGE
        return [name for name in drawn if may_bear or name not in MAYBE_OVER]

    def _write_note(self, customer_id, name, since, *, is_now):
        rng, last, ended = self._rng, self._days.last, None
        noted = since
        if name in MAYBE_OVER:
            noted = max(since, last - (70 if is_now else between(rng, 10, 500)))
            over = noted + between(rng, 150, 260)
            ended = date.fromordinal(over).isoformat() if over <= last else None
        kind = SafetyNote.CONDITION if name in CONDITIONS else SafetyNote.ALLERGY
        remark = words.SAFETY_REMARKS.get(name, "") if rng.random() < 0.5 else ""
        table = self._tables.safety
        what = (kind, self._salon.tags[name], remark)
        table.add((table.new_id(), customer_id, *what, date.fromordinal(noted).isoformat(), self._place.desk_user, ended))


def _as_typed(number, kind):
    """A number as somebody typed it: mostly plain, now and then in groups or with the country code."""
    if kind < 0.03:
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    return f"+86 {number}" if kind > 0.99 else number
