"""The command: what it refuses, that the same seed gives the same rows on every database, and shapes other than the usual."""

import re
from contextlib import closing
from datetime import date, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from archives.visits.models import Bill, Visit
from archives.visits.models import VisitNote as Note
from customers.card.models import Customer
from salon import guards
from salon.accounts.models import User
from salon.shop.models import Branch, Sequence
from segmentation.demo import seed, shop
from segmentation.demo.desk import Desk
from segmentation.demo.seed import Wish, seed_salon
from segmentation.management.commands.seed_demo import CACHE_KIB, LARGE, _last_day, days_of_tiers
from segmentation.runs.models import TierRun, TierSpan
from segmentation.runs.recompute import recompute
from tests import builders, live
from tests.marks import sqlite_only
from tests.segmentation.demo import rules
from tests.segmentation.demo.fingerprints import fingerprint

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 6, 13)

# Of 60 customers in one year by seed 5, with the rows of every table; the same on SQLite and PostgreSQL, and everywhere. Whoever
# changes what the demo is made of puts the new one here.
KNOWN = "b760516c4ac3489302723e281057c5db4cfa5f6bf979468e9004da4b50167a2b"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def seed_demo(**options):
    out = StringIO()
    call_command("seed_demo", **{"customers": 60, "years": 1, "seed": 5, "as_of": AS_OF, "stdout": out} | options)
    return out.getvalue()


def broken_rules():
    with connection.cursor() as cursor:
        return {wrong for wrong, query in rules.ALL.items() if (cursor.execute(query), cursor.fetchall())[1]}


# --- The same salon ---------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_rows_on_every_database():
    seed_demo()
    assert Visit.objects.count() > 100
    assert fingerprint() == KNOWN


def test_another_seed_gives_another_salon():
    seed_demo(seed=6)
    assert fingerprint() != KNOWN
    assert broken_rules() == set()


def test_passwords_are_of_each_installation(folder):
    given = set()
    for _installation in range(2):
        with transaction.atomic():
            seed_demo(customers=1)
            given |= {line.split()[2] for line in (folder / "demo-logins.txt").read_text().splitlines()}
            transaction.set_rollback(True)
    assert len(given) == 8


# --- Tiers ------------------------------------------------------------------------------------------------------------


def test_the_demo_has_tiers_with_a_past():
    """Of yesterday, as the nightly run would have left them, and of enough days before that somebody has moved."""
    said = seed_demo()
    runs = TierRun.objects.order_by("pk")
    days = [run.as_of for run in runs]
    assert days == sorted(days)
    assert days[-2:] == [AS_OF - timedelta(days=8), AS_OF - timedelta(days=1)]
    assert len(days) == 8
    assert not any(run.is_study for run in runs)
    assert f"Tiers as of {days[-1]}: {runs.last().universe} customers." in said
    now = TierSpan.objects.current()
    assert {tier for (tier,) in now.values_list("tier")} == {"A", "B", "C"}
    assert len(set(now.values_list("tier_since", flat=True))) > 2
    assert now.exclude(previous_tier="").exists()
    assert recompute(as_of=days[-1], dry_run=True).changed == 0


def test_tiers_can_be_left_to_the_command():
    seed_demo(no_tiers=True)
    assert not TierRun.objects.exists()


def test_a_large_demo_has_two_runs(monkeypatch):
    monkeypatch.setattr("segmentation.management.commands.seed_demo.LARGE", 20)
    seed_demo()
    assert list(TierRun.objects.order_by("pk").values_list("as_of", flat=True)) == [date(2026, 6, 5), date(2026, 6, 12)]


@pytest.mark.parametrize(("customers", "runs"), [(LARGE, 8), (LARGE + 1, 2)])
def test_a_demo_has_as_many_runs_as_its_size_allows(customers, runs):
    wish = Wish(customers=customers, years=1, seed=1, **_last_day(AS_OF))
    assert len(days_of_tiers(wish)) == runs


