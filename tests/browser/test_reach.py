"""What a hand needs on a phone and a shop's own PC: names in one line, total and save under the thumb, a button that copies."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
BOX = "element => { const box = element.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }"


def test_names_begin_at_one_edge_with_a_tier_and_without(visit_page):
    page = visit_page("/customers/", user="manager", width=390)
    first, *others = page.locator("tbody .row-link.person").all()
    first.evaluate("""link => { const slot = link.parentElement.querySelector(".tier-slot");
        slot.innerHTML = '<span class="tier tier-a">A</span>'; }""")  # the salon of these tests has no tiers yet
    assert others
    assert len({round(link.evaluate(BOX)[0], 1) for link in [first, *others]}) == 1


def test_on_the_board_too(visit_page):
    page = visit_page("/", width=390)
    first, *others = page.locator("#today .board-name .person:first-child").all()
    first.evaluate("""name => { name.closest("[data-row]").querySelector(".board-tier").innerHTML =
        '<span class="tier tier-a">A</span>'; }""")
    assert others
    assert len({round(name.evaluate(BOX)[0], 1) for name in [first, *others]}) == 1


def test_total_and_save_are_within_reach_of_the_thumb(visit_page, people):
    page = visit_page(f"/visits/new/?customer={people['张晓梅']}", width=390, height=844)
    for _scrolled in range(2):
        for part in (".save-total", "[data-save]"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
            assert page.locator(part).evaluate(BOX)[1] > 844 / 2
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".save-total")).to_have_text(page.locator(".total [data-total]").inner_text())
    _left, _top, _right, bottom = page.locator(".save-line").evaluate(BOX)
    assert bottom <= page.locator(".phonebar").evaluate(BOX)[1] + 1, "the navigation stays free"
    assert page.locator("#id_on").evaluate(BOX)[3] <= page.locator(".save-line").evaluate(BOX)[1], "nothing ends under it"


def test_copy_copies_the_link_with_the_port_of_the_server(visit_page, salon):
    page = visit_page("/shop/staff/", user="manager", permissions=["clipboard-read", "clipboard-write"])
    page.locator("tbody .row-link").first.click()
    page.locator("form[action$='/invite/'] button").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.locator("#link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    assert link.startswith(f"{salon.url}/join/")
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    assert page.locator("[data-copy] svg").count() == 1, "the icon stays"


def test_ctrl_enter_saves_and_the_first_error_has_the_focus(visit_page):
    page = visit_page("/customers/new/")
    page.keyboard.press("Control+Enter")
    name = page.locator("[name=name]")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    page.wait_for_load_state()  # the key is a script's, which may still be on its way
    page.problems.clear()  # the browser reports the answer of 422
    page.keyboard.type("周若彤")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("周若彤")


def test_the_first_error_has_the_focus_wherever_it_is(visit_page):
    """Not where a page begins anyway: in a field further down, in a part that was folded."""
    page = visit_page("/customers/new/")
    page.locator("[name=name]").fill("周若彤")
    page.locator("details:has([name=birth_month]) summary").click()
    page.locator("[name=birth_day]").fill("31")
    page.locator("[name=birth_month]").fill("2")
    page.locator("details:has([name=birth_month]) summary").click()
    page.locator("[name=name]").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[name=birth_day]")).to_be_focused()
    page.problems.clear()  # the browser reports the answer of 422


def test_ctrl_enter_beside_what_may_be_added_to_a_page_sends_nothing(visit_page, act, people):
    """A note to a visit, an allergy on a card: they are sent from inside, not by who looks at something else."""
    page, sent = visit_page(f"/visits/{act('done_today', name='单慧敏')}/"), []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(200)
    assert sent == []
    page.locator("[data-saves] textarea").fill("下次带防晒")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".prose", has_text="下次带防晒")).to_be_visible()
    page.goto(f"/customers/{people['单慧敏']}/")
    del sent[:]
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(200)
    assert sent == []


def test_a_question_has_the_focus_and_is_answered_by_keyboard(visit_page, people):
    page = visit_page("/customers/new/")
    page.keyboard.type("李婷")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".question [type=checkbox]")).to_be_focused()
    page.goto(f"/visits/expected/new/?customer={people['宋佳']}")
    page.locator("#expect-item-box").press_sequentially("gshf")
    expect(page.locator("[data-items] [aria-selected=true]")).to_contain_text("果酸焕肤")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".question [type=checkbox]")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile("/$"))
    page.problems.clear()  # the browser reports each answer of 422


def test_a_walk_in_is_served_without_a_keyboard(visit_page, act):
    """All items are offered by a click into the empty box; who has keys and presses Enter there takes nothing by it."""
    page = visit_page("/visits/new/?walkin=1")
    item_box, offered = page.locator("#item-box"), page.locator("#item-options [role=option]")
    expect(item_box).to_be_focused()
    expect(offered).to_have_count(0)
    item_box.click()
    expect(offered.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(offered).to_have_count(0)
    expect(page.locator(".lines tbody")).to_have_count(0)
    item_box.click()
    offered.filter(has_text="水光补水").first.click()
    expect(page.locator(".lines [data-name]")).to_contain_text("水光补水")
    item_box.click()
    page.keyboard.press("ArrowUp")  # the last of them
    expect(offered.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    page.locator("label[for=rest-wechat]").click()
    page.locator("[data-save]").click()
    expect(page.locator("[data-unread], [data-line-errors]").filter(has_text="Nobody is named").first).to_be_visible()
    page.locator("[data-save]").click()  # the second press of one mouse that has not moved
    expect(page).to_have_url(re.compile("/saved/"))


def test_somebody_is_expected_for_an_item_without_a_keyboard(visit_page, people):
    page = visit_page(f"/visits/expected/new/?customer={people['宋佳']}")
    offered = page.locator("[data-items] [role=option]")
    page.locator("#expect-item-box").click()
    count = offered.count()
    assert count > 5
    offered.filter(has_text="眼部护理").first.click()
    expect(page.locator(".chosen-items .chip")).to_contain_text("眼部护理")
    page.locator("#expect-item-box").click()
    expect(offered).to_have_count(count - 1)


@pytest.mark.parametrize("width", [390, 820])
def test_a_beautician_reads_the_safety_line_and_last_times_note_before_she_scrolls(visit_page, act, width):
    page = visit_page(f"/visits/{act('done_today', name='宋佳')}/", user="beauty0", width=width, height=700)
    place = page.locator(".before-care")
    expect(place).to_be_in_viewport(ratio=1)
    expect(place).to_contain_text("果酸")
    expect(place).to_contain_text("下次主推 眼部精华")
