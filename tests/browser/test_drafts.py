"""Nothing typed is lost, in any form of the product: ended sessions, lost answers, other tabs, other people.

Visit entry, which builds its lines itself, has tests of its own (test_visit_drafts.py).
"""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from salon import access
from tests import live

pytestmark = pytest.mark.browser

SHORT = {"account", "imports:start", "visits:detail", "visits:expect", "visits:refund"}  # the others walk in the long suite
ALSO_READ = {"customers:detail", "visits:detail"}  # forms that are sent elsewhere: an allergy, a note
NOT_KEPT = {
    "second_factor": "a code",
    "second_factor_setup": "a code and a password",
    "password": "passwords",
    "visits:create": "chooses a customer first; see test_visit_drafts.py",
    "visits:identify": "a box that searches; nothing is typed that would be stored",
    "imports:progress": "calls the next in line; nothing is typed",
}
# Change every field somebody can type into, as somebody does; what the form would send then.
TYPE = """
(form) => {
  const words = { number: "7", date: "2001-02-03", time: "10:30", month: "2001-02", email: "a@example.com", color: "#102030" };
  for (const field of form.elements) {
    if (field.disabled || /^(hidden|file|submit|button|fieldset)$/.test(field.type) || !field.name) continue;
    if (field.type === "checkbox") field.checked = !field.checked;
    else if (field.type === "radio") field.checked = true;
    else if (field.tagName === "SELECT") field.options[field.options.length - 1].selected = true;
    else field.value = words[field.type] ?? "打到一半的字";
    if (field.getAttribute("role") !== "combobox") field.dispatchEvent(new Event("input", { bubbles: true })); // it would search
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
"""
CONTENT = """
(form) => [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string")
"""
TYPED_IN = ":is(input:not([type=hidden]), textarea, select)"
FORMS = f"main form[method=post]:not([hx-post]):has({TYPED_IN}):not(:has([type=password], [autocomplete=one-time-code]))"
NOTE = "[data-draft-note]"


@pytest.fixture(scope="module")
def salon():
    with live.running("tests.browser.walk_acts:shop") as running:
        yield running


@pytest.fixture(scope="module")
def addresses(salon):
    """{name: URL} of what the owner can read."""
    made = salon.call("tests.browser.walk_acts:make_addresses")
    return {name: url for name, url, roles, public in made if "owner" in roles and not public}


def drafts_of(page):
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))")


def wait_for_drafts(page, count):
    """Wait until a tab holds that many drafts. (What Playwright waits for by itself, the policy of the pages forbids.)"""
    for _ in range(100):
        if len(drafts_of(page)) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{drafts_of(page)} instead of {count} drafts")


def send(page, form):
    with page.expect_navigation():
        form.evaluate("(form) => { form.noValidate = true; form.requestSubmit(); }")


def meets_an_ended_session(page, url, number, log_in):
    """Type into a form, send it when the session has ended, log in again: what is wrong with what is there then."""
    page.goto(url)
    form = page.locator(FORMS).nth(number)
    form.evaluate(TYPE)
    typed, has_file = form.evaluate(CONTENT), form.locator("[type=file]").count()
    if has_file:
        form.locator("[type=file]").first.set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": b"x"})
    page.context.clear_cookies(name="sid")
    send(page, form)
    assert urlsplit(page.url).path == "/login/", url
    log_in(page.context, "owner")
    page.goto(parse_qs(urlsplit(page.url).query)["next"][0])
    form = page.locator(FORMS).nth(number)
    found = form.evaluate(CONTENT)
    page.evaluate("sessionStorage.clear()")
    wrong = [] if found == typed else [f"{found} instead of {typed}"]
    wrong += [] if form.locator("[data-draft-back]").is_visible() else ["nothing says that it is back"]
    wrong += [] if bool(has_file) == form.locator("[data-draft-file]").is_visible() else ["the file"]
    return [f"{url} form {number}: {each}" for each in wrong]


def walk(page, addresses, names, log_in):
    """Every form of some pages; the names of the pages that have one, and what was wrong."""
    seen, found = set(), []
    for name in sorted(names):
        page.goto(addresses[name])
        for number in range(page.locator(FORMS).count()):
            seen.add(name)
            found += meets_an_ended_session(page, addresses[name], number, log_in)
    return seen, found


def test_five_forms_outlast_a_session(visit_page, addresses, log_in):
    page = visit_page("/", user="owner")
    page.on("dialog", lambda dialog: dialog.accept())
    seen, found = walk(page, addresses, SHORT, log_in)
    assert "\n".join(found) == ""
    assert seen == SHORT


def test_a_box_that_searches_meets_an_ended_session_and_leads_back_to_the_form(visit_page, addresses, log_in):
    page = visit_page(addresses["visits:expect"], user="owner")
    page.locator("[name=on]").fill("2031-02-03")
    wait_for_drafts(page, 1)
    page.context.clear_cookies(name="sid")
    page.locator("[name=who]").press_sequentially("闫")
    expect(page).to_have_url(re.compile("/login/"))
    assert parse_qs(urlsplit(page.url).query)["next"] == [addresses["visits:expect"]]
    log_in(page.context, "owner")
    page.goto(addresses["visits:expect"])
    expect(page.locator("[name=on]")).to_have_value("2031-02-03")


