"""Browser tests: a real server, a real Chromium, a person who types. A page with an error in its console fails its test.

Playwright's loop must not run while other tests use the database, so the browser lives as long as one module.
"""

import functools
from collections import namedtuple

import pytest
from playwright.sync_api import sync_playwright

from tests import live

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`);
});
"""


@pytest.fixture(scope="module")
def salon():
    """A live salon with the shop of tests/browser/acts.py."""
    with live.running("tests.browser.acts:shop") as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium, args=live.CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def people(salon):
    """{name: customer id} of tests/browser/acts.py."""
    return salon.call("tests.browser.acts:people")[0]


@pytest.fixture(scope="module")
def expected_visits(salon):
    """{customer's name: id of her expected visit}."""
    return salon.call("tests.browser.acts:people")[1]


@pytest.fixture
def act(salon):
    """act("bills_today", name="张晓梅"): a function of tests/browser/acts.py in the salon's database."""
    return lambda function, /, **arguments: salon.call(f"tests.browser.acts:{function}", **arguments)


@pytest.fixture(scope="module")
def log_in(salon):
    """log_in(context, "manager"): give a browser a session of this user, without typing a password.

    Tests share a user's session; one that is going to end it takes a session of its own with `own=True`.
    """

    def new_session(user):
        return salon.call("tests.live:session_of", username=user)

    shared_session = functools.cache(new_session)

    def give(context, user, own=False):
        session = new_session(user) if own else shared_session(user)
        context.add_cookies([{"name": "sid", "value": session, "url": salon.url}])

    return give


@pytest.fixture
def visit_page(browser, salon, log_in):
    """visit_page("/", user="manager", width=390): a page of somebody logged in. Fails the test for any error in the console.

    `page.problems` may be cleared by a test that provokes one (an answer of 422 is reported by the browser as an error).
    """
    contexts, pages = [], []

    def open_page(path, *, user="receptionist", width=1360, height=900, **options):
        options = {"viewport": {"width": width, "height": height}, "locale": "en", "reduced_motion": "reduce"} | options
        context = browser.new_context(base_url=salon.url, **options)
        contexts.append(context)
        log_in(context, user)
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        pages.append(page)
        watch(page)
        page.goto(path)
        return page

    yield open_page
    problems = [problem for page in pages for problem in page.problems]
    for context in contexts:
        context.close()
    assert problems == []


def watch(page):
    """Collect what goes wrong in a page, in `page.problems`."""
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))


Counted = namedtuple("Counted", ["press", "type", "presses"])


@pytest.fixture
def keys():
    """keys(page): a keyboard that counts key presses; a chord such as Ctrl+Enter is one."""

    def keyboard_of(page):
        presses = []

        def press(*names):
            for name in names:
                presses.append(name)
                page.keyboard.press(name)

        def type_text(text):
            for char in text:
                presses.append(char)
                page.keyboard.type(char)

        return Counted(press, type_text, presses)

    return keyboard_of


def sideways(page):
    """How many pixels a page can be scrolled to the right."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
