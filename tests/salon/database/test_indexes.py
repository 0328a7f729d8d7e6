"""The index of the latest first, as migrations write it down."""

from django.db.models import Q

from salon.database.indexes import LatestFirstIndex


def test_what_is_not_asked_for_is_not_written_down():
    path, columns, arguments = LatestFirstIndex("branch", latest="day", name="x").deconstruct()
    assert (path, columns, arguments) == ("salon.database.indexes.LatestFirstIndex", ("branch",), {"latest": "day", "name": "x"})
    more = {"covers": ("net",), "condition": Q(net__gt=0)}
    assert LatestFirstIndex("branch", latest="day", name="x", **more).deconstruct()[2] == arguments | more
