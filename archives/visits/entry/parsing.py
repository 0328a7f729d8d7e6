"""What people type into visit entry and mean as figures: 9折, 88折, -30, 10%, =270; shares such as 60 and 40.

`static/js/visit-sums.js` reads the same grammar, so that the page shows what will be stored; a browser test compares them.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from salon.money import MAX_LINE_FEN, prorated, spread, to_fen, ungrouped

OTHER_PAYER = "other"  # sent instead of a guest's number: somebody who is not served pays
WHOLE = 10_000  # ten-thousandths: the whole price, and all shares of a line together
_HAN = str.maketrans("〇零一二三四五六七八九点", "00123456789.")
_HALF_PRICE = {"半价", "半價", "对折", "對折", "半折"}
_FOLD = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)(?:折|z|zhe)")
_PERCENT = re.compile(r"[-−–—]?(\d{1,3}(?:\.\d{1,2})?)%")
_MONEY = r"[¥￥]?(\d{1,10}(?:\.\d{1,2})?)(?:元|块|塊)?"
_OFF = re.compile(rf"[-−–—]?{_MONEY}")
_FINAL = re.compile(rf"={_MONEY}")


@dataclass(frozen=True)
class Discount:
    """One of three: `keep` of WHOLE is paid, `off_fen` is taken off, or the line costs `final_fen`."""

    keep: int | None = None
    off_fen: int | None = None
    final_fen: int | None = None

    def of(self, list_fen):
        """The discount in fen on a list price; may be more than the price, which the form refuses."""
        if self.keep is not None:
            return list_fen - prorated(list_fen, self.keep, WHOLE)
        if self.final_fen is not None:
            return list_fen - self.final_fen
        return self.off_fen


def parse_discount(text):
    """The Discount somebody typed; "" is none. Raises ValueError.

    9折 and 9z keep 90%, 88折 and 8.8折 keep 88%; 10% takes a tenth off; 30, -30 and 30元 take 30 yuan off; with =270 the
    line costs 270.
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace(" ", "")
    text = ungrouped(text)
    if not text:
        return Discount(off_fen=0)
    if text in _HALF_PRICE:
        return Discount(keep=WHOLE // 2)
    if text.endswith("折"):
        text = text.translate(_HAN)
    if match := _FOLD.fullmatch(text):
        return Discount(keep=_kept(match[1]))
    if match := _PERCENT.fullmatch(text):
        percent = Decimal(match[1])
        if percent > 100:
            raise ValueError(text)
        return Discount(keep=WHOLE - int(percent * 100))
    if match := _FINAL.fullmatch(text):
        return Discount(final_fen=_fen(match[1]))
    if match := _OFF.fullmatch(text):
        return Discount(off_fen=_fen(match[1]))
    raise ValueError(text)


def _kept(figure):
    """Ten-thousandths of 9, 8.8, 88 or 88.5 in front of 折. 10折 could mean all or a tenth, so it means nothing."""
    number = Decimal(figure)
    kept = number * 1000 if number <= 10 else number * 100
    if not 0 < kept < WHOLE:
        raise ValueError(figure)
    return int(kept)


def _fen(figure):
    fen = to_fen(figure)
    if fen > MAX_LINE_FEN:
        raise ValueError(figure)
    return fen


def parse_shares(texts):
    """Shares in ten-thousandths of the percentages typed, one per person. Empty ones get equal parts of what is left.

    Raises ValueError unless each is above zero and they sum to 100%.
    """
    given = [_share(text) for text in texts]
    left = WHOLE - sum(share for share in given if share is not None)
    empty = given.count(None)
    parts = iter(spread(left, [1] * empty))
    shares = [share if share is not None else next(parts) for share in given]
    if sum(shares) != WHOLE or min(shares, default=WHOLE) <= 0:
        raise ValueError(texts)
    return shares


def _share(text):
    text = unicodedata.normalize("NFKC", text).replace(" ", "").removesuffix("%")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text):
        raise ValueError(text)
    return int(Decimal(text) * 100)
