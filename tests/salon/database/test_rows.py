"""Rows stored many at once: a table takes a row by the names of its columns, exactly those, and gives it its id."""

import pytest

from salon.database.rows import Table
from salon.shop.models import Sequence

COLUMNS = "id branch_id kind last"


def test_a_row_is_stored_by_the_names_of_its_columns(branch):
    table = Table(Sequence, COLUMNS)
    table.put(last=7, kind="card", branch_id=branch.pk)
    table.put(branch_id=branch.pk, id=4_000, kind="receipt", last=9)
    first = table.rows[0][0]
    table.store()
    stored = Sequence.objects.order_by("pk").values_list("pk", "branch", "kind", "last")
    assert list(stored) == [(first, branch.pk, "card", 7), (4_000, branch.pk, "receipt", 9)]


@pytest.mark.parametrize(
    "values",
    [{"kind": "card", "last": 1}, {"branch_id": 1, "kind": "card", "last": 1, "code": "x"}, {"branch": 1, "kind": "", "last": 1}],
)
def test_a_column_that_is_missing_or_unknown_is_refused(values, db):
    table = Table(Sequence, COLUMNS)
    with pytest.raises(TypeError, match="Sequence"):
        table.put(**values)
    assert table.rows == []
