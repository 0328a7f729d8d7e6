"""Another customer in the middle of a visit entry: what was typed stays, what the page knows is hers, and drafts follow."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.entering import DETAIL, add, lines, open_entry

pytestmark = pytest.mark.browser


def choose(page, name):
    """Type a name into the open search box and take the hit."""
    expect(page.locator("#guest-box")).to_be_focused()
    page.keyboard.type(name)
    expect(page.locator("#guest-options [aria-selected=true] b")).to_have_text(name)
    page.keyboard.press("Enter")
    expect(page.locator("#item-box")).to_be_focused()


def names(page):
    return lines(page).locator("[data-name]").all_text_contents()


def drafts(page):
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))")


def who(page):
    return page.locator("[data-head=who]")


def served_by(page, initials, n=0):
    lines(page).nth(n).locator("[data-person] input").first.fill(initials)
    page.keyboard.press("Tab")


def save(page):
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)


def test_by_keyboard_the_visit_is_hers_and_what_was_typed_stays(visit_page, people, expected_visits, act):
    """From 许晴, for whom 水光补水 was planned, to 江珊, who does not tolerate 果酸 and was expected for 眼部护理."""
    page = open_entry(visit_page, people["许晴"])
    assert names(page) == ["水光补水"]  # planned, not typed
    add(page, "gshf", "果酸焕肤")
    served_by(page, "wl", 1)
    page.locator("[name$=-discount]").nth(1).fill("9折")
    page.locator("[name$=-reason]").nth(1).select_option("offer")
    page.locator("[name=guests-0-next_note]").fill("怕痒")
    page.keyboard.press("F2")
    page.keyboard.press("3")
    page.keyboard.press("Alt+c")
    expect(page.locator("[data-search-label]")).to_have_text("Instead of 许晴:")
    choose(page, "江珊")
    expect(who(page)).to_have_text("江珊")
    expect(page.locator("[data-head=safety]")).to_contain_text("果酸")
    assert names(page) == ["果酸焕肤", "眼部护理"]
    expect(page.locator("[data-removed]")).to_contain_text("Removed: 水光补水")
    expect(page.locator("[data-stays-open]")).to_have_text("The visit of 许晴 stays open at the desk.")
    expect(lines(page).first.locator("[data-stop]")).to_be_visible()
    expect(lines(page).first.locator("[data-person] input").first).to_have_value("王琳")
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    expect(page.locator("#rest-cash")).to_be_checked()
    expect(page).to_have_url(re.compile(rf"\?customer={people['江珊']}$"))
    served_by(page, "cmj", 1)
    page.keyboard.press("Control+Enter")
    expect(lines(page).first.locator("[name$=-override]")).to_be_focused()  # nothing is stored without a reason
    page.keyboard.type("试过，没事")
    save(page)
    (bill,) = act("bills_today", name="江珊")
    assert (bill["payer"], bill["paid"]) == ("江珊", [["cash", 76_800]])
    (visit,) = bill["visits"]
    assert [line["item"] for line in visit["lines"]] == ["果酸焕肤", "眼部护理"]
    assert (visit["lines"][0]["discount"], visit["lines"][0]["overrides"]) == ([5200, "offer"], ["试过，没事"])
    assert visit["notes"] == [["next", "怕痒"]]
    assert act("visits_of", name="江珊")[1][0] == "done"  # her expected visit of today; that of tomorrow stays
    assert act("state_of", visit=expected_visits["许晴"]) == "expected"
    page.goto(f"/visits/new/?customer={people['许晴']}")
    expect(page.locator("#item-box")).to_be_focused()
    assert names(page) == ["水光补水"]
    expect(page.locator("[data-restored]")).to_be_hidden()


def test_a_reload_shows_whom_it_is_for_and_no_draft_is_somebody_elses(visit_page, people, act):
    first, second = people["韩雪"], people["蒋欣"]
    page = open_entry(visit_page, second)
    add(page, "ybhl", "眼部护理")  # begun for the second before: that stays hers
    page.wait_for_function("Object.keys(sessionStorage).length > 0")
    page.goto(f"/visits/new/?customer={first}")
    expect(page.locator("#item-box")).to_be_focused()
    add(page, "sgbs", "水光补水")
    page.keyboard.press("Alt+c")
    choose(page, "蒋欣")
    expect(page).to_have_url(re.compile(rf"customer={second}&entry=2$"))
    page.reload()
    expect(who(page)).to_have_text("蒋欣")
    assert names(page) == ["水光补水"]
    assert page.locator("[name=guests-0-customer]").input_value() == str(second)
    assert not [key for key in drafts(page) if f"customer={first}" in key]
    served_by(page, "wl")
    page.keyboard.press("F2")
    page.keyboard.press("1")
    save(page)
    page.go_back()  # Back shows an entry for whom it is kept, and nothing twice
    expect(who(page)).to_have_text("蒋欣")
    assert names(page) == []
    page.goto(f"/visits/new/?customer={first}")
    expect(page.locator("#item-box")).to_be_focused()
    assert names(page) == []
    page.goto(f"/visits/new/?customer={second}")
    expect(lines(page)).to_have_count(1)
    assert names(page) == ["眼部护理"]
    assert (len(act("bills_today", name="蒋欣")), act("bills_today", name="韩雪")) == (1, [])


def test_by_touch_a_walk_in_becomes_a_customer_and_a_guest_another(visit_page, people, act):
    page = visit_page("/visits/new/?walkin=1", width=390, has_touch=True)
    add(page, "sgbs", "水光补水")
    page.locator(".page-head [data-change-guest]").tap()
    choose(page, "袁泉")
    expect(page).to_have_url(re.compile(rf"\?customer={people['袁泉']}$"))
    page.locator("[data-open-guest]").tap()
    choose(page, "海清")
    add(page, "ybhl", "眼部护理")
    page.locator("[name=guests-1-desk_note]").fill("朋友带来")
    page.locator("[data-guest='1'] [name=payer]").check()
    page.locator("[data-guest='1'] [data-change-guest]").tap()
    expect(page.locator("#guest-box")).to_be_focused()
    page.locator("#guest-box").fill("闫妮")
    page.locator("#guest-options [role=option]").first.tap()
    expect(page.locator("[data-guest='1'] .person")).to_have_text("闫妮")
    expect(page.locator("[data-guest='1'] [name=payer]")).to_be_checked()
    expect(page.locator("[data-notes-of='1'] legend")).to_have_text("闫妮")
    assert lines(page).nth(1).locator("[data-whose] option:checked").inner_text() == "闫妮"
    page.locator("[data-guest='1'] [data-change-guest]").tap()  # she stands there already: nobody twice
    page.locator("#guest-box").fill("袁泉")
    page.locator("#guest-options [role=option]").first.tap()
    expect(page.locator("[data-removed]")).to_contain_text("only once")
    page.reload()
    expect(page.locator("[data-guest='1'] .person")).to_have_text("闫妮")
    expect(page.locator("[data-guest='1'] [name=payer]")).to_be_checked()
    expect(page.locator("[name=guests-1-desk_note]")).to_have_value("朋友带来")
    for n in range(2):
        served_by(page, "wl", n)
    page.locator("label[for=rest-alipay]").tap()
    page.locator("[data-save]").tap()
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="闫妮")
    assert (bill["payer"], [visit["customer"] for visit in bill["visits"]]) == ("闫妮", ["袁泉", "闫妮"])
    assert act("bills_today", name="海清") == []


def test_a_correction_keeps_its_address_and_what_is_undone_too(visit_page, people, act):
    """The bill was stored for the wrong customer: corrected, it is the right one's; a reload in between shows her."""
    act("done_today", name="郝蕾")
    (visit,) = act("visits_done", name="郝蕾")
    page = visit_page(f"/visits/new/?replaces={visit}", user="manager")
    expect(page.locator("#item-box")).to_be_focused()
    page.locator(".page-head [data-change-guest]").click()
    choose(page, "秦海璐")
    expect(page).to_have_url(re.compile(rf"\?replaces={visit}$"))
    page.reload()
    expect(who(page)).to_have_text("秦海璐")
    assert page.locator("[name=guests-0-customer]").input_value() == str(people["秦海璐"])
    save(page)
    assert (len(act("bills_today", name="秦海璐")), act("bills_today", name="郝蕾")) == (1, [])
    page.keyboard.press("Control+z")  # undone, the former content stands again
    expect(page).to_have_url(re.compile(r"undone="))
    expect(who(page)).to_have_text("秦海璐")
    page.wait_for_load_state()
    page.keyboard.press("Alt+c")
    choose(page, "李婷")
    expect(page).to_have_url(re.compile(r"\?undone=\d+$"))
    page.reload()
    expect(who(page)).to_have_text("李婷")
    save(page)
    assert [len(act("bills_today", name=name)) for name in ("李婷", "秦海璐", "郝蕾")] == [1, 0, 0]


