"""What a slip of the hand does at visit entry: Enter stores nothing, and what was stored is undone by one chord."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.entering import DETAIL, add, lines, open_entry

pytestmark = pytest.mark.browser

ENTRY = re.compile(r"/visits/new/\?undone=\d+$")


def names(page):
    return page.locator("[data-line] [data-name]")


def test_enter_stores_nothing_whatever_box_it_is_pressed_in(visit_page, people, act):
    page = open_entry(visit_page, people["梅兰"])
    key = page.keyboard.press
    key("Enter")
    expect(names(page)).to_have_text(["水光补水"])
    for _slip in range(3):
        key("Enter")
    expect(page.locator("[data-removed]")).to_contain_text("Ctrl Enter saves")
    key("Shift+Enter")
    key("Alt+g")
    key("Enter")  # in the empty search for a friend
    page.keyboard.type("zj")
    expect(page.locator("#guest-options [aria-selected=true]")).to_contain_text("竺菊")
    key("Enter")
    expect(page.locator("#item-box")).to_be_focused()
    expect(page.locator("#item-options")).to_contain_text("水光嫩肤")
    key("Enter")  # her last visit, although the bill has lines of another already
    expect(names(page)).to_have_text(["水光补水", "水光嫩肤"])
    key("Enter")
    page.locator("[name$=-quantity]").first.focus()
    key("Enter")
    page.locator("#cash-given").evaluate("(box) => { box.closest('li').hidden = false; box.focus(); }")
    key("Enter")
    expect(page.locator("#item-box")).to_be_focused()
    page.wait_for_timeout(200)  # the draft is kept
    page.reload()
    expect(page.locator("[data-restored]")).to_be_visible()
    expect(page.locator("#item-box")).to_be_focused()
    for _slip in range(2):
        key("Enter")
    page.wait_for_timeout(200)
    assert "/visits/new/" in page.url
    assert act("bills_today", name="梅兰") == []
    key("Control+Enter")
    expect(page).to_have_url(DETAIL)
    assert len(act("bills_today", name="梅兰")) == 1


def test_one_chord_undoes_and_the_next_stores_again(visit_page, people, expected_visits, keys, act):
    visit = expected_visits["许晴"]
    page = visit_page(f"/visits/new/?visit={visit}")
    expect(names(page)).to_have_text(["水光补水"])
    lines(page).locator("[data-person] input").first.fill("wl")
    page.keyboard.press("F2")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    expect(page.locator("main")).to_contain_text("许晴")
    expect(page.locator("[data-undo-left]")).to_have_text(re.compile(r"^\d+ seconds?$"))
    keyboard = keys(page)
    page.keyboard.type("zx")  # the beginning of the next name: no plain letter undoes
    expect(page).to_have_url(DETAIL)
    page.set_viewport_size({"width": 390, "height": 480})
    keyboard.press("Control+z")
    expect(page).to_have_url(ENTRY)
    expect(page.locator("#item-box")).to_be_focused()
    expect(page.get_by_text("Nothing is stored until you save")).to_be_in_viewport()  # on a small screen too
    assert act("bills_today", name="许晴") == []
    assert act("visits_of", name="许晴")[0] == ["expected", ["水光补水"]]
    expect(names(page)).to_have_text(["水光补水"])
    expect(lines(page).locator("[data-person] input").first).to_have_value("王琳")
    keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    assert len(keyboard.presses) == 2
    (bill,) = act("bills_today", name="许晴")
    assert bill["paid"] == [["wechat", 38_000]]
    assert [state for state, _planned in act("visits_of", name="许晴")] == ["done", "voided"]


def test_a_no_show_is_undone_where_it_was_said(visit_page, expected_visits, act):
    visit = expected_visits["左小青"]
    page = visit_page("/")
    row = page.locator(f"[data-row='{visit}']")
    row.locator("[data-step]").focus()
    page.keyboard.press("x")
    expect(page.locator("[data-undo]")).to_contain_text("左小青")
    expect(row).to_have_class(re.compile("state-no_show"))
    page.keyboard.press("Control+z")
    expect(row).to_have_class(re.compile("state-expected"))
    expect(page.locator("[data-undo]")).to_have_count(0)
    assert act("state_of", visit=visit) == "expected"


def test_the_list_of_staff_opens_by_focus_click_arrow_and_tap(visit_page, people):
    page = open_entry(visit_page, people["竺菊"], has_touch=True)
    add(page, "sgbs", "水光补水")
    box = lines(page).locator("[data-person] input").first
    options = lines(page).locator("[data-people] .options").first
    shown = options.locator("[role=option] b")
    key = page.keyboard.press
    key("ArrowUp")
    key("Tab")
    expect(box).to_be_focused()
    expect(shown).to_have_text(["陈美娟", "刘晨", "王琳", "顾敏", "林晓彤", "沈老板"])  # those who do treatments first
    key("Escape")
    expect(options).to_be_hidden()
    for opens in (box.click, lambda: key("ArrowDown"), box.tap):
        opens()
        expect(shown.first).to_be_visible()
        key("Escape")
        expect(options).to_be_hidden()
    box.tap()
    shown.nth(2).tap()
    expect(box).to_have_value("王琳")
    lines(page).get_by_role("button", name="second person").click()
    second = lines(page).locator("[data-person] input").nth(2)
    expect(lines(page).locator("[data-people] .options").nth(1).locator("[role=option]").first).to_be_visible()
    page.keyboard.type("lc")
    key("Tab")
    expect(second).to_have_value("刘晨")
    add_again(page)
    expect(lines(page).last.locator("[data-person] input").first).to_have_value("陈美娟")  # who does it for her usually


def test_who_did_it_for_her_the_last_time_stands_first_in_the_list(visit_page, people):
    page = open_entry(visit_page, people["丁珮"])
    add(page, "sgnf", "水光嫩肤")
    box = lines(page).locator("[data-person] input").first
    expect(box).to_have_value("王琳")
    box.fill("")
    shown = lines(page).locator("[data-people] .options").first.locator("[role=option] b")
    expect(shown).to_have_text(["王琳", "陈美娟", "刘晨", "顾敏", "林晓彤", "沈老板"])


def test_after_saving_it_is_printed_the_next_visit_booked_and_the_desk_is_back_by_one_key_each(visit_page, act, people):
    page = visit_page(f"/visits/{act('done_today', name='海清')}/saved/")
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    page.keyboard.press("p")
    expect(page.locator("body[data-printed]")).to_have_count(1)
    page.keyboard.press("b")
    expect(page).to_have_url(re.compile(rf"/visits/expected/new/\?customer={people['海清']}&like=\d+"))
    page.go_back()
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile("/$"))


def add_again(page):
    page.locator("#item-box").focus()
    add(page, "sgnf", "水光嫩肤")


def test_without_javascript_enter_stores_nothing_and_undo_is_a_button(visit_page, people, act):
    page = visit_page(f"/visits/new/?customer={people['陶红']}&repeat=1", java_script_enabled=False)
    page.locator("[name=lines-0-quantity]").press("Enter")
    expect(page.locator("td[data-total]")).to_have_text("¥ 380.00")
    assert act("bills_today", name="陶红") == []
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(DETAIL)
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(ENTRY)
    expect(names(page)).to_have_text(["水光补水"])
    assert act("bills_today", name="陶红") == []


@pytest.mark.parametrize("has_script", [True, False])
def test_enter_in_a_reason_voids_nothing_and_corrects_no_payment(has_script, visit_page, salon, act):
    visit = salon.call("tests.browser.refund_acts:bill_of_two")
    page = visit_page(f"/visits/{visit}/means/", java_script_enabled=has_script)
    page.get_by_label("Reason").fill("点错了")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url.endswith(f"/visits/{visit}/means/")
    expect(page.locator("main .invalid-feedback, main .alert-danger")).to_have_count(0)  # it was not even sent
    page.goto(f"/visits/{visit}/void/")
    page.get_by_label("Reason").fill("记错了")
    for key in ("Enter", "Control+Enter"):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    assert page.url.endswith(f"/visits/{visit}/void/")
    assert act("state_of", visit=visit) == "done"
    page.get_by_role("button", name="Void the bill").click()
    expect(page).to_have_url(re.compile(rf"/visits/{visit}/$"))
    assert act("state_of", visit=visit) == "voided"


def test_ctrl_enter_takes_nothing_back(visit_page, salon, people):
    """Refund and a safety note that is to be retired are sent by their buttons alone."""
    visit = salon.call("tests.browser.refund_acts:bill_of_two")
    page, sent = visit_page(f"/visits/{visit}/refund/"), []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.get_by_label("Reason").fill("过敏")
    page.keyboard.press("Control+Enter")
    page.goto(f"/customers/{people['江珊']}/safety/add/")
    page.locator("form[action*=retire] input:not([type=hidden])").first.focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    assert sent == []
