"""The front desk as it is used all day: steps by key, the list drawn anew, somebody expected."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def row(page, name):
    return page.locator("[data-row]", has_text=name)


def test_a_visit_goes_its_way_by_keys_and_the_focus_stays_with_it(visit_page, expected_visits, act):
    visit = expected_visits["许晴"]
    page = visit_page("/")
    page.keyboard.press("Alt+t")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    for key, state in [("x", "no_show"), ("z", "expected"), ("Enter", "arrived"), ("Enter", "in_care")]:
        expect(row(page, "许晴").locator("[data-step]")).to_be_focused()
        page.keyboard.press(key)
        expect(row(page, "许晴")).to_have_class(re.compile(f"state-{state}"))
    expect(row(page, "许晴").locator("[data-step]")).to_be_focused()
    assert act("state_of", visit=visit) == "in_care"
    expect(page.locator("#figures")).to_contain_text("1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-line] [data-name]")).to_have_text("水光补水")
    expect(page.locator(f'[name="guests-0-visit"][value="{visit}"]')).to_have_count(1)


def test_a_key_pressed_while_the_row_is_still_being_drawn_stays_on_the_page(visit_page, expected_visits, act):
    visit = expected_visits["江珊"]
    page = visit_page("/")
    page.evaluate("""() => {
        window.stayed = true;
        const step = () => document.querySelector(`[value="in_care"][data-step]`)?.click();
        document.addEventListener("htmx:afterSwap", () => setTimeout(step));
    }""")
    row(page, "江珊").locator("[data-step]").click()
    expect(row(page, "江珊")).to_have_class(re.compile("state-in_care"))
    assert page.evaluate("window.stayed") is True
    assert act("state_of", visit=visit) == "in_care"


def test_the_menu_moves_by_mouse_too(visit_page, expected_visits, act):
    visit = expected_visits["左小青"]
    page = visit_page("/")
    row(page, "左小青").get_by_label("More").click()
    row(page, "左小青").get_by_text("Cancelled").click()
    expect(row(page, "左小青").locator("[data-step]")).to_have_text("Open")
    assert act("state_of", visit=visit) == "cancelled"


def test_somebody_is_expected_without_touching_the_mouse(visit_page, act):
    page = visit_page("/visits/expected/new/")
    page.locator("#id_who").focus()
    page.keyboard.type("qhl")
    expect(page.locator("#who-options [aria-selected=true]")).to_contain_text("秦海璐")
    page.keyboard.press("Enter")
    expect(page.locator("#id_at")).to_be_focused()
    page.locator("#id_at").fill("15:30")
    page.locator("#expect-item-box").focus()
    page.keyboard.type("sgnf")
    expect(page.locator("[data-items] [aria-selected=true]")).to_contain_text("水光嫩肤")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen-items")).to_contain_text("水光嫩肤")
    page.get_by_role("button", name="Expect", exact=True).press("Enter")
    expect(row(page, "秦海璐")).to_contain_text("15:30")
    assert act("visits_of", name="秦海璐") == [["expected", ["水光嫩肤"]]]


def test_who_is_picked_has_her_safety_line_and_last_times_note_first(visit_page):
    page = visit_page("/visits/expected/new/")
    page.locator("#id_who").press_sequentially("oyj")
    expect(page.locator("#who-options [aria-selected=true]")).to_contain_text("欧阳静")
    page.keyboard.press("Enter")
    care = page.locator(".before-care")
    expect(care).to_contain_text("果酸")
    expect(care).to_contain_text("下次主推 眼部精华")
    expect(page.locator("#id_at")).to_be_focused()
    page.locator("#id_at").fill("15:30")
    page.reload()
    expect(care).to_contain_text("下次主推 眼部精华")  # of a draft too
    page.locator("#id_who").fill("x")
    expect(care).to_have_count(0)


def test_who_the_visit_is_for_is_found_first(visit_page, people):
    page = visit_page("/visits/new/")
    page.keyboard.type("hwy")
    expect(page.locator("#pick-options [aria-selected=true]")).to_contain_text("何婉仪")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{page.url.split('/visits')[0]}/visits/new/?customer={people['何婉仪']}")


def test_the_desk_can_be_read_by_everybody(visit_page):
    page = visit_page("/")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()


def test_what_is_unfolded_stays_so_and_the_hits_stand_over_the_list(visit_page, act):
    page = visit_page("/")
    act("done_today", name="秦海璐")
    page.reload()
    step = row(page, "秦海璐").locator("[data-step]").last
    expect(step).to_be_hidden()
    page.locator("[data-fold] summary").click()
    expect(step).to_be_visible()
    page.evaluate("htmx.ajax('GET', '/visits/today/', '#today')")
    page.wait_for_load_state("networkidle")
    expect(step).to_be_visible()
    top = page.locator("#today").bounding_box()["y"]
    page.keyboard.press("/")
    page.keyboard.type("qhl")
    expect(page.locator("#hits .hit").first).to_be_visible()
    assert page.locator("#today").bounding_box()["y"] == top
