"""One row of a file of visits: what it says, read literally, and the line it becomes."""

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from django.utils.translation import gettext as _

from archives.visits.bills.models import Payment
from customers.imports.engine import RowError
from salon import text
from salon.money import MAX_LINE_FEN, extended_price, format_money
from salon.shop.models import Item
from salon.spreadsheets import cells

CARD_LENGTH, RECEIPT_LENGTH, NAME_LENGTH = 40, 60, 80
ITEM_LENGTH, CATEGORY_LENGTH, STAFF_LENGTH, NOTE_LENGTH = 80, 60, 60, 2_000
MOST_STAFF = 10
NOBODY = {"WALK_IN", "WALK-IN", "散客"}  # stands in the place of a card number or name for somebody unknown
KINDS = {
    Item.SERVICE: ("service", "服务", "服务项目", "护理", "疗程", "项目"),
    Item.PRODUCT: ("product", "产品", "商品", "货品", "retail"),
}
MEANS = {
    Payment.WECHAT: ("wechat", "wechatpay", "微信", "微信支付", "微信付款"),
    Payment.ALIPAY: ("alipay", "支付宝", "支付宝支付"),
    Payment.CASH: ("cash", "现金", "现金支付"),
    Payment.CARD: ("card", "bankcard", "creditcard", "银行卡", "刷卡", "信用卡", "借记卡", "pos", "银联", "bank"),
    Payment.TRANSFER: ("transfer", "banktransfer", "转账", "银行转账", "汇款", "对公转账"),
    Payment.STORED_VALUE: ("stored", "storedvalue", "储值", "储值卡", "会员卡", "余额", "卡扣", "充值卡", "prepaid"),
    Payment.UNKNOWN: ("unknown", "未知", "其他", "other"),
}
_KIND_OF = {text.fold(word): kind for kind, words in KINDS.items() for word in words}
_MEANS_OF = {text.fold(word): means for means, words in MEANS.items() for word in words}
_fold = lru_cache(maxsize=20_000)(text.fold)  # the same names come again and again
_BETWEEN_PEOPLE = re.compile(r"[、,，/;；+&\n]")


@dataclass
class Entry:
    """A row as it was read: money in fen, quantity in thousandths, None where the file says nothing.

    Day, receipt and person are None as long as they could not be read.
    """

    on: object = None
    receipt_no: str | None = None
    card_no: str | None = None
    name: str | None = None
    phone: str | None = None
    item: str = ""
    category: str = ""
    kind: str = ""
    milli: int | None = None
    price_fen: int | None = None
    discount_fen: int | None = None
    amount_fen: int | None = None
    staff: tuple = ()
    means: str = ""
    note: str = ""

    @property
    def is_placed(self):
        """True if it can be told which visit the row belongs to, apart from whose card it means."""
        return None not in (self.on, self.receipt_no, self.card_no, self.name, self.phone)

    @property
    def is_anonymous(self):
        """Nobody is named: no card, no phone, no name."""
        return not (self.card_no or self.phone or self.name)


# What the spool keeps of an Entry; day, receipt and card make its key.
PACKED = (
    "name", "phone", "item", "category", "kind", "milli", "price_fen", "discount_fen", "amount_fen", "staff", "means", "note",
)  # fmt: skip
packed = attrgetter(*PACKED)


def unpacked(values, **placed):
    """The Entry whose `packed` values these are; `placed`: what its key says."""
    return Entry(**dict(zip(PACKED, values, strict=True)), card_no="", **placed)


def read(row, today):
    """(Entry, what is wrong with it). The day, the receipt and the person are read even where something else is wrong."""
    entry, problems = Entry(), []
    for part in (_read_day, _read_receipt, _read_person, _read_item, _read_money, _read_rest):
        try:
            part(row, entry, today)
        except RowError as error:
            problems.append(str(error))
    return entry, problems


def _read_day(row, entry, today):
    on = row.read("date", cells.day)
    if on is None:
        raise RowError(_("The date is missing."))
    if on > today:
        raise RowError(_("%(day)s lies in the future.") % {"day": on})
    entry.on = on


def _read_receipt(row, entry, _today):
    entry.receipt_no = row.read("receipt_no", cells.exact, RECEIPT_LENGTH)


def _read_person(row, entry, _today):
    entry.card_no = _somebody(row.read("card_no", cells.exact, CARD_LENGTH))
    entry.name = _somebody(row.read("name", cells.plain, NAME_LENGTH))
    entry.phone = row.read("phone", cells.phone)


def _somebody(value):
    return "" if value.upper() in NOBODY else value


