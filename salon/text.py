"""Text: cleaning what people type, and the folded keys that search and order use. Nothing here changes what is displayed."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import opencc
from django.db import models
from pypinyin import Style, lazy_pinyin

SHORTEST_PHONE = 7  # digits of a number that is taken for a whole phone number
# Readings of a surname that differ from the character's common reading, from dictionaries; tests compare them with a corpus.
SURNAME_READINGS = {
    "曾": "zeng", "翟": "zhai", "覃": "qin", "单": "shan", "解": "xie", "缪": "miao", "卜": "bu", "仇": "qiu", "查": "zha",
    "乐": "yue", "区": "ou", "阚": "kan", "朴": "piao", "盖": "ge", "都": "du", "薄": "bo", "隗": "wei", "员": "yun", "贠": "yun",
    "句": "gou", "能": "nai", "乜": "nie", "折": "she", "繁": "po", "召": "shao", "六": "lu", "种": "chong", "洗": "xian",
    "祭": "zhai", "佴": "nai", "粘": "nian", "炅": "gui", "秘": "bi",
}  # fmt: skip
# Surnames whose old form the mainland keeps beside another character: 乾 is no 干, 於 no 于. They are still found as one.
KEPT_SURNAMES = {"乾": "qian", "於": "yu"}
# A second reading people use, in a surname (牟, 谌 …) or in a given name (晓乐, 晟): searched for as well.
SECOND_READINGS = {
    "牟": "mu", "谌": "shen", "郗": "chi", "费": "bi", "黑": "he", "郇": "xun", "莘": "xin", "晟": "sheng", "乐": "yue",
    "茜": "xi", "朝": "zhao", "长": "chang", "重": "chong", "行": "hang",
}  # fmt: skip
_COMPOUND = """
欧阳 殴阳 百里 淳于 澹台 第五 东方 独孤 端木 段干 公孙 公西 公羊 公冶 公良 赫连 呼延 皇甫 乐正 令狐 闾丘 慕容 纳兰 南宫
南门 濮阳 亓官 上官 申屠 司空 司寇 司马 司徒 太史 太叔 拓跋 完颜 万俟 尉迟 闻人 巫马 西门 夏侯 夏候 鲜于 轩辕 宇文 长孙
钟离 仲孙 诸葛 颛孙 宗政 左丘 仉督 子车 漆雕 壤驷 夹谷 宰父 谷梁 榖梁 东郭 羊舌 梁丘 东门 句龙 毌丘 耶律
"""
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())
COMPOUND_READINGS = {
    "澹台": "tan tai", "乐正": "yue zheng", "万俟": "mo qi", "尉迟": "yu chi", "子车": "zi ju", "句龙": "gou long",
}  # fmt: skip
STROKES_FILE = Path(__file__).parent / "data" / "strokes.txt"
MOST_MARKS = 30
NO_STROKES = 98  # where a character too rare for the table stands: after all others, before other scripts
_SEPARATORS = re.compile(r"[\s·•‧・.\-‐‑–—_'’‘ʼ]+")
_DOTS = "·•‧・."  # between the parts of a name; half width
_WORD_ENDS = re.compile(rf"[\s{_DOTS}]+")
_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_INVISIBLE = {"Cc", "Cf", "Cs"}


def _is_storable(char):
    """False for what XML, and so an Excel file, cannot hold: controls, surrogates, noncharacters."""
    return unicodedata.category(char) not in {"Cc", "Cs"} and not (ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF)


def _is_margin(char):
    return char.isspace() or unicodedata.category(char) == "Cf"


def normalized(form, value):
    """A text in NFC, NFKC or NFKD, with at most 30 marks on one letter (the Unicode limit for streams, UAX 15): sorting the
    marks of a letter takes the square of their number.
    """
    if len(value) > MOST_MARKS and any(map(unicodedata.combining, value)):
        run, kept = 0, []
        for char in value:
            run = run + 1 if unicodedata.combining(char) else 0
            if run <= MOST_MARKS:
                kept.append(char)
        value = "".join(kept)
    return unicodedata.normalize(form, value)


def clean_text(value, *, lines=False):
    """What is stored of what was typed: NFC, without control characters and noncharacters, trimmed of blanks and of what
    cannot be seen (a byte order mark, a lone direction mark). Cleaning twice changes nothing more.

    With `lines`, line breaks (as \\n) stay; otherwise they and tabs become spaces.
    """
    if value.isprintable():  # most text: nothing to take out of it
        return normalized("NFC", value).strip()
    value = _LINE_BREAKS.sub("\n", value).replace("\t", " ")
    if not lines:
        value = value.replace("\n", " ")
    value = normalized("NFC", "".join(c for c in value if c == "\n" or _is_storable(c)))
    start, end = 0, len(value)
    while start < end and _is_margin(value[start]):
        start += 1
    while end > start and _is_margin(value[end - 1]):
        end -= 1
    return value[start:end]


class _Simplified(dict):
    """Traditional to simplified, one character at a time, so that the key of a beginning is the beginning of the key."""

    converter = opencc.OpenCC("t2s")

    def __missing__(self, code):
        char = chr(code)
        if not is_han(char):
            return code
        self[code] = self.converter.convert(char)
        return self[code]


_SIMPLIFIED = _Simplified()


def _fold_once(value):
    value = normalized("NFKD", value.casefold())
    value = re.sub("(?<=[ln])u\u0308", "v", value)  # pinyin lü and nü are typed lv and nv
    value = normalized("NFKC", _ACCENTS.sub("", value)).translate(_SIMPLIFIED)
    return "".join(c for c in _SEPARATORS.sub("", value) if unicodedata.category(c) not in _INVISIBLE and not _is_variation(c))


def _is_variation(char):
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def fold(value):
    """The key two spellings of one text share: simplified, half width, lower case, without accents, spaces, invisible signs."""
    folded = _fold_once(value)
    while folded != value:  # taking a sign out can bring two others together
        value, folded = folded, _fold_once(folded)
    return folded


def is_han(char):
    """True for a Chinese character, the rare planes included."""
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" or "\uf900" <= char <= "\ufaff" or char == "〇"


def surname_length(name):
    """How many leading characters of a folded Chinese name are its surname (2 for compound surnames)."""
    return 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1


@cache
def _syllable(char):
    return lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0] if is_han(char) else char


def syllables(text):
    """Pinyin syllables of Chinese characters one by one; other characters as they are. No tones; ü is written v."""
    return [_syllable(c) for c in text]


@lru_cache(maxsize=10_000)
def _in_context(text):
    """The syllables of a given name read as a word (长江 chang jiang), else character by character."""
    read = lazy_pinyin(text, style=Style.NORMAL, v_to_u=False) if all(map(is_han, text)) else ()
    return tuple(read) if len(read) == len(text) else tuple(syllables(text))


def name_readings(name):
    """(syllables, alternative syllables) of a name: the surname read as a surname, the given name as a word.

    The alternative is what people type who do not know better: the surname's ordinary reading, or else another reading of
    the given name. It is empty where there is none. `name` may be in either script.
    """
    key = fold(name)
    if not key or not is_han(key[0]):
        return syllables(key), []
    cut = surname_length(key)
    surname, (given, other) = key[:cut], _given_readings(key[cut:])
    proper = _surname_reading(surname, _kept_surname(name))
    second = [SECOND_READINGS.get(surname)] if SECOND_READINGS.get(surname) not in (None, *proper) else syllables(surname)
    if second == proper:
        return proper + given, proper + other if other else []
    return proper + given, second + given


def _given_readings(given):
    """(syllables, alternative syllables) of a folded given name: read as a word, and by second readings; empty: none."""
    read = list(_in_context(given))
    other = [SECOND_READINGS.get(c, s) for c, s in zip(given, syllables(given))]
    return read, other if other != read else []


def _surname_reading(surname, kept):
    known = KEPT_SURNAMES.get(kept) or COMPOUND_READINGS.get(surname) or SURNAME_READINGS.get(surname)
    return known.split() if known else syllables(surname)


def _kept_surname(name):
    """The first character as it was written, if it is one of KEPT_SURNAMES, else empty."""
    first = normalized("NFKC", name).lstrip()[:1]
    return first if first in KEPT_SURNAMES else ""


def initials(syllables):
    """First letters of syllables: zhang xiao mei -> zxm."""
    return "".join(s[:1] for s in syllables)


@dataclass(frozen=True)
class NameKeys:
    """What a name is found by: itself, its second part, two readings, each whole and as initials, and those of a Chinese
    given name, whole. What there is none of is empty.
    """

    name: str
    given: str
    pinyin: str
    initials: str
    pinyin_alt: str
    initials_alt: str
    given_pinyin: str
    given_pinyin_alt: str


def name_keys(name):
    """The NameKeys of a name in any script. 张晓梅: 晓梅, zhangxiaomei, zxm, xiaomei; Anna Smith: smith, annasmith, as."""
    key = fold(name)
    whole = normalized("NFKC", name)
    words = [word for word in map(fold, _WORD_ENDS.split(whole)) if word]
    proper, other = name_readings(name)
    is_chinese = bool(key) and is_han(key[0])
    has_surname_first = is_chinese and not any(dot in whole for dot in _DOTS)
    given = key[surname_length(key) :] if has_surname_first else "".join(words[1:])
    short = initials(proper) if is_chinese else initials(words)
    by_sound = _given_readings(given) if any(map(is_han, given)) else ([], [])  # letters are found as they are written
    return NameKeys(key, given, "".join(proper), short, "".join(other), initials(other), *map("".join, by_sound))


@cache
def _stroke_table():
    table = {}
    for line in STROKES_FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            start, counts = line.split(" ", 1)
            table.update((int(start, 16) + i, ord(c) - 48) for i, c in enumerate(counts))
    return table


def strokes(char):
    """Number of strokes of a Chinese character as it is printed (Unihan kTotalStrokes); NO_STROKES if it is not known."""
    return _stroke_table().get(ord(char), NO_STROKES)


def stroke_key(name):
    """Sort key in order of surname strokes (姓氏笔画): strokes and reading of the surname, then of each further character.

    Both scripts sort in one place, by the simplified form. Names in other scripts come last, in alphabetical order.
    """
    key = fold(name)
    if not key or not is_han(key[0]):
        return f"~{key}"[:120]
    cut = surname_length(key)
    syllables, _alternative = name_readings(name)
    parts = [f"{strokes(_kept_surname(name) or key[0]):02d}{''.join(syllables[:cut])} {key[:cut]}"]
    parts += [f"{strokes(c):02d}{s}" for c, s in zip(key[cut:], syllables[cut:])]
    return " ".join(parts)[:120]


def digits_of(value):
    """Only the ASCII digits of a text; full-width digits count."""
    return "".join(c for c in normalized("NFKC", value) if c in "0123456789")


def phone_digits(value):
    """The digits a phone number is compared by: at most 20, without the code of the home country or a mobile's trunk zero.

    +86 138 1234 6621, 0086…, 013812346621 (as a telephone shows the caller) and 138-1234-6621 are one number.
    """
    digits = digits_of(value)
    for code in ("0086", "86", "0"):
        if digits.startswith(code + "1") and len(digits) == len(code) + 11:
            return digits[len(code) :]
    if "+86" in normalized("NFKC", value):
        area = digits.removeprefix("86").removeprefix("0")
        digits = area if area.startswith("1") else f"0{area}"
    return digits[-20:]


def is_phone_among(number, phones):
    """True if a number, such as a card's, is one of these phone numbers: many salons number their cards so."""
    digits = phone_digits(number)
    return len(digits) >= SHORTEST_PHONE and digits in map(phone_digits, phones)


def next_prefix(prefix):
    """The smallest text greater than every text that starts with `prefix`; None if there is none.

    `col >= prefix AND col < next_prefix(prefix)` is a range an index can serve on both databases, which LIKE is not.
    """
    for i in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[i]) + 1
        if 0xD800 <= code <= 0xDFFF:
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:i] + chr(code)
    return None


class KeyField(models.CharField):
    """A folded search or sort key, compared byte by byte on both databases (collation C on PostgreSQL)."""

    def db_parameters(self, connection):
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def starts_with(field, prefix):
    """A Q that finds texts starting with `prefix` in a KeyField by an index range."""
    condition = models.Q(**{f"{field}__gte": prefix})
    upper = next_prefix(prefix)
    return condition & models.Q(**{f"{field}__lt": upper}) if upper else condition
