"""Every page of the access table, for each role and for nobody: usable by everybody, on every screen, under a strict policy.

Each page is opened in Chromium, resized to three widths, and read by axe in light and dark. A page that is the same for two
roles (but for the names in its frame) is measured and read by axe once; it is opened, and its console watched, for both.
"""

import pytest
from playwright.sync_api import expect

from salon import access
from tests import live
from tests.browser import looking
from tests.browser.conftest import REPORT_VIOLATIONS, watch
from tests.browser.entering import DETAIL
from tests.browser.walk_acts import PASSWORD

pytestmark = pytest.mark.browser
USERS = {"receptionist": "receptionist", "beautician": "beauty0", "manager": "manager", "owner": "owner"}
PARTS = {"customers:search", "visits:desk_today", "visits:guest"}  # of pages: seen where they are loaded, below
FILES = {"customers:export", "visits:export", "tiers:export", "reports:workbook", "exports:take"}
FILES |= {"imports:template", "imports:refused"}
NO_PAGES = PARTS | FILES | {"healthz", "customers:portrait", "imports:progress"}  # JSON; a picture; the way back to its import


@pytest.fixture(scope="module")
def salon():
    with live.running("tests.browser.walk_acts:shop", script="tests/browser/faulty.py") as running:
        yield running


@pytest.fixture(scope="module")
def addresses(salon):
    """[(name, URL, roles, public)] of what can be read."""
    return salon.call("tests.browser.walk_acts:make_addresses")


@pytest.fixture(scope="module")
def read_before():
    """The contents axe has read already, of any role."""
    return set()


