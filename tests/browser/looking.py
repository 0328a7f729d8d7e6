"""Looks at a page as every person must be able to use it, and says what is wrong with it."""

import re
from functools import cache
from importlib import resources

from tests.browser.conftest import sideways

WIDTHS = (390, 768, 1360)
SERIOUS = {"serious", "critical"}
# Every rule axe runs by itself (WCAG 2 A and AA, and good practice), and the one of WCAG 2.2 it has to be asked for.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
# Ours alone scroll: what makes a page wide is the outermost element that ends beyond its right edge.
WIDEST = """() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 3).map((each) => each.outerHTML.slice(0, 120))"""


@cache
def axe_script():
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def findings(page, options=RULES):
    """What axe finds serious or critical, as lines of text."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe_script())
    violations = page.evaluate("(options) => axe.run(options).then((found) => found.violations)", options)
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in violations
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]


def too_wide(page):
    """Where the page scrolls sideways, at each of WIDTHS; leaves it at the last."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if sideways(page) > 0:
            found.append(f"{sideways(page)} px too wide at {width} px: {page.evaluate(WIDEST)}")
    return found


def faults(page):
    """Everything wrong with the page that is open: its folds are opened, it is seen at three widths, in light and dark."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = too_wide(page)
    page.emulate_media(color_scheme="light")
    found += findings(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in findings(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    found += page.problems
    page.problems.clear()
    return found


def without_tokens(html):
    """The page without what differs in any two answers: keys and tokens of forms."""
    return re.sub(r'(value="|X-CSRFToken": ")[\w:=-]{30,}', r"\1", html)
