"""One row of a file of customers: what it says, and the card it becomes."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.card import birthdays
from customers.card.models import Customer
from customers.imports.engine import RowError
from salon import text
from salon.spreadsheets import cells

NOTE_LENGTH = 2_000
TEXTS = {"called": 40, "wechat": 60, "occupation": 60, "interests": 200}
ADDRESS = {"province": 40, "city": 40, "district": 40, "community": 60, "street": 200}
GENDERS = {"female": ("女", "女士", "女性", "female", "f"), "male": ("男", "先生", "男士", "男性", "male", "m")}
SOURCES = {
    "walk_by": ("路过", "上门", "自然到店", "进店", "walk by", "walked by", "walk-in"),
    "friend": ("朋友介绍", "老带新", "转介绍", "介绍", "客户介绍", "顾客介绍", "friend", "referral"),
    "online": ("网络", "互联网", "网上", "美团", "大众点评", "抖音", "小红书", "微信", "online", "internet"),
    "leaflet": ("传单", "广告", "宣传单", "leaflet", "advertisement"),
    "event": ("活动", "促销", "event"),
    "partner": ("合作", "异业合作", "异业", "partner"),
    "staff": ("员工", "员工介绍", "staff"),
    "other": ("其他", "其它", "other"),
}
SKIN = {
    "neutral": ("中性", "neutral", "normal"),
    "dry": ("干性", "偏干", "dry"),
    "oily": ("油性", "偏油", "oily"),
    "combination": ("混合性", "混合", "combination"),
    "sensitive": ("敏感性", "敏感", "sensitive"),
    "problem": ("问题性", "问题", "problem"),
}
# Each run of blanks is looked at once, and given back never: or else a long one costs the square of its length.
_BETWEEN_PHONES = re.compile(r"[/、,，;；\n|]|(?<!\s)\s++(?=\+?\d{7})")
MOST_PHONES = 20
_LUNAR = re.compile(r"^\s*(?:农历|農曆|阴历|陰曆|旧历|lunar)\s*", re.IGNORECASE)
_MONTH_DAY = re.compile(r"(\d{1,2})[-/.月](\d{1,2})日?")
_YEAR = re.compile(r"(\d{4})年?")
_YEAR_MONTH_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


def _index(words_of):
    return {text.fold(word): value for value, words in words_of.items() for word in words}


_GENDER_OF, _SOURCE_OF, _SKIN_OF = _index(GENDERS), _index(SOURCES), _index(SKIN)


def read(row, today):
    """(data of the card as plain values, what is wrong). `card_no` and `phones` are there even if something else is wrong."""
    data, problems = {"fields": {}, "phones": [], "address": {}}, []
    for part in (_read_number, _read_phones, _read_name, _read_texts, _read_birthday, _read_choices, _read_card_date):
        try:
            part(row, data, today)
        except RowError as error:
            problems.append(str(error))
    return data, problems


def _read_number(row, data, _today):
    data["fields"]["card_no"] = row.read("card_no", cells.exact, 40)


def _read_phones(row, data, _today):
    cell = row.cell("phone")
    parts = _BETWEEN_PHONES.split(cell, MOST_PHONES) if isinstance(cell, str) else [cell]
    if len(parts) > MOST_PHONES:
        raise RowError(_("These are more than %(n)d phone numbers.") % {"n": MOST_PHONES})
    for part in parts:
        try:
            number = cells.phone(part)
        except cells.CellError as error:
            raise RowError(str(error)) from error
        if number and text.phone_digits(number) not in map(text.phone_digits, data["phones"]):
            data["phones"].append(number)
        elif not number and cells.plain(part):
            row.warn(_("“%(text)s” is no phone number; it was left out.") % {"text": cells.plain(part)[:40]})


def _read_name(row, data, _today):
    data["fields"]["name"] = row.read("name", cells.plain, 80)


def _read_texts(row, data, _today):
    for key, longest in TEXTS.items():
        data["fields"][key] = row.read(key, cells.plain, longest)
    for key, longest in ADDRESS.items():
        value = row.read("address" if key == "street" else key, cells.plain, longest)
        if value:
            data["address"][key] = value
    data["fields"]["note"] = row.read("note", lambda cell: cells.plain(cell, NOTE_LENGTH, lines=True))


def _read_choices(row, data, _today):
    fields = data["fields"]
    for key, known in (("gender", _GENDER_OF), ("skin_type", _SKIN_OF), ("source", _SOURCE_OF)):
        value = row.read(key, cells.plain, 200)
        fields[key] = known.get(text.fold(value), "")
        if not value or fields[key]:
            continue
        if key == "source":
            fields[key] = "other"
            fields["note"] = "\n".join(
                filter(None, [fields.get("note", ""), f"{Customer._meta.get_field(key).verbose_name}: {value}"])
            )
        else:
            row.warn(
                _("“%(text)s” is not known in the column %(column)s; it was left out.") % {"text": value[:40], "column": key}
            )


def _read_card_date(row, data, today):
    on = row.read("card_date", cells.day)
    if on and on > today:
        raise RowError(_("%(day)s lies in the future.") % {"day": on})
    data["fields"]["card_date"] = (on or today).isoformat()
    data["says_card_date"] = on is not None


# --- Birthdays -----------------------------------------------------------------------------------------------------------


def _read_birthday(row, data, today):
    calendar, year, month, month_day = _birthday(row)
    try:
        birthdays.check(calendar, year, month, month_day)
    except ValidationError as error:
        raise RowError(" ".join(error.messages)) from error
    if year is not None and not 1900 <= year <= today.year or _is_future(calendar, year, month, month_day, today):
        raise RowError(_("“%(value)s” is no birthday.") % {"value": cells.shown(row.cell("birthday"))[:40]})
    data["fields"] |= {"birth_calendar": calendar, "birth_year": year, "birth_month": month, "birth_day": month_day}


def _is_future(calendar, year, month, month_day, today):
    return calendar == "solar" and bool(year and month) and date(year, month, month_day) > today


def _birthday(row):
    """(calendar, year, month, day) as the cell says."""
    cell = row.cell("birthday")
    value = cells.plain(cell) if isinstance(cell, str) else ""
    value = text.normalized("NFKC", value)
    calendar = "lunar" if _LUNAR.match(value) else "solar"
    value = _LUNAR.sub("", value)
    if match := _MONTH_DAY.fullmatch(value):
        return calendar, None, int(match[1]), int(match[2])
    if match := _YEAR.fullmatch(value if value else str(cell)):
        return calendar, int(match[1]), None, None
    if calendar == "lunar":
        if match := _YEAR_MONTH_DAY.fullmatch(value):
            return calendar, *map(int, match.groups())
        raise RowError(_("“%(value)s” is no birthday.") % {"value": cells.shown(cell)[:40]})
    on = row.read("birthday", cells.day)
    return (calendar, on.year, on.month, on.day) if on else (calendar, None, None, None)
