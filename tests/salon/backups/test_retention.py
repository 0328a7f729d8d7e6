# ruff: noqa: DTZ001 - the time in a name is the shop's own
"""Which backups stay and which go."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from salon.backups.retention import KEPT, RECENT, kept, name_for, read_name, superfluous

NOW = datetime(2026, 11, 22, 3, 15)
NAMES = st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), max_size=60)


def named(at, prefix="salon", is_encrypted=False):
    return name_for(at, is_encrypted=is_encrypted, prefix=prefix)


def test_a_name_tells_its_time():
    assert named(NOW) == "salon-20261122-031500.tar"
    assert named(NOW, is_encrypted=True) == "salon-20261122-031500.age.tar"
    assert read_name(named(NOW)) == ("salon", NOW)
    assert read_name(named(NOW, "before-restore", True)) == ("before-restore", NOW)
    for other in ("salon.sqlite3", "salon-20261122-031500.tar.gz", "my-salon-20261122-031500.tar", "salon-20261322-031500.tar"):
        assert read_name(other) is None


def test_two_years_of_nights():
    nights = [NOW - timedelta(days=n) for n in range(730)]
    keep = sorted(kept(nights), reverse=True)
    assert keep[:14] == nights[:14]
    assert len(keep) <= sum(KEPT.values())
    assert {f"{at:%Y%m}" for at in keep} == {f"{at:%Y%m}" for at in nights[:400]} - {
        f"{NOW - timedelta(days=n):%Y%m}" for n in range(366, 400)
    }
    assert keep[-1] > NOW - timedelta(days=366)


def test_all_of_the_last_day_stay():
    hours = [NOW - timedelta(hours=n) for n in range(100)]
    assert set(hours[:24]) <= kept(hours)
    assert len(kept(hours)) < 24 + 6


def test_the_last_day_ends_after_a_day():
    times = [NOW - timedelta(hours=1), NOW - timedelta(minutes=30), NOW]
    older = [at - RECENT for at in times]  # of one day, a day before
    assert kept([*times, *older]) == {*times, older[-1]}


def test_a_backup_of_exactly_a_day_before_is_one_of_that_day():
    before = NOW - RECENT
    later = before + timedelta(minutes=1)
    assert kept([before, later, NOW]) == {later, NOW}


@given(NAMES)
def test_what_stays_is_always_enough(times):
    keep = kept(times)
    assert keep <= set(times)
    if times:
        newest = max(times)
        assert newest in keep
        assert {at for at in times if newest - at < RECENT} <= keep
        assert len({at.date() for at in keep}) >= min(KEPT["day"], len({at.date() for at in times}))
        assert len({(at.year, at.month) for at in keep}) >= min(KEPT["month"], len({(at.year, at.month) for at in times}))


@given(NAMES)
def test_pruning_twice_removes_nothing_more(times):
    names = {named(at) for at in times}
    left = names - set(superfluous(names))
    assert superfluous(left) == []


def test_nothing_but_backups_is_ever_named():
    others = ["salon.sqlite3", "notes.txt", ".salon-20200101-000000.tar.part", "salon-20200101-000000.tar.bak"]
    old = [named(datetime(2020, 1, day)) for day in range(1, 29)]
    assert set(superfluous(others + old)) <= set(old)
    assert superfluous(others + old) != []


def test_of_the_copies_before_a_restore_the_last_three_stay():
    names = [named(datetime(2020, 1, day), "before-restore") for day in range(1, 8)]
    assert superfluous(names) == superfluous(names[::-1]) == names[:4]


def test_backups_and_copies_before_a_restore_are_told_apart():
    """Many old ones of either kind do not push those of the other out, and what goes is named in order."""
    copies = [named(datetime(2026, 1, day), "before-restore") for day in range(1, 6)]
    backups = [named(datetime(2026, 1, day)) for day in range(1, 31)]
    gone = superfluous([*backups, *copies])
    assert gone == sorted(gone)
    assert [name for name in gone if name in copies] == copies[:2]
    assert [name for name in gone if name in backups] == superfluous(backups)
    assert 0 < len(superfluous(backups)) < len(backups)
    assert set(backups[-14:]).isdisjoint(gone)
