"""Nothing typed into visit entry is lost: reload, error, dead server, lost answer, ended session."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.entering import DETAIL, add, lines, open_entry

pytestmark = pytest.mark.browser


def type_a_visit(page):
    add(page, "sgbs", "水光补水")
    lines(page).locator("[data-person] input").first.fill("cmj")
    page.keyboard.press("Tab")
    page.locator("[name=guests-0-next_note]").fill("怕痒")
    page.keyboard.press("F2")
    page.keyboard.press("1")
    page.wait_for_function("Object.keys(sessionStorage).length > 0")


def has_draft(page):
    return page.evaluate("Object.keys(sessionStorage).some((key) => key.startsWith('draft:'))")


def test_a_reload_keeps_what_was_typed(visit_page, people, act):
    page = open_entry(visit_page, people["韩雪"])
    type_a_visit(page)
    lines(page).locator("[data-person] input").first.fill("wl")
    page.keyboard.press("Tab")
    page.reload()
    expect(lines(page).locator("[data-name]")).to_have_text("水光补水")
    expect(lines(page).locator("[data-person] input").first).to_have_value("王琳")
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    expect(page.locator("#rest-wechat")).to_be_checked()
    expect(page.locator("[data-restored]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    (bill,) = act("bills_today", name="韩雪")
    assert bill["visits"][0]["notes"] == [["next", "怕痒"]]


def test_a_draft_goes_once_it_is_stored_or_given_up(visit_page, people):
    pk = people["蒋欣"]
    page = open_entry(visit_page, pk)
    type_a_visit(page)
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    page.goto(f"/visits/new/?customer={pk}")
    expect(page.locator("#item-box")).to_be_focused()
    assert lines(page).count() == 0
    assert not has_draft(page)
    type_a_visit(page)
    page.reload()
    page.get_by_text("Start afresh").click()
    expect(page.locator("[data-restored]")).to_be_hidden()
    expect(lines(page)).to_have_count(0)
    assert not has_draft(page)


def test_an_answer_that_never_came_is_not_stored_twice(visit_page, people, act):
    pk = people["袁泉"]
    page = open_entry(visit_page, pk)
    type_a_visit(page)
    address = page.url

    def lose_the_answer(route):
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/visits/new/**", lose_the_answer)
    with page.expect_event("requestfailed"):
        page.keyboard.press("Control+Enter")
    page.unroute("**/visits/new/**")
    page.context.clear_cookies(name="stored")  # it came with the answer, which never arrived
    page.problems.clear()
    page.goto(address)
    expect(lines(page)).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    assert len(act("bills_today", name="袁泉")) == 1


def test_a_server_that_dies_loses_nothing(visit_page, people, act, salon):
    pk = people["海清"]
    page = open_entry(visit_page, pk)
    type_a_visit(page)
    address = page.url
    salon.kill()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile("^chrome-error:"))  # wait_for_url would raise that the page did not load
    salon.start()
    page.problems.clear()
    page.goto(address)
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    assert len(act("bills_today", name="海清")) == 1


def test_an_ended_session_keeps_the_draft_for_the_same_person(visit_page, people, act, log_in):
    pk = people["闫妮"]
    page = open_entry(visit_page, pk)
    type_a_visit(page)
    address = page.url
    page.context.clear_cookies(name="sid")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile("/login/"))
    log_in(page.context, "receptionist")
    page.goto(address)
    expect(lines(page)).to_have_count(1)
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    page.context.clear_cookies(name="sid")
    log_in(page.context, "manager")
    page.goto(address)
    expect(page.locator("#item-box")).to_be_focused()
    assert lines(page).count() == 0
    assert not has_draft(page)
    assert act("bills_today", name="闫妮") == []


def test_what_the_server_refuses_stands_where_it_was(visit_page, people, act):
    page = open_entry(visit_page, people["颜丹晨"])
    type_a_visit(page)
    page.locator("[name$=-minutes]").first.fill("9999")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-errors]")).to_be_visible()
    page.wait_for_load_state()
    expect(page.locator("[name=lines-0-minutes]")).to_be_focused()
    expect(lines(page).locator("[data-line-errors]")).to_contain_text("1440")
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    expect(page.locator("#id_pay-wechat")).to_have_value("380.00")
    assert any("422" in problem for problem in page.problems)
    page.problems.clear()
    page.locator("[name$=-minutes]").first.fill("50")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(DETAIL)
    assert len(act("bills_today", name="颜丹晨")) == 1


def test_a_log_out_takes_the_draft_along_and_an_ended_session_does_not(visit_page, people, log_in):
    page = visit_page(f"/visits/new/?customer={people['韩雪']}")
    log_in(page.context, "receptionist", own=True)
    page.reload()
    expect(page.locator("#item-box")).to_be_focused()
    type_a_visit(page)
    page.context.clear_cookies(name="sid")
    page.goto("/visits/")
    page.wait_for_url("**/login/**")
    assert has_draft(page)
    log_in(page.context, "receptionist", own=True)
    page.goto(f"/visits/new/?customer={people['韩雪']}")
    expect(page.locator("[name=guests-0-next_note]")).to_have_value("怕痒")
    page.locator("[name=guests-0-next_note]").fill("怕痒，怕冷")
    page.get_by_role("button", name="Log out").first.click()
    page.wait_for_url("**/login/")
    assert not has_draft(page)
