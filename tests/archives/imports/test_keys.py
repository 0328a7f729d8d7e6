"""The keys of visits in a file: read back whole, in the order of days, and those of one receipt beside each other."""

from datetime import date
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from archives.imports.importer import Person, VisitKey

PEOPLE = st.one_of(st.just(Person()), st.builds(Person, st.integers(1, 99)), st.builds(Person, st.none(), st.text(min_size=1)))
RECEIPTS = st.one_of(st.sampled_from(["", "R1", "R10", "R1 ", 'R1"', "R1!", "R1, null"]), st.text(max_size=5))
KEYS = st.builds(VisitKey, st.dates(date(2024, 1, 1), date(2024, 1, 3)), RECEIPTS, PEOPLE)


@given(KEYS)
def test_a_key_is_read_back_as_it_was(key):
    assert VisitKey.from_text(key.as_text()) == key


@given(st.lists(KEYS, max_size=12))
def test_sorted_texts_come_by_day_and_keep_a_receipt_together(keys):
    """Chunks are cut between receipts, so a receipt that came twice would be two bills."""
    ordered = [VisitKey.from_text(text) for text in sorted(key.as_text() for key in keys)]
    assert [key.on for key in ordered] == sorted(key.on for key in keys)
    receipts = [receipt for receipt, _keys in groupby((key.on, key.receipt_no) for key in ordered)]
    assert len(receipts) == len(set(receipts))