@pytest.fixture
def visitor(browser, salon, log_in):
    """visitor("owner"): a new page of somebody logged in, or of nobody, that collects its problems."""
    contexts = []

    def open_page(user="", **options):
        context = browser.new_context(base_url=salon.url, locale="en", reduced_motion="reduce", **options)
        contexts.append(context)
        if user:
            log_in(context, user)
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        watch(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def content_of(page):
    """What a page holds beside its frame."""
    parts = page.locator("main").evaluate("(main) => [...main.children].slice(1).map((each) => each.outerHTML)")
    return looking.without_tokens("".join(parts))


def walk(page, addresses, read_before):
    """Open every address that is a page; the names of those seen, and what was wrong with them."""
    seen, found = set(), []
    for name, url, *_ in addresses:
        if name in NO_PAGES:
            continue
        if page.goto(url).status == 200:
            seen.add(name)
        content = content_of(page)
        wrong = list(page.problems) if content in read_before else looking.faults(page)
        read_before.add(content)
        found += [f"{name} {url}: {each}" for each in wrong]
        page.problems.clear()
    return seen, found


# The owner reads every page and the beautician's are the most different; the other two walk in the long suite.
WALKS = [pytest.param(role, marks=() if role in ("beautician", "owner") else pytest.mark.long) for role in access.ROLES]


@pytest.mark.parametrize("role", WALKS)
def test_every_page_of_a_role(role, visitor, addresses, read_before):
    mine = [each for each in addresses if role in each[2] and not each[3]]
    seen, found = walk(visitor(USERS[role]), mine, read_before)
    assert "\n".join(found) == ""
    assert seen == {name for name, *_ in mine} - NO_PAGES
    assert len(seen) > 12


def test_pages_of_nobody(visitor, addresses, read_before):
    seen, found = walk(visitor(), [each for each in addresses if each[3]], read_before)
    assert "\n".join(found) == ""
    assert seen == {"login", "join"}


@pytest.mark.parametrize(("user", "name"), [("unpaired", "second_factor_setup"), ("paired", "second_factor")])
def test_pages_before_the_second_factor(user, name, visitor, addresses, read_before):
    seen, found = walk(visitor(user), [each for each in addresses if each[0] == name], read_before)
    assert "\n".join(found) == ""
    assert seen == {name}


# --- Pages nobody asks for --------------------------------------------------------------------------------------------


def send(page, path, **request):
    """Open a path with another request than the browser would send; the response."""
    page.route(f"**{path}", lambda route: route.continue_(**request))
    response = page.goto(path)
    page.unroute(f"**{path}")
    return response


def submit(page, path, change=""):
    """Open a page and send its form without the browser's own checks, after a change made by a script; the response."""
    page.goto(path)
    form = page.locator("main form[method=post]").first
    with page.expect_navigation() as navigation:
        form.evaluate(
            f"(form) => {{ {change}; form.noValidate = true; form.querySelector('button:not([type=button])').click(); }}"
        )
    return navigation.value


def send_nonsense(page):
    page.goto("/account/")
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrf")
    headers = {"content-type": "multipart/form-data", "x-csrftoken": token}
    return send(page, "/account/", method="POST", headers=headers, post_data="nonsense")


NO_TOKEN = {"method": "POST", "headers": {"content-type": "application/x-www-form-urlencoded"}, "post_data": "name=x"}
ERRORS = {
    "400, what was sent is odd": send_nonsense,
    "403, not for this role": lambda page: page.goto("/shop/"),
    "403, no token": lambda page: send(page, "/customers/new/", **NO_TOKEN),
    "404, no such card": lambda page: page.goto("/customers/987654321/"),
    "405, not a page": lambda page: page.goto("/logout/"),
    "409, a form out of date": lambda page: submit(page, "/customers/new/", "form.name.value = 'x'; form.operation.value = 'x'"),
    "413, too much": lambda page: submit(page, "/customers/new/", "form.note.value = 'x'.repeat(3000000)"),
    "500, our fault": lambda page: page.goto("/customers/500/"),
    "503, a busy database": lambda page: page.goto("/customers/503/"),
    "503, with what was typed": lambda page: submit(page, "/customers/new/", "form.action = '/customers/503/edit/'"),
}


# All are one template: in the short suite one as it is, one that says it is our fault, and those that hold what was typed.
SHORT_ERRORS = ("404, no such card", "500, our fault", "503, with what was typed", "409, a form out of date")


@pytest.mark.parametrize(
    "error", [each if each in SHORT_ERRORS else pytest.param(each, marks=pytest.mark.long) for each in ERRORS]
)
def test_error_pages(error, visitor):
    page = visitor("receptionist")
    response = ERRORS[error](page)
    refused = f"Failed to load resource: the server responded with a status of {error[:3]}"
    page.problems[:] = [each for each in page.problems if not each.startswith(refused)]
    assert response.status == int(error[:3])
    assert looking.faults(page) == []
    expect(page.locator("h1")).to_be_visible()


# --- Parts that are loaded into a page, and forms that were refused ---------------------------------------------------


def test_what_is_loaded_into_a_page(visitor):
    """The board as it refreshes itself, customers found while typing, and a second guest on a bill."""
    page = visitor("receptionist")
    page.goto("/")
    with page.expect_response("**/visits/today/"):
        page.evaluate("htmx.ajax('GET', '/visits/today/', '#today')")
    page.locator("[data-find] [role=combobox]").fill("a")
    expect(page.locator(".hit").first).to_be_visible()
    assert looking.faults(page) == []
    page.goto("/visits/new/?walkin=1")
    page.keyboard.press("Alt+g")
    page.keyboard.type("zj")
    expect(page.locator("#guest-options [aria-selected=true]")).to_be_visible()
    assert looking.faults(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("[data-active-guest]")).to_have_value("1")
    assert looking.faults(page) == []


def test_forms_that_were_refused(visitor, addresses):
    """What is said at the fields can be read by everybody too."""
    forms = [each for each in addresses if each[0].endswith(("_create", "customers:create", "safety_add", "password"))]
    page, found, statuses = visitor("owner"), [], []
    for name, url, *_ in forms:
        response = submit(page, url, "for (const each of form) if (each.type === 'text') each.value = ''")
        page.problems[:] = [each for each in page.problems if "status of 422" not in each]
        found += [f"{name}: {each}" for each in looking.faults(page)]
        statuses.append(response.status)
    assert "\n".join(found) == ""
    assert statuses == [422] * 10


# --- The control ------------------------------------------------------------------------------------------------------

FAULTY = """<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><p><font color="#eeeeee">pale</font></p>
<script>document.title = "";</script><p style="color: red">red</p><button></button><table width="900"><tr><td>wide</table>"""


def test_the_walk_sees_faults(visitor):
    """A page with one fault of each kind, under the product's own policy: the walk must not pass by being blind."""
    page = visitor("receptionist")

    def spoil(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{FAULTY}</main>", 1))

    page.route("**/customers/", spoil)
    page.goto("/customers/")
    found = "\n".join(looking.faults(page))
    for sign in ("image-alt", "color-contrast", "button-name", "CSP script-src", "CSP style-src", "px too wide at 390 px"):
        assert sign in found
    assert "too wide at 1360" not in found
    page.goto("/visits/")
    assert looking.faults(page) == []


# --- Without JavaScript -----------------------------------------------------------------------------------------------

# Buttons of a page's content that send something, and cannot be seen without a script.
HIDDEN_BUTTONS = """() => [...document.querySelectorAll("main form button:not([type=button], [disabled])")]
  .filter((button) => !button.checkVisibility()).map((button) => button.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("role", ["beautician", "owner"])
def test_every_page_shows_its_content_without_javascript(role, visitor, addresses):
    page, found = visitor(USERS[role], java_script_enabled=False), []
    for name, url, roles, _public in addresses:
        if role not in roles or name in {"login", "join", *NO_PAGES}:
            continue
        page.goto(url)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found += [f"{name}: {button}" for button in page.evaluate(HIDDEN_BUTTONS)]
        if not (page.locator("main h1").is_visible() and len(page.locator("main").inner_text()) > 40):
            found.append(f"{name}: nothing to read")
    assert "\n".join(found + page.problems) == ""


def test_a_day_at_the_desk_without_javascript(visitor, act):
    page, name = visitor(java_script_enabled=False), "谢无脚"
    page.goto("/")
    page.get_by_label("User name").fill("receptionist")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url("/")
    page.goto("/customers/new/")
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text(name)
    page.goto("/customers/")
    page.get_by_label("Name, phone or card number").fill(name)
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Record a visit").click()
    row = page.locator("tbody.line").first
    row.locator("[name$=-item]").select_option(label="水光补水")
    row.locator("[name$=-staff]").first.select_option(label="王琳")
    page.locator("label", has_text="WeChat Pay").first.click()
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name=name)
    assert bill["paid"] == [["wechat", 38_000]]
    assert page.problems == []
