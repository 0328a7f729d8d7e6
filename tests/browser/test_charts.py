"""Charts as people see them: one picture for every screen, theme and paper, whose text can be read and stands clear."""

import pytest

from tests import live

pytestmark = pytest.mark.browser
PAGES = ["/tiers/", "/reports/"]
LIGHT, DARK = "rgb(138, 58, 75)", "rgb(217, 138, 152)"  # --accent of tokens.css

# Of each text that is seen: what it says, its size in px, and which other text of its picture it meets.
TEXTS = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
  const texts = [...plot.querySelectorAll("text")].filter((text) => text.checkVisibility())
    .map((text) => ({ text, box: text.getBoundingClientRect() }));
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
  return texts.map(({ text, box }) => ({
    says: text.textContent,
    size: parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a,
    meets: texts.filter((other) => other.text !== text && meet(box, other.box)).map((other) => other.text.textContent),
    inside: box.left >= 0 && box.right <= document.documentElement.clientWidth,
  }));
})"""
CURVE = "getComputedStyle(document.querySelector('.curve')).stroke"
BAR = "getComputedStyle(document.querySelector('.plot .fill-accent')).fill"


@pytest.fixture(scope="module")
def salon():
    with live.running("tests.browser.walk_acts:shop") as running:
        running.call("tests.browser.walk_acts:make_addresses")
        yield running


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_the_text_of_charts_can_be_read_and_stands_clear(path, width, visit_page):
    page = visit_page(path, user="owner", width=width)
    texts = page.evaluate(TEXTS)
    assert len(texts) > 6
    assert [each for each in texts if each["meets"] or not each["inside"]] == []
    assert {each["size"] for each in texts} == {10 if width == 320 else 12}


@pytest.mark.parametrize("path", PAGES)
def test_light_dark_and_paper_are_one_picture(path, visit_page):
    page = visit_page(path, user="owner", color_scheme="light")
    coloured = [each for each in (CURVE, BAR) if path == "/tiers/" or each is BAR]
    before = page.locator(".plot").first.evaluate("(plot) => plot.outerHTML")
    for media, colour in (({"color_scheme": "dark"}, DARK), ({"media": "print"}, LIGHT), ({"media": "screen"}, DARK)):
        page.emulate_media(**media)
        assert [page.evaluate(each) for each in coloured] == [colour] * len(coloured)
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    assert page.evaluate(BAR) == LIGHT, "what a person chose wins"
    assert page.locator(".plot").first.evaluate("(plot) => plot.outerHTML") == before


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/tiers/", ["How much of the consumption how few bring", "Share of each tier"]),
        ("/reports/", ["Consumption by month"]),
    ],
)
def test_a_chart_and_its_table_are_found_by_their_names(path, names, visit_page):
    page = visit_page(path, user="owner")
    assert page.locator(".plot[role=img]").count() == len(names)
    for name in names:
        assert page.get_by_role("img", name=name).count() == 1
        assert page.get_by_role("table", name=name, exact=True).count() == 1
