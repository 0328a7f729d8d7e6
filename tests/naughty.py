"""Text that breaks careless software: what every form, search box and filter is tried with.

    @naughty.some_and_all
    def test_…(strings): …      # FORTY of them here; all of NAUGHTY in the long suite, on PostgreSQL, which takes fewer

A test walks the strings itself, so that what it needs is made once and not for each.
"""

import pytest

from tests.marks import once, postgresql_only

NAUGHTY = [
    "",
    " ",
    "\u3000",
    "%",
    "_",
    "'",
    "' OR 1=1 --",
    '"; DROP TABLE customers_customer; --',
    "\\",
    "(.*)+$",
    "\x00",
    "a\x00b",
    "\x1f\x7f\x9f",
    "\t\r\n",
    "\ufffe",
    "\uffff",
    "\ufdd0",
    "\U0010ffff",
    "\ud800",
    "a\udfffb",
    "\u202etxt.exe",
    "\u2066\u202d\u2069",
    "\u200b\u200c\u200d\ufeff",
    "\u3164",
    "\u2800",
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈 张",
    "e\u200d\u0301",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "𠮷野家",
    "𬉼",
    "龘龘龘",
    "㐀",
    "〇",
    "﨑",
    "１２３４５６７８９０１",
    "①②③",
    "٣٤٥",
    "ﷺ",
    "ß",
    "İstanbul ı",
    "Ω≈ç√∫",
    "{{7*7}}",
    "{% debug %}",
    "${7*7}",
    "%s%s%s",
    "%(name)s",
    '=HYPERLINK("http://x")',
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "<x-probe>",
    '"><x-probe>',
    "' autofocus onfocus=x-probe '",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "../../etc/passwd",
    "NULL",
    "undefined",
    "NaN",
    "-0",
    "9" * 30,
    "1e999",
    "4e135",
    "张" * 60,
    "z" * 60,
    "1 " * 30,
    "张 1 李 2 王 3",
    "- - -",
    "· ·",
]

# FORTY has one of each kind, and whole the kinds that go wrong in more than one way: controls, surrogates, markup, numbers.
LIKE_OTHERS = {
    "\u3000", "_", "\\", "\x1f\x7f\x9f", "\uffff", "\ufdd0", "\u2066\u202d\u2069", "ㅤ", "⠀",
    "\U0001f3f3\ufe0f\u200d\U0001f308 \u5f20", "e\u200d\u0301", "𬉼", "龘龘龘", "㐀", "﨑", "①②③", "ß", "Ω≈ç√∫",
    "{% debug %}", "${7*7}", "%(name)s", '=HYPERLINK("http://x")', "+1", "@SUM(A1)", "＝1+1", "javascript:alert(1)",
    "undefined", "-0", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "张 1 李 2 王 3", "- - -",
}  # fmt: skip
FORTY = [text for text in NAUGHTY if text not in LIKE_OTHERS]
LATER = (pytest.mark.long, postgresql_only)
some_and_all = pytest.mark.parametrize(
    "strings", [pytest.param(FORTY, id="forty", marks=once), pytest.param(NAUGHTY, id="all", marks=LATER)]
)
