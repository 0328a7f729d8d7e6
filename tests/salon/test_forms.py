"""What all forms share."""

import pytest

from salon.forms import sent_id


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("17", 17), (17, 17), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None),
        ("", None), (None, None), ("-1", None), ("1.5", None), ("１７", None), ("x", None),
    ],
)  # fmt: skip
def test_an_id_is_what_a_column_can_hold(sent, number):
    assert sent_id(sent) == number
