"""What cells mean: days, money, numbers of cards and phones, in the forms people and Excel write them."""

from datetime import date

import pytest

from salon.money import MAX_FEN
from salon.spreadsheets import cells
from salon.spreadsheets.formulas import guarded, unguarded
from tests.naughty import NAUGHTY

DAY = date(2024, 1, 5)


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01-05", "2024-1-5", "2024/1/5", "2024.1.5", "2024年1月5日", "2024年01月05日", "20240105", "２０２４－０１－０５"),
        *(
            "2024-01-05 14:30",
            "2024-01-05T23:59:59",
            "2024/1/5 0:00",
            "2024年1月5日 下午3:00",
            " 2024 - 1 - 5 ",
            "45296",
            "2024-01-05 星期五",
        ),
        *(45296, 45296.75, 20240105, {"t": "2024-01-05"}, {"t": "2024-01-05T10:00:00"}),
    ],
)
def test_days(cell):
    assert cells.day(cell) == DAY


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "5/1/2024",
            "01-05-2024",
            "24-1-5",
            "2024-13-01",
            "2024-02-30",
            "yesterday",
            "2024-1",
            "1",
            "0000-00-00",
            "9999999",
            "1e5",
        ),
        *(True, -1, 0, 1e300, 20241301, "²024-01-05x"),
    ],
)
def test_what_is_no_day_is_refused_not_guessed(cell):
    with pytest.raises(cells.CellError):
        cells.day(cell)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u3000", "\ufeff"])
def test_an_empty_cell_says_nothing(cell):
    assert [read(cell) for read in (cells.day, cells.money, cells.quantity)] == [None] * 3
    assert [cells.plain(cell), cells.exact(cell, 40), cells.phone(cell)] == [""] * 3


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("100", 10000), ("1,234.50", 123450), ("¥1,234.5", 123450), ("￥１２３．５", 12350),
        ("1 234.5元", 123450), ("RMB 88", 8800),
        ("(50.00)", -5000), ("50-", -5000), ("−50", -5000), ("－５０", -5000), ("-¥50", -5000), ("'-50", -5000), (".5", 50),
        ("5.", 500), ("1.005", 101), ("-1.005", -101), (1.005, 101), (29.330000000000002, 2933), (0, 0), ("0.00", 0), ("-0", 0),
        ("1，234", 123400), ("1e3", 100000), (-12, -1200), ("100块", 10000), ("-", None), ("#N/A", None),
    ],
)  # fmt: skip
def test_money(cell, fen):
    assert cells.money(cell) == fen


@pytest.mark.parametrize(
    ("cell", "is_so"),
    [("198.999", True), (198.999, True), ("-66.6666666667", True), (66.666666, True), ("1.005", True), ("￥１.２３４", True),
     (198.99999999999997, False), (29.330000000000002, False), ("198.90", False), (1.5, False), (3, False), ("", False)],
)  # fmt: skip
def test_what_is_more_exact_than_money_is_known_from_the_dust_of_binary_fractions(cell, is_so):
    assert cells.is_rounded(cell, cells.money(cell)) == is_so


@pytest.mark.parametrize(
    "cell", ["abc", "1,23", "12,34,567", "1.2.3", "9折", "1e99", "NaN1", "免费", 1e300, float("inf"), True, "--5", "10%"]
)
def test_what_is_no_money_is_refused_not_guessed(cell):
    with pytest.raises(cells.CellError):
        cells.money(cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (" 00004 ", "00004"), ("4e135", "4e135"), ("\u3000VIP 1\u00a0", "VIP 1"),
        (12346, "12346"), (12346.0, "12346"), (12.5, "12.5"), (float(10**15 - 1), "9" * 15),
        (13800138000.0, "13800138000"), ("Abbey O'Reilly", "Abbey O'Reilly"),
        ("Ａ１", "Ａ１"), ("e\u0301", "e\u0301"), ("'+1", "+1"), ("12346.0", "12346.0"),
        ("張-1", "張-1"), (True, "True"),
    ],
)  # fmt: skip
def test_a_card_number_stays_as_it_is(cell, number):
    assert cells.exact(cell, 40) == number


@pytest.mark.parametrize("cell", [float(10**15), 1.2345678901234567e19, 4e135, "a\x00b", "a\ud800", "x" * 41, "a\nb"])
def test_a_card_number_that_cannot_be_kept_is_refused(cell):
    with pytest.raises(cells.CellError):
        cells.exact(cell, 40)


def test_a_number_is_shown_as_it_was_typed_where_the_spreadsheet_still_knows():
    assert (cells.shown(float(10**15 - 1)), cells.shown(float(10**15))) == ("9" * 15, "1000000000000000.0")


def test_what_is_as_long_as_it_may_be_is_kept():
    assert (cells.plain("颜" * 40, 40), cells.exact("9" * 40, 40)) == ("颜" * 40, "9" * 40)
    with pytest.raises(cells.CellError):
        cells.plain("颜" * 41, 40)


def test_the_largest_amount_and_quantity_are_still_of_this_world():
    assert cells.money("10000000000.00") == MAX_FEN
    assert cells.quantity("1000000000") == cells.MAX_MILLI
    for read, beyond in ((cells.money, "10000000000.01"), (cells.quantity, "-1000000000.001")):
        with pytest.raises(cells.CellError, match="out of range"):
            read(beyond)


@pytest.mark.parametrize(
    ("cell", "phone"),
    [(13800138000, "13800138000"), ("13800138000.0", "13800138000"), ("+86 138-0013-8000", "+86 138-0013-8000"), ("无", "")],
)
def test_phones(cell, phone):
    assert cells.phone(cell) == phone


@pytest.mark.parametrize("cell", ["1.38E+10", "1.38001E+10", 1.5])
def test_a_phone_excel_has_spoilt_is_refused(cell):
    with pytest.raises(cells.CellError):
        cells.phone(cell)


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_text_breaks_a_reader(text):
    for read in (cells.day, cells.money, cells.quantity, cells.plain, cells.phone, lambda cell: cells.exact(cell, 60)):
        try:
            read(text)
        except cells.CellError:
            continue


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "\t=1", "\r", "＝1", " =1", "\ufeff=1", "－1"])
def test_a_formula_stays_text_and_comes_back(text):
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "abc", "'abc", "O'Reilly", "1-1"])
def test_other_text_is_left_alone(text):
    assert guarded(text) == text
    assert unguarded(text) == text
