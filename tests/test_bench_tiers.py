"""The bench's figures of tiers: what they are derived from, what they refuse to call equal, and what they do without."""

import csv
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.bench import __main__ as bench
from tests.bench import excel, libraries, process, recompute
from tests.bench.figure import Figure
from tests.bench.visitor import Effort
from tests.live import clean_environment

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="not run: memory is measured on Linux only")


def figure(name, value, customers=3_000, floor=None, database="SQLite"):
    return Figure(name, value, None, "s", "how", database=database, customers=customers, floor=floor)


def test_a_rate_has_a_least_and_what_was_promised_must_be_measured():
    fast, slow = (Figure("rate", value, None, "rows/s", at_least=1_000) for value in (1_000, 999))
    assert [each.verdict for each in (fast, slow)] == ["ok", "OVER"]
    assert "≥ 1,000 rows/s" in fast.cells()
    unknown = Figure("memory", None, 150, "MiB", "this system does not tell")
    assert (unknown.verdict, unknown.cells()[4]) == ("OVER", "not measured")
    assert Figure("told for information", None, None, "s").verdict == ""


def test_growth_is_told_of_sizes_that_differ_tenfold():
    told = [
        figure(recompute.NEXT, 0.5, 100_000, floor=0.4),
        figure(recompute.NEXT, 6.5, 1_000_000, floor=4),
        figure(recompute.NEXT, 9, 1_000_000, floor=4, database="PostgreSQL"),
        figure(recompute.FIRST, 9, 300_000, floor=4),
    ]
    (growth,) = recompute.growth(told)
    assert (growth.value, growth.limit, growth.floor, growth.database) == (13, 12, 10, "SQLite")
    assert growth.is_over


def test_the_product_is_compared_with_the_fastest_library_of_the_same_place():
    told = [
        figure(recompute.FIRST, 3, floor=2),
        figure("tiers by pandas, every row stored", 4),
        figure("tiers by polars, every row stored", 2),
        figure("tiers by polars, read and computed", 1),
        figure("tiers by DuckDB, every row stored", None),
        figure("tiers by DuckDB, every row stored", 1, customers=30),
    ]
    (compared,) = libraries.compared(told)
    assert (compared.value, compared.customers) == (1.5, 3_000)
    assert "polars; pandas 4.00 s, polars 2.00 s" in compared.how


class SalonOf:
    """A salon whose product and libraries found these tiers."""

    database_url, data_dir = "postgres://nowhere/x", None

    def __init__(self, product, stored):
        answers = {"last_run": {"as_of": "2026-06-30", "start_on": "2025-06-30"}, "forget": None}
        self.answers = answers | {"tiers_of_product": product, "tiers_stored": stored}

    def call(self, target, **arguments):
        return self.answers[target.partition(":")[2]]


def test_a_library_with_other_tiers_is_an_error(monkeypatch):
    monkeypatch.setattr(libraries, "prepare", lambda: None)
    monkeypatch.setattr(libraries, "_run", lambda *arguments: libraries.Told(1.0, 0.5, 30.0, "1.0"))
    same = {"digest": "x", "A": 2, "C": 1}
    found = list(libraries.measure(SalonOf(same, same), Effort(runs=2)))
    assert [each.value for each in found] == [1.0, 1.5] * 3
    with pytest.raises(RuntimeError, match="has other tiers than the product"):
        list(libraries.measure(SalonOf(same, same | {"digest": "y"}), Effort(runs=1)))


def test_libraries_that_cannot_be_had_are_said_to_be_not_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(libraries, "STAMP", tmp_path / "none")
    refusal = SimpleNamespace(returncode=1, stdout="", stderr="a\nno such registry\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: refusal)
    found = list(libraries.measure(SalonOf({}, {}), Effort()))
    assert [each.value for each in found] == [None] * 3
    assert not any(each.is_over for each in found)
    assert "could not be installed: no such registry" in found[0].how


def test_a_measure_that_fails_leaves_the_others_figures(monkeypatch, capsys):
    def breaks():
        yield Figure("first", 1, 2, "ms", "how")
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(bench, "ALONE", {"start": breaks, "workbook": lambda: [Figure("second", 1, 2, "ms", "how")]})
    assert bench.main(["--only", "start", "--only", "workbook"]) == 1
    out = capsys.readouterr().out
    table = out[out.index("measure ") :]
    assert "first" in table
    assert "second" in table
    assert "start: not measured to the end (RuntimeError('the disk is full'))" in table


@ON_LINUX
def test_memory_is_what_the_work_took_above_the_process_before(tmp_path):
    variables = clean_environment(SALON_DATA_DIR=tmp_path)
    done = process.call(variables, "tests.test_bench_tiers:take", mib=64)
    assert done.result == 64
    assert 60 < done.mb < 90
    assert 0 < done.seconds < done.process_seconds
    with pytest.raises(RuntimeError, match="ended with 1"):
        process.call(variables, "tests.test_bench_tiers:take", mib="much")


def take(mib):
    """Called in a process of its own: hold so much memory for a moment."""
    return len(os.urandom(1) * (mib << 20)) >> 20


@ON_LINUX
def test_a_workbook_is_measured():
    rate, held = excel.workbook(50)
    assert rate.value > 0
    assert 0 <= held.value < held.limit == 50


def test_the_imported_file_has_as_many_rows_as_it_says(tmp_path):
    excel.write_visits(tmp_path / "visits.csv", 250)
    with open(tmp_path / "visits.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 250
    assert 20 < len({row["卡号"] for row in rows}) <= 250 // 8
