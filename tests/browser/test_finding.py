"""The search box by keyboard, the keys and drafts every page shares, and what is said when the server is away."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def box(page):
    return page.locator("[data-find] [role=combobox]")


def chosen(page):
    return page.locator("#hits [aria-selected=true]")


def test_a_customer_is_found_and_opened_from_anywhere_without_the_mouse(visit_page, people):
    page = visit_page("/customers/")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("zx")
    expect(chosen(page)).to_contain_text("张晓梅")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    expect(box(page)).to_have_attribute("aria-activedescendant", chosen(page).get_attribute("id"))
    expect(page.locator("#hits-found")).to_contain_text("3 customers found")
    page.keyboard.press("ArrowDown")
    expect(chosen(page)).not_to_contain_text("张晓梅")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(chosen(page)).to_have_attribute("id", "hit-new")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{people['张晓梅']}/")


@pytest.mark.parametrize(
    ("address", "script", "place", "found"),
    [
        ("/", "app", "[data-find] [role=combobox]", "#hits [aria-selected=true]"),
        ("/visits/new/", "pick", "#pick-box", "#pick-options [aria-selected=true]"),
    ],
)
def test_what_was_typed_before_the_scripts_came_is_looked_for(visit_page, people, address, script, place, found):
    page, held = visit_page("/account/"), []
    page.route(f"**/js/{script}*.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    page.locator(place).focus()
    page.keyboard.type("江珊")
    expect(page.locator(found)).to_have_count(0)
    assert held
    held.pop().continue_()
    expect(page.locator(found)).to_contain_text("江珊")


def test_enter_may_come_before_the_answer(visit_page, people):
    page = visit_page("/customers/")
    page.keyboard.press("Control+k")
    page.keyboard.type("shm")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{people['单慧敏']}/")


def test_keys_of_an_input_method_are_its_own(visit_page):
    page = visit_page("/customers/")
    box(page).focus()
    page.keyboard.type("zx")
    expect(chosen(page)).to_be_visible()
    here = page.url
    for key in ("Enter", "ArrowDown", "Escape"):
        page.evaluate(
            """key => document.activeElement.dispatchEvent(
                 new KeyboardEvent("keydown", {key, isComposing: true, bubbles: true, cancelable: true}))""",
            key,
        )
    expect(chosen(page)).to_contain_text("张晓梅")
    assert page.url == here


def test_a_slash_for_the_box_that_has_the_focus_already_is_not_looked_for(visit_page):
    """On the desk, where everybody presses it all the same; also before the scripts are there."""
    page, held = visit_page("/"), []
    expect(box(page)).to_be_focused()
    page.keyboard.type("/")
    expect(box(page)).to_have_value("")
    page.keyboard.type("zx/")
    expect(box(page)).to_have_value("zx/")  # but for the first it is a sign like others
    page.route("**/js/app*.js", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    box(page).focus()
    page.keyboard.type("/zx")
    expect(box(page)).to_have_value("/zx")
    held.pop().continue_()
    expect(chosen(page)).to_contain_text("张晓梅")
    expect(box(page)).to_have_value("zx")


def test_escape_folds_empties_and_leaves_then_a_letter_makes_a_new_card(visit_page):
    page = visit_page("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("zx")
    expect(chosen(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_hidden()
    expect(box(page)).to_have_value("zx")
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")
    page.keyboard.press("n")
    expect(box(page)).to_have_value("n")  # n is a letter to search for as long as the box has the focus
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(box(page)).not_to_be_focused()
    page.keyboard.press("n")
    page.wait_for_url("**/customers/new/")


def test_a_name_nobody_has_is_taken_along_to_the_new_card(visit_page):
    page = visit_page("/")
    page.keyboard.type("李雷雷")
    expect(page.locator("#hit-new")).to_contain_text("李雷雷")
    page.keyboard.press("Alt+n")
    page.wait_for_url(re.compile("/customers/new/"))
    expect(page.locator("[name=name]")).to_have_value("李雷雷")


def test_a_slash_in_a_field_is_a_slash_and_a_click_beside_folds_the_hits(visit_page):
    page = visit_page("/customers/")
    page.locator("#id_q").focus()
    page.keyboard.type("a/n")
    expect(page.locator("#id_q")).to_have_value("a/n")
    box(page).focus()
    page.keyboard.type("zx")
    expect(chosen(page)).to_be_visible()
    page.mouse.click(1340, 700)
    expect(page.locator("#hits")).to_be_hidden()
    box(page).focus()
    expect(page.locator("#hits")).to_be_visible()


def test_a_guest_of_another_branch_is_never_opened_by_a_mere_enter(visit_page):
    page = visit_page("/customers/")
    box(page).focus()
    page.keyboard.type("13700000001")
    guest = page.locator("#hits .hit", has_text="王*")
    expect(guest).to_contain_text("徐汇店")
    expect(page.locator("#hits")).not_to_contain_text("王外人")
    expect(chosen(page)).to_have_count(0)
    here = page.url
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url == here
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    expect(page.locator("h1")).to_contain_text("王外人")


def test_what_was_typed_into_a_card_survives_a_reload_and_is_forgotten_when_stored(visit_page):
    page = visit_page("/customers/new/")
    page.locator("[name=name]").fill("秋瑾")
    page.locator("[data-formset=phones] [data-add]").click()
    page.locator("[name=phones-1-number]").fill("13900001111")
    page.reload()
    expect(page.locator("[name=name]")).to_have_value("秋瑾")
    expect(page.locator("[name=phones-1-number]")).to_have_value("13900001111")
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.locator("[data-draft-discard]").click()
    expect(page.locator("[name=name]")).to_have_value("")
    page.locator("[name=name]").fill("秋菊")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    page.goto("/customers/new/")
    expect(page.locator("[name=name]")).to_have_value("")
    expect(page.locator("[data-draft-note]")).to_be_hidden()


def test_drafts_belong_to_one_person_and_end_with_the_log_in(visit_page, log_in):
    page = visit_page("/customers/new/")
    page.locator("[name=name]").fill("秋水")
    page.wait_for_timeout(400)
    assert "秋水" in page.evaluate("JSON.stringify(sessionStorage)")
    log_in(page.context, "manager")
    page.goto("/customers/new/")
    expect(page.locator("[name=name]")).to_have_value("")
    assert "秋水" not in page.evaluate("JSON.stringify(sessionStorage)")
    page.locator("[name=name]").fill("秋月")
    page.wait_for_timeout(400)
    log_in(page.context, "receptionist", own=True)
    page.goto("/customers/new/")
    page.locator("[name=name]").fill("秋风")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")
    assert "draft:" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_masked_number_is_shown_and_copied(visit_page):
    page = visit_page("/customers/?q=dengyi", permissions=["clipboard-read", "clipboard-write"])
    page.locator("tbody a", has_text="邓一").click()
    expect(page.locator("main")).to_contain_text("138****0002")
    page.locator(".revealed", has_text="138****0002").get_by_role("button", name="Show").first.click()
    shown = page.locator("[data-revealed=phone]")
    expect(shown).to_contain_text("13800000002")
    shown.get_by_role("button", name="Copy").click()
    expect(shown).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "13800000002"


def test_a_word_when_the_server_is_away(visit_page):
    page = visit_page("/customers/")
    box(page).focus()
    page.context.set_offline(True)
    page.keyboard.type("zx")
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("#notice")).to_contain_text("No connection")
    page.context.set_offline(False)
    page.keyboard.type("m")
    expect(chosen(page)).to_contain_text("张晓梅")
    expect(page.locator("#notice")).to_be_hidden()
    page.problems.clear()


@pytest.mark.parametrize(
    "path", ["/customers/", "/customers/?skin_type=dry", "/customers/search/?q=z", "/customers/privacy/log/"]
)
def test_the_pages_can_be_read_by_everybody_and_fit_a_phone(visit_page, path):
    page = visit_page(path, user="manager", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box(page).focus()
    page.keyboard.type("o")
    expect(chosen(page)).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
