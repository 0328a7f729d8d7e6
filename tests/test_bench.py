"""The bench still runs: every measure on a tiny salon, on the database at hand. How fast is asked only by `make bench`."""

import shutil
import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import live, postgres
from tests.bench import __main__ as bench
from tests.bench import libraries, report
from tests.bench import salon as salons
from tests.bench.figure import COLUMNS, Figure, p95
from tests.bench.visitor import Effort
from tests.marks import once

TINY = Effort(
    searches=12, visits=30, pages=2, saves=6, people=3, think_seconds=0.01, warm_up=1, every_filter=5, runs=1, waiting_saves=5,
    waiting_seconds=0.01, imported=200, today=6,
)  # fmt: skip
WITHOUT_FLOOR = {"libraries", "excel"}


@pytest.fixture(scope="module")
def tiny_salon():
    with live.installed(template=live.prepared()) as salon:
        done = salon.manage("seed_demo", "--customers", "60", "--years", "1")
        assert done.returncode == 0, done.stderr
        yield salon.start()


@pytest.mark.long
@once  # `make bench` itself runs them on PostgreSQL
@pytest.mark.parametrize("name", bench.OF_A_SALON)
def test_measures_run(tiny_salon, name):
    if name == "libraries":
        try:
            libraries.prepare()
        except libraries.NotHad as reason:
            pytest.skip(f"not run: {reason}")
    figures = list(bench.OF_A_SALON[name](tiny_salon, TINY))
    assert figures
    for figure in figures:
        assert figure.value >= 0 if figure.unit == "MiB" else figure.value > 0
        assert figure.floor > 0 if figure.unit != "MiB" and name not in WITHOUT_FLOOR else figure.floor is None
        assert figure.how
        if figure.most_queries is not None:
            assert 0 < figure.queries <= figure.most_queries, figure.name


def test_every_figure_of_the_design_has_a_measure():
    assert set(bench.OF_A_SALON) >= {"search", "card", "desk", "list", "save", "recompute", "libraries", "waiting", "excel"}
    assert set(bench.ALONE) >= {"start", "workbook"}


def test_a_figure_above_its_limit_or_with_too_many_queries_fails_the_run(monkeypatch):
    good = Figure("good", 1, 2, "ms", queries=3, most_queries=3)
    slow, chatty = Figure("slow", 3, 2, "ms"), Figure("chatty", 1, 2, "ms", queries=4, most_queries=3)
    assert [figure.is_over for figure in (good, slow, chatty)] == [False, True, True]
    for figures, code in (([good], 0), ([good, slow], 1), ([chatty], 1)):
        monkeypatch.setitem(bench.ALONE, "start", lambda figures=figures: figures)
        assert bench.main(["--only", "start"]) == code


def test_a_database_that_is_missing_fails_the_run(monkeypatch, capsys):
    def none(**options):
        raise postgres.NoServer("none here")

    monkeypatch.setattr(postgres, "running", none)
    assert bench.main(["--only", "card", "--database", "postgresql", "--customers", "60"]) == 1
    assert "PostgreSQL: not measured (none here)" in capsys.readouterr().out


def test_percentile():
    assert p95([7]) == 7
    assert p95(list(range(101))) == 95


def test_tables_are_written_between_the_marks_and_nowhere_else(tmp_path):
    file = _with(tmp_path / "scale.md", f"before\n{report.BEGIN}\n### save, PostgreSQL\n\nolder\n\n{report.END}\nafter\n")
    figure = Figure("save", 12.5, 40, "ms", "how", database="SQLite", customers=100_000, median=3.25, floor=1, queries=20)
    more = Figure("save", 14, 40, "ms", "how", database="SQLite", customers=1_000_000)
    start = report.Part("start", "", [Figure("make run", 9, 60, "s", "once")])
    for parts in ([report.Part("save", "SQLite", [Figure("was before", 1, 2, "s")])],
                  [report.Part("save", "SQLite", [figure]), report.Part("save", "SQLite", [more]), start]):  # fmt: skip
        report.write(parts, "a machine", "a command", order=["start", "save"], file=file)
    text = file.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n\n### start\n\nMeasured a machine.\n\nCommand: `a command`\n")
    assert text.endswith(f"### save, PostgreSQL\n\nolder\n\n{report.END}\nafter\n")
    assert "| save | SQLite | 100,000 | 3.25 ms | 12 ms | ≤ 40 ms | 1 ms | 20 | ok |\n| save | SQLite | 1,000,000 |" in text
    assert "was before" not in text
    assert len(COLUMNS) == len(figure.cells())
    with pytest.raises(ValueError, match="lost the lines"):
        report.write([start], "a machine", "a command", order=["start"], file=_with(tmp_path / "bare.md", "nothing"))
    assert report.BEGIN in report.FILE.read_text()


def _with(file, text):
    file.write_text(text)
    return file


def test_a_salon_is_kept_and_made_anew_when_its_code_changes(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: made.append(command[2:]))
    where = salons.Place(salons.SQLITE, tmp_path)
    for digest in ("one", "one", "two"):
        monkeypatch.setattr(salons, "digest", lambda digest=digest: digest)
        with salons.opened(where, 60, say=lambda line: None) as salon:
            assert salon.data_dir == tmp_path / f"sqlite_60_{digest}"
    seeds = [command for command in made if command[0] == "seed_demo"]
    assert seeds == [["seed_demo", "--customers", "60", "--years", "2"]] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["sqlite_60_two"]


@pytest.mark.skipif(not postgres.binaries(), reason="not run: no PostgreSQL here")
def test_salons_of_another_size_stay_when_one_is_made_anew(tmp_path):
    with postgres.running() as server:
        where = salons.Place(salons.POSTGRESQL, tmp_path, server.url)
        kept = {"postgresql_600_old", "making_postgresql_600_old"}
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name in [*kept, "postgresql_60_old", "making_postgresql_60_old"]:
                connection.execute(f'CREATE DATABASE "{name}"')
            salons._drop_old(where, "postgresql_60_")
            names = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
        assert {name for name in names if "postgresql_" in name} == kept


@pytest.mark.skipif(not postgres.binaries(), reason="not run: no PostgreSQL here")
def test_a_server_that_is_kept_has_its_data_again():
    folder = postgres.folder_for({})
    folder.chmod(0o711)
    try:
        for statement, found in (("CREATE DATABASE kept", 0), ("SELECT 1", 1)):
            with postgres.running(keep=folder / "server") as server, psycopg.connect(server.url, autocommit=True) as connection:
                assert urlsplit(server.url).username == "salon"
                names = connection.execute("SELECT datname FROM pg_database WHERE datname = 'kept'").fetchall()
                assert len(names) == found
                connection.execute(statement)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