def test_no_tiers_are_of_a_day_before_the_history_or_its_first():
    day = AS_OF - timedelta(days=8)
    assert [each > day for each in days_of_tiers(SimpleNamespace(customers=1, as_of=AS_OF, first_day=day))] == [True]
    before = SimpleNamespace(customers=1, as_of=AS_OF, first_day=day - timedelta(days=1))
    assert days_of_tiers(before) == [day, AS_OF - timedelta(days=1)]


@sqlite_only
def test_sqlite_has_memory_for_it():
    seed_demo(no_tiers=True)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA cache_size").fetchone() == (-CACHE_KIB,)


# --- Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["a customer", "a user", "an item"])
def test_refuses_a_database_in_use(what, folder):
    if what == "a customer":
        builders.make_customer(branch=builders.make_branch())
    elif what == "a user":
        builders.make_user("owner")
    else:
        builders.make_item()
    with pytest.raises(CommandError, match="only into an empty one") as refusal:
        seed_demo()
    assert refusal.value.returncode == 1
    assert not (folder / "demo-logins.txt").exists()
    assert Customer.objects.count() == (what == "a customer")


@pytest.mark.parametrize("options", [{"customers": 0}, {"customers": 5_000_001}, {"years": 0}, {"years": 21}])
def test_refuses_numbers_out_of_range(options):
    with pytest.raises(CommandError, match="must be between"):
        seed_demo(**options)


def test_a_branch_that_was_there_stays(folder):
    """An empty salon may have its first branch already, such as the one imports go to."""
    old = Branch.objects.create(pk=7, code="main", name="总店")
    seed_demo()
    assert list(Branch.objects.order_by("pk").values_list("code", flat=True)) == ["main", "JA"]
    assert not old.customers.exists()


def test_a_break_leaves_nothing(monkeypatch, folder):
    before = schema()
    monkeypatch.setattr(Desk, "fill", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seed_demo()
    assert not User.objects.exists()
    assert not Customer.objects.exists()
    assert not Visit.objects.exists()
    assert schema() == before
    assert not (folder / "demo-logins.txt").exists()


def test_log_ins_replace_a_file_others_could_read(folder):
    file = folder / "demo-logins.txt"
    file.write_text("old")
    file.chmod(0o644)
    seed_demo(customers=5)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "old" not in file.read_text()


# --- What stays as it was ---------------------------------------------------------------------------------------------


def schema():
    """Every index, key and trigger of the database, as it describes them itself."""
    if connection.vendor == "sqlite":
        queries = ["SELECT type, name, sql FROM sqlite_master"]
    else:
        queries = [
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid::text FROM pg_index "
            "JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = current_schema()::regnamespace",
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text FROM pg_constraint "
            "WHERE connamespace = current_schema()::regnamespace",
        ]
    with connection.cursor() as cursor:
        rows = [row for query in queries for row in (cursor.execute(query), cursor.fetchall())[1]]
    # PostgreSQL writes the casts of one list of states in two ways that mean the same.
    return {tuple(re.sub(r"::(character varying|text)\b(\[\])?|[()]", "", str(value)) for value in row) for row in rows}


def test_indexes_and_keys_are_put_back():
    before = schema()
    assert len(before) > 100
    seed_demo()
    assert schema() == before
    assert guards.missing() == []


# --- Other shapes -----------------------------------------------------------------------------------------------------


def test_a_large_salon_has_branches(monkeypatch):
    monkeypatch.setattr(shop, "SECOND_BRANCH_FROM", 50)
    monkeypatch.setattr(shop, "THIRD_BRANCH_FROM", 100)
    monkeypatch.setattr(seed, "EACH_OF", 1)
    seed_demo(customers=240)
    assert broken_rules() == set()
    counts = dict(Branch.objects.annotate(n=Count("customers")).values_list("code", "n"))
    assert sum(counts.values()) == 240
    assert counts["JA"] > counts["XH"] > counts["PD"] > 30
    for branch in Branch.objects.all():
        assert Sequence.objects.get(branch=branch, kind="receipt").last == Bill.objects.filter(branch=branch).count()
        assert Sequence.objects.get(branch=branch, kind="card").last == counts[branch.code]
        assert set(Visit.objects.filter(branch=branch, day=AS_OF).values_list("status", flat=True)) >= {"done", "expected"}
    abroad = Visit.objects.done().exclude(customer=None).exclude(customer__branch=F("branch"))
    assert abroad.exists()
    at_home = Count("visits", filter=Q(visits__status="done", visits__branch=F("branch")))
    travellers = Customer.objects.filter(pk__in=abroad.values("customer")).annotate(at_home=at_home)
    assert min(each.at_home for each in travellers) == 2  # who came once only is not seen elsewhere


def test_the_size_says_how_many_branches():
    sizes = {1: 1, 1_999: 1, 2_000: 2, 9_999: 2, 10_000: 3, 1_000_000: 3}
    assert {size: len(shop.branch_codes(size)) for size in sizes} == sizes


@pytest.mark.parametrize("customers", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(7, marks=pytest.mark.long)])
def test_a_tiny_salon(customers):
    seed_demo(customers=customers)
    assert Customer.objects.count() == customers
    assert broken_rules() == set()


