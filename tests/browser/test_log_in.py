"""Log-ins as people meet them: a link, a password, a phone, a slip of paper, a shared desk."""

import base64

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import sideways, watch

pytestmark = pytest.mark.browser
PASSWORD = "purple monkey dishwasher"
REFUSED = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture
def stranger(browser, salon):
    """stranger("/login/", width=390): a page of a browser nobody is logged in to."""
    contexts = []

    def open_page(path, *, width=1360, height=900, **options):
        context = browser.new_context(base_url=salon.url, viewport={"width": width, "height": height}, locale="en", **options)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def act(salon):
    return lambda function, /, **arguments: salon.call(f"tests.browser.log_in_acts:{function}", **arguments)


def join(page, name):
    page.get_by_label("User name").fill(name)
    page.get_by_label("New password*", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Save and log in").click()


def log_in(page, name):
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")


def pair(page, act):
    """Pair an app by the secret that is spelled out; the secret and the recovery codes."""
    page.get_by_text("The camera does not work?").click()
    secret = base64.b32decode(page.locator("code.secret").inner_text().replace(" ", "")).hex()
    page.get_by_label("The six digits the app shows").fill(act("code_for", secret=secret))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#codes code")
    expect(codes).to_have_count(10)
    return secret, codes.all_inner_texts()


def test_an_owner_joins_pairs_a_phone_and_comes_back_with_either(stranger, act):
    page = stranger(act("link_for", name="沈老板"), permissions=["clipboard-read", "clipboard-write"])
    expect(page.locator("h1")).to_contain_text("沈老板")
    join(page, "shen")
    expect(page.locator("h1")).to_have_text("Set up the second factor")
    assert page.locator("img.qr").evaluate("img => img.complete && img.naturalWidth > 100"), "the policy lets the picture show"
    secret, codes = pair(page, act)
    assert len(codes) == 10
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_url("/")
    assert page.problems == []

    page.goto("/account/")
    expect(page.locator("main")).to_contain_text("10 recovery codes are left")
    page.locator("main").get_by_role("button", name="Log out", exact=True).click()
    expect(page).to_have_url("/login/")
    page.go_back()
    expect(page).to_have_url("/login/?next=/account/")
    expect(page.locator("body")).not_to_contain_text("shen")

    log_in(page, "shen")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(act("code_for", secret=secret, ahead=1))
    page.keyboard.press("Enter")
    expect(page).to_have_url("/account/")

    page.locator("main").get_by_role("button", name="Log out", exact=True).click()
    log_in(page, "SHEN")
    page.get_by_label("Code").fill(codes[4].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Recovery code used; 9 are left.")).to_be_visible()


def test_a_wrong_password_says_so_and_waits_in_its_field(stranger):
    page = stranger("/login/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("nobody")
    expect(page.get_by_label("Password")).to_be_empty()
    assert [problem for problem in page.problems if not problem.startswith(REFUSED)] == []


def test_the_language_is_chosen_before_logging_in(stranger):
    page = stranger("/login/?next=/account/")
    page.get_by_role("button", name="繁體中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page).to_have_url("/login/?next=/account/")


@pytest.mark.parametrize(("width", "colours"), [(390, "dark"), (1360, "light")])
def test_every_page_on_the_way_in_can_be_used_by_everybody(stranger, act, width, colours):
    """axe finds nothing on each page of the way, with its errors shown; nothing scrolls sideways."""
    name = f"shen-{width}-{colours}"
    page = stranger("/login/", width=width, color_scheme=colours)
    look(page, "log-in")
    log_in(page, "nobody")
    expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
    look(page, "log-in, refused")
    page.goto("/join/no-such-link/")
    look(page, "dead link")
    page.goto(act("link_for", name="沈老板"))
    look(page, "one-time link")
    page.get_by_role("button", name="Save and log in").evaluate("button => { button.form.noValidate = true; button.click(); }")
    expect(page.locator(".invalid-feedback").first).to_be_visible()
    look(page, "one-time link, refused")
    join(page, name)
    expect(page).to_have_url("/login/code/set-up/")
    look(page, "pairing")
    _secret, codes = pair(page, act)
    look(page, "recovery codes")
    for path in ("/account/", "/account/password/", "/login/code/set-up/", "/nowhere/"):
        page.goto(path)
        look(page, path)
    page.goto("/account/")
    page.locator("main").get_by_role("button", name="Log out", exact=True).click()
    log_in(page, name)
    expect(page.get_by_label("Code")).to_be_visible()
    look(page, "code")
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page).to_have_url("/")


def look(page, where):
    expect(page.locator("main h1")).to_be_visible()  # an address changes before its page is there
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"
    assert sideways(page) <= 0, where
