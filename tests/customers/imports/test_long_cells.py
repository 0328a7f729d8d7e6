"""What a stranger writes into a cell costs no more than its length: no column has a reading that takes the square of it."""

import dataclasses
import time
from datetime import date
from functools import partial

import pytest
from django.core.management import call_command
from django.utils import timezone

from archives.imports import lines
from archives.imports.visit_import import VISITS
from customers.card.models import Customer
from customers.imports import card_rows, work
from customers.imports.customer_import import CUSTOMERS
from customers.imports.engine import Row
from customers.imports.models import ImportRun
from customers.management.commands import work_import
from salon.processes import untrusted
from salon.spreadsheets import reading

SHORT, LONG, MOST = 500, 5_000, 15
NOISE = 0.001  # seconds below which a reading is not worth comparing
TODAY = date(2026, 1, 1)
CLASSES = {
    "blanks": " ",
    "wide blanks": "\u3000",
    "tabs": "\t",
    "line breaks": "\n",
    "digits": "1",
    "wide digits": "１",
    "other digits": "٣",
    "letters": "a",
    "han": "梅",
    "traditional": "龍",
    "rare han": "𠮷",
    "hyphens": "-",
    "slashes": "/",
    "dots": ".",
    "commas": ",",
    "commas between": "、",
    "plus signs": "+",
    "open brackets": "(",
    "open and closed": "()",
    "quotes": "'",
    "equal signs": "=",
    "percent": "%",
    "marks": "\u0315\u0300",
    "mixed marks": "\u0345\u0327\u05b0\u3099",
    "umlauts": "u\u0308",
    "kana marks": "か\u3099",
    "ligatures": "\ufdfa",
    "jamo": "\u1100\u1161\u11a8",
    "invisible": "\u200b",
    "byte order marks": "\ufeff",
    "controls": "\x01",
    "variations": "\ufe0f",
    "surrogates": "\ud800",
    "phones": "13812346621 ",
    "phones and blanks": "13812346621" + " " * 40,
    "short numbers": "1/2/3 ",
    "days": "2024-01-05 ",
    "exponents": "1e5",
    "year signs": "年",
    "blanks and hyphens": " -",
    "names": "陈美娟、",
}
BEGINS = {"": "", "a number before": "1", "a day before": "2024-1-5 ", "a lunar day before": "农历8月15", "a mark after": ""}
READERS = {"visits": (VISITS, lines.read), "customers": (CUSTOMERS, card_rows.read)}
COLUMNS = [(name, column.key) for name, (kind, _read) in READERS.items() for column in kind.columns]


def seconds(read, key, cell):
    """The processor time of reading a row with this cell; the shortest of up to three."""
    best = float("inf")
    for _try in range(3):
        row = Row(1, [cell, "2024-01-05", "1"], {"date": 1, "amount": 2} | {key: 0})
        begin = time.process_time()
        read(row, TODAY)
        best = min(best, time.process_time() - begin)
        if best < NOISE:
            break
    return best


@pytest.mark.parametrize(("kind", "key"), COLUMNS)
def test_a_cell_ten_times_longer_costs_ten_times_as_much(kind, key):
    read, slow = READERS[kind][1], []
    for name, sign in CLASSES.items():
        for place, begin in BEGINS.items():
            end = "x" if place == "a mark after" else ""
            cells = [begin + (sign * n)[:n] + end for n in (SHORT, LONG)]
            if found := too_dear(partial(both, read, key, cells)):
                slow.append((name, place, *found))
    assert slow == []


def both(read, key, cells):
    return [seconds(read, key, cell) for cell in cells]


def too_dear(measure):
    """The two times `measure()` tells if the second is out of proportion, and stays so when asked again; else None.

    A machine that is busy otherwise stretches one of them now and then; a square stretches the second each time.
    """
    for _try in range(5):
        first, second = measure()
        if second <= MOST * max(first, NOISE / 10):
            return None
    return first, second


def test_a_square_is_seen_and_a_busy_moment_is_none():
    assert too_dear(lambda: (0.001, 0.1)) == (0.001, 0.1)
    moments = iter([(0.001, 0.02), (0.001, 0.01)])
    assert too_dear(lambda: next(moments)) is None


@pytest.mark.parametrize("sign", CLASSES.values(), ids=CLASSES)
def test_headings_cost_no_more_than_their_length(sign):
    def spent(n):
        begin = time.process_time()
        for _column in range(20):
            reading.heading_key((sign * n)[:n])
        return time.process_time() - begin

    assert spent(LONG) < MOST * max(spent(SHORT), NOISE)