@pytest.mark.parametrize(
    "as_of",
    [date(2024, 2, 29), *(pytest.param(d, marks=pytest.mark.long) for d in (date(2026, 2, 17), date(2026, 1, 1)))],
    ids=str,
)
def test_any_day_will_do(as_of):
    """The first day of the lunar year, a leap day, new year."""
    seed_demo(as_of=as_of)
    assert broken_rules() == set()
    assert Visit.objects.filter(day=as_of, status="expected").exists()


OTHER_HOURS = [(0, 4), (5, 49), (12, 0), (23, 59)]


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), *(pytest.param(*each, marks=pytest.mark.long) for each in OTHER_HOURS)])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", pytest.param("America/New_York", marks=pytest.mark.long)])
def test_the_desk_is_alive_at_any_hour(hour, minute, zone, settings):
    settings.TIME_ZONE = zone
    now = datetime(2026, 6, 13, hour, minute, tzinfo=ZoneInfo(zone))
    seed_salon(Wish(customers=60, years=1, seed=5, as_of=AS_OF, now=now))
    assert broken_rules() == set()
    today = Visit.objects.filter(day=AS_OF)
    assert set(today.values_list("status", flat=True)) >= {"expected", "arrived", "in_care", "done", "no_show"}
    assert max(moment for (moment,) in today.filter(done_at__isnull=False).values_list("done_at")) <= now
    waiting = today.get(customer__name="李婷")
    assert (now - waiting.arrived_at).total_seconds() == 360
    assert not Note.objects.filter(at__gt=now).exists()


def test_the_default_is_today():
    said = seed_demo(as_of=None, customers=20)
    assert Visit.objects.filter(day=timezone.localdate(), status="arrived").exists()
    assert "20 customers" in said
    assert "demo-logins.txt" in said


@pytest.mark.long
@sqlite_only
def test_an_installation_is_as_durable_after_seeding_as_before():
    """SQLite writes the salon without its write-ahead log; afterwards the log is back, and every foreign key holds."""
    with live.installed(template=live.prepared()) as salon:
        done = salon.manage("seed_demo", "--customers", 30, "--years", 1)
        assert done.returncode == 0, done.stderr
        assert salon.sql("SELECT COUNT(*) FROM customers_customer") == [(30,)]
        if not salon.database_url:
            assert salon.sql("PRAGMA journal_mode") == [("wal",)]
            assert salon.sql("PRAGMA foreign_key_check") == []


@pytest.mark.long
def test_somebody_who_reads_does_not_stop_it():
    with live.installed(template=live.prepared()) as salon, closing(salon.connect()) as reader:
        reader.execute("SELECT COUNT(*) FROM customers_customer").fetchall()
        done = salon.manage("seed_demo", "--customers", 5, "--years", 1)
        assert done.returncode == 0, done.stderr
        assert reader.execute("SELECT COUNT(*) FROM customers_customer").fetchall() == [(5,)]
