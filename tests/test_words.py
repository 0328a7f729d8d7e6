"""One term per thing: the words of the interface in both scripts, the languages of its files and its READMEs.

The table is that of the house's words; a thing that is not built yet stands in it too, so that whoever builds it finds its word.
"""

import re
from datetime import date

import pytest
from django.utils import formats, translation

from salon.templatetags.salon import percent, share
from tests.catalogues import ROOT, convert
from tests.test_catalogs import LANGUAGES, catalogue, translations

# (what the English says, the word it has in zh-Hans, English texts that mean another thing or say it shorter)
TERMS = (
    (r"\breceipts?\b", "小票", ()),
    (r"\bbills?\b", "账单", ()),
    (r"\bvoid(s|ed)?\b", "作废", ("links passed on earlier are void",)),
    (r"\bundo\b|\bundone\b", "撤销", ()),
    (r"\brefund(s|ed)?\b", "退款", ()),
    (r"\bparked\b", "挂单", ()),
    (r"\bexpect(ed|ing)?\b", "预约", ()),
    (r"\bno-shows?\b", "爽约", ()),
    (r"\bstored value\b", "储值", ()),
    (r"\bprincipal\b", "本金", ()),
    (r"\bbonus\b", "赠金", ()),
    (r"\btop-ups?\b", "充值", ()),
    (r"\bcount cards?\b", "次卡", ()),
    (r"\btime cards?\b", "时段卡", ()),
    (r"\bcoupons?\b", "优惠券", ()),
    (r"\bgifts?\b", "礼品", ()),
    (r"\bdraws?\b", "抽奖", ()),
    (r"\b(loyalty )?points\b", "积分", ()),
    (r"\bunspent\b", "未耗", ()),
    (r"\bshares? of (a|the) sales?\b", "销售业绩", ()),
    (r"\bshares? of (the )?labour\b", "劳动业绩", ()),
    (r"\bon credit\b", "挂账", ()),
    (r"\bday close\b", "日结", ()),
    (r"\boverdue\b", "逾期", ()),
    (r"\bcard date\b", "建卡日期", ()),
    (r"\bnote for (the )?next (time|visit)\b", "下次留言", ()),
    (r"\bwhat to recommend\b", "下次主推", ()),
    (r"\bconsultation form\b", "咨询问诊表", ()),
    (r"\blesions?\b", "皮损", ()),
    (r"\bskin diagnos[ie]s\b", "皮肤诊断", ()),
    (r"\bcare plans?\b", "护理方案", ()),
    (r"\beffect analysis\b", "效果分析", ()),
    (r"\bproject plans?\b", "项目规划表", ()),
    (r"\bfollow-ups?\b", "回访", ()),
    (r"\bcomplaints?\b", "投诉", ()),
    (r"\bopinions?\b", "意见", ()),
    (r"\bTop customers\b", "关键顾客", ()),
    (r"\bMain customers\b", "主要顾客", ()),
    (r"\bOrdinary customers\b", "普通顾客", ()),
    (r"\bkey customers?\b", "重点顾客", ()),
    (r"\breserve potential\b", "后备潜力", ()),
)
# Other words for these things, which therefore stand nowhere. 客户端 is a program of the database.
NOT_SAID = re.compile(
    r"客户(?!端)|客人|单据|收据|制卡|待到店|预定|失约|来店|到访|店员|雇员|储蓄|挂帐|潜力顾客|一般顾客|次数卡|红利|发票|奖券|退费|退钱|冲销"
)
NOT_SAID_IN_ENGLISH = re.compile(
    r"\b(clients? (?!program)|appointments?|invoices?|employees?|VIPs?|missed visits?|(promising|general) customers)",
    re.IGNORECASE,
)
SPACED_PERCENT = re.compile(r"[\d)}s] %%?(?![\w(%{])")


def spoken(entry):
    """What an entry says in English, without the names of its places."""
    return re.sub(r"%\(\w+\)[sd]", "", entry.msgid)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("said", "term", "others"), TERMS)
def test_a_thing_has_its_word(language, said, term, others):
    term = term if language == "zh_Hans" else convert(term)
    wrong = [
        f"{entry.msgid} => {text}"
        for entry in catalogue(language)
        if re.search(said, spoken(entry), re.IGNORECASE) and not any(each in entry.msgid for each in others)
        for text in translations(entry)
        if term not in text
    ]
    assert wrong == []


def test_the_table_is_of_words_that_are_said():
    """A control: a table of words that nobody says finds nothing."""
    texts = "\n".join(spoken(entry) for entry in catalogue("zh_Hans"))
    assert len([said for said, _term, _others in TERMS if re.search(said, texts, re.IGNORECASE)]) > 12


def test_no_other_word_is_said_for_it():
    found = [text for entry in catalogue("zh_Hans") for text in translations(entry) if NOT_SAID.search(text)]
    found += [line for line in (ROOT / "README.zh-CN.md").read_text(encoding="utf-8").splitlines() if NOT_SAID.search(line)]
    other = re.compile(convert(NOT_SAID.pattern).replace("用戶", "客戶"))
    found += [text for entry in catalogue("zh_Hant") for text in translations(entry) if other.search(text)]
    found += [entry.msgid for entry in catalogue("zh_Hans") if NOT_SAID_IN_ENGLISH.search(entry.msgid)]
    found += [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if NOT_SAID_IN_ENGLISH.search(line)]
    assert found == []


def test_a_percent_sign_stands_at_its_number():
    sources = [*ROOT.glob("templates/**/*.html"), ROOT / "README.md", ROOT / "README.zh-CN.md"]
    found = [entry.msgid for entry in catalogue("zh_Hans") if SPACED_PERCENT.search(entry.msgid)]
    found += [
        text for language in LANGUAGES for e in catalogue(language) for text in translations(e) if SPACED_PERCENT.search(text)
    ]
    for path in sources:
        text = re.sub(r"{%.*?%}", "", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {match[0]}" for match in re.finditer(r"[\d}] %(?!\w).{0,20}", text)]
    assert found == []
    assert [percent(0.5, 0), percent(0.3333), share(5_000), share(3_333)] == ["50%", "33.3%", "50%", "33.33%"]


@pytest.mark.parametrize(
    ("language", "with_weekday", "plain"),
    [
        ("en", "Thu 26 Nov 2026", "26 Nov 2026"),
        ("zh-hans", "2026年11月26日 星期四", "2026年11月26日"),
        ("zh-hant", "2026年11月26日 星期四", "2026年11月26日"),
    ],
)
def test_a_day_is_written_one_way(language, with_weekday, plain):
    day = date(2026, 11, 26)
    with translation.override(language):
        assert formats.date_format(day, "DAY_FORMAT") == with_weekday
        assert formats.date_format(day) == plain