def test_a_cell_says_so_when_it_holds_too_many_phones():
    row = Row(1, ["/".join(str(13800000000 + n) for n in range(50)), "A1"], {"phone": 0, "card_no": 1})
    data, problems = card_rows.read(row, TODAY)
    assert problems == ["These are more than 20 phone numbers."]
    assert data["phones"] == []


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        ("13800138000 13900139000", ["13800138000", "13900139000"]),
        ("13800138000   +8613900139000", ["13800138000", "+8613900139000"]),
        ("021 6288 1234", ["021 6288 1234"]),
        (" 13800138000\n 13900139000 ", ["13800138000", "13900139000"]),
        ("13800138000 / 13900139000、", ["13800138000", "13900139000"]),
    ],
)
def test_phones_are_still_told_apart(cell, phones):
    row = Row(1, [cell, "A1"], {"phone": 0, "card_no": 1})
    assert card_rows.read(row, TODAY)[0]["phones"] == phones


@pytest.mark.django_db
def test_rows_that_take_too_long_are_told_so(browser, manager, monkeypatch):
    """A pattern that would search for ever is stopped in the middle, and the file is not called damaged."""
    monkeypatch.setattr(reading, "FROM_BROWSER", dataclasses.replace(reading.FROM_BROWSER, work=0.2))

    monkeypatch.setattr("salon.spreadsheets.cells.exact", lambda *_cell: _search_for_ever())
    its = browser(manager)
    for kind in ("visits", "customers"):
        begin = time.monotonic()
        run = its.bring("卡号,姓名,日期,金额\nA1,张晓梅,2024-01-05,1\n", kind=kind)
        assert run.state == "failed"
        assert "took too long" in run.problem
        assert time.monotonic() - begin < 20


@pytest.mark.django_db
def test_rows_that_take_too_much_memory_are_told_so(browser, manager, monkeypatch):
    def too_much(*_cell):
        raise MemoryError

    its = browser(manager)
    run = its.bring("卡号,姓名\nA1,张晓梅\n", kind="customers")
    assert run.state == "ready"
    monkeypatch.setattr("customers.imports.cards.CardWriter.write", too_much)
    its.confirm(run)
    assert (run.state, run.problem.partition(".")[0]) == ("failed", "The file is too large once it is unpacked")
    monkeypatch.setattr("salon.spreadsheets.cells.exact", too_much)
    assert its.bring("卡号,姓名\nA1,张晓梅\n", kind="customers").problem == run.problem


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["read", "store"])
def test_the_work_has_the_memory_of_the_reader_and_gives_way_while_it_reads(manager, branch, monkeypatch, step):
    resource = pytest.importorskip("resource", reason="not run: a limit of memory is for POSIX only")
    said = []
    monkeypatch.setattr(resource, "setrlimit", lambda *limit: said.append(limit))
    monkeypatch.setattr(work_import, "give_way", lambda: said.append("gives way"))
    monkeypatch.setattr(work, "do", lambda run, *how: said.append((run.pk, *how[:2])))
    now = timezone.now()
    run = ImportRun.objects.create(kind="visits", branch=branch, user=manager.user, created_at=now, started_at=now)
    call_command("work_import", str(run.pk), step, "en")
    memory = resource.RLIMIT_AS, (512 << 20, resource.getrlimit(resource.RLIMIT_AS)[1])
    assert said == [memory, *(["gives way"] if step == "read" else []), (run.pk, step, "en")]


@pytest.mark.django_db
def test_rows_that_take_too_long_to_store_are_told_so_and_nothing_is_stored(browser, manager, monkeypatch):
    def store_and_compute(importer, groups):
        stored(importer, groups)
        assert Customer.objects.exists()
        until = time.process_time() + 2
        while time.process_time() < until:
            pass

    its = browser(manager)
    run = its.bring("卡号,姓名\nA1,张晓梅\n", kind="customers")
    stored = CUSTOMERS.importer.store_chunk
    monkeypatch.setattr(reading, "FROM_BROWSER", dataclasses.replace(reading.FROM_BROWSER, work=0.2))
    monkeypatch.setattr(CUSTOMERS.importer, "store_chunk", store_and_compute)
    its.confirm(run)
    assert (run.state, "took too long" in run.problem) == ("failed", True)
    assert not Customer.objects.exists()


def _search_for_ever():
    import re

    re.fullmatch(r"(a|a)*b", "a" * 40)


def test_a_reader_that_is_stopped_in_the_middle_of_a_line_is_late_and_not_damaged():
    from unittest.mock import Mock

    late = Mock(is_set=lambda: True)
    child = Mock(stdout=[b'{"notes": {}}\n', b'{"rows": [[1, ["cut o'], wait=lambda: -9)
    said = untrusted._lines_of(child, late)
    assert next(said) == b'{"notes": {}}\n'
    with pytest.raises(untrusted.Broke) as broke:
        next(said)
    assert broke.value.is_late
