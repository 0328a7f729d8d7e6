"""A real history, imported by the command and computed: everybody's figures equal the published reference answers.

The published data runs where it is (SALON_REFERENCE_DATA); a small history with figures by hand runs always.
"""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from archives.visits.models import Visit
from segmentation.runs.models import TierRun
from tests import reference
from tests.archives.imports.importing import import_visits, last, write_csv

COLUMNS = "单号 日期 卡号 数量 金额"


def recompute(as_of):
    call_command("recompute_tiers", as_of=as_of, all_time=True, stdout=StringIO())
    return TierRun.objects.latest("pk")


def figures(run):
    """{card number: (last paid day, visit days, fen, r, f, m, class)} of a run."""
    tiers = run.figures().select_related("customer")
    return {t.customer.card_no: (t.last_paid_on, t.visit_days, t.consumption_fen, t.r, t.f, t.m, t.abc) for t in tiers}


def expected(name):
    """The same out of the published answers; amounts there are in the data's own unit."""
    return {
        row["customer_id"]: (
            date.fromisoformat(row["last_date"]),
            int(row["visit_days"]),
            round(float(row["net"]) * 100),
            *(int(row[f"{score}_min"]) for score in "rfm"),
            row["abc"],
        )
        for row in reference.rows(name)
    }


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8-sig", pytest.param("gb18030", marks=pytest.mark.long)])
def test_cdnow_sample(branch, tmp_path, encoding):
    answers = expected("cdnow_sample/19980701_customers.csv")
    lines = [line.split() for line in reference.lines("cdnow_sample/CDNOW_sample.txt")]
    rows = [[f"R{n}", day, card, quantity, amount] for n, (_master, card, day, quantity, amount) in enumerate(lines)]
    path = write_csv(tmp_path / "cdnow.csv", COLUMNS, rows, encoding=encoding)
    assert import_visits(path, branch, create_customers=True)[-1] == last(len(lines))
    run = recompute(date(1998, 7, 1))
    assert (run.universe, run.total_fen) == (2349, 24_409_194)
    assert figures(run) == answers
    assert import_visits(path, branch, create_customers=True)[-1] == last(0, skipped=len(lines))


@pytest.mark.django_db
def test_rfm_orders(branch, tmp_path):
    """Orders without a number: those of one customer and day are one visit."""
    answers = expected("rfm_orders/20061231_customers.csv")
    orders = reference.rows("rfm_orders/rfm_data_orders.csv")
    rows = [[each["customer_id"], each["order_date"].replace("-", "/"), each["revenue"]] for each in orders]
    path = write_csv(tmp_path / "orders.csv", "card_no date amount", rows)
    assert import_visits(path, branch, create_customers=True)[-1] == last(len(orders))
    assert Visit.objects.count() == 4895
    run = recompute(date(2006, 12, 31))
    assert figures(run) == answers


@pytest.mark.django_db
def test_a_small_history_by_hand(branch, other_branch, tmp_path):
    """Ties, refunds, zero lines, anonymous sales, two branches, rows scattered, a day after as_of."""
    here = [
        ["R1", "2026-06-30", "甲", "1", "500.00"],
        ["R9", "2026-06-29", "", "1", "5000"],  # nobody known
        ["R2", "2026-03-01", "乙", "1", "400"],
        ["R1", "2026-06-30", "甲", "2", "200"],
        ["R3", "2026-03-02", "乙", "-1", "-100"],  # a refund: no paid day, on its own date
        ["R4", "2025-07-01", "丙", "1", "150"],
        ["R5", "2026-02-02", "丙", "1", "0"],
        ["R5", "2026-02-02", "丙", "1", "150"],
        ["R6", "2026-05-05", "丁", "1", "0"],  # never paid: not of the universe
        ["R7", "2026-05-06", "戊", "1", "80"],
        ["R8", "2026-05-07", "戊", "1", "-80"],
        ["R10", "2026-07-01", "己", "1", "70"],  # after the day
        ["R1", "2026-06-30", "庚", "1", "20"],  # shares the receipt of 甲
    ]
    there = [["R1", "2026-06-30", "甲", "1", "100"]]  # the same receipt number, the same day: one paid day, another visit
    for place, rows in ((branch, here), (other_branch, there)):
        path = write_csv(tmp_path / "visits.csv", COLUMNS, rows)
        assert import_visits(path, place, create_customers=True)[-1] == last(len(rows))
    run = recompute(date(2026, 6, 30))
    # Five of the universe; consumption 800, 300, 300, 20, 0: T = 1,420. Before 乙, 丙 stand 800 (56%), before 庚 1,400.
    assert figures(run) == {
        "甲": (date(2026, 6, 30), 1, 80_000, 4, 1, 5, "A"),
        "乙": (date(2026, 3, 1), 1, 30_000, 2, 1, 3, "A"),
        "丙": (date(2026, 2, 2), 2, 30_000, 1, 5, 3, "A"),
        "戊": (date(2026, 5, 6), 1, 0, 3, 1, 1, "C"),
        "庚": (date(2026, 6, 30), 1, 2_000, 4, 1, 2, "C"),
    }
    assert (run.universe, run.scored, run.total_fen) == (5, 5, 142_000)
    assert Visit.objects.aggregate(fen=Sum("net_fen"))["fen"] == 649_000
