"""Template tags of the floor."""

import pytest

from segmentation.templatetags.tiers import signed


@pytest.mark.parametrize(("count", "words"), [(1, "+1"), (-1, "−1"), (0, "±0"), (1234, "+1,234")])
def test_a_change_has_a_sign(count, words):
    assert signed(count) == words