def test_a_card_that_cannot_be_opened_leaves_everything_as_it_was(visit_page, people):
    page = open_entry(visit_page, people["单慧敏"])
    add(page, "sgbs", "水光补水")
    page.route("**/visits/new/guest/**", lambda route: route.abort())
    page.keyboard.press("Alt+c")
    choose(page, "沈佩")
    expect(page.locator("[data-removed]")).to_contain_text("cannot be opened")
    expect(who(page)).to_have_text("单慧敏")
    assert page.locator("[name=guests-0-customer]").input_value() == str(people["单慧敏"])
    assert f"customer={people['单慧敏']}" in page.url
    page.keyboard.press("Alt+c")
    page.keyboard.press("Escape")
    expect(page.locator("#guest-search")).to_be_hidden()
    expect(page.locator(".page-head [data-change-guest]")).to_be_focused()
    page.problems.clear()


def test_nothing_is_saved_while_the_other_card_is_on_its_way(visit_page, people, act):
    page = open_entry(visit_page, people["陶红"])
    add(page, "mbzx", "面部咨询")
    served_by(page, "wl")
    held = []
    page.route("**/visits/new/guest/**", lambda route: held.append(route))
    page.keyboard.press("Alt+c")
    page.keyboard.type("赵雪萌")
    expect(page.locator("#guest-options [aria-selected=true] b")).to_have_text("赵雪萌")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(who(page)).to_have_text("陶红")
    assert len(held) == 1
    held[0].continue_()
    expect(who(page)).to_have_text("赵雪萌")
    save(page)
    assert (len(act("bills_today", name="赵雪萌")), act("bills_today", name="陶红")) == (1, [])


