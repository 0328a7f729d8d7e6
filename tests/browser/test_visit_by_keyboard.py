"""Visit entry as a receptionist plays it: on the keyboard, with an input method, on a phone, through a failing connection."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.archives.visits.typed_cases import DISCOUNTS, UNREADABLE
from tests.browser.acts import USUAL
from tests.browser.conftest import sideways
from tests.browser.entering import DETAIL, add, lines, open_entry

pytestmark = pytest.mark.browser


def test_a_usual_visit_takes_seven_keys_and_no_time(visit_page, act, keys):
    page = visit_page("/")
    keyboard = keys(page)
    start = time.monotonic()
    keyboard.type("zxm")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("张晓梅")
    keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("张晓梅")
    keyboard.press("v")
    expect(page.locator("#item-options")).to_contain_text("水光补水 · 眼部护理 · 眼部精华")
    keyboard.press("Enter", "Control+Enter")
    expect(page).to_have_url(DETAIL)
    seconds = time.monotonic() - start
    assert len(keyboard.presses) <= 20
    assert len(keyboard.presses) == 7
    assert seconds < 20
    (bill,) = act("bills_today", name="张晓梅")
    (visit,) = bill["visits"]
    assert [line["item"] for line in visit["lines"]] == USUAL
    assert all(line["staff"] == [["陈美娟", 10_000]] for line in visit["lines"])
    assert bill["paid"] == [["wechat", 109_000]]


@pytest.mark.parametrize("last_to_come", ["app.js", "bootstrap.bundle.min.js"])
def test_a_key_pressed_while_the_page_is_still_arriving_is_answered(visit_page, people, last_to_come):
    page, held = visit_page("/"), []
    page.route(f"**/{last_to_come.removesuffix('.js')}*.js", lambda route: held.append(route))
    page.goto(f"/customers/{people['张晓梅']}/", wait_until="commit")
    expect(page.locator("h1")).to_contain_text("张晓梅")
    page.keyboard.press("v")
    page.wait_for_timeout(200)
    assert "/visits/" not in page.url
    for route in held:
        route.continue_()
    expect(page).to_have_url(re.compile("/visits/new/"))


def test_every_part_of_a_visit_by_keyboard_alone(visit_page, people, act):
    page = open_entry(visit_page, people["李婷"])
    key, write = page.keyboard.press, page.keyboard.type
    add(page, "ybhl", "眼部护理")
    key("ArrowUp")
    expect(lines(page).last.locator("[data-name]")).to_be_focused()
    key("Tab")
    write("cmj")
    expect(page.locator("[data-people] [aria-selected=true] b")).to_have_text("陈美娟")
    key("Enter")
    write("+")
    write("wl")
    expect(page.locator("[data-people] [aria-selected=true] b")).to_have_text("王琳")
    key("Tab")
    write("40")
    key("Tab")  # quantity
    write("2")
    key("Tab")  # minutes
    write("70")
    key("Tab")  # price
    key("Tab")  # discount
    write("9z")
    key("Tab")
    write("Mem")
    expect(page.locator("td[data-total]")).to_have_text("¥ 540.00")
    key("Alt+n")
    write("喜欢轻一点")
    key("F2")
    key("3")
    expect(page.locator("#rest-cash")).to_be_checked()
    key("Tab")
    key("Tab")
    write("600")
    expect(page.locator("[data-change]")).to_have_text("60.00")
    key("Control+Enter")
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="李婷")
    (visit,) = bill["visits"]
    assert bill["paid"] == [["cash", 54_000]]
    assert visit["notes"] == [["next", "喜欢轻一点"]]
    assert visit["lines"] == [
        {
            "item": "眼部护理",
            "quantity": 2_000,
            "value": 54_000,
            "discount": [6_000, "member"],
            "minutes": 70,
            "staff": [["陈美娟", 6_000], ["王琳", 4_000]],
            "overrides": [],
        }
    ]


def test_an_input_method_is_not_disturbed(visit_page, people):
    page = open_entry(visit_page, people["单慧敏"])
    protocol = page.context.new_cdp_session(page)
    protocol.send("Input.imeSetComposition", {"text": "shui'guang", "selectionStart": 10, "selectionEnd": 10})
    expect(page.locator("#item-options")).to_contain_text("水光补水")
    process = {"key": "Process", "windowsVirtualKeyCode": 229}
    protocol.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **process})  # Enter, which belongs to the input method
    protocol.send("Input.dispatchKeyEvent", {"type": "keyUp", **process})
    assert lines(page).count() == 0
    protocol.send("Input.insertText", {"text": "水光嫩"})
    expect(page.locator("#item-options [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(lines(page)).to_have_count(1)
    expect(lines(page).locator("[data-name]")).to_have_text("水光嫩肤")


def test_any_letter_leads_into_the_item_box(visit_page, people):
    page = open_entry(visit_page, people["何婉仪"])
    page.locator("[data-repeat]").focus()
    add(page, "sgnf*2", "水光嫩肤")
    assert lines(page).locator("[name$=-quantity]").input_value() == "2"


def test_a_removed_line_comes_back(visit_page, people):
    page = open_entry(visit_page, people["曾莉"])
    page.keyboard.press("Alt+r")
    expect(lines(page)).to_have_count(3)
    expect(page.locator("#item-box")).to_be_focused()
    for key in ("ArrowUp", "ArrowUp", "Delete"):
        page.keyboard.press(key)
    expect(lines(page).locator("[data-name]")).to_have_text(["水光补水", "眼部精华 15 ml"])
    expect(page.locator("td[data-total]")).to_have_text("¥ 790.00")
    page.keyboard.press("Control+z")
    expect(lines(page).locator("[data-name]")).to_have_text(USUAL)
    expect(page.locator("td[data-total]")).to_have_text("¥ 1,090.00")
    lines(page).first.locator("[data-remove]").click()
    page.locator("[data-undo]").click()
    expect(lines(page).locator("[data-name]")).to_have_text(USUAL)


def test_the_page_reads_discounts_as_the_server_does(visit_page, people):
    page = open_entry(visit_page, people["沈佩"])
    add(page, "sgbs", "水光补水")
    price, discount = lines(page).locator("[name$=-price]"), lines(page).locator("[name$=-discount]")
    shown = []
    for typed, list_fen, _off in DISCOUNTS:
        price.fill(f"{list_fen / 100:.2f}")
        discount.fill(typed)
        shown.append((typed, page.locator("[data-amount]").inner_text()))
    assert shown == [(typed, f"{(list_fen - off) / 100:,.2f}") for typed, list_fen, off in DISCOUNTS]
    for typed in UNREADABLE:
        discount.fill(typed)
        assert (typed, page.locator("[data-amount]").inner_text()) == (typed, "?")


def test_an_allergy_stops_the_line_until_somebody_says_why(visit_page, people, act):
    page = open_entry(visit_page, people["欧阳静"])
    page.keyboard.type("gshf")
    expect(page.locator("#item-options .chip.bad")).to_have_text("果酸")
    page.keyboard.press("Enter")
    reason = lines(page).locator("[name$=-override]")
    expect(reason).to_be_focused()
    expect(page.locator("[data-stop]")).to_contain_text("Not tolerated: 果酸")
    page.keyboard.press("F2")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(reason).to_be_focused()
    assert act("bills_today", name="欧阳静") == []
    page.keyboard.type("斑贴试验无反应")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-asked]")).to_contain_text("Nobody is named who did this.")  # once
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="欧阳静")
    assert bill["visits"][0]["lines"][0]["overrides"] == ["斑贴试验无反应"]


def test_a_name_that_is_nobodys_stays_in_its_box_and_nothing_is_stored(visit_page, people, act):
    page = open_entry(visit_page, people["海清"])
    add(page, "sgbs", "水光补水")
    box = lines(page).locator("[data-person] input").first
    box.press_sequentially("陈美丽")
    page.keyboard.press("Tab")
    expect(box).to_have_value("陈美丽")
    expect(page.locator("[data-unread]")).to_have_text("Nobody of this name works here.")
    page.keyboard.press("F2")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(box).to_be_focused()
    page.reload()
    expect(box).to_have_value("陈美丽")  # a draft keeps it
    for _twice in range(2):
        page.keyboard.press("Control+Enter")
        expect(box).to_be_focused()
    assert act("bills_today", name="海清") == []
    page.keyboard.type("wl")
    expect(page.locator("[data-person] [aria-selected=true]")).to_contain_text("王琳")
    page.keyboard.press("Control+Enter")  # while it is being typed
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="海清")
    assert bill["visits"][0]["lines"][0]["staff"] == [["王琳", 10_000]]


def test_several_means_share_a_bill(visit_page, people, act):
    page = open_entry(visit_page, people["周雅琴"])
    page.keyboard.press("Enter")
    expect(page.locator("#id_pay-wechat")).to_have_value("1090.00")
    page.locator("#id_pay-wechat").fill("500")
    expect(page.locator("[data-left]")).to_have_text("Still to pay: ¥ 590.00")
    page.keyboard.press("Control+Enter")
    assert not DETAIL.search(page.url)
    page.get_by_text("Alipay", exact=True).first.click()
    expect(page.locator("#id_pay-alipay")).to_have_value("590.00")
    page.locator("#item-box").focus()
    add(page, "sgnf", "水光嫩肤")
    expect(page.locator("#id_pay-alipay")).to_have_value("1070.00")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="周雅琴")
    assert bill["paid"] == [["wechat", 50_000], ["alipay", 107_000]]


def test_two_friends_on_one_bill(visit_page, people, act):
    mei = people["梅兰"]
    page = open_entry(visit_page, mei)
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+g")
    page.keyboard.type("zj")
    expect(page.locator("#guest-options [aria-selected=true]")).to_contain_text("竺菊")
    page.keyboard.press("Enter")
    expect(page.locator("[data-active-guest]")).to_have_value("1")
    expect(page.locator("#item-box")).to_be_focused()
    page.keyboard.press("Alt+r")
    expect(lines(page)).to_have_count(2)
    page.get_by_label("pays").last.check()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="竺菊")
    assert bill["payer"] == "竺菊"
    assert [(v["customer"], [line["item"] for line in v["lines"]]) for v in bill["visits"]] == [
        ("梅兰", ["水光补水"]),
        ("竺菊", ["水光嫩肤"]),
    ]


def test_somebody_else_pays(visit_page, people, act):
    page = open_entry(visit_page, people["梅兰"])
    page.keyboard.type("sgnf")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Somebody else pays").click()
    page.keyboard.type("zj")
    expect(page.locator("#guest-options [aria-selected=true]")).to_contain_text("竺菊")
    page.keyboard.press("Enter")
    expect(page.get_by_label("pays").last).to_be_checked()
    expect(page.locator("#item-box")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.press("1")
    page.reload()
    expect(page.locator("[data-other-payer]")).to_contain_text("竺菊")
    expect(page.get_by_label("pays").last).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nobody is named who did this").last).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    expect(page.locator("main")).to_contain_text("竺菊")
    bills = act("bills_today", name="梅兰")
    assert ("竺菊", ["梅兰"]) in [(bill["payer"], [visit["customer"] for visit in bill["visits"]]) for bill in bills]


def test_a_figure_that_cannot_be_read_says_so_and_is_no_reason_to_pay_nothing(visit_page, people):
    page = open_entry(visit_page, people["梅兰"])
    page.keyboard.type("sgbs")
    page.keyboard.press("Enter")
    line = lines(page).last
    line.locator("[name$=-price]").fill("abc")
    expect(line.locator("[data-unread]")).to_have_text("Enter an amount of money, such as 380 or 380.50.")
    expect(page.locator("[data-left]")).to_have_text("")
    page.keyboard.press("Control+Enter")
    expect(line.locator("[name$=-price]")).to_be_focused()
    line.locator("[name$=-price]").fill("380")
    line.locator("[name$=-discount]").fill("150%")
    expect(line.locator("[data-unread]")).to_contain_text("up to the whole price")
    line.locator("[name$=-discount]").fill("")
    expect(line.locator("[data-unread]")).to_be_hidden()


def test_nothing_scrolls_sideways_on_a_phone(visit_page, people):
    long = people["阿卜杜拉·买买提·阿依古丽汗"]
    friend = people["Nguyễn Thị Minh Khai Wolfeschlegelsteinhausen"]
    for path in ("/", "/visits/new/", "/visits/expected/new/", f"/visits/new/?customer={long}&customer={friend}"):
        page = visit_page(path, width=390, height=844)
        if "customer" in path:
            page.keyboard.press("Alt+r")
            expect(lines(page).nth(3).locator("[data-stop]")).to_be_visible()
            page.locator("#item-box").focus()
            page.keyboard.type("sg")
            expect(page.locator("#item-options")).to_be_visible()
        assert (path, sideways(page)) == (path, 0)


def test_the_page_can_be_read_by_everybody(visit_page, people):
    page = open_entry(visit_page, people["宋佳"], height=1400)
    page.keyboard.press("Enter")
    add(page, "gshf", "果酸焕肤")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()


def test_without_javascript_it_is_a_plain_form(visit_page, people, act):
    pk = people["陶红"]
    page = visit_page(f"/visits/new/?customer={pk}&repeat=1", java_script_enabled=False)
    rows = page.locator("tbody.line")
    expect(rows.first.locator("[data-name]")).to_have_text("水光补水")
    spare = page.locator("noscript tbody.line, table:not([data-lines]) tbody.line").first
    spare.locator("[name$=-item]").select_option(label="眼部护理")
    spare.locator("[name$=-staff]").first.select_option(label="王琳")
    page.get_by_role("button", name="Add up").click()
    expect(page.locator("td[data-total]")).to_have_text("¥ 680.00")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="陶红")
    assert [line["item"] for line in bill["visits"][0]["lines"]] == ["水光补水", "眼部护理"]
    assert bill["visits"][0]["lines"][1]["staff"] == [["王琳", 10_000]]


def test_the_keys_are_listed_on_request(visit_page, people):
    page = open_entry(visit_page, people["郝蕾"])
    page.keyboard.type("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
