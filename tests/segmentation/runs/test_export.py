"""export_tiers: fixed names, real figures and days, rank and share shared by equals, definitions beside."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from segmentation.runs import export, ladder
from segmentation.runs.models import TierRun, TierSpan
from segmentation.runs.queries import rows_of
from segmentation.runs.recompute import recompute
from tests import builders, workbooks
from tests.segmentation.histories import day, make_customers, make_visits

AS_OF = day("2026-06-30")
HEADER = "card_no,name,recency_days,visit_days,consumption,r,f,m,segment,rank,cumulative_share,abc,tier,previous_tier,tier_since"


@pytest.fixture
def people(branch):
    found = make_customers(branch, ["甲", "乙", "丙", "丁", "=1+1"])
    make_visits(
        branch,
        [
            (found["甲"], day("2026-06-30"), [70_001]),
            (found["乙"], day("2026-06-20"), [30_000]),
            (found["丙"], day("2026-05-30"), [30_000]),
            (found["丁"], day("2025-01-01"), [90_000]),  # before the period: lapsed
            (found["=1+1"], day("2026-06-01"), [100]),
            (found["=1+1"], day("2026-06-02"), [-200]),
        ],
    )
    return found


def exported(tmp_path, *arguments, language="zh-hans"):
    file = tmp_path / "tiers.xlsx"
    with translation.override(language):
        call_command("export_tiers", "--output", str(file), *arguments)
    return workbooks.opened(file)


def test_every_column_by_hand(people, tmp_path):
    recompute(as_of=AS_OF)
    book = exported(tmp_path)
    titles, *rows = workbooks.rows(book.worksheets[0])
    assert ",".join(titles) == HEADER
    total = 130_001  # of the positive amounts in the period
    figures = [(row[0], *row[2:5], *row[9:13]) for row in rows]
    assert figures == [
        ("甲", 0, 1, 700.01, 1, 70_001 / total, "A", "A"),
        ("乙", 10, 1, 300, 2, 1, "A", "A"),
        ("丙", 31, 1, 300, 2, 1, "A", "A"),
        ("丁", 545, 0, 0, 4, 1, "C", "C"),
        ("=1+1", 29, 1, -1, 5, 1, "C", "C"),
    ]
    assert rows[3][5:9] == (0, 0, 0, "lapsed")
    assert [f"{row[14]:%Y-%m-%d}" for row in rows] == ["2026-06-30"] * 5
    assert [row[13] for row in rows] == [None] * 5
    assert workbooks.formulas(book) == []


def test_ranks_and_shares_are_those_of_the_pages(people, tmp_path):
    run = recompute(as_of=AS_OF)
    records = workbooks.records(exported(tmp_path).worksheets[0])
    fen = {row["card_no"]: round(row["consumption"] * 100) for row in records}
    standings = ladder.standings(run, list(fen.values()))
    for row in records:
        standing = standings[fen[row["card_no"]]]
        assert (row["rank"], row["cumulative_share"]) == (standing.rank, standing.share)
    assert len(records) == rows_of(run).count() == run.universe


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_names_are_english_in_every_language_and_definitions_are_not(people, tmp_path, language):
    recompute(as_of=AS_OF)
    book = exported(tmp_path, language=language)
    assert ",".join(workbooks.rows(book.worksheets[0])[0]) == HEADER
    terms = [term for term, _meaning in workbooks.rows(book.worksheets[1])]
    assert len(terms) == len(set(terms)) > 10


def test_in_words_the_class_stands_beside_the_tier_only_where_they_differ(people, owner):
    run, actor = recompute(as_of=AS_OF), builders.actor_of(owner)
    for is_twice in (True, False):
        sheet = export.sheet_in_words(run, actor)
        titles, first = [column.title for column in sheet.columns], next(iter(sheet.rows))
        assert ("ABC" in titles) is not is_twice
        assert len(titles) == len(first) == (14 if is_twice else 15)
        assert dict(zip(titles, first, strict=True))["Tier"] == "A"
        TierSpan.objects.filter(customer=people["丁"]).update(tier="B")


def test_those_who_spent_nothing_are_not_gathered():
    def rows():
        for amount in (500, 300, 300, 0, 0, 0, -100, -100):
            given.append(amount)
            yield amount

    given, found = [], export.ranked(rows(), 1100, amount_of=lambda amount: amount)
    places = [(*next(found), len(given)) for _ in range(8)]
    assert [place[:3] for place in places] == [
        (500, 1, 500 / 1100),
        (300, 2, 1),
        (300, 2, 1),
        *[(0, 4, 1)] * 3,
        *[(-100, 7, 1)] * 2,
    ]
    assert [read for *_place, read in places] == [2, 4, 4, 4, 5, 6, 7, 8]  # half a salon is not in memory for one share


def test_the_run_finished_last_unless_one_is_named(people, tmp_path):
    first = recompute(as_of=AS_OF)
    study = recompute(as_of=day("2026-06-10"))
    assert study.is_study
    failed = TierRun.objects.create(
        as_of=AS_OF, status="failed", started_at=timezone.now(), finished_at=timezone.now() + timedelta(hours=1)
    )
    assert export.last_finished() == study
    failed.delete()
    assert len(workbooks.records(exported(tmp_path).worksheets[0])) == study.universe == 3
    assert len(workbooks.records(exported(tmp_path, "--run", str(first.pk)).worksheets[0])) == first.universe


def test_definitions_name_the_period_and_the_bounds_there_are(people):
    usual, whole = recompute(as_of=AS_OF), recompute(as_of=AS_OF, months=None)
    periods = [dict(export.definitions(run))["Period"] for run in (usual, whole)]
    assert [("(>" in period, "None" in period) for period in periods] == [(True, False), (False, False)]
    assert " · 2 ≥ " in dict(export.definitions(usual))["R"]
    nothing = TierRun(
        as_of=AS_OF, finished_at=timezone.now(), bounds={"r": [None] * 4, "f": [None] * 4, "m": [None] * 4, "abc": [None, None]}
    )
    assert " ≥ " not in "".join(text for term, text in export.definitions(nothing) if term in ("R", "F", "M", "ABC"))


def test_no_run_is_a_clear_sentence(db, tmp_path):
    with pytest.raises(CommandError, match="no finished run"):
        call_command("export_tiers", "--output", str(tmp_path / "x.xlsx"))
    with pytest.raises(CommandError, match="no finished run 7"):
        call_command("export_tiers", "--output", str(tmp_path / "x.xlsx"), "--run", "7")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_a_clear_sentence(people, tmp_path):
    recompute(as_of=AS_OF)
    missing = tmp_path / "missing" / "x.xlsx"
    with pytest.raises(CommandError, match=re.escape(str(missing))):
        call_command("export_tiers", "--output", str(missing))


def test_an_older_file_is_replaced_whole(people, tmp_path):
    recompute(as_of=AS_OF)
    (tmp_path / "tiers.xlsx").write_text("old")
    assert len(exported(tmp_path).worksheets) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tiers.xlsx"]


def test_as_many_queries_for_many_as_for_few(branch, people, django_assert_num_queries):
    run = recompute(as_of=AS_OF)
    with django_assert_num_queries(1):
        assert len(list(export.sheet(run).rows)) == 5
    for n in range(30):
        make_visits(branch, [(builders.make_customer(branch=branch), AS_OF, [n * 100 + 100])], serial=100 + n)
    run = recompute(as_of=AS_OF)
    with django_assert_num_queries(1):
        assert len(list(export.sheet(run).rows)) == 35
