"""Text: cleaning what people type, and the folded keys that search and order use. Nothing here changes what is displayed."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import opencc
from django.db import models
from pypinyin import Style, lazy_pinyin

# Readings of surnames that differ from the character's common reading. Checked against a corpus of surnames by the tests.
SURNAME_READINGS = {
    "罗": "luo", "曾": "zeng", "肖": "xiao", "任": "ren", "葛": "ge", "翟": "zhai", "覃": "qin", "宁": "ning", "纪": "ji",
    "单": "shan", "华": "hua", "解": "xie", "卓": "zhuo", "缪": "miao", "卜": "bu", "仇": "qiu", "查": "zha", "乐": "yue",
    "燕": "yan", "区": "ou", "阚": "kan", "朴": "piao", "盖": "ge", "相": "xiang", "都": "du", "薄": "bo", "那": "na",
    "哈": "ha", "於": "yu", "干": "gan", "过": "guo", "隗": "wei", "要": "yao", "员": "yun", "句": "gou", "能": "nai",
    "乜": "nie", "甯": "ning", "撒": "sa", "折": "she", "繁": "po", "召": "shao", "六": "lu", "种": "chong", "尉": "wei",
    "洗": "xian", "冼": "xian", "逄": "pang", "晟": "cheng", "黑": "he", "盛": "sheng", "车": "che", "祭": "zhai", "郗": "xi",
    "费": "fei", "牟": "mu", "长": "chang", "重": "chong", "瞿": "qu", "幺": "yao", "訾": "zi", "谌": "chen", "佴": "nai",
    "贾": "jia", "石": "shi", "沈": "shen", "柏": "bai", "臧": "zang", "藏": "zang", "适": "kuo", "教": "jiao", "贲": "ben",
}  # fmt: skip
COMPOUND_SURNAME_READINGS = {
    "澹台": "tan tai", "段干": "duan gan", "乐正": "yue zheng", "令狐": "ling hu", "拓跋": "tuo ba", "万俟": "mo qi",
    "尉迟": "yu chi", "诸葛": "zhu ge", "子车": "zi ju", "夹谷": "jia gu", "宰父": "zai fu", "句龙": "gou long",
    "单于": "chan yu", "长孙": "zhang sun", "欧阳": "ou yang", "司马": "si ma", "上官": "shang guan", "夏侯": "xia hou",
    "东方": "dong fang", "皇甫": "huang fu", "公孙": "gong sun", "慕容": "mu rong", "司徒": "si tu", "司空": "si kong",
    "宇文": "yu wen", "端木": "duan mu", "南宫": "nan gong", "百里": "bai li", "呼延": "hu yan", "轩辕": "xuan yuan",
    "东郭": "dong guo", "西门": "xi men", "闻人": "wen ren", "赫连": "he lian", "独孤": "du gu", "公冶": "gong ye",
    "申屠": "shen tu", "钟离": "zhong li", "太史": "tai shi", "淳于": "chun yu", "濮阳": "pu yang", "公羊": "gong yang",
    "仲孙": "zhong sun", "司寇": "si kou", "梁丘": "liang qiu", "左丘": "zuo qiu", "东门": "dong men", "第五": "di wu",
    "纳兰": "na lan", "鲜于": "xian yu", "闾丘": "lü qiu", "宗政": "zong zheng", "颛孙": "zhuan sun", "亓官": "qi guan",
    "巫马": "wu ma", "公西": "gong xi", "漆雕": "qi diao", "壤驷": "rang si", "公良": "gong liang", "谷梁": "gu liang",
}  # fmt: skip
STROKES_FILE = Path(__file__).parent / "data" / "strokes.txt"
_to_simplified = opencc.OpenCC("t2s")
_SEPARATORS = re.compile(r"[\s·•.．\-—_'’]+")


def _is_storable(char):
    """False for what XML, and so an Excel file, cannot hold: controls, surrogates, noncharacters."""
    return unicodedata.category(char) not in {"Cc", "Cs"} and not (ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF)


def clean_text(value, *, lines=False):
    """What is stored of what was typed: NFC, trimmed, without control characters and noncharacters.

    With `lines`, line breaks (as \\n) stay; otherwise they and tabs become spaces.
    """
    value = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not lines:
        value = value.replace("\n", " ")
    return "".join(c for c in value if c == "\n" or _is_storable(c)).strip()


def fold(value):
    """The key two spellings of one text share: simplified, half width, lower case, without spaces and invisible characters."""
    value = _to_simplified.convert(unicodedata.normalize("NFKC", value).casefold())
    return "".join(c for c in _SEPARATORS.sub("", value) if unicodedata.category(c) not in {"Cf", "Cc", "Cs"})


def is_han(char):
    """True for a Chinese character, the rare planes included."""
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" or char == "〇"


def surname_length(name):
    """How many leading characters of a folded Chinese name are its surname (2 for compound surnames)."""
    return 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAME_READINGS else 1


def syllables(text):
    """Pinyin syllables of Chinese characters; other characters as they are. No tones; ü is written v."""
    return [s.replace("ü", "v") for c in text for s in lazy_pinyin(c, style=Style.NORMAL, v_to_u=False)]


def name_readings(name):
    """(syllables, alternative syllables) of a name: the surname read as a surname, then as an ordinary word.

    The alternative is empty when both are the same. `name` may be in either script.
    """
    name = fold(name)
    if not name or not is_han(name[0]):
        return syllables(name), []
    cut = surname_length(name)
    surname, given = name[:cut], syllables(name[cut:])
    ordinary = syllables(surname)
    reading = COMPOUND_SURNAME_READINGS.get(surname) if cut == 2 else SURNAME_READINGS.get(surname)
    proper = reading.replace("ü", "v").split() if reading else ordinary
    return proper + given, (ordinary + given if proper != ordinary else [])


def initials(syllables):
    """First letters of syllables: zhang xiao mei -> zxm."""
    return "".join(s[:1] for s in syllables)


@cache
def _stroke_table():
    table = {}
    for line in STROKES_FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            start, counts = line.split(" ", 1)
            table.update((int(start, 16) + i, ord(c) - 48) for i, c in enumerate(counts))
    return table


def strokes(char):
    """Number of strokes of a Chinese character as it is printed (Unihan kTotalStrokes); 0 if it is none."""
    return _stroke_table().get(ord(char), 0)


def stroke_key(name):
    """Sort key in order of surname strokes (姓氏笔画): strokes and reading of the surname, then of each further character.

    Both scripts sort in one place, by the simplified form. Names in other scripts come last, in alphabetical order.
    """
    name = fold(name)
    if not name or not is_han(name[0]):
        return f"~{name}"[:120]
    cut = surname_length(name)
    syllables, _alternative = name_readings(name)
    parts = [f"{strokes(name[0]):02d}{''.join(syllables[:cut])} {name[:cut]}"]
    parts += [f"{strokes(c):02d}{s}" for c, s in zip(name[cut:], syllables[cut:], strict=False)]
    return " ".join(parts)[:120]


def digits_of(value):
    """Only the ASCII digits of a text; full-width digits count."""
    return "".join(c for c in unicodedata.normalize("NFKC", value) if c in "0123456789")


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