@pytest.mark.parametrize("fault", ["the network is gone", "the server is busy"])
def test_a_card_that_was_sent_in_vain_is_there_again(visit_page, fault):
    page = visit_page("/customers/new/", user="owner")
    page.locator("[name=name]").fill("打到一半")
    page.locator("[name=called]").fill("小周")
    wait_for_drafts(page, 1)

    def answer(route):
        if route.request.method != "POST":
            route.continue_()
        elif fault == "the network is gone":
            route.abort()
        else:
            route.fulfill(status=503, content_type="text/html", body="<h1>503</h1>")

    page.route("**/customers/new/", answer)
    page.locator("form.card-form .btn-primary").click()
    page.wait_for_timeout(500)
    page.unroute("**/customers/new/")
    page.goto("/customers/new/")
    expect(page.locator("[name=name]")).to_have_value("打到一半")
    expect(page.locator("[name=called]")).to_have_value("小周")
    page.problems.clear()  # the browser reports what it did not get


@pytest.mark.long
def test_every_form_outlasts_a_session(visit_page, addresses, log_in):
    names = {name for name, page in access.PAGES.items() if page.read and page.write and not page.public and "owner" in page.read}
    names = (names | ALSO_READ) - set(NOT_KEPT)
    page = visit_page("/", user="owner")
    page.on("dialog", lambda dialog: dialog.accept())
    seen, found = walk(page, addresses, names, log_in)
    assert "\n".join(found) == ""
    assert seen == names


def test_a_note_whose_answer_was_lost_is_stored_once(visit_page, addresses, salon):
    page = visit_page(addresses["visits:detail"])
    page.locator("[name=text]").fill("怕痒，换轻一点")

    def lose_the_answer(route):
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/notes/", lose_the_answer)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Add the note").click()
    page.unroute("**/notes/")
    page.context.clear_cookies(name="stored")  # it came with the answer
    page.problems.clear()
    page.goto(addresses["visits:detail"])
    expect(page.locator("[name=text]")).to_have_value("怕痒，换轻一点")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("[name=text]")).to_have_value("")
    expect(page.get_by_text("怕痒，换轻一点")).to_have_count(1)
    assert drafts_of(page) == []


def test_a_second_note_under_a_spent_key_keeps_its_words_and_gets_a_key_of_its_own(visit_page, addresses):
    page = visit_page(addresses["visits:detail"])
    old = page.locator("form[action$='/notes/'] [name=operation]").input_value()
    page.locator("[name=text]").fill("第一条")
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_text("第一条")).to_have_count(1)
    page.locator("form[action$='/notes/'] [name=operation]").evaluate("(field, old) => (field.value = old)", old)
    page.locator("[name=text]").fill("第二条")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("[data-spent-key]")).to_be_visible()
    page.problems.clear()
    page.goto(addresses["visits:detail"])
    expect(page.locator("[name=text]")).to_have_value("第二条")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("[name=text]")).to_have_value("")
    expect(page.get_by_text("第二条")).to_have_count(1)


def test_what_the_server_refused_is_not_overwritten_and_comes_back_later(visit_page):
    page = visit_page("/shop/brands/new/", user="manager")
    page.locator("[name=name]").fill("雅容")  # there is one already
    send(page, page.locator(FORMS).first)
    page.problems.clear()  # the browser reports an answer of 422 as an error
    expect(page.locator(NOTE)).to_have_count(0)
    expect(page.locator("[name=name]")).to_have_value("雅容")
    page.locator("[name=name]").fill("雅容二")
    page.wait_for_timeout(300)
    page.goto("/shop/brands/new/")
    expect(page.locator("[name=name]")).to_have_value("雅容二")
    page.locator("[data-draft-discard]").click()
    expect(page.locator("[name=name]")).to_have_value("")
    assert drafts_of(page) == []


def test_a_second_tab_on_the_same_draft_is_told(visit_page, addresses):
    page = visit_page(addresses["visits:detail"])
    page.locator("[name=text]").fill("半句")
    wait_for_drafts(page, 1)
    second = page.context.new_page()
    second.goto(addresses["visits:detail"])
    expect(second.locator("[data-draft-elsewhere]")).to_be_visible()
    expect(page.locator(NOTE)).to_have_count(0)  # nothing was typed there yet
    second.locator("[name=text]").fill("另半句")
    expect(page.locator("[data-draft-elsewhere]")).to_be_visible()
    other = page.context.new_page()
    other.goto("/customers/new/")
    other.locator("[name=name]").fill("别的表")
    expect(other.locator(NOTE)).to_have_count(0)


def test_a_log_out_or_another_person_ends_the_drafts_of_every_tab(visit_page, addresses, log_in):
    page = visit_page("/customers/new/")
    second = page.context.new_page()
    for tab in (page, second):
        log_in(page.context, "receptionist", own=True)
        tab.goto("/customers/new/")
        tab.locator("[name=name]").fill("秋水")
        wait_for_drafts(tab, 1)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")
    wait_for_drafts(second, 0)
    assert drafts_of(page) == []
    second.locator("[name=name]").fill("秋风")
    wait_for_drafts(second, 1)
    log_in(page.context, "manager", own=True)
    page.goto("/customers/new/")
    wait_for_drafts(second, 0)
    expect(page.locator("[name=name]")).to_have_value("")


@pytest.mark.parametrize(("name", "user"), [("password", "receptionist"), ("second_factor", "paired")])
def test_passwords_and_codes_are_never_kept(name, user, visit_page, addresses):
    page = visit_page(addresses[name], user=user)
    for field in page.locator("main form").first.locator("input:not([type=hidden])").all():
        field.fill("geheim 123456")
    page.wait_for_timeout(400)
    page.reload()
    assert urlsplit(page.url).path == addresses[name]
    assert drafts_of(page) == []
    assert "geheim" not in page.evaluate("JSON.stringify(sessionStorage)")
