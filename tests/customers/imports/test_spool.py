"""The checked rows on disk: in the order they are stored, without a sort in memory."""

from pathlib import Path

import pytest

from customers.imports import spool as spools
from customers.imports.spool import Spool


@pytest.fixture
def spool(tmp_path):
    with Spool(tmp_path / "rows.spool") as spool:
        yield spool


def fill(spool):
    spool.add([(2, "b", [1], None), (3, "a", [2], ["x"]), (4, "b", [3], None), (5, None, [4], None), (6, "c", [5], None)])


def test_rows_of_a_key_come_together(spool):
    fill(spool)
    assert list(spool.groups()) == [("a", [(3, [2])]), ("b", [(2, [1]), (4, [3])]), ("c", [(6, [5])])]
    assert list(spool.groups(as_in_file=True)) == [("b", [(2, [1]), (4, [3])]), ("a", [(3, [2])]), ("c", [(6, [5])])]


def test_refused_rows_are_left_out_and_the_first_reason_stays(spool):
    fill(spool)
    spool.refuse([(2, "one")])
    spool.refuse([(2, "two"), (6, "three")])
    assert list(spool.groups(as_in_file=True)) == [("a", [(3, [2])]), ("b", [(4, [3])])]
    assert list(spool.refused()) == [(2, "one"), (6, "three")]


def test_companions_are_refused_too(spool):
    fill(spool)
    spool.refuse([(4, "bad"), (5, "no key")])
    spool.refuse_companions(lambda row: f"because of {row}")
    assert list(spool.refused()) == [(2, "because of 4"), (4, "bad"), (5, "no key")]


def test_equal_reasons_are_grouped(spool):
    spool.warn((row, "odd" if row % 2 else "even") for row in range(2, 30))
    assert spool.grouped("warning", 5) == [("even", 14, [2, 4, 6, 8, 10, 12]), ("odd", 14, [3, 5, 7, 9, 11, 13])]


def test_a_spool_of_an_earlier_version_gets_what_it_lacks(spool):
    spool._db.execute("DROP TABLE skipped")
    path = Path(spool._db.execute("PRAGMA database_list").fetchone()[2])
    with spools.Spool(path) as again:
        assert (again.count("skipped"), again.grouped("warning", 5)) == (0, [])


@pytest.mark.parametrize("sql", [spools.BY_KEY, spools.FIRST_ROWS])
def test_nothing_is_sorted_in_memory(spool, sql):
    plan = [row[3] for row in spool._db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