def _read_item(row, entry, _today):
    entry.item = row.read("item", cells.plain, ITEM_LENGTH)
    if entry.item and not _fold(entry.item):
        raise RowError(_("The item “%(name)s” has no letter to know it by.") % {"name": entry.item})
    entry.category = row.read("category", cells.plain, CATEGORY_LENGTH)
    kind = row.read("kind", cells.plain, ITEM_LENGTH)
    entry.kind = _KIND_OF.get(_fold(kind), "")
    if kind and not entry.kind:
        raise RowError(_("“%(kind)s” is neither service nor product, so it is no consumption.") % {"kind": kind})


def _read_money(row, entry, _today):
    entry.milli = row.read("quantity", cells.quantity)
    entry.price_fen = _read_fen(row, "unit_price")
    entry.discount_fen = _read_fen(row, "discount")
    entry.amount_fen = _read_fen(row, "amount")
    if entry.amount_fen is None and entry.price_fen is None:
        raise RowError(_("There is neither an amount nor a unit price."))
    if max(map(abs, _amounts(entry))) > MAX_LINE_FEN:
        raise RowError(_("A line comes to at most %(most)s.") % {"most": _yuan(MAX_LINE_FEN)})
    if entry.milli == 0:
        row.warn(_("The quantity is 0; the line was taken as 1."))


def _read_fen(row, column):
    fen = row.read(column, cells.money)
    if fen is not None and cells.is_rounded(row.cell(column), fen):
        facts = {"written": cells.shown(row.cell(column))[:40], "stored": _yuan(fen)}
        row.warn(_("“%(written)s” is more exact than money is; it was taken as %(stored)s.") % facts)
    return fen


def _read_rest(row, entry, _today):
    entry.staff = tuple(_staff_names(row.read("staff", cells.plain, STAFF_LENGTH * MOST_STAFF)))
    entry.note = row.read("note", lambda cell: cells.plain(cell, NOTE_LENGTH, lines=True))
    means = row.read("payment", cells.plain, NAME_LENGTH)
    entry.means = _MEANS_OF.get(_fold(means), Payment.UNKNOWN)
    if means and _fold(means) not in _MEANS_OF:
        row.warn(_("The means of payment “%(means)s” is not known; it is stored as unknown.") % {"means": means})


def _staff_names(value):
    """The names in a cell, each once: 陈美娟、王琳."""
    names = {}
    for name in (part.strip() for part in _BETWEEN_PEOPLE.split(value)):
        if not name:
            continue
        if len(name) > STAFF_LENGTH or len(names) >= MOST_STAFF or not _fold(name):
            raise RowError(_("“%(name)s” is no name of a staff member.") % {"name": name[:40]})
        names.setdefault(_fold(name), name)
    return names.values()


# --- Money ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Money:
    """The money of a line as it is stored: value = quantity × unit price − discount, the quantity with the sign of the value.

    `is_sale`: nothing is given back.
    """

    milli: int
    unit_fen: int
    discount_fen: int
    value_fen: int
    is_sale: bool
    reason: str = ""


def _amounts(entry):
    """What a row says of money, and what its quantity and price come to: none may be larger than a line's may."""
    price, discount, amount = (fen or 0 for fen in (entry.price_fen, entry.discount_fen, entry.amount_fen))
    gross = extended_price(price, _milli(entry))
    return price, discount, amount, gross, gross - discount


def mismatch(entry):
    """A sentence if the amount is not quantity × unit price − discount, else ""."""
    if entry.amount_fen is None or entry.price_fen is None or _computed(entry) == entry.amount_fen:
        return ""
    facts = {"amount": _yuan(entry.amount_fen), "computed": _yuan(_computed(entry))}
    return _("The amount %(amount)s stands although quantity, unit price and discount come to %(computed)s.") % facts


def _yuan(fen):
    return format_money(fen, symbol=False)


def _milli(entry):
    return entry.milli or 1000


def _computed(entry):
    return extended_price(entry.price_fen, _milli(entry)) - (entry.discount_fen or 0)


def money_of(entry):
    """The Money of an entry. The amount wins; where price or quantity do not lead to it, discount or price give way."""
    value = entry.amount_fen if entry.amount_fen is not None else _computed(entry)
    is_sale = (value or entry.milli or 0) >= 0
    sign, size, quantity = (1 if is_sale else -1), abs(value), abs(_milli(entry))
    unit = abs(entry.price_fen or 0)
    if extended_price(unit, quantity) < size:
        unit = -(-size * 1000 // quantity)
    discount = extended_price(unit, quantity) - size
    reason = ""
    if discount and is_sale:
        reason = "other" if entry.price_fen is not None else "rounding"
    return Money(sign * quantity, unit, sign * discount, value, is_sale, reason)


def content(entry):
    """What of a row makes the content of its visit: two rows with the same content are two equal lines."""
    return [
        _fold(entry.item), entry.kind, entry.milli, entry.price_fen, entry.discount_fen, entry.amount_fen,
        sorted(_fold(name) for name in entry.staff), entry.means, entry.note,
    ]  # fmt: skip
