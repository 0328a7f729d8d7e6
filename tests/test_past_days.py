"""What shows past days, a page or a file, says whether it shows them as they were or as corrected since."""

import pytest
from django.core.management import call_command
from django.utils import translation

from customers.exports import registry
from segmentation.runs.recompute import recompute
from tests import workbooks
from tests.builders import client_of
from tests.segmentation.histories import day, make_customers, make_visits

CORRECTED = "Past days are shown as corrected since"
COMPUTED = "They are shown as they were computed, "
STUDY = "Visits are taken as corrected since, up to "
IN_WORDS = {"en": CORRECTED, "zh-hans": "过去的日子按更正后的内容显示", "zh-hant": "過去的日子按更正後的內容顯示"}


@pytest.fixture
def runs(branch):
    """(an earlier run, the current one, a study) of one customer who came in January and June."""
    people = make_customers(branch, "甲")
    make_visits(branch, [(people["甲"], day("2026-01-05"), [30_000]), (people["甲"], day("2026-06-05"), [20_000])])
    days = (day("2026-05-31"), day("2026-06-30"))
    return [*(recompute(as_of=each) for each in days), recompute(as_of=days[1], months=3)]


@pytest.mark.parametrize("language", IN_WORDS)
@pytest.mark.parametrize(
    "url", ["/visits/", "/visits/?day_from=2026-01-05&day_to=2026-01-05", "/reports/", "/reports/?month=2026-01"]
)
def test_pages_of_past_days_show_them_as_corrected_and_say_so(owner, url, language):
    client = client_of(owner)
    client.cookies["language"] = language
    page = client.get(url)
    assert page.status_code == 200
    assert IN_WORDS[language] in page.content.decode()


@pytest.mark.parametrize("url", ["/tiers/", "/tiers/customers/"])
def test_pages_of_a_run_say_what_they_know_of_corrections(owner, runs, url):
    for run, said in zip(runs, (COMPUTED, None, STUDY), strict=True):
        page = client_of(owner).get(url, {"run": run.pk}).content.decode()
        assert {words: words in page for words in (COMPUTED, STUDY)} == {words: words == said for words in (COMPUTED, STUDY)}


# Every list that can be taken away, and what its last sheet says of corrections; cards are of today only.
OF_VISITS = {
    "visits:export": "/visits/export/?day_from=2026-01-05&day_to=2026-01-05",
    "reports:workbook": "/reports/workbook/?month=2026-01",
}
FILES = {**OF_VISITS, "tiers:export": "/tiers/customers/export/"}
OF_TODAY = {"customers:export"}


def facts(book):
    """{term: [what is said of it, ...]} of the sheet that tells what the file is."""
    found = {}
    for term, said in workbooks.rows(book["About this file"]):
        found.setdefault(term, []).append(said)
    return found


def test_each_file_is_looked_at():
    assert {page for page in registry._kinds} == FILES.keys() | OF_TODAY  # noqa: SLF001, C416


@pytest.mark.parametrize("url", OF_VISITS.values(), ids=OF_VISITS)
def test_files_of_past_days_say_it_too(owner, runs, url):
    book = workbooks.opened(client_of(owner).get(url))
    assert facts(book)["Corrections"][0].startswith(CORRECTED)


def test_each_sheet_of_the_month_says_it_and_that_of_the_tiers_when_they_were_computed(owner, runs):
    book = workbooks.opened(client_of(owner).get(OF_VISITS["reports:workbook"]))
    told = {sheet.title: sheet["A2"].value for sheet in book}
    computed = {title for title, about in told.items() if COMPUTED in about}
    assert computed == {"Customers"}
    assert {title for title, about in told.items() if "as corrected since" in about} == told.keys() - computed
    assert len(facts(book)["Corrections"]) == 2


def test_a_file_of_a_run_says_it(owner, runs, tmp_path):
    for run, said in zip(runs, (COMPUTED, COMPUTED, STUDY), strict=True):
        file = tmp_path / f"{run.pk}.xlsx"
        call_command("export_tiers", "--output", str(file), "--run", run.pk)
        taken = client_of(owner).get(FILES["tiers:export"], {"run": run.pk})
        for book in (workbooks.opened(file), workbooks.opened(taken)):
            assert [words.startswith(said) for words in facts(book)["Corrections"]] == [True]


@pytest.mark.parametrize("language", IN_WORDS)
def test_files_say_it_in_each_language(language, owner, runs):
    from salon import exports

    with translation.override(language):
        assert exports.as_corrected()[1].startswith(IN_WORDS[language])