def test_another_tab_that_holds_hers_is_told(visit_page, people):
    page = open_entry(visit_page, people["梅兰"])
    add(page, "sgbs", "水光补水")
    other = page.context.new_page()
    other.goto(f"/visits/new/?customer={people['单慧敏']}")
    expect(other.locator("#item-box")).to_be_focused()
    add(other, "ybhl", "眼部护理")
    other.keyboard.press("Alt+c")
    choose(other, "梅兰")
    for tab in (page, other):
        expect(tab.locator("[data-draft-elsewhere]")).to_be_visible()


def test_a_walk_ins_visit_is_given_by_keyboard_and_a_second_enter_gives_nothing(visit_page, people, act):
    visit = act("walk_in_today")
    page = visit_page(f"/visits/{visit}/")
    page.get_by_role("link", name="Whose visit is it?").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pick-box")).to_be_focused()
    page.keyboard.type("江珊")
    expect(page.locator("#pick-options [aria-selected=true] b")).to_have_text("江珊")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/customer/\?customer={people['江珊']}$"))
    page.keyboard.press("Enter")
    expect(page.locator("main .alert-warning")).to_contain_text("果酸焕肤")
    assert visit not in act("visits_done", name="江珊")
    page.get_by_role("button", name="Give this customer the visit").click()
    expect(page).to_have_url(re.compile(rf"/visits/{visit}/$"))
    expect(page.locator("h1")).to_have_text("江珊")
    assert visit in act("visits_done", name="江珊")
    page.go_back()
    expect(page.locator("main")).to_contain_text("This visit is a customer's already.")
    page.problems.clear()  # the browser reports the 409
